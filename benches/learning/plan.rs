//! What is trained: a row for each recipe, of several networks, and one for each of the paper's trainings.

use apical::analysis::statistics::{MeanSd, median};
use apical::config::{Config, Preset, RECIPES};
use apical::dataset::Dataset;
use apical::model::weight_init::WeightInit;
use apical::run_dir::{Trial, TrialStore};

/// Networks of each recipe, with the seeds 1, 2 and so on.
const SEEDS: u64 = 3;
/// The paper's nets, with the test error that it reports after 60 epochs, percent.
const PAPER: [(Preset, &str, f64); 3] = [
    (Preset::Paper0, "paper-0", 8.3),
    (Preset::Paper1, "paper-1", 4.1),
    (Preset::Paper2, "paper-2", 3.2),
];

/// Networks with the same settings but for their seeds.
pub struct Row {
    /// The preset; of the paper's, with the initial weights.
    pub name: String,
    pub configs: Vec<Config>,
    /// What the paper reports for this training, percent; none for recipes.
    pub reported: Option<f64>,
}

/// The trainings of a row that are done.
pub struct Result<'a> {
    pub row: &'a Row,
    pub trials: Vec<&'a Trial>,
}

/// All rows: the recipes, then the paper's.
pub fn rows() -> Vec<Row> {
    let recipes = RECIPES.iter().map(|recipe| {
        let seeded = |seed| Config { seed, ..recipe.config() };
        let configs = (1..=SEEDS).map(seeded).collect();
        Row { name: recipe.name.to_string(), configs, reported: None }
    });
    let paper = PAPER.iter().flat_map(|(preset, name, reported)| {
        [WeightInit::LatestCommit, WeightInit::PaperCommit].map(|initial| Row {
            name: format!("{name} {}", initial_name(initial)),
            configs: vec![Config { weight_init: initial, ..preset.config() }],
            reported: Some(*reported),
        })
    });
    recipes.chain(paper).collect()
}

/// Returns the name of initial weights on the command line.
pub fn initial_name(initial: WeightInit) -> &'static str {
    match initial {
        WeightInit::PaperCommit => "paper-commit",
        WeightInit::LatestCommit => "latest-commit",
        WeightInit::ZeroMean => "zero-mean",
    }
}

impl<'a> Result<'a> {
    pub fn of(row: &'a Row, trials: &'a TrialStore, dataset: &Dataset) -> Self {
        let found = row.configs.iter().filter_map(|config| trials.find(config, &dataset.name));
        Result { row, trials: found.collect() }
    }

    /// Whether it is shown beside the recipes: of the paper's, those with the preset's initial weights.
    pub fn is_shown(&self) -> bool {
        self.config().weight_init != WeightInit::PaperCommit
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
    pub fn errors(&self) -> Vec<MeanSd> {
        let epochs = self.trials.iter().map(|trial| trial.epochs.len()).min().unwrap_or(0);
        let of_epoch = |epoch: usize| {
            let errors = self.trials.iter().map(|trial| trial.epochs[epoch].test_error);
            MeanSd::of(&errors.collect::<Vec<_>>())
        };
        (0..epochs).map(of_epoch).collect()
    }

    /// Training images a second of all networks side by side: the median over epochs and networks.
    pub fn images_per_second(&self) -> f64 {
        let epochs = self.trials.iter().flat_map(|trial| &trial.epochs);
        median(&epochs.map(|epoch| epoch.images_per_second).collect::<Vec<_>>())
    }
}
