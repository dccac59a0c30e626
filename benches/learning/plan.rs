//! What is trained: a row for each recipe, of several networks, and one for each of the paper's trainings.

use apical::config::{Config, Preset, RECIPES};
use apical::dataset::Dataset;
use apical::evaluate::Spread;
use apical::model::initial::Initial;
use apical::record::{Trial, Trials};

/// Networks of each recipe, with the seeds 1, 2 and so on.
const SEEDS: u64 = 3;
/// The paper's nets, with the test error that it reports after 60 epochs, percent.
pub const PAPER: [(Preset, &str, f64); 3] = [
    (Preset::Paper0, "paper-0", 8.3),
    (Preset::Paper1, "paper-1", 4.1),
    (Preset::Paper2, "paper-2", 3.2),
];

/// Networks with the same settings but for their seeds.
pub struct Row {
    /// The preset; of the paper's, with the initial weights.
    pub name: String,
    pub is_paper: bool,
    pub configs: Vec<Config>,
}

/// The trainings of a row that are done.
pub struct Result<'a> {
    pub row: &'a Row,
    pub trials: Vec<&'a Trial>,
}

/// All rows, the quick ones first.
pub fn rows() -> Vec<Row> {
    let recipes = RECIPES.iter().map(|recipe| {
        let seeded = |seed| Config { seed, ..recipe.config() };
        let configs = (1..=SEEDS).map(seeded).collect();
        Row { name: recipe.name.to_string(), is_paper: false, configs }
    });
    let initials = [(Initial::Latest, "latest"), (Initial::Cited, "cited")];
    let paper = PAPER.iter().flat_map(|(preset, name, _)| {
        initials.map(|(initial, initial_name)| Row {
            name: format!("{name}, {initial_name}"),
            is_paper: true,
            configs: vec![Config { initial, ..preset.config() }],
        })
    });
    recipes.chain(paper).collect()
}

impl<'a> Result<'a> {
    pub fn of(row: &'a Row, trials: &'a Trials, dataset: &Dataset) -> Self {
        let found = row.configs.iter().filter_map(|config| trials.find(config, &dataset.name));
        Result { row, trials: found.collect() }
    }

    pub fn config(&self) -> &Config {
        &self.row.configs[0]
    }

    /// Sizes of all layers, the input included.
    pub fn net(&self) -> String {
        let sizes: Vec<String> = self.config().layers.iter().map(usize::to_string).collect();
        format!("784-{}", sizes.join("-"))
    }

    /// Mean and spread of the test error after each epoch, percent; none where nothing was trained.
    pub fn errors(&self) -> Vec<Spread> {
        let epochs = self.trials.iter().map(|trial| trial.epochs.len()).min().unwrap_or(0);
        let of_epoch = |epoch: usize| {
            let errors = self.trials.iter().map(|trial| trial.epochs[epoch].test_error);
            Spread::of(&errors.collect::<Vec<_>>())
        };
        (0..epochs).map(of_epoch).collect()
    }

    /// Training images a second of all networks side by side: the median over epochs and networks.
    pub fn images_per_second(&self) -> f64 {
        let epochs = self.trials.iter().flat_map(|trial| &trial.epochs);
        let mut speeds: Vec<f64> = epochs.map(|epoch| epoch.images_per_second).collect();
        speeds.sort_by(f64::total_cmp);
        speeds.get(speeds.len() / 2).copied().unwrap_or(f64::NAN)
    }
}
