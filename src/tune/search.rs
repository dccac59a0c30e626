//! What is searched: every combination of the values of some settings, in rungs. All candidates train a
//! little; the best part of them train again, longer; and so on, until few train in full (successive
//! halving).

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::config::{Config, Sweep, SweepError, Variant, variants};

/// Settings that say how long and on what a candidate trains: the search sets them itself.
const NOT_SEARCHED: [&str; 5] = ["epochs", "images", "validation", "test_images", "seed"];
/// Rungs beyond any use.
const RUNGS_MAX: u32 = 16;

/// A search, as its file has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Search {
    /// Settings with the values that are tried, in every combination.
    pub search: Vec<Sweep>,
    /// Networks of each candidate, which differ in their seeds.
    pub replicas: usize,
    /// Rounds of which each trains fewer candidates for longer; 1: a plain grid.
    pub rungs: u32,
    /// Of so many candidates one goes on to the next rung, which trains so many times as long.
    pub reduction: usize,
    /// Name of the data set; empty in files of earlier versions.
    #[serde(default)]
    pub dataset: String,
    /// Its fingerprint.
    #[serde(default)]
    pub dataset_sha256: String,
    /// All other settings; `validation` images are held out, and `epochs` is the length of the last rung.
    pub base: Config,
}

/// How long the candidates of a rung train.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Rung {
    /// The first is 1.
    pub rung: u32,
    /// Epochs of each candidate.
    pub epochs: u32,
    /// Training images of an epoch.
    pub images: usize,
}

/// A search that cannot be.
#[derive(Debug, Error, PartialEq)]
#[expect(missing_docs, reason = "each message says what it is")]
pub enum SearchError {
    #[error(transparent)]
    Sweep(#[from] SweepError),
    #[error("nothing to search: at least one setting with its values is needed")]
    Nothing,
    #[error("{key} cannot be searched: the search sets it itself")]
    NotSearched { key: String },
    #[error("reduction {reduction}: of at least 2 candidates one goes on")]
    Reduction { reduction: usize },
    #[error("{rungs} rungs: 1 to {RUNGS_MAX}")]
    Rungs { rungs: u32 },
    #[error(
        "{rungs} rungs: the first would train on {images} images only, less than a minibatch of \
         {batch}; fewer rungs or more epochs train longer"
    )]
    TooShort { rungs: u32, images: usize, batch: usize },
}

impl Search {
    /// Rungs that leave no more than `reduction` candidates to the last.
    pub fn usual_rungs(candidates: usize, reduction: usize) -> u32 {
        let mut rungs = 1;
        let mut left = candidates;
        while left > reduction && reduction > 1 && rungs < RUNGS_MAX {
            left = left.div_ceil(reduction);
            rungs += 1;
        }
        rungs
    }

    /// Every candidate's networks, for a whole training: those of one candidate have its number as their
    /// combination.
    ///
    /// # Errors
    /// When the search cannot be.
    pub fn candidates(&self) -> Result<Vec<Variant>, SearchError> {
        if self.search.is_empty() {
            return Err(SearchError::Nothing);
        }
        if let Some(key) = self.search.iter().map(Sweep::key).find(|key| NOT_SEARCHED.contains(key))
        {
            return Err(SearchError::NotSearched { key: key.to_string() });
        }
        if self.reduction < 2 {
            return Err(SearchError::Reduction { reduction: self.reduction });
        }
        if !(1..=RUNGS_MAX).contains(&self.rungs) {
            return Err(SearchError::Rungs { rungs: self.rungs });
        }
        Ok(variants(&self.base, &self.search, self.replicas)?)
    }

    /// Of so many candidates of a rung, how many go on, or on the last are the best.
    pub fn kept(&self, rung: u32, candidates: usize) -> usize {
        if rung == self.rungs { 1 } else { candidates.div_ceil(self.reduction) }
    }

    /// Networks of each rung.
    ///
    /// # Errors
    /// When the search cannot be.
    pub fn networks(&self) -> Result<Vec<usize>, SearchError> {
        let mut candidates = self.candidates()?.len() / self.replicas;
        let mut networks = Vec::new();
        for rung in 1..=self.rungs {
            networks.push(candidates * self.replicas);
            candidates = self.kept(rung, candidates);
        }
        Ok(networks)
    }

    /// The rungs, on so many training images an epoch.
    ///
    /// # Errors
    /// When the first would train on less than a minibatch.
    pub fn plan(&self, images: usize) -> Result<Vec<Rung>, SearchError> {
        let all = images as u128 * u128::from(self.base.epochs);
        let rung = |rung: u32| {
            let shown = all / (self.reduction as u128).pow(self.rungs - rung);
            let is_part = shown < images as u128;
            Rung {
                rung,
                epochs: if is_part { 1 } else { (shown as f64 / images as f64).round() as u32 },
                images: if is_part { shown as usize } else { images },
            }
        };
        let plan: Vec<Rung> = (1..=self.rungs).map(rung).collect();
        let batch =
            self.candidates()?.iter().map(|variant| variant.config.batch).max().unwrap_or(1);
        match plan.first() {
            Some(first) if first.images < batch => {
                Err(SearchError::TooShort { rungs: self.rungs, images: first.images, batch })
            }
            _ => Ok(plan),
        }
    }
}

impl Rung {
    /// The settings of a candidate's network on this rung.
    pub fn config(&self, whole: &Config) -> Config {
        Config { epochs: self.epochs, images: self.images, ..whole.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn search(sweeps: &[&str], rungs: u32) -> Search {
        let search = sweeps.iter().map(|sweep| sweep.parse().unwrap()).collect();
        let base = Config { epochs: 9, batch: 10, ..Config::default() };
        let (dataset, dataset_sha256) = ("own".to_string(), "ab".to_string());
        Search { search, replicas: 2, rungs, reduction: 3, dataset, dataset_sha256, base }
    }

    #[test]
    fn each_rung_trains_three_times_as_long_as_the_one_before() {
        let plan = search(&["eta=0.1,0.2"], 5).plan(1000).unwrap();
        let lengths: Vec<(u32, usize)> =
            plan.iter().map(|rung| (rung.epochs, rung.images)).collect();
        assert_eq!(lengths, [(1, 111), (1, 333), (1, 1000), (3, 1000), (9, 1000)]);
    }

    #[test]
    fn the_usual_rungs_leave_few_candidates_to_the_last() {
        let rungs: Vec<u32> =
            [1, 3, 4, 9, 10, 27, 28].map(|count| Search::usual_rungs(count, 3)).to_vec();
        assert_eq!(rungs, [1, 1, 2, 2, 3, 3, 4]);
    }

    #[test]
    fn a_search_survives_its_file() {
        let search = search(&["eta=0.1:0.2,0.3", "batch=8,16"], 2);
        let text = toml::to_string(&search).unwrap();
        assert_eq!(toml::from_str::<Search>(&text).unwrap(), search);
    }

    #[test]
    fn what_cannot_be_searched_is_named() {
        let error = |search: &Search| search.plan(1000).unwrap_err().to_string();
        assert!(error(&search(&[], 1)).contains("nothing to search"));
        for key in NOT_SEARCHED {
            let text = format!("{key}=1,2");
            assert!(error(&search(&[&text], 1)).starts_with(&format!("{key} cannot be searched")));
        }
        assert!(error(&search(&["eta=1,2"], 0)).contains("0 rungs"));
        assert!(error(&Search { reduction: 1, ..search(&["eta=1,2"], 2) }).contains("at least 2"));
        // 9,000 images over 3^7 leave 4.
        let short = error(&search(&["eta=1,2"], 8));
        assert!(short.contains("on 4 images only, less than a minibatch of 10"), "{short}");
        assert!(search(&["eta=1,2"], 7).plan(1000).is_ok());
    }
}
