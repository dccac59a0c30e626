//! Learning-rate schedules.

use libm::cos;
use serde::{Deserialize, Serialize};

/// Shape of the learning rate over a run, after the warm-up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "clap", derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
pub enum LrSchedule {
    /// Constant (the paper).
    #[default]
    Constant,
    /// Multiplied by a factor every few epochs.
    Step,
    /// Falls to its final value along half a cosine.
    Cosine,
}

/// Factor of the learning rate as a function of the number of images shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LrFactor {
    /// Shape after the warm-up.
    pub schedule: LrSchedule,
    /// Number of images over which the factor rises linearly from 0 to 1; 0: no warm-up.
    pub warmup_images: u64,
    /// Number of images per epoch.
    pub images_per_epoch: u64,
    /// Number of epochs of the run.
    pub epochs: u32,
    /// [`LrSchedule::Step`]: number of epochs between two steps.
    pub step_epochs: u32,
    /// [`LrSchedule::Step`]: multiplier of the rate per step, 0 to 1.
    pub step_gamma: f64,
    /// [`LrSchedule::Cosine`]: factor at the end of the run.
    pub final_factor: f64,
}

impl LrFactor {
    /// Returns the factor after `shown` images, 0 to 1.
    pub fn at(&self, shown: u64) -> f64 {
        let warmup = (shown + 1) as f64 / self.warmup_images.max(1) as f64;
        warmup.min(1.0) * self.after_warmup(shown)
    }

    /// Returns the factor without the warm-up.
    fn after_warmup(&self, shown: u64) -> f64 {
        match self.schedule {
            LrSchedule::Constant => 1.0,
            LrSchedule::Step => {
                let steps = shown / (self.images_per_epoch * u64::from(self.step_epochs)).max(1);
                libm::pow(self.step_gamma, steps as f64)
            }
            LrSchedule::Cosine => {
                let total = (self.images_per_epoch * u64::from(self.epochs)).max(1);
                let done = (shown as f64 / total as f64).min(1.0);
                let remaining = (1.0 + cos(std::f64::consts::PI * done)) / 2.0;
                self.final_factor + (1.0 - self.final_factor) * remaining
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lr_factor(schedule: LrSchedule) -> LrFactor {
        LrFactor {
            schedule,
            warmup_images: 0,
            images_per_epoch: 100,
            epochs: 8,
            step_epochs: 2,
            step_gamma: 0.5,
            final_factor: 0.1,
        }
    }

    #[test]
    fn constant_schedule_returns_1() {
        for shown in [0, 1, 799, 800, 1_000_000] {
            assert_eq!(lr_factor(LrSchedule::Constant).at(shown), 1.0);
        }
    }

    #[test]
    fn step_schedule_changes_at_epoch_ends() {
        let factor = lr_factor(LrSchedule::Step);
        let expected = [(0, 1.0), (199, 1.0), (200, 0.5), (399, 0.5), (400, 0.25), (799, 0.125)];
        for (shown, expected) in expected {
            assert_eq!(factor.at(shown), expected, "after {shown} images");
        }
    }

    #[test]
    fn cosine_schedule_falls_and_stays_at_its_end() {
        let factor = lr_factor(LrSchedule::Cosine);
        assert_eq!(factor.at(0), 1.0);
        assert!((factor.at(400) - 0.55).abs() < 1e-12, "factor at half time: {}", factor.at(400));
        assert!((factor.at(800) - 0.1).abs() < 1e-12 && factor.at(800) == factor.at(5000));
        assert!((0..800).all(|shown| factor.at(shown) > factor.at(shown + 1)));
    }

    #[test]
    fn warmup_rises_linearly_to_1() {
        let factor = LrFactor { warmup_images: 50, ..lr_factor(LrSchedule::Constant) };
        assert_eq!(factor.at(0), 0.02);
        assert_eq!(factor.at(24), 0.5);
        assert!([49, 50, 500].iter().all(|&shown| factor.at(shown) == 1.0));
    }
}
