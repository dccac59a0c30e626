//! The folder of a search: `tune.toml`, what is searched; `trials.jsonl`, every finished training;
//! `rungs.csv`, `rungs.svg` and `rungs.png`, what the rungs came to; `best.toml`, the settings that were
//! found.

use std::path::{Path, PathBuf};

use super::figure::figure;
use super::{RungResult, Search, TuneError, Tuned};
use crate::evaluate::Spread;
use crate::figures::Render;
use crate::files;
use crate::record::file::write_whole;
use crate::record::replicas::in_words;
use crate::record::run::refuse_a_run;
use crate::record::{FolderLock, Notice, RecordError, Trials};

/// The search.
pub const SEARCH: &str = "tune.toml";
/// A line of JSON for each finished training.
pub const TRIALS: &str = "trials.jsonl";
/// A line for each candidate of each rung.
pub const TABLE: &str = "rungs.csv";
/// The same as a figure, without the ending.
pub const FIGURE: &str = "rungs";
/// Settings that `apical train --config` takes.
pub const BEST: &str = "best.toml";

/// The folder of a search.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    lock: FolderLock,
}

impl Folder {
    /// Creates the folder of a search, or resumes the search that it holds. The folder is locked.
    ///
    /// # Errors
    /// Returns an error if it holds another search or a run, another process has it, or it cannot be read or written.
    pub fn open(path: &Path, search: &Search) -> Result<(Self, Trials), TuneError> {
        let file = path.join(SEARCH);
        if !file.exists() {
            refuse_a_run(path)?;
        }
        let lock = FolderLock::take(path)?;
        match files::read_text(&file) {
            Ok(text) => {
                let found: Search = toml::from_str(&text)
                    .map_err(|source| TuneError::File { path: file, source: Box::new(source) })?;
                if let Some(difference) = difference(&found, search)? {
                    return Err(TuneError::OtherSearch { folder: path.to_owned(), difference });
                }
            }
            Err(_) => {
                refuse_a_run(path)?;
                let text = toml::to_string(search).map_err(RecordError::from)?;
                write_whole(&file, text.as_bytes())?;
            }
        }
        Ok((Folder { path: path.to_owned(), lock }, Trials::open(&path.join(TRIALS))?))
    }

    /// Why the folder is not locked, if it is not.
    pub fn notice(&self) -> Option<&Notice> {
        self.lock.notice()
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes what was found: the table, the figure and the settings.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn save(&self, search: &Search, tuned: &Tuned) -> Result<(), TuneError> {
        let path = self.path.join(TABLE);
        let table = table(&tuned.rungs);
        let table = table.map_err(|source| RecordError::Csv { path: path.clone(), source })?;
        let best = toml::to_string(&tuned.best).map_err(RecordError::from)?;
        write_whole(&path, &table)?;
        figure(search, tuned).save(&self.path, FIGURE)?;
        Ok(write_whole(&self.path.join(BEST), best.as_bytes())?)
    }
}

/// In what two searches differ, in words.
fn difference(found: &Search, wanted: &Search) -> Result<Option<String>, RecordError> {
    let names_data = !found.dataset_sha256.is_empty();
    if names_data && found.dataset_sha256 != wanted.dataset_sha256 {
        let (there, here) = (&found.dataset, &wanted.dataset);
        return Ok(Some(format!("other images: {there} there, {here} here")));
    }
    // The same images may have moved.
    let (dataset, dataset_sha256) = (wanted.dataset.clone(), wanted.dataset_sha256.clone());
    let found = &Search { dataset, dataset_sha256, ..found.clone() };
    if found == wanted {
        return Ok(None);
    }
    let flat = |search: &Search| -> Result<toml::Table, RecordError> {
        let mut table = toml::Table::try_from(search)?;
        if let Some(toml::Value::Table(base)) = table.remove("base") {
            table.extend(base);
        }
        Ok(table)
    };
    let (found, wanted) = (flat(found)?, flat(wanted)?);
    let differs = |(key, value): (&String, &toml::Value)| {
        (wanted.get(key) != Some(value)).then(|| match wanted.get(key) {
            Some(wanted) => format!("{key} is {value} there, {wanted} here"),
            None => format!("{key} is {value} there"),
        })
    };
    Ok(found.iter().find_map(differs))
}

/// A line for each candidate of each rung, the best of a rung first.
fn table(rungs: &[RungResult]) -> Result<Vec<u8>, csv::Error> {
    let mut table = csv::Writer::from_writer(Vec::new());
    let first = rungs.first().and_then(|rung| rung.candidates.first());
    let keys: Vec<&String> = first.map(|first| first.settings.keys().collect()).unwrap_or_default();
    let mut header: Vec<&str> = vec!["rung", "epochs", "images", "candidate"];
    header.extend(keys.iter().map(|key| key.as_str()));
    header.extend(["networks", "validation_error_mean", "validation_error_sd"]);
    header.extend(["train_error_mean", "train_error_sd", "kept"]);
    table.write_record(&header)?;
    for RungResult { rung, candidates } in rungs {
        for candidate in candidates {
            let mut line: Vec<String> = [rung.rung as usize, rung.epochs as usize, rung.images]
                .iter()
                .map(ToString::to_string)
                .collect();
            line.push(candidate.candidate.to_string());
            line.extend(candidate.settings.values().map(in_words));
            line.push(candidate.networks.to_string());
            for Spread { mean, sd, .. } in [candidate.validation_error, candidate.train_error] {
                line.extend([mean.to_string(), sd.map(|sd| sd.to_string()).unwrap_or_default()]);
            }
            line.push(candidate.is_kept.to_string());
            table.write_record(&line)?;
        }
    }
    table.into_inner().map_err(|error| error.into_error().into())
}
