//! State of the dashboard, updated by events and keys.

use std::sync::Arc;
use std::time::Duration;

use super::curve::Curve;
use super::keys::KeyAction;
use apical::config::Feedback;
use apical::network::{LayerStatistics, Network};
use apical::run_dir::ImageSpec;
use apical::train::Event;

/// Constant properties of the run.
#[derive(Clone, Debug)]
pub(super) struct RunSummary {
    /// Network, data set and device.
    pub(super) title: String,
    pub(super) epochs: u32,
    /// Number of images per epoch.
    pub(super) total_images: usize,
    /// Name of the images used for evaluation: test or validation.
    pub(super) eval_set: &'static str,
    pub(super) images: ImageSpec,
    /// Population that feeds back.
    pub(super) feedback: Feedback,
    /// Whether there is a folder for weights.
    pub(super) can_save: bool,
    /// Whether the terminal shows more than 256 colours.
    pub(super) has_true_colour: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Training,
    /// Pauses at the next event.
    Pausing,
    Paused,
    /// Stops at the next event, after a last evaluation.
    Stopping,
}

/// Everything that the dashboard shows.
#[derive(Clone, Debug)]
pub(super) struct State {
    pub(super) run: RunSummary,
    pub(super) status: Status,
    /// Whether the next network is saved.
    pub(super) save_requested: bool,
    /// Whether a key requested an evaluation.
    pub(super) test_requested: bool,
    pub(super) epoch: u32,
    /// Number of images of the epoch so far.
    pub(super) images: usize,
    pub(super) images_per_second: f64,
    pub(super) left: Option<Duration>,
    /// Training error by epoch, percent.
    pub(super) training: Curve,
    /// Error of full evaluations by epoch, percent.
    pub(super) test: Curve,
    /// Error of partial evaluations by epoch, percent.
    pub(super) partial_eval: Curve,
    pub(super) loss: Curve,
    pub(super) network: Option<Arc<Network>>,
    pub(super) layers: Vec<LayerStatistics>,
    /// Mean rate of each layer at the ends of training images, spikes per ms.
    pub(super) rates: Vec<f64>,
    /// Last message.
    pub(super) last_message: String,
    /// Last message about signals.
    pub(super) signal_notice: String,
    /// Number of misclassified images of the epoch so far.
    wrong: f64,
    /// Increases with every change.
    pub(super) version: u64,
}

impl State {
    pub(super) fn new(run: RunSummary) -> Self {
        State {
            run,
            status: Status::Training,
            save_requested: false,
            test_requested: false,
            epoch: 1,
            images: 0,
            images_per_second: 0.0,
            left: None,
            training: Curve::default(),
            test: Curve::default(),
            partial_eval: Curve::default(),
            loss: Curve::default(),
            network: None,
            layers: Vec::new(),
            rates: Vec::new(),
            last_message: String::new(),
            signal_notice: String::new(),
            wrong: 0.0,
            version: 0,
        }
    }

    pub(super) fn on_event(&mut self, event: &Event) {
        self.version += 1;
        match event {
            Event::Progress { epoch, images, train_error, images_per_second, .. } => {
                self.update_training(*epoch, *images, *train_error);
                self.images_per_second = *images_per_second;
            }
            Event::TestProgress { epoch, test_images, total_test_images } => {
                // Keep the message about a stop.
                if self.status != Status::Stopping {
                    let eval_set = self.run.eval_set;
                    self.last_message = format!(
                        "epoch {epoch}: {test_images} of {total_test_images} {eval_set} images"
                    );
                }
            }
            Event::PartialEval { epoch, images, test_error, .. } => {
                self.partial_eval.push(self.epoch_position(*epoch, *images), *test_error);
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
                self.update_training(*epoch, *images, *train_error);
                self.images_per_second = images_per_second.unwrap_or(self.images_per_second);
                let position = self.epoch_position(*epoch, *images);
                self.test.push(position, *test_error);
                self.loss.push(position, *loss);
                let eval_set = self.run.eval_set;
                self.last_message = format!(
                    "epoch {epoch}: training error {train_error:.2} %, {eval_set} error {test_error:.2} %"
                );
            }
            Event::RequestedEval { epoch, images, test_error, .. } => {
                self.partial_eval.push(self.epoch_position(*epoch, *images), *test_error);
                let eval_set = self.run.eval_set;
                self.last_message =
                    format!("epoch {epoch}, {images} images: {eval_set} error {test_error:.2} %");
            }
            Event::Network { network, rates, .. } => {
                self.set_network(network.clone());
                self.rates = rates.clone();
            }
            // Shown from the network itself.
            Event::Weights { .. }
            | Event::Checkpoint { .. }
            | Event::GroupStarted { .. }
            | Event::Finished { .. } => {}
        }
    }

    pub(super) fn set_network(&mut self, network: Arc<Network>) {
        self.layers = network.statistics(self.run.feedback);
        self.network = Some(network);
        self.version += 1;
    }

    pub(super) fn set_message(&mut self, message: String) {
        self.last_message = message;
        self.version += 1;
    }

    /// Applies the action of a key.
    pub(super) fn apply(&mut self, action: KeyAction) {
        use Status::{Paused, Pausing, Stopping, Training};
        self.version += 1;
        match (action, self.status) {
            (KeyAction::Pause, Training) => self.status = Pausing,
            (KeyAction::Pause, Pausing | Paused) => self.status = Training,
            (KeyAction::Pause, Stopping) => {}
            (KeyAction::Save, _) if self.run.can_save => self.save_requested = true,
            (KeyAction::Save, _) => {
                self.last_message = "cannot save the weights: the run has no --out".to_string();
            }
            (KeyAction::Test, _) => {
                self.test_requested = true;
                self.last_message = "evaluation requested".to_string();
            }
            (KeyAction::Stop, _) => {
                self.status = Stopping;
                self.last_message = match self.run.can_save {
                    true => "stopping: saving".to_string(),
                    false => "stopping: nothing is kept without --out".to_string(),
                };
            }
            // The signal handler shows the message.
            (KeyAction::Interrupt, _) => self.status = Stopping,
        }
    }

    /// Returns the position of an image, epochs.
    fn epoch_position(&self, epoch: u32, images: usize) -> f64 {
        f64::from(epoch - 1) + images as f64 / self.run.total_images.max(1) as f64
    }

    /// Adds a point for the images since the last event. `train_error`: error over the epoch's images so far, percent.
    fn update_training(&mut self, epoch: u32, images: usize, train_error: f64) {
        if epoch != self.epoch {
            (self.epoch, self.images, self.wrong) = (epoch, 0, 0.0);
        }
        let wrong = train_error / 100.0 * images as f64;
        if images > self.images {
            let error = 100.0 * (wrong - self.wrong) / (images - self.images) as f64;
            let middle = (self.epoch_position(epoch, self.images)
                + self.epoch_position(epoch, images))
                / 2.0;
            // Avoid negative values from rounding.
            self.training.push(middle, error.max(0.0));
        }
        (self.images, self.wrong) = (images, wrong);
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::tui) fn run() -> RunSummary {
        RunSummary {
            title: "784-500-10 on MNIST, cpu, 2 threads".to_string(),
            epochs: 4,
            total_images: 1000,
            eval_set: "test",
            images: ImageSpec::grey(4, 4, 10, 255),
            feedback: Feedback::Layerwise,
            can_save: true,
            has_true_colour: true,
        }
    }

    pub(in crate::tui) fn progress(epoch: u32, images: usize, train_error: f64) -> Event {
        Event::Progress {
            epoch,
            images,
            total_images: 1000,
            train_error,
            images_per_second: 5000.0,
        }
    }

    pub(in crate::tui) fn end(epoch: u32, train_error: f64, test_error: f64) -> Event {
        Event::Epoch {
            replica: 0,
            epoch,
            images: 1000,
            train_error,
            test_error,
            loss: 0.01 * test_error,
            images_per_second: Some(4000.0),
            test_images_per_second: 3000.0,
        }
    }

    #[test]
    fn training_curve_uses_images_since_last_event() {
        let mut state = State::new(run());
        // Misclassified: 100 of 250, then 20 of 250, then 0 of 500.
        for event in [progress(1, 250, 40.0), progress(1, 500, 24.0), end(1, 12.0, 5.0)] {
            state.on_event(&event);
        }
        state.on_event(&progress(2, 100, 3.0));
        let expected = [(0.125, 40.0), (0.375, 8.0), (0.75, 0.0), (1.05, 3.0)];
        assert_eq!(state.training.points.len(), expected.len());
        for (point, expected) in state.training.points.iter().zip(expected) {
            assert!((point.0 - expected.0).abs() < 1e-9 && (point.1 - expected.1).abs() < 1e-9);
        }
        assert_eq!(state.test.points, [(1.0, 5.0)]);
        assert_eq!((state.epoch, state.images, state.images_per_second), (2, 100, 5000.0));
    }

    #[test]
    fn apply_key_actions_change_status() {
        let mut state = State::new(run());
        let mut after = |action| {
            state.apply(action);
            (state.status, state.save_requested)
        };
        assert_eq!(after(KeyAction::Pause), (Status::Pausing, false));
        assert_eq!(after(KeyAction::Pause), (Status::Training, false));
        assert_eq!(after(KeyAction::Save), (Status::Training, true));
        assert_eq!(after(KeyAction::Stop), (Status::Stopping, true));
        // A stop cannot be revoked.
        assert_eq!(after(KeyAction::Pause), (Status::Stopping, true));

        let mut state = State::new(RunSummary { can_save: false, ..run() });
        state.apply(KeyAction::Save);
        assert!(!state.save_requested && state.last_message.contains("--out"));
    }
}
