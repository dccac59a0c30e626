//! The networks whose layers are measured: recipes of different depth, and changes of one setting each.

use apical::config::{Config, CreditAssignment, FeedbackWeights, RECIPES, Signal};

/// A network with a name.
pub struct Condition {
    pub name: &'static str,
    pub config: Config,
}

/// Returns all conditions, trained for `epochs` epochs.
pub fn all(epochs: u32) -> Vec<Condition> {
    let recipe = |layers: &[usize]| {
        let of_net = RECIPES.iter().find(|recipe| recipe.layers == layers);
        Config { epochs, ..of_net.map_or_else(Config::default, |recipe| recipe.config()) }
    };
    let (one, two) = (recipe(&[500, 10]), recipe(&[500, 100, 10]));
    let three = recipe(&[500, 100, 100, 10]);
    let changed = |name, change: &dyn Fn(&mut Config)| {
        let mut config = two.clone();
        change(&mut config);
        Condition { name, config }
    };
    vec![
        Condition { name: "one hidden layer", config: one },
        Condition { name: "two hidden layers", config: two.clone() },
        Condition { name: "three hidden layers", config: three },
        changed("two, output of 10 neurons per class", &|c| c.layers = vec![500, 100, 100]),
        changed("two, upper layer of 500", &|c| c.layers = vec![500, 500, 10]),
        changed("two, phases of 100 ms", &|c| c.phase_ms = 100),
        changed("two, feedback by rates", &|c| c.feedback_signal = Signal::Rates),
        changed("two, symmetric feedback", &|c| c.feedback_weights = FeedbackWeights::Symmetric),
        changed("two, backpropagation", &|c| {
            c.credit_assignment = CreditAssignment::Backpropagation;
        }),
    ]
}
