//! Searches settings on images that are held out of the training set: never on the test set.

mod figure;
pub mod folder;
mod search;

use std::ops::ControlFlow;

use serde::Serialize;
use serde_json::{Map, Value};
use thiserror::Error;

pub use folder::Folder;
pub use search::{Rung, Search, SearchError};

use crate::config::{Config, Variant};
use crate::dataset::{DataIdentity, Dataset};
use crate::evaluate::Spread;
use crate::figures::FigureError;
use crate::record::replicas::swept_settings;
use crate::record::{RecordError, Trial, Trials};
use crate::schedule::Selection;
use crate::train::TrainError;
use crate::trials::{self, TrialEvent, TrialsError, training_images};

/// Why a search cannot start or go on.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "each message says what it is")]
pub enum TuneError {
    #[error("this search cannot be")]
    Search(#[from] SearchError),
    #[error(transparent)]
    Trials(TrialsError),
    #[error(transparent)]
    Record(#[from] RecordError),
    #[error(transparent)]
    Report(#[from] FigureError),
    #[error("{}: this folder holds another search: {difference}", .folder.display())]
    OtherSearch { folder: std::path::PathBuf, difference: String },
    #[error("{}: this search cannot be read", .path.display())]
    File { path: std::path::PathBuf, source: Box<toml::de::Error> },
}

impl From<TrialsError> for TuneError {
    fn from(error: TrialsError) -> Self {
        match error {
            TrialsError::Record(error) => TuneError::Record(error),
            error => TuneError::Trials(error),
        }
    }
}

impl From<TrainError> for TuneError {
    fn from(error: TrainError) -> Self {
        TuneError::Trials(error.into())
    }
}

/// A candidate on a rung. Errors are percent of the images held out.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Candidate {
    /// Its number among all candidates, the first is 0.
    pub candidate: usize,
    /// The searched settings, as `config.toml` has them.
    pub settings: Map<String, Value>,
    /// Networks that it is the mean of, which differ in their seeds.
    pub networks: usize,
    /// On the images held out, after the last epoch of the rung.
    pub validation_error: Spread,
    /// Of the last epoch of the rung.
    pub train_error: Spread,
    /// Whether it goes on to the next rung; on the last, whether it is the best.
    pub is_kept: bool,
}

/// A rung that is done: its candidates, the best first.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RungResult {
    /// How long its candidates trained.
    #[serde(flatten)]
    pub rung: Rung,
    /// The best first.
    pub candidates: Vec<Candidate>,
}

/// What a search found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Tuned {
    /// In order; the last has the best candidates.
    pub rungs: Vec<RungResult>,
    /// The best candidate's settings, for a training that holds out nothing and a whole test.
    pub best: Config,
}

impl Tuned {
    /// The best of the last rung.
    pub fn best_candidate(&self) -> Option<&Candidate> {
        self.rungs.last()?.candidates.first()
    }
}

/// What happens during a search.
#[derive(Clone, Debug)]
pub enum TuneEvent<'a> {
    /// A rung begins.
    Rung {
        /// How long its candidates train.
        rung: &'a Rung,
        /// Candidates on it.
        candidates: usize,
        /// Networks to train, and how many of them are there already.
        networks: usize,
        /// Networks that were trained before, by a search that was broken off.
        finished: usize,
    },
    /// Something happens to its networks.
    Trial(TrialEvent<'a>),
    /// All of its candidates are compared.
    RungDone(&'a RungResult),
}

/// Hears of it, and may break off.
pub type Listen<'a> = &'a mut dyn FnMut(TuneEvent) -> ControlFlow<()>;

/// Images held out where the settings name none: of MNIST's 60,000, as many as its test set has.
pub fn usual_validation(dataset: &Dataset) -> usize {
    (dataset.training_count / 6).max(1)
}

/// Checks a search as a whole, before anything is written.
///
/// # Errors
/// When it cannot be, one of its candidates cannot be, or more images are wanted than there are.
pub fn check(search: &Search, dataset: &Dataset) -> Result<(), TuneError> {
    for variant in search.candidates()? {
        let valid = variant.config.validate(dataset.pixels(), dataset.classes);
        valid.map_err(|source| TrainError::Variant { settings: variant.to_string(), source })?;
    }
    let Config { validation, images, test_images, .. } = search.base;
    let counts = dataset.subset_counts(validation, images, test_images);
    let [training, _] = counts.map_err(TrainError::from)?;
    search.plan(training)?;
    dataset.subset_warnings(validation, images, test_images).map_err(TrainError::from)?;
    Ok(())
}

/// Trains the candidates rung by rung; what `trials` holds is not trained again. `None` where the listener
/// broke off: what was finished is kept.
///
/// # Errors
/// As [`check`], or when the device fails or the file cannot be written.
pub fn run(
    search: &Search,
    trials: &mut Trials,
    dataset: &Dataset,
    selection: &Selection,
    together: usize,
    listen: Listen,
) -> Result<Option<Tuned>, TuneError> {
    check(search, dataset)?;
    let data = DataIdentity::of(dataset);
    let mut candidates = search.candidates()?;
    let mut results: Vec<RungResult> = Vec::new();
    for rung in search.plan(training_images(&search.base, dataset))? {
        let configs: Vec<Config> =
            candidates.iter().map(|variant| rung.config(&variant.config)).collect();
        let is_finished = |config: &&Config| trials.find_on(config, &data).is_some();
        let begun = listen(TuneEvent::Rung {
            rung: &rung,
            candidates: candidates.len() / search.replicas,
            networks: configs.len(),
            finished: configs.iter().filter(is_finished).count(),
        });
        let done = begun.is_continue()
            && trials::run(trials, &configs, dataset, selection, together, &mut |event| {
                listen(TuneEvent::Trial(event))
            })?;
        if !done {
            return Ok(None);
        }
        let kept = search.kept(rung.rung, candidates.len() / search.replicas);
        let networks: Vec<(&Variant, &Trial)> = candidates
            .iter()
            .zip(&configs)
            .filter_map(|(variant, config)| Some((variant, trials.find_on(config, &data)?)))
            .collect();
        let result = RungResult { rung, candidates: ranked(&networks, kept) };
        if listen(TuneEvent::RungDone(&result)).is_break() {
            return Ok(None);
        }
        let stays = |variant: &Variant| {
            let mut kept = result.candidates.iter().filter(|candidate| candidate.is_kept);
            kept.any(|candidate| candidate.candidate == variant.combination)
        };
        candidates.retain(stays);
        results.push(result);
    }
    // Tested on the whole test set, whatever part of the held-out images they were judged by.
    let best = Config { validation: 0, test_images: 0, ..candidates[0].config.clone() };
    Ok(Some(Tuned { rungs: results, best }))
}

/// The candidates with their errors, the best first; of equals, that which was named first.
fn ranked(networks: &[(&Variant, &Trial)], kept: usize) -> Vec<Candidate> {
    let candidate = |networks: &[(&Variant, &Trial)]| {
        let spread = |value: fn(&Trial) -> f64| {
            Spread::of(&networks.iter().map(|(_, trial)| value(trial)).collect::<Vec<_>>())
        };
        let variant = networks[0].0;
        Candidate {
            candidate: variant.combination,
            settings: swept_settings(variant).unwrap_or_default(),
            networks: networks.len(),
            validation_error: spread(Trial::error),
            train_error: spread(Trial::train_error),
            is_kept: false,
        }
    };
    let of_one = networks.chunk_by(|(a, _), (b, _)| a.combination == b.combination);
    let mut ranked: Vec<Candidate> = of_one.map(candidate).collect();
    ranked.sort_by(|a, b| a.validation_error.mean.total_cmp(&b.validation_error.mean));
    for candidate in ranked.iter_mut().take(kept) {
        candidate.is_kept = true;
    }
    ranked
}
