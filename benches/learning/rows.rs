//! The trainings of the report: one row per recipe, with several networks, and one per training of the paper.

use apical::analysis::statistics::{MeanSd, median};
use apical::config::{Config, Preset, RECIPES};
use apical::dataset::Dataset;
use apical::model::weight_init::WeightInit;
use apical::run_dir::{Trial, TrialStore};

/// Number of networks per recipe, with seeds 1, 2 and so on.
const SEEDS: u64 = 3;
/// Presets of the paper's networks, with the reported test error after 60 epochs, %.
const PAPER: [(Preset, &str, f64); 3] = [
    (Preset::Paper0, "paper-0", 8.3),
    (Preset::Paper1, "paper-1", 4.1),
    (Preset::Paper2, "paper-2", 3.2),
];

/// Networks whose settings differ only in the seed.
pub struct ReportRow {
    /// Name of the preset, with the initial weights for the paper's trainings.
    pub name: String,
    pub configs: Vec<Config>,
    /// Test error that the paper reports, % (None for recipes).
    pub reported: Option<f64>,
}

/// The finished trainings of a row.
pub struct RowResult<'a> {
    pub row: &'a ReportRow,
    pub trials: Vec<&'a Trial>,
}

/// Returns all rows: the recipes, then the paper's trainings.
pub fn all() -> Vec<ReportRow> {
    let recipes = RECIPES.iter().map(|recipe| {
        let seeded = |seed| Config { seed, ..recipe.config() };
        let configs = (1..=SEEDS).map(seeded).collect();
        ReportRow { name: recipe.name.to_string(), configs, reported: None }
    });
    let paper = PAPER.iter().flat_map(|(preset, name, reported)| {
        [WeightInit::LatestCommit, WeightInit::PaperCommit].map(|initial| ReportRow {
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

impl<'a> RowResult<'a> {
    pub fn of(row: &'a ReportRow, trials: &'a TrialStore, dataset: &Dataset) -> Self {
        let found = row.configs.iter().filter_map(|config| trials.find(config, &dataset.name));
        RowResult { row, trials: found.collect() }
    }

    /// Whether the table of recipes contains the row: all except trainings with the weights of the paper's commit.
    pub fn is_shown(&self) -> bool {
        self.config().weight_init != WeightInit::PaperCommit
    }

    pub fn config(&self) -> &Config {
        &self.row.configs[0]
    }

    /// Returns the sizes of all layers, including the input.
    pub fn net(&self) -> String {
        let sizes: Vec<String> = self.config().layers.iter().map(usize::to_string).collect();
        format!("784-{}", sizes.join("-"))
    }

    /// Returns mean and standard deviation of the test error after each epoch, %. Empty if nothing was trained.
    pub fn errors(&self) -> Vec<MeanSd> {
        let epochs = self.trials.iter().map(|trial| trial.epochs.len()).min().unwrap_or(0);
        let of_epoch = |epoch: usize| {
            let errors = self.trials.iter().map(|trial| trial.epochs[epoch].test_error);
            MeanSd::of(&errors.collect::<Vec<_>>())
        };
        (0..epochs).map(of_epoch).collect()
    }

    /// Returns the training speed of all networks together, images per second: the median over epochs and networks.
    pub fn images_per_second(&self) -> f64 {
        let epochs = self.trials.iter().flat_map(|trial| &trial.epochs);
        median(&epochs.filter_map(|epoch| epoch.images_per_second).collect::<Vec<_>>())
    }
}
