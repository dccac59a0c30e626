//! Trainings that go on where a shorter one ended.

use super::Config;
use crate::model::lr_schedule::LrSchedule;

impl Config {
    /// Whether a training can go on from the state of a training with the settings `saved`, to the bits of a training
    /// that was never interrupted: the settings are equal, or have only more epochs and no learning rate that depends on
    /// their number.
    pub fn continues(&self, saved: &Config) -> bool {
        let longer = Config { epochs: self.epochs.max(saved.epochs), ..saved.clone() };
        *self == *saved || (*self == longer && !self.depends_on_epochs())
    }

    /// Whether the learning rates depend on the number of epochs.
    pub fn depends_on_epochs(&self) -> bool {
        self.lr_schedule == LrSchedule::Cosine
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_more_epochs_continue_a_training() {
        let constant = Config { lr_schedule: LrSchedule::Constant, epochs: 3, ..Config::default() };
        let longer = Config { epochs: 4, ..constant.clone() };
        assert!(constant.continues(&constant) && longer.continues(&constant));
        assert!(!constant.continues(&longer));
        assert!(!Config { seed: 2, ..longer.clone() }.continues(&constant));
        let cosine = Config { lr_schedule: LrSchedule::Cosine, ..constant };
        assert!(cosine.continues(&cosine));
        assert!(!Config { epochs: 4, ..cosine.clone() }.continues(&cosine));
    }
}
