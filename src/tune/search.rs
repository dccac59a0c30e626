//! Description of a search by successive halving. Candidates are all combinations of values of the searched settings. On
//! the first rung, all candidates train for a short time. On each further rung, the best of them train longer, until a few
//! train in full.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::config::{Config, Sweep, SweepError, Variant, variants};

/// Settings of training length, data and seed, which the search itself sets.
const NOT_SEARCHABLE: [&str; 5] =
    ["epochs", "train_images", "validation_images", "test_images", "seed"];
/// Maximum number of rungs.
const RUNGS_MAX: u32 = 16;

/// Description of a search, stored in `tune.toml`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Search {
    /// Searched settings with their values, tried in all combinations.
    pub search: Vec<Sweep>,
    /// Number of networks per candidate. They differ in their seeds.
    pub replicas: usize,
    /// Number of rungs; 1 for a grid search.
    pub rungs: u32,
    /// Each rung keeps 1/N of its candidates, and the next rung trains them N times longer.
    pub reduction_factor: usize,
    /// Name of the data set; empty in files of earlier versions.
    #[serde(default)]
    pub dataset: String,
    /// SHA-256 of the data set; empty in files of earlier versions.
    #[serde(default)]
    pub dataset_sha256: String,
    /// All other settings. Includes the number of validation images, and the number of epochs of the last rung.
    pub base: Config,
}

/// Length of the trainings of a rung.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Rung {
    /// Number of the rung, from 1.
    pub rung: u32,
    /// Number of epochs per training.
    pub epochs: u32,
    /// Number of training images per epoch.
    pub images: usize,
}

/// Invalid search.
#[derive(Debug, Error, PartialEq)]
#[expect(missing_docs, reason = "each message describes its variant")]
pub enum SearchError {
    #[error(transparent)]
    Sweep(#[from] SweepError),
    #[error("nothing to search: expected at least one setting with its values")]
    NoSettings,
    #[error("{key} cannot be searched: the search itself sets it")]
    NotSearchable { key: String },
    #[error("reduction_factor = {reduction_factor}: at least 2")]
    ReductionFactor { reduction_factor: usize },
    #[error("rungs = {rungs}: 1 to {RUNGS_MAX}")]
    Rungs { rungs: u32 },
    #[error(
        "rungs = {rungs}: the first rung would train on {images} images only, fewer than the minibatch of {batch}; \
         decrease the rungs or increase the epochs"
    )]
    TooShort { rungs: u32, images: usize, batch: usize },
}

impl Search {
    /// Returns the number of rungs with at most `reduction_factor` candidates on the last rung.
    pub fn default_rungs(candidates: usize, reduction_factor: usize) -> u32 {
        let mut rungs = 1;
        let mut remaining = candidates;
        while remaining > reduction_factor && reduction_factor > 1 && rungs < RUNGS_MAX {
            remaining = remaining.div_ceil(reduction_factor);
            rungs += 1;
        }
        rungs
    }

    /// Returns the networks of all candidates, with the settings of a full training. The combination of a network is the
    /// index of its candidate.
    ///
    /// # Errors
    /// Returns an error if the search is invalid.
    pub fn candidates(&self) -> Result<Vec<Variant>, SearchError> {
        if self.search.is_empty() {
            return Err(SearchError::NoSettings);
        }
        if let Some(key) =
            self.search.iter().map(Sweep::key).find(|key| NOT_SEARCHABLE.contains(key))
        {
            return Err(SearchError::NotSearchable { key: key.to_string() });
        }
        if self.reduction_factor < 2 {
            return Err(SearchError::ReductionFactor { reduction_factor: self.reduction_factor });
        }
        if !(1..=RUNGS_MAX).contains(&self.rungs) {
            return Err(SearchError::Rungs { rungs: self.rungs });
        }
        Ok(variants(&self.base, &self.search, self.replicas)?)
    }

    /// Returns the number of candidates that survive a rung of `candidates` candidates; 1 on the last rung.
    pub fn survivors(&self, rung: u32, candidates: usize) -> usize {
        if rung == self.rungs { 1 } else { candidates.div_ceil(self.reduction_factor) }
    }

    /// Returns the number of networks of each rung.
    ///
    /// # Errors
    /// Returns an error if the search is invalid.
    pub fn networks(&self) -> Result<Vec<usize>, SearchError> {
        let mut candidates = self.candidates()?.len() / self.replicas;
        let mut networks = Vec::new();
        for rung in 1..=self.rungs {
            networks.push(candidates * self.replicas);
            candidates = self.survivors(rung, candidates);
        }
        Ok(networks)
    }

    /// Returns the length of each rung. `images`: number of training images per epoch of a full training.
    ///
    /// # Errors
    /// Returns an error if the search is invalid, or the first rung would train on less than a minibatch.
    pub fn rung_lengths(&self, images: usize) -> Result<Vec<Rung>, SearchError> {
        let total = images as u128 * u128::from(self.base.epochs);
        let rung = |rung: u32| {
            let shown = total / (self.reduction_factor as u128).pow(self.rungs - rung);
            let is_partial_epoch = shown < images as u128;
            Rung {
                rung,
                epochs: if is_partial_epoch {
                    1
                } else {
                    (shown as f64 / images as f64).round() as u32
                },
                images: if is_partial_epoch { shown as usize } else { images },
            }
        };
        let rungs: Vec<Rung> = (1..=self.rungs).map(rung).collect();
        let batch =
            self.candidates()?.iter().map(|variant| variant.config.batch_size).max().unwrap_or(1);
        match rungs.first() {
            Some(first) if first.images < batch => {
                Err(SearchError::TooShort { rungs: self.rungs, images: first.images, batch })
            }
            _ => Ok(rungs),
        }
    }
}

impl Rung {
    /// Returns the settings of a network on this rung. `full`: settings of its full training.
    pub fn config(&self, full: &Config) -> Config {
        Config { epochs: self.epochs, train_images: self.images, ..full.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn search(sweeps: &[&str], rungs: u32) -> Search {
        let search = sweeps.iter().map(|sweep| sweep.parse().unwrap()).collect();
        let base = Config { epochs: 9, batch_size: 10, ..Config::default() };
        let (dataset, dataset_sha256) = ("own".to_string(), "ab".to_string());
        Search { search, replicas: 2, rungs, reduction_factor: 3, dataset, dataset_sha256, base }
    }

    #[test]
    fn rung_lengths_grow_by_the_reduction_factor() {
        let rungs = search(&["eta=0.1,0.2"], 5).rung_lengths(1000).unwrap();
        let lengths: Vec<(u32, usize)> =
            rungs.iter().map(|rung| (rung.epochs, rung.images)).collect();
        assert_eq!(lengths, [(1, 111), (1, 333), (1, 1000), (3, 1000), (9, 1000)]);
    }

    #[test]
    fn default_rungs_leave_few_candidates_at_the_end() {
        let rungs: Vec<u32> =
            [1, 3, 4, 9, 10, 27, 28].map(|count| Search::default_rungs(count, 3)).to_vec();
        assert_eq!(rungs, [1, 1, 2, 2, 3, 3, 4]);
    }

    #[test]
    fn search_written_as_toml_is_read_back() {
        let search = search(&["eta=0.1:0.2,0.3", "batch_size=8,16"], 2);
        let text = toml::to_string(&search).unwrap();
        assert_eq!(toml::from_str::<Search>(&text).unwrap(), search);
    }

    #[test]
    fn rung_lengths_invalid_search_error_names_the_fault() {
        let error = |search: &Search| search.rung_lengths(1000).unwrap_err().to_string();
        assert!(error(&search(&[], 1)).contains("nothing to search"));
        for key in NOT_SEARCHABLE {
            let text = format!("{key}=1,2");
            assert!(error(&search(&[&text], 1)).starts_with(&format!("{key} cannot be searched")));
        }
        assert!(error(&search(&["eta=1,2"], 0)).contains("rungs = 0"));
        assert!(
            error(&Search { reduction_factor: 1, ..search(&["eta=1,2"], 2) })
                .contains("at least 2")
        );
        // 9,000 images divided by 3^7 are 4.
        let short = error(&search(&["eta=1,2"], 8));
        assert!(short.contains("on 4 images only, fewer than the minibatch of 10"), "{short}");
        assert!(search(&["eta=1,2"], 7).rung_lengths(1000).is_ok());
    }
}
