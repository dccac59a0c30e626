//! Search for settings by their error on validation images, which are held out of the training set. The test set is never
//! used.

mod figure;
pub mod folder;
mod search;

use std::ops::ControlFlow;

use serde::Serialize;
use serde_json::{Map, Value};
use thiserror::Error;

pub use folder::TuneFolder;
pub use search::{Rung, Search, SearchError};

use crate::analysis::statistics::MeanSd;
use crate::config::{Config, Variant};
use crate::dataset::{DataIdentity, Dataset};
use crate::device::DeviceOptions;
use crate::figures::FigureError;
use crate::run_dir::replica_summary::swept_settings;
use crate::run_dir::{StorageError, Trial, TrialStore};
use crate::train::TrainError;
use crate::trial_cache::{self, TrialEvent, TrialsError, training_images};

/// Error of a search.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "each message describes its variant")]
pub enum TuneError {
    #[error("invalid search")]
    Search(#[from] SearchError),
    #[error(transparent)]
    Trials(TrialsError),
    #[error(transparent)]
    Storage(#[from] StorageError),
    #[error(transparent)]
    Report(#[from] FigureError),
    #[error("{}: this folder holds another search: {difference}", .folder.display())]
    OtherSearch { folder: std::path::PathBuf, difference: String },
    #[error("{}: cannot parse this search", .path.display())]
    File { path: std::path::PathBuf, source: Box<toml::de::Error> },
}

impl From<TrialsError> for TuneError {
    fn from(error: TrialsError) -> Self {
        match error {
            TrialsError::Storage(error) => TuneError::Storage(error),
            error => TuneError::Trials(error),
        }
    }
}

impl From<TrainError> for TuneError {
    fn from(error: TrainError) -> Self {
        TuneError::Trials(error.into())
    }
}

/// Result of a candidate on a rung. Errors in percent.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Candidate {
    /// Index of the candidate.
    pub candidate: usize,
    /// Searched settings, as `config.toml` has them.
    pub settings: Map<String, Value>,
    /// Number of networks, which differ in their seeds. Errors are means over them.
    pub networks: usize,
    /// Error on the validation images after the last epoch of the rung.
    pub validation_error: MeanSd,
    /// Training error of the last epoch of the rung.
    pub train_error: MeanSd,
    /// Whether it survives to the next rung, or is the best of the last rung.
    pub is_kept: bool,
}

/// Result of a rung.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RungResult {
    /// Length of its trainings.
    #[serde(flatten)]
    pub rung: Rung,
    /// Candidates, the best first.
    pub candidates: Vec<Candidate>,
}

/// Result of a search.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TuneResult {
    /// Results of all rungs, in order.
    pub rungs: Vec<RungResult>,
    /// Settings of the best candidate, for a training on all images with a full evaluation.
    pub best: Config,
}

impl TuneResult {
    /// Returns the best candidate of the last rung.
    pub fn best_candidate(&self) -> Option<&Candidate> {
        self.rungs.last()?.candidates.first()
    }
}

/// Event of a search.
#[derive(Clone, Debug)]
pub enum TuneEvent<'a> {
    /// A rung starts.
    RungStarted {
        /// Length of its trainings.
        rung: &'a Rung,
        /// Number of candidates.
        candidates: usize,
        /// Number of networks, including finished ones.
        networks: usize,
        /// Number of networks that an interrupted search already trained.
        finished: usize,
    },
    /// Event of a training on the rung.
    Trial(TrialEvent<'a>),
    /// All candidates of a rung are trained and ranked.
    RungFinished(&'a RungResult),
}

/// Callback that receives events; it may stop the search.
pub type SearchListener<'a> = &'a mut dyn FnMut(TuneEvent) -> ControlFlow<()>;

/// Returns the default number of validation images: all of the data set's own, or 1/6 of the training set, which is 10,000
/// for MNIST.
pub fn default_validation(dataset: &Dataset) -> usize {
    match dataset.validation_count() {
        0 => (dataset.training_count / 6).max(1),
        count => count,
    }
}

/// Checks a search before files are written.
///
/// # Errors
/// Returns an error if the search or a candidate is invalid, or the data set has too few images.
pub fn check(search: &Search, dataset: &Dataset) -> Result<(), TuneError> {
    for variant in search.candidates()? {
        let valid = variant.config.validate(dataset.pixels(), dataset.classes);
        valid.map_err(|source| TrainError::Variant { settings: variant.to_string(), source })?;
    }
    let Config { validation_images, train_images, test_images, .. } = search.base;
    let counts = dataset.subset_counts(validation_images, train_images, test_images);
    let [training, _] = counts.map_err(TrainError::from)?;
    search.rung_lengths(training)?;
    let warnings = dataset.subset_warnings(validation_images, train_images, test_images);
    warnings.map_err(TrainError::from)?;
    Ok(())
}

/// Trains the candidates rung by rung, except those in `trials`. `parallel`: maximum number of networks to train at once.
/// Returns `None` if the search was stopped; `trials` then holds the finished trainings.
///
/// # Errors
/// As [`check`]. Also returns an error if the device fails or a file cannot be written.
pub fn run(
    search: &Search,
    trials: &mut TrialStore,
    dataset: &Dataset,
    options: &DeviceOptions,
    parallel: usize,
    emit: SearchListener,
) -> Result<Option<TuneResult>, TuneError> {
    check(search, dataset)?;
    let data = DataIdentity::of(dataset);
    let mut candidates = search.candidates()?;
    let mut results: Vec<RungResult> = Vec::new();
    for rung in search.rung_lengths(training_images(&search.base, dataset))? {
        let configs: Vec<Config> =
            candidates.iter().map(|variant| rung.config(&variant.config)).collect();
        let is_finished = |config: &&Config| trials.find_by_data(config, &data).is_some();
        let started = emit(TuneEvent::RungStarted {
            rung: &rung,
            candidates: candidates.len() / search.replicas,
            networks: configs.len(),
            finished: configs.iter().filter(is_finished).count(),
        });
        let done = started.is_continue()
            && trial_cache::run(trials, &configs, dataset, options, parallel, &mut |event| {
                emit(TuneEvent::Trial(event))
            })?;
        if !done {
            return Ok(None);
        }
        let survivors = search.survivors(rung.rung, candidates.len() / search.replicas);
        let networks: Vec<(&Variant, &Trial)> = candidates
            .iter()
            .zip(&configs)
            .filter_map(|(variant, config)| Some((variant, trials.find_by_data(config, &data)?)))
            .collect();
        let result = RungResult { rung, candidates: rank(&networks, survivors) };
        if emit(TuneEvent::RungFinished(&result)).is_break() {
            return Ok(None);
        }
        let survives = |variant: &Variant| {
            let mut survivors = result.candidates.iter().filter(|candidate| candidate.is_kept);
            survivors.any(|candidate| candidate.candidate == variant.combination)
        };
        candidates.retain(survives);
        results.push(result);
    }
    // The best settings train on all images and are evaluated on the whole test set.
    let best = Config { validation_images: 0, test_images: 0, ..candidates[0].config.clone() };
    Ok(Some(TuneResult { rungs: results, best }))
}

/// Returns the candidates, the best first; the sort is stable. Marks the first `survivors` as kept.
fn rank(networks: &[(&Variant, &Trial)], survivors: usize) -> Vec<Candidate> {
    let candidate = |networks: &[(&Variant, &Trial)]| {
        let mean_sd = |value: fn(&Trial) -> f64| {
            MeanSd::of(&networks.iter().map(|(_, trial)| value(trial)).collect::<Vec<_>>())
        };
        let variant = networks[0].0;
        Candidate {
            candidate: variant.combination,
            settings: swept_settings(variant).unwrap_or_default(),
            networks: networks.len(),
            validation_error: mean_sd(Trial::test_error),
            train_error: mean_sd(Trial::train_error),
            is_kept: false,
        }
    };
    let by_candidate = networks.chunk_by(|(a, _), (b, _)| a.combination == b.combination);
    let mut ranked: Vec<Candidate> = by_candidate.map(candidate).collect();
    ranked.sort_by(|a, b| a.validation_error.mean.total_cmp(&b.validation_error.mean));
    for candidate in ranked.iter_mut().take(survivors) {
        candidate.is_kept = true;
    }
    ranked
}
