//! What the dashboard shows. It learns from events and keys, and knows no terminal.

use std::sync::Arc;
use std::time::Duration;

use super::curve::Curve;
use super::keys::Action;
use apical::network::{Layer, LayerStatistics, Network};
use apical::run_dir::ImageSpec;
use apical::train::Event;

/// What stays the same while a network trains.
#[derive(Clone, Debug)]
pub(super) struct Subject {
    /// What trains on what, and where.
    pub(super) title: String,
    pub(super) epochs: u32,
    /// Images of an epoch.
    pub(super) of_images: usize,
    /// What the images are called that are tested on.
    pub(super) tested: &'static str,
    pub(super) images: ImageSpec,
    /// Whether there is a folder for weights.
    pub(super) can_save: bool,
    /// Whether the terminal shows more than 256 colours.
    pub(super) is_true_colour: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Activity {
    Training,
    /// To be paused as soon as the training is heard of.
    Pausing,
    Paused,
    /// To be stopped likewise; a last test follows.
    Stopping,
}

/// Everything to see.
#[derive(Clone, Debug)]
pub(super) struct State {
    pub(super) subject: Subject,
    pub(super) activity: Activity,
    /// The next network that is heard of is to be saved.
    pub(super) wants_weights: bool,
    /// A test is wanted.
    pub(super) wants_test: bool,
    pub(super) epoch: u32,
    /// Of the epoch.
    pub(super) images: usize,
    pub(super) images_per_second: f64,
    pub(super) left: Option<Duration>,
    /// Errors in percent and the loss, by epochs.
    pub(super) training: Curve,
    pub(super) test: Curve,
    pub(super) quick_test: Curve,
    pub(super) loss: Curve,
    pub(super) network: Option<Arc<Network>>,
    pub(super) layers: Vec<LayerStatistics>,
    /// Mean rate of each layer at the ends of training images, spikes per ms.
    pub(super) rates: Vec<f64>,
    /// The last thing that happened.
    pub(super) news: String,
    /// The last thing that was said about signals.
    pub(super) signals: String,
    /// Wrong images of the epoch so far.
    wrong: f64,
    /// Grows with every change.
    pub(super) version: u64,
}

impl State {
    pub(super) fn new(subject: Subject) -> Self {
        State {
            subject,
            activity: Activity::Training,
            wants_weights: false,
            wants_test: false,
            epoch: 1,
            images: 0,
            images_per_second: 0.0,
            left: None,
            training: Curve::default(),
            test: Curve::default(),
            quick_test: Curve::default(),
            loss: Curve::default(),
            network: None,
            layers: Vec::new(),
            rates: Vec::new(),
            news: String::new(),
            signals: String::new(),
            wrong: 0.0,
            version: 0,
        }
    }

    pub(super) fn hear(&mut self, event: &Event) {
        self.version += 1;
        match event {
            Event::Progress { epoch, images, train_error, images_per_second, .. } => {
                self.advance(*epoch, *images, *train_error);
                self.images_per_second = *images_per_second;
            }
            Event::TestProgress { epoch, test_images, of_test_images } => {
                // What was said of a stop stays.
                if self.activity != Activity::Stopping {
                    let tested = self.subject.tested;
                    self.news =
                        format!("epoch {epoch}: {test_images} of {of_test_images} {tested} images");
                }
            }
            Event::QuickTest { epoch, images, test_error, .. } => {
                self.quick_test.push(self.place(*epoch, *images), *test_error);
            }
            Event::Epoch {
                epoch,
                images,
                train_error,
                test_error,
                loss,
                images_per_second,
                ..
            } => {
                self.advance(*epoch, *images, *train_error);
                self.images_per_second = *images_per_second;
                let place = self.place(*epoch, *images);
                self.test.push(place, *test_error);
                self.loss.push(place, *loss);
                let tested = self.subject.tested;
                self.news = format!(
                    "epoch {epoch}: training error {train_error:.2} %, {tested} error {test_error:.2} %"
                );
            }
            Event::AskedTest { epoch, images, test_error } => {
                self.quick_test.push(self.place(*epoch, *images), *test_error);
                let tested = self.subject.tested;
                self.news =
                    format!("epoch {epoch}, {images} images: {tested} error {test_error:.2} %");
            }
            Event::Network { network, rates, .. } => {
                self.show(network.clone());
                self.rates = rates.clone();
            }
            // The network itself tells it.
            Event::Weights { .. } | Event::Checkpoint(_) => {}
        }
    }

    pub(super) fn show(&mut self, network: Arc<Network>) {
        self.layers = network.layers.iter().map(Layer::statistics).collect();
        self.network = Some(network);
        self.version += 1;
    }

    pub(super) fn tell(&mut self, news: String) {
        self.news = news;
        self.version += 1;
    }

    /// Does what a key says.
    pub(super) fn act(&mut self, action: Action) {
        use Activity::{Paused, Pausing, Stopping, Training};
        self.version += 1;
        match (action, self.activity) {
            (Action::Pause, Training) => self.activity = Pausing,
            (Action::Pause, Pausing | Paused) => self.activity = Training,
            (Action::Pause, Stopping) => {}
            (Action::Save, _) if self.subject.can_save => self.wants_weights = true,
            (Action::Save, _) => {
                self.news = "there is no folder for weights: --out names one".to_string();
            }
            (Action::Test, _) => {
                self.wants_test = true;
                self.news = "a test follows".to_string();
            }
            (Action::Stop, _) => {
                self.activity = Stopping;
                self.news = match self.subject.can_save {
                    true => "stopping: saving what was learned".to_string(),
                    false => "stopping: without --out nothing is kept".to_string(),
                };
            }
            // What it does to a training is told by the signal.
            (Action::Interrupt, _) => self.activity = Stopping,
        }
    }

    /// Where an image is among the epochs.
    fn place(&self, epoch: u32, images: usize) -> f64 {
        f64::from(epoch - 1) + images as f64 / self.subject.of_images.max(1) as f64
    }

    /// `train_error`: of the epoch's images so far. The curve is of the images since it was last told.
    fn advance(&mut self, epoch: u32, images: usize, train_error: f64) {
        if epoch != self.epoch {
            (self.epoch, self.images, self.wrong) = (epoch, 0, 0.0);
        }
        let wrong = train_error / 100.0 * images as f64;
        if images > self.images {
            let error = 100.0 * (wrong - self.wrong) / (images - self.images) as f64;
            let middle = (self.place(epoch, self.images) + self.place(epoch, images)) / 2.0;
            // Rounding must not make it negative.
            self.training.push(middle, error.max(0.0));
        }
        (self.images, self.wrong) = (images, wrong);
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::tui) fn subject() -> Subject {
        Subject {
            title: "784-500-10 on MNIST, cpu, 2 threads".to_string(),
            epochs: 4,
            of_images: 1000,
            tested: "test",
            images: ImageSpec::grey(4, 4, 10, 255),
            can_save: true,
            is_true_colour: true,
        }
    }

    pub(in crate::tui) fn progress(epoch: u32, images: usize, train_error: f64) -> Event {
        Event::Progress { epoch, images, of_images: 1000, train_error, images_per_second: 5000.0 }
    }

    pub(in crate::tui) fn end(epoch: u32, train_error: f64, test_error: f64) -> Event {
        Event::Epoch {
            epoch,
            images: 1000,
            train_error,
            test_error,
            loss: 0.01 * test_error,
            images_per_second: 4000.0,
            test_images_per_second: 3000.0,
        }
    }

    #[test]
    fn the_training_curve_is_of_the_images_since_the_last_event() {
        let mut state = State::new(subject());
        // 100 of 250 wrong, then 20 of 250, then none of 500.
        for event in [progress(1, 250, 40.0), progress(1, 500, 24.0), end(1, 12.0, 5.0)] {
            state.hear(&event);
        }
        state.hear(&progress(2, 100, 3.0));
        let expected = [(0.125, 40.0), (0.375, 8.0), (0.75, 0.0), (1.05, 3.0)];
        assert_eq!(state.training.points.len(), expected.len());
        for (point, expected) in state.training.points.iter().zip(expected) {
            assert!((point.0 - expected.0).abs() < 1e-9 && (point.1 - expected.1).abs() < 1e-9);
        }
        assert_eq!(state.test.points, [(1.0, 5.0)]);
        assert_eq!((state.epoch, state.images, state.images_per_second), (2, 100, 5000.0));
    }

    #[test]
    fn keys_change_what_is_wanted() {
        let mut state = State::new(subject());
        let mut after = |action| {
            state.act(action);
            (state.activity, state.wants_weights)
        };
        assert_eq!(after(Action::Pause), (Activity::Pausing, false));
        assert_eq!(after(Action::Pause), (Activity::Training, false));
        assert_eq!(after(Action::Save), (Activity::Training, true));
        assert_eq!(after(Action::Stop), (Activity::Stopping, true));
        // There is no way back.
        assert_eq!(after(Action::Pause), (Activity::Stopping, true));

        let mut state = State::new(Subject { can_save: false, ..subject() });
        state.act(Action::Save);
        assert!(!state.wants_weights && state.news.contains("--out"));
    }
}
