//! Folder of a search: its description (`tune.toml`), finished trainings (`trials.jsonl`), results of the rungs
//! (`rungs.csv`, `rungs.svg`, `rungs.png`) and the best settings (`best.toml`).

use std::path::{Path, PathBuf};

use super::figure::figure;
use super::{RungResult, Search, TuneError, TuneResult};
use crate::analysis::statistics::MeanSd;
use crate::figures::Render;
use crate::files;
use crate::run_dir::file_names::ensure_no_run;
use crate::run_dir::replica_summary::setting_text;
use crate::run_dir::write::write_atomic;
use crate::run_dir::{FolderLock, RunWarning, StorageError, TrialStore};

/// Description of the search.
pub const SEARCH: &str = "tune.toml";
/// Finished trainings, one JSON line each.
pub const TRIALS: &str = "trials.jsonl";
/// Results of the rungs, one line per candidate of each rung.
pub const RUNGS_CSV: &str = "rungs.csv";
/// Figure of the results, without the file extension.
pub const RUNGS_FIGURE: &str = "rungs";
/// Best settings; `apical train --config` reads them.
pub const BEST_CONFIG: &str = "best.toml";

/// Locked folder of a search.
#[derive(Debug)]
pub struct TuneFolder {
    path: PathBuf,
    lock: FolderLock,
}

impl TuneFolder {
    /// Locks and creates the folder of a search, or opens it if it already holds the same search.
    ///
    /// # Errors
    /// Returns [`TuneError::OtherSearch`] if the folder holds another search, or an error if it holds a run, is in use, or
    /// cannot be read or written.
    pub fn open(path: &Path, search: &Search) -> Result<(Self, TrialStore), TuneError> {
        let file = path.join(SEARCH);
        if !file.exists() {
            ensure_no_run(path)?;
        }
        let lock = FolderLock::acquire(path)?;
        match files::read_text(&file) {
            Ok(text) => {
                let found: Search = toml::from_str(&text)
                    .map_err(|source| TuneError::File { path: file, source: Box::new(source) })?;
                if let Some(difference) = difference(&found, search)? {
                    return Err(TuneError::OtherSearch { folder: path.to_owned(), difference });
                }
            }
            Err(_) => {
                ensure_no_run(path)?;
                let text = toml::to_string(search).map_err(StorageError::from)?;
                write_atomic(&file, text.as_bytes())?;
            }
        }
        Ok((TuneFolder { path: path.to_owned(), lock }, TrialStore::open(&path.join(TRIALS))?))
    }

    /// Returns the warning that the folder is not locked, if locking is not supported.
    pub fn warning(&self) -> Option<&RunWarning> {
        self.lock.warning()
    }

    /// Returns the path of the folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes the results of the rungs as table and figure, and the best settings.
    ///
    /// # Errors
    /// Returns an error if a file cannot be written.
    pub fn save(&self, search: &Search, result: &TuneResult) -> Result<(), TuneError> {
        let path = self.path.join(RUNGS_CSV);
        let table = table(&result.rungs);
        let table = table.map_err(|source| StorageError::Csv { path: path.clone(), source })?;
        let best = toml::to_string(&result.best).map_err(StorageError::from)?;
        write_atomic(&path, &table)?;
        figure(search, result).save(&self.path, RUNGS_FIGURE)?;
        Ok(write_atomic(&self.path.join(BEST_CONFIG), best.as_bytes())?)
    }
}

/// Returns a sentence on the first difference between two searches, or `None` if they are equal.
fn difference(found: &Search, wanted: &Search) -> Result<Option<String>, StorageError> {
    let names_data = !found.dataset_sha256.is_empty();
    if names_data && found.dataset_sha256 != wanted.dataset_sha256 {
        let (there, here) = (&found.dataset, &wanted.dataset);
        return Ok(Some(format!("other images: {there} in the folder, {here} now")));
    }
    // The same images may have another path.
    let (dataset, dataset_sha256) = (wanted.dataset.clone(), wanted.dataset_sha256.clone());
    let found = &Search { dataset, dataset_sha256, ..found.clone() };
    if found == wanted {
        return Ok(None);
    }
    let flat = |search: &Search| -> Result<toml::Table, StorageError> {
        let mut table = toml::Table::try_from(search)?;
        if let Some(toml::Value::Table(base)) = table.remove("base") {
            table.extend(base);
        }
        Ok(table)
    };
    let (found, wanted) = (flat(found)?, flat(wanted)?);
    let differs = |(key, value): (&String, &toml::Value)| {
        (wanted.get(key) != Some(value)).then(|| match wanted.get(key) {
            Some(wanted) => format!("{key} is {value} in the folder, {wanted} now"),
            None => format!("{key} is {value} in the folder"),
        })
    };
    Ok(found.iter().find_map(differs))
}

/// Returns a CSV table with one line per candidate of each rung, the best candidate of a rung first.
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
            line.extend(candidate.settings.values().map(setting_text));
            line.push(candidate.networks.to_string());
            for MeanSd { mean, sd, .. } in [candidate.validation_error, candidate.train_error] {
                line.extend([mean.to_string(), sd.map(|sd| sd.to_string()).unwrap_or_default()]);
            }
            line.push(candidate.is_kept.to_string());
            table.write_record(&line)?;
        }
    }
    table.into_inner().map_err(|error| error.into_error().into())
}
