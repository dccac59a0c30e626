//! Named settings.

use super::{
    Config, Dynamics, Feedback, FeedbackWeights, HiddenErrors, Optimizer, PlateauTimes, RECIPES,
    Recipe, Transmission,
};
use crate::model::initial::Initial;
use crate::model::phases::{Averaging, PhaseExtra};
use crate::model::rates::Schedule;
use crate::model::spikes::SpikeDraw;

/// A starting point whose every setting can be changed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Preset {
    /// The recipe for 784-500-10 and minibatches of 32, over fewer epochs.
    #[default]
    Quick,
    /// The paper's net without a hidden layer.
    Paper0,
    /// The paper's net with one hidden layer, 500 neurons.
    Paper1,
    /// The paper's net with two hidden layers, 500 and 100 neurons.
    Paper2,
    /// What a minibatch learns best by.
    Recipe(&'static Recipe),
}

/// Epochs of the default preset.
const QUICK_EPOCHS: u32 = 10;

/// Those that are no recipes.
const NAMED: [Preset; 4] = [Preset::Quick, Preset::Paper0, Preset::Paper1, Preset::Paper2];

/// All presets.
static PRESETS: [Preset; NAMED.len() + RECIPES.len()] = {
    let mut presets = [Preset::Quick; NAMED.len() + RECIPES.len()];
    let mut index = 0;
    while index < presets.len() {
        presets[index] = match index.checked_sub(NAMED.len()) {
            Some(recipe) => Preset::Recipe(&RECIPES[recipe]),
            None => NAMED[index],
        };
        index += 1;
    }
    presets
};

#[cfg(feature = "clap")]
impl clap::ValueEnum for Preset {
    fn value_variants<'a>() -> &'a [Self] {
        &PRESETS
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        Some(clap::builder::PossibleValue::new(self.name()).help(self.about()))
    }
}

impl Preset {
    /// All of them.
    pub fn all() -> &'static [Preset] {
        &PRESETS
    }

    /// As on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Preset::Quick => "quick",
            Preset::Paper0 => "paper-0",
            Preset::Paper1 => "paper-1",
            Preset::Paper2 => "paper-2",
            Preset::Recipe(recipe) => recipe.name,
        }
    }

    /// What it is good for, in a line.
    pub fn about(self) -> String {
        let paper = |what: &str| format!("The paper's net {what}: one image at a time, 60 epochs");
        match self {
            Preset::Quick => {
                let recipe = Recipe::quick().name;
                format!("{recipe} over {QUICK_EPOCHS} epochs: minutes on two cores")
            }
            Preset::Paper0 => paper("without a hidden layer"),
            Preset::Paper1 => paper("with one hidden layer, 500 neurons"),
            Preset::Paper2 => paper("with two hidden layers, 500 and 100 neurons"),
            Preset::Recipe(recipe) => recipe.about(),
        }
    }

    /// Its settings.
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
            hidden_errors: HiddenErrors::Plateaus,
            feedback_weights: FeedbackWeights::Fixed,
            feedback_noise: 0.0,
            feedback_sparsity: 0.0,
            feedback_gain: 1.0,
            feedback_eta: 0.0,
            apical_bias: 0.0,
            apical_bias_eta: 1.0,
            dynamics: Dynamics::Spiking,
            transmission: Transmission::Spikes,
            feedback_transmission: Transmission::Spikes,
            plateau_times: PlateauTimes::Synchronous,
            g_apical: 0.0,
            spikes: SpikeDraw::Poisson,
            phi_max: 0.2,
            taps: 10,
            phase_steps: 50,
            phase_extra: PhaseExtra::InverseGaussian,
            averaging: Averaging::Last20,
            test_steps: 250,
            test_from: 30,
            weights_every: 0,
            quick_test_every: 20_000,
            quick_test_images: 500,
        };
        match self {
            Preset::Quick => Config { epochs: QUICK_EPOCHS, ..Recipe::quick().config() },
            Preset::Paper0 => paper(&[10], &[0.19]),
            Preset::Paper1 => paper(&[500, 10], &[0.21, 0.21]),
            Preset::Paper2 => paper(&[500, 100, 10], &[0.23, 0.23, 0.12]),
            Preset::Recipe(recipe) => recipe.config(),
        }
    }
}
