//! Progress lines of many networks: one line per group.

use std::time::Duration;

use super::listener::Listener;
use crate::progress::time_left;
use crate::train::Plan;
use apical::analysis::statistics::MeanSd;
use apical::text::plural;
use apical::train::Event;

impl Listener<'_> {
    pub(super) fn show_group(&self, group: usize, total_groups: usize, obstacle: Option<&str>) {
        let (here, all) = (self.group.len(), self.variants.len());
        let reason = match obstacle {
            Some(obstacle) => format!("more do not fit: {obstacle}"),
            None => "networks with other array shapes follow".to_string(),
        };
        self.progress.print_line(format_args!(
            "group {group}/{total_groups}: training {here} of {all} networks in parallel; {reason}"
        ));
    }

    /// Formats the remaining time when each network of the group has done this work.
    fn left(&self, epochs: u32, images: usize) -> String {
        time_left(self.left_after(epochs, images, 0.0))
    }

    /// Returns the remaining time, with additional work `besides`.
    fn left_after(&self, epochs: u32, images: usize, besides: f64) -> Option<Duration> {
        let of_wave: f64 =
            self.group.iter().map(|&replica| self.plans[replica].work(epochs, images)).sum();
        self.estimate.left(self.finished_work + of_wave + besides)
    }

    pub(super) fn show_progress(&mut self, progress: &Event) {
        if let &Event::Progress { epoch, images, total_images, train_error, images_per_second } =
            progress
        {
            let (networks, of) = (self.group.len(), self.plans[self.group[0]].epochs);
            let message = format!(
                "{}, {images_per_second:.0} images/s, training error \
                 {train_error:.2} %, {}",
                plural(networks, "network"),
                self.left(epoch - 1, images)
            );
            self.progress.update(format_args!("epoch {epoch}/{of}"), images, total_images, message);
            self.work = (epoch - 1, images);
        }
        if let &Event::TestProgress { epoch, test_images, total_test_images } = progress {
            let Plan { epochs: of, eval_set, .. } = self.plans[self.group[0]];
            let test_work = self.group.iter().map(|&one| self.plans[one].test_work(test_images));
            let (epochs, images) = self.work;
            let left = time_left(self.left_after(epochs, images, test_work.sum()));
            let message = format!("{}, {left}", plural(self.group.len(), "network"));
            let what = format_args!("epoch {epoch}/{of}, {eval_set} images");
            self.progress.update(what, test_images, total_test_images, message);
        }
    }

    /// Prints one line for the evaluations of a group.
    pub(super) fn show_tests(&self, tests: &[Event]) {
        let networks = tests.len();
        let Plan { epochs: of, eval_set, .. } = self.plans[self.group[0]];
        let spread = |value: &dyn Fn(&Event) -> f64| {
            let MeanSd { mean, sd, .. } = MeanSd::of(&tests.iter().map(value).collect::<Vec<_>>());
            match sd {
                Some(sd) => format!("{mean:.2} % (sd {sd:.2})"),
                None => format!("{mean:.2} %"),
            }
        };
        let test_error = spread(&|event| match *event {
            Event::PartialEval { test_error, .. } | Event::Epoch { test_error, .. } => test_error,
            Event::Progress { train_error, .. } => train_error,
            Event::Weights { .. }
            | Event::TestProgress { .. }
            | Event::Checkpoint { .. }
            | Event::GroupStarted { .. }
            | Event::Finished { .. }
            | Event::Network { .. }
            | Event::RequestedEval { .. } => f64::NAN,
        });
        match tests[0] {
            Event::PartialEval { epoch, images, test_images, .. } => {
                self.progress.print_line(format_args!(
                    "epoch {epoch}/{of}, {images} images, {}: {eval_set} error {test_error} of the first \
                     {test_images} {eval_set} images",
                    plural(networks, "network"),
                ));
            }
            Event::Epoch { epoch, images_per_second, .. } => {
                let train_error = spread(&|event| match *event {
                    Event::Epoch { train_error, .. } => train_error,
                    _ => f64::NAN,
                });
                let left = match self.left(epoch, 0) {
                    left if epoch < of || !self.is_last_group => format!(", {left}"),
                    _ => String::new(),
                };
                self.progress.print_line(format_args!(
                    "epoch {epoch}/{of}, {}: training error {train_error}, {eval_set} error {test_error}, \
                     {:.0} images/s{left}",
                    plural(networks, "network"),
                    images_per_second * networks as f64,
                ));
            }
            // Only written to files.
            Event::Progress { .. }
            | Event::TestProgress { .. }
            | Event::Weights { .. }
            | Event::Checkpoint { .. }
            | Event::GroupStarted { .. }
            | Event::Finished { .. }
            | Event::Network { .. }
            | Event::RequestedEval { .. } => {}
        }
    }
}
