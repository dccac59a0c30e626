//! Presets: named sets of settings.

use super::paper::{paper, paper_1};
use super::{Config, Dynamics, Feedback, FeedbackWeights, LearningRule, RECIPES, Recipe};

/// Named set of settings.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Preset {
    /// Recipe `hidden-1-batch-32-400-hz` with fewer epochs.
    #[default]
    Quick,
    /// The paper's network without hidden layers.
    Paper0,
    /// The paper's network with one hidden layer of 500 neurons.
    Paper1,
    /// The paper's network with two hidden layers of 500 and 100 neurons.
    Paper2,
    /// One hidden layer of 500 neurons that learns by bursts.
    Bursts1,
    /// Three hidden layers of 500 neurons that learn by bursts.
    Bursts3,
    /// Settings tuned for a network and a minibatch size.
    Recipe(&'static Recipe),
}

/// Number of epochs of the preset `quick`.
const QUICK_EPOCHS: u32 = 7;

/// Number of epochs of the presets with bursts.
const BURSTS_EPOCHS: u32 = 12;

/// Presets that are not recipes.
const NAMED: [Preset; 6] = [
    Preset::Quick,
    Preset::Paper0,
    Preset::Paper1,
    Preset::Paper2,
    Preset::Bursts1,
    Preset::Bursts3,
];

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

impl Default for Config {
    fn default() -> Self {
        Preset::Quick.config()
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
            Preset::Bursts1 => "bursts-1",
            Preset::Bursts3 => "bursts-3",
            Preset::Recipe(recipe) => recipe.name,
        }
    }

    /// Returns a one-line description.
    pub fn about(self) -> String {
        let paper = |layers: &str| format!("The paper's network {layers}: batch size 1, 60 epochs");
        let bursts = |layers: &str| {
            format!("{layers}, learns by bursts of rates: batch size 32, {BURSTS_EPOCHS} epochs")
        };
        match self {
            Preset::Quick => {
                let recipe = Recipe::quick().name;
                format!("{recipe} with {QUICK_EPOCHS} epochs: minutes on two cores")
            }
            Preset::Paper0 => paper("without hidden layers"),
            Preset::Paper1 => paper("with one hidden layer of 500 neurons"),
            Preset::Paper2 => paper("with two hidden layers of 500 and 100 neurons"),
            Preset::Bursts1 => bursts("784-500-10"),
            Preset::Bursts3 => bursts("784-500-500-500-10"),
            Preset::Recipe(recipe) => recipe.about(),
        }
    }

    /// Returns the settings.
    pub fn config(self) -> Config {
        match self {
            Preset::Quick => Config { epochs: QUICK_EPOCHS, ..Recipe::quick().config() },
            Preset::Paper0 => paper(&[10], &[0.19]),
            Preset::Paper1 => paper_1(),
            Preset::Paper2 => paper(&[500, 100, 10], &[0.23, 0.23, 0.12]),
            Preset::Bursts1 => bursts(&[500, 10]),
            Preset::Bursts3 => bursts(&[500, 500, 500, 10]),
            Preset::Recipe(recipe) => recipe.config(),
        }
    }
}

/// Returns the settings of a network that learns by bursts of rates, with symmetric feedback.
fn bursts(layers: &[usize]) -> Config {
    Config {
        layers: layers.to_vec(),
        epochs: BURSTS_EPOCHS,
        eta: vec![0.03],
        rule: LearningRule::Bursts,
        feedback: Feedback::Layerwise,
        feedback_weights: FeedbackWeights::Symmetric,
        dynamics: Dynamics::SteadyState,
        ..Recipe::one_hidden_layer().config()
    }
}
