//! Learning-rate schedules.

use libm::cos;
use serde::{Deserialize, Serialize};

/// Shape of the learning rate over a run, after the warm-up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "clap", derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
pub enum Schedule {
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
pub struct Rates {
    /// Shape after the warm-up.
    pub schedule: Schedule,
    /// Number of images over which the factor rises linearly from 0 to 1; 0: no warm-up.
    pub ramp: u64,
    /// Number of images per epoch.
    pub images: u64,
    /// Number of epochs of the run.
    pub epochs: u32,
    /// [`Schedule::Step`]: number of epochs between two steps.
    pub step_epochs: u32,
    /// [`Schedule::Step`]: multiplier of the rate per step, 0 to 1.
    pub step_factor: f64,
    /// [`Schedule::Cosine`]: factor at the end of the run.
    pub final_rate: f64,
}

impl Rates {
    /// Returns the factor after `shown` images, 0 to 1.
    pub fn at(&self, shown: u64) -> f64 {
        let warmup = (shown + 1) as f64 / self.ramp.max(1) as f64;
        warmup.min(1.0) * self.after_ramp(shown)
    }

    /// Returns the factor without the warm-up.
    fn after_ramp(&self, shown: u64) -> f64 {
        match self.schedule {
            Schedule::Constant => 1.0,
            Schedule::Step => {
                let steps = shown / (self.images * u64::from(self.step_epochs)).max(1);
                libm::pow(self.step_factor, steps as f64)
            }
            Schedule::Cosine => {
                let total = (self.images * u64::from(self.epochs)).max(1);
                let done = (shown as f64 / total as f64).min(1.0);
                let remaining = (1.0 + cos(std::f64::consts::PI * done)) / 2.0;
                self.final_rate + (1.0 - self.final_rate) * remaining
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rates(schedule: Schedule) -> Rates {
        let (step_epochs, step_factor, final_rate) = (2, 0.5, 0.1);
        Rates { schedule, ramp: 0, images: 100, epochs: 8, step_epochs, step_factor, final_rate }
    }

    #[test]
    fn constant_schedule_returns_1() {
        for shown in [0, 1, 799, 800, 1_000_000] {
            assert_eq!(rates(Schedule::Constant).at(shown), 1.0);
        }
    }

    #[test]
    fn step_schedule_changes_at_epoch_ends() {
        let rates = rates(Schedule::Step);
        let expected = [(0, 1.0), (199, 1.0), (200, 0.5), (399, 0.5), (400, 0.25), (799, 0.125)];
        for (shown, expected) in expected {
            assert_eq!(rates.at(shown), expected, "after {shown} images");
        }
    }

    #[test]
    fn cosine_schedule_falls_and_stays_at_its_end() {
        let rates = rates(Schedule::Cosine);
        assert_eq!(rates.at(0), 1.0);
        assert!((rates.at(400) - 0.55).abs() < 1e-12, "factor at half time: {}", rates.at(400));
        assert!((rates.at(800) - 0.1).abs() < 1e-12 && rates.at(800) == rates.at(5000));
        assert!((0..800).all(|shown| rates.at(shown) > rates.at(shown + 1)));
    }

    #[test]
    fn warmup_rises_linearly_to_1() {
        let rates = Rates { ramp: 50, ..rates(Schedule::Constant) };
        assert_eq!(rates.at(0), 0.02);
        assert_eq!(rates.at(24), 0.5);
        assert!([49, 50, 500].iter().all(|&shown| rates.at(shown) == 1.0));
    }
}
