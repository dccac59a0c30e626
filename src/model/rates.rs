//! How the learning rate changes while a network learns.

use libm::cos;
use serde::{Deserialize, Serialize};

/// What becomes of the learning rate over a run. The paper's is constant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "clap", derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
pub enum Schedule {
    /// It stays (the paper).
    #[default]
    Constant,
    /// It is multiplied by a factor every few epochs.
    Step,
    /// It falls to its final value along half a cosine.
    Cosine,
}

/// The part of the learning rate that each image learns at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rates {
    /// How the rate changes beside the ramp.
    pub schedule: Schedule,
    /// Images over which the rate rises from next to nothing in a straight line; 0: none.
    pub ramp: u64,
    /// Images of an epoch.
    pub images: u64,
    /// Epochs of the run.
    pub epochs: u32,
    /// [`Schedule::Step`]: epochs between two steps.
    pub step_epochs: u32,
    /// [`Schedule::Step`]: what multiplies the rate at each step, 0 to 1.
    pub step_factor: f64,
    /// [`Schedule::Cosine`]: the part that is left at the end of the run.
    pub final_rate: f64,
}

impl Rates {
    /// The part of the learning rate when so many images have been shown, from 0 to 1.
    pub fn at(&self, shown: u64) -> f64 {
        let ramp = (shown + 1) as f64 / self.ramp.max(1) as f64;
        ramp.min(1.0) * self.after_ramp(shown)
    }

    fn after_ramp(&self, shown: u64) -> f64 {
        match self.schedule {
            Schedule::Constant => 1.0,
            Schedule::Step => {
                let steps = shown / (self.images * u64::from(self.step_epochs)).max(1);
                libm::pow(self.step_factor, steps as f64)
            }
            Schedule::Cosine => {
                let all = (self.images * u64::from(self.epochs)).max(1);
                let done = (shown as f64 / all as f64).min(1.0);
                let left = (1.0 + cos(std::f64::consts::PI * done)) / 2.0;
                self.final_rate + (1.0 - self.final_rate) * left
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
    fn a_constant_rate_is_the_whole_one() {
        for shown in [0, 1, 799, 800, 1_000_000] {
            assert_eq!(rates(Schedule::Constant).at(shown), 1.0);
        }
    }

    #[test]
    fn steps_come_at_the_ends_of_epochs() {
        let rates = rates(Schedule::Step);
        let expected = [(0, 1.0), (199, 1.0), (200, 0.5), (399, 0.5), (400, 0.25), (799, 0.125)];
        for (shown, expected) in expected {
            assert_eq!(rates.at(shown), expected, "{shown} images");
        }
    }

    #[test]
    fn a_cosine_falls_to_what_is_left_and_stays_there() {
        let rates = rates(Schedule::Cosine);
        assert_eq!(rates.at(0), 1.0);
        assert!((rates.at(400) - 0.55).abs() < 1e-12, "half way {}", rates.at(400));
        assert!((rates.at(800) - 0.1).abs() < 1e-12 && rates.at(800) == rates.at(5000));
        assert!((0..800).all(|shown| rates.at(shown) > rates.at(shown + 1)));
    }

    #[test]
    fn a_ramp_rises_in_a_straight_line_and_ends() {
        let rates = Rates { ramp: 50, ..rates(Schedule::Constant) };
        assert_eq!(rates.at(0), 0.02);
        assert_eq!(rates.at(24), 0.5);
        assert!([49, 50, 500].iter().all(|&shown| rates.at(shown) == 1.0));
    }
}
