//! What people see of many networks while they train: lines of all of a wave together.

use std::time::Duration;

use super::listener::Listener;
use crate::progress::time_left;
use crate::train::Plan;
use apical::evaluate::Spread;
use apical::layout::in_words;
use apical::train::Event;

impl Listener<'_> {
    pub(super) fn show_wave(&self, wave: usize, of_waves: usize, obstacle: Option<&str>) {
        let (here, all) = (self.wave.len(), self.variants.len());
        let why = match obstacle {
            Some(obstacle) => format!(": more do not fit, {obstacle}"),
            None => ", those whose arrays have one shape".to_string(),
        };
        self.progress.tell(format_args!(
            "wave {wave}/{of_waves}: {here} of {all} networks train side by side{why}"
        ));
    }

    /// Work that all networks will have done when those of the wave have done so much.
    fn left(&self, epochs: u32, images: usize) -> String {
        time_left(self.left_after(epochs, images, 0.0))
    }

    /// The same, with other work done besides.
    fn left_after(&self, epochs: u32, images: usize, besides: f64) -> Option<Duration> {
        let of_wave: f64 =
            self.wave.iter().map(|&replica| self.plans[replica].work(epochs, images)).sum();
        self.estimate.left(self.finished_work + of_wave + besides)
    }

    pub(super) fn show_progress(&mut self, progress: &Event) {
        if let &Event::Progress { epoch, images, of_images, train_error, images_per_second } =
            progress
        {
            let (networks, of) = (self.wave.len(), self.plans[self.wave[0]].epochs);
            let message = format!(
                "{}, {images_per_second:.0} images/s, training error \
                 {train_error:.2} %, {}",
                in_words(networks),
                self.left(epoch - 1, images)
            );
            self.progress.advance(format_args!("epoch {epoch}/{of}"), images, of_images, message);
            self.work = (epoch - 1, images);
        }
        if let &Event::TestProgress { epoch, test_images, of_test_images } = progress {
            let Plan { epochs: of, tested, .. } = self.plans[self.wave[0]];
            let test_work = self.wave.iter().map(|&one| self.plans[one].test_work(test_images));
            let (epochs, images) = self.work;
            let left = time_left(self.left_after(epochs, images, test_work.sum()));
            let message = format!("{}, {left}", in_words(self.wave.len()));
            let what = format_args!("epoch {epoch}/{of}, {tested} images");
            self.progress.advance(what, test_images, of_test_images, message);
        }
    }

    /// One line for the tests of all networks of the wave.
    pub(super) fn show_tests(&self, tests: &[Event]) {
        let networks = tests.len();
        let Plan { epochs: of, tested, .. } = self.plans[self.wave[0]];
        let spread = |value: &dyn Fn(&Event) -> f64| {
            let Spread { mean, sd, .. } = Spread::of(&tests.iter().map(value).collect::<Vec<_>>());
            match sd {
                Some(sd) => format!("{mean:.2} % (sd {sd:.2})"),
                None => format!("{mean:.2} %"),
            }
        };
        let test_error = spread(&|event| match *event {
            Event::QuickTest { test_error, .. } | Event::Epoch { test_error, .. } => test_error,
            Event::Progress { train_error, .. } => train_error,
            Event::Weights { .. }
            | Event::TestProgress { .. }
            | Event::Checkpoint(_)
            | Event::Network { .. }
            | Event::AskedTest { .. } => f64::NAN,
        });
        match tests[0] {
            Event::QuickTest { epoch, images, test_images, .. } => {
                self.progress.tell(format_args!(
                    "epoch {epoch}/{of}, {images} images, {}: {tested} error {test_error} of the first \
                     {test_images} {tested} images",
                    in_words(networks),
                ));
            }
            Event::Epoch { epoch, images_per_second, .. } => {
                let train_error = spread(&|event| match *event {
                    Event::Epoch { train_error, .. } => train_error,
                    _ => f64::NAN,
                });
                let left = match self.left(epoch, 0) {
                    left if epoch < of || !self.is_last_wave => format!(", {left}"),
                    _ => String::new(),
                };
                self.progress.tell(format_args!(
                    "epoch {epoch}/{of}, {}: training error {train_error}, {tested} error {test_error}, \
                     {:.0} images/s{left}",
                    in_words(networks),
                    images_per_second * networks as f64,
                ));
            }
            // For the records alone.
            Event::Progress { .. }
            | Event::TestProgress { .. }
            | Event::Weights { .. }
            | Event::Checkpoint(_)
            | Event::Network { .. }
            | Event::AskedTest { .. } => {}
        }
    }
}
