//! Named settings.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use super::{Config, Feedback, Optimizer};
use crate::model::initial::Initial;
use crate::model::phases::{Averaging, PhaseExtra};
use crate::model::rates::Schedule;
use crate::model::spikes::SpikeDraw;

/// A starting point whose every setting can be changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// 784-500-10, minibatches of 32, Adam: minutes on two cores
    #[default]
    Quick,
    /// The paper's net without a hidden layer: one image at a time, 60 epochs
    #[value(name = "paper-0")]
    #[serde(rename = "paper-0")]
    Paper0,
    /// The paper's net with one hidden layer, 500 neurons
    #[value(name = "paper-1")]
    #[serde(rename = "paper-1")]
    Paper1,
    /// The paper's net with two hidden layers, 500 and 100 neurons
    #[value(name = "paper-2")]
    #[serde(rename = "paper-2")]
    Paper2,
}

impl Preset {
    pub fn config(self) -> Config {
        let paper = |layers: &[usize], eta: &[f64]| Config {
            layers: layers.to_vec(),
            epochs: 60,
            images: 0,
            validation: 0,
            test_images: 0,
            batch: 1,
            eta: eta.to_vec(),
            eta_bias: vec![1.0],
            weight_decay: 0.0,
            clip: 0.0,
            schedule: Schedule::Constant,
            ramp: 0,
            step_epochs: 1,
            step_factor: 0.5,
            final_rate: 0.0,
            optimizer: Optimizer::Sgd,
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
            seed: 1,
            initial: Initial::Latest,
            feedback: Feedback::Broadcast,
            g_apical: 0.0,
            spikes: SpikeDraw::Poisson,
            phi_max: 0.2,
            taps: 10,
            phase_steps: 50,
            phase_extra: PhaseExtra::InverseGaussian,
            averaging: Averaging::Last20,
            test_steps: 250,
            test_from: 30,
            quick_test_every: 20_000,
            quick_test_images: 500,
        };
        match self {
            Preset::Quick => Config {
                epochs: 8,
                batch: 32,
                optimizer: Optimizer::Adam,
                ..paper(&[500, 10], &[0.01])
            },
            Preset::Paper0 => paper(&[10], &[0.19]),
            Preset::Paper1 => paper(&[500, 10], &[0.21, 0.21]),
            Preset::Paper2 => paper(&[500, 100, 10], &[0.23, 0.23, 0.12]),
        }
    }
}
