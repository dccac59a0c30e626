//! Presets: named sets of settings.

use super::{
    Config, CreditAssignment, Dynamics, Feedback, FeedbackWeights, Optimizer, PlateauTiming,
    RECIPES, Recipe, Signal,
};
use crate::model::lr_schedule::LrSchedule;
use crate::model::phases::{AveragingWindow, PhaseJitter};
use crate::model::spikes::SpikeDistribution;
use crate::model::weight_init::WeightInit;

/// Named set of settings.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Preset {
    /// Recipe `hidden-1-batch-32` with fewer epochs.
    #[default]
    Quick,
    /// The paper's network without hidden layers.
    Paper0,
    /// The paper's network with one hidden layer of 500 neurons.
    Paper1,
    /// The paper's network with two hidden layers of 500 and 100 neurons.
    Paper2,
    /// Settings tuned for a network and a minibatch size.
    Recipe(&'static Recipe),
}

/// Number of epochs of the preset `quick`.
const QUICK_EPOCHS: u32 = 10;

/// Presets that are not recipes.
const NAMED: [Preset; 4] = [Preset::Quick, Preset::Paper0, Preset::Paper1, Preset::Paper2];

/// All presets, the recipes last.
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
        Preset::all()
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        Some(clap::builder::PossibleValue::new(self.name()).help(self.about()))
    }
}

impl Preset {
    /// Returns all presets.
    pub fn all() -> &'static [Preset] {
        &PRESETS
    }

    /// Returns the name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Preset::Quick => "quick",
            Preset::Paper0 => "paper-0",
            Preset::Paper1 => "paper-1",
            Preset::Paper2 => "paper-2",
            Preset::Recipe(recipe) => recipe.name,
        }
    }

    /// Returns a one-line description.
    pub fn about(self) -> String {
        let paper = |layers: &str| format!("The paper's network {layers}: batch size 1, 60 epochs");
        match self {
            Preset::Quick => {
                let recipe = Recipe::quick().name;
                format!("{recipe} with {QUICK_EPOCHS} epochs: minutes on two cores")
            }
            Preset::Paper0 => paper("without hidden layers"),
            Preset::Paper1 => paper("with one hidden layer of 500 neurons"),
            Preset::Paper2 => paper("with two hidden layers of 500 and 100 neurons"),
            Preset::Recipe(recipe) => recipe.about(),
        }
    }

    /// Returns the settings.
    pub fn config(self) -> Config {
        let paper = |layers: &[usize], eta: &[f64]| Config {
            layers: layers.to_vec(),
            epochs: 60,
            train_images: 0,
            validation_images: 0,
            test_images: 0,
            batch_size: 1,
            eta: eta.to_vec(),
            bias_lr_scale: vec![1.0],
            weight_decay: 0.0,
            grad_clip: 0.0,
            lr_schedule: LrSchedule::Constant,
            warmup_images: 0,
            lr_step_epochs: 1,
            lr_step_gamma: 0.5,
            lr_final_factor: 0.0,
            optimizer: Optimizer::Sgd,
            beta1: 0.9,
            beta2: 0.999,
            optimizer_eps: 1e-8,
            seed: 1,
            weight_init: WeightInit::LatestCommit,
            feedback: Feedback::Broadcast,
            credit_assignment: CreditAssignment::Plateaus,
            feedback_weights: FeedbackWeights::Fixed,
            feedback_noise_sd: 0.0,
            feedback_sparsity: 0.0,
            feedback_gain: 1.0,
            feedback_lr: 0.0,
            apical_bias_sd: 0.0,
            apical_bias_lr_scale: 1.0,
            dynamics: Dynamics::Spiking,
            signal: Signal::Spikes,
            feedback_signal: Signal::Spikes,
            plateau_timing: PlateauTiming::Synchronous,
            g_apical: 0.0,
            spike_distribution: SpikeDistribution::Poisson,
            phi_max: 0.2,
            psp_kernel_ms: 10,
            phase_ms: 50,
            phase_jitter: PhaseJitter::InverseGaussian,
            averaging_window: AveragingWindow::Last20,
            test_ms: 250,
            test_average_from_ms: 30,
            weight_stats_every: 0,
            eval_every: 20_000,
            eval_images: 500,
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
