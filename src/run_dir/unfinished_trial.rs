//! Unfinished trainings: one run folder each, beside the file of finished trials.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::file_names::{CONFIG, METRICS};
use super::{ImageSpec, RunDir, StorageError};
use crate::config::Config;
use crate::files::read_long_text;
use crate::text::to_hex;
use crate::train::{Checkpoint, ResumeFrom};

/// Number of hexadecimal digits in the name of a training's folder.
const DIGITS: usize = 16;

/// Interval between the checkpoints of an unfinished training, in case the process is killed.
pub(crate) const CHECKPOINT_EVERY: Duration = Duration::from_secs(30);

/// Training that can be resumed, with its results so far, such as those of its epochs.
#[derive(Debug)]
pub struct UnfinishedTrial {
    folder: PathBuf,
    config: Config,
    /// Folder of the training; `None` before the first checkpoint.
    run: Option<RunDir>,
    /// Number of saved results.
    saved: usize,
}

impl UnfinishedTrial {
    /// Opens a training with these settings on this data set. Returns its start and results so far.
    /// Writes nothing before the first checkpoint.
    ///
    /// # Errors
    /// Returns a [`StorageError`] if its folder exists and cannot be read.
    pub(crate) fn open<R: DeserializeOwned>(
        folder: &Path,
        config: &Config,
        dataset_sha256: &str,
    ) -> Result<(Self, ResumeFrom, Vec<R>), StorageError> {
        let folder = find_folder(folder, config, dataset_sha256)?;
        let config = config.clone();
        let mut unfinished = UnfinishedTrial { folder, config, run: None, saved: 0 };
        if !unfinished.folder.exists() {
            return Ok((unfinished, ResumeFrom::Initial, Vec::new()));
        }
        let (run, start) = RunDir::resume(&unfinished.folder, &unfinished.config, 1)?;
        let path = unfinished.folder.join(METRICS);
        let text = read_long_text(&path).map_err(StorageError::io("read", &path))?;
        let result = |line| Ok(serde_json::from_str::<ResultLine<R>>(line)?.result);
        let results: Result<Vec<R>, _> = text.lines().map(result).collect();
        let results = results.map_err(|source| StorageError::Json { path, source })?;
        (unfinished.run, unfinished.saved) = (Some(run), results.len());
        Ok((unfinished, start, results))
    }

    /// Writes a checkpoint. `results`: all results so far.
    ///
    /// # Errors
    /// Returns a [`StorageError`] if the checkpoint cannot be written.
    pub fn save<R: Serialize>(
        &mut self,
        checkpoint: &Checkpoint,
        results: &[R],
        images: &ImageSpec,
    ) -> Result<(), StorageError> {
        let run = match &mut self.run {
            Some(run) => run,
            none => none.insert(RunDir::resume(&self.folder, &self.config, 1)?.0),
        };
        for result in &results[self.saved.min(results.len())..] {
            run.append(&ResultLine { result })?;
        }
        self.saved = results.len();
        run.save_checkpoint(checkpoint, &self.config, images)?;
        Ok(())
    }

    /// Removes the checkpoints of a training in `folder`, if there are any.
    ///
    /// # Errors
    /// Returns a [`StorageError`] if they cannot be removed.
    pub(crate) fn remove_from(
        folder: &Path,
        config: &Config,
        dataset_sha256: &str,
    ) -> Result<(), StorageError> {
        remove_folder(&find_folder(folder, config, dataset_sha256)?)
    }

    /// Removes the folder of a finished training.
    ///
    /// # Errors
    /// Returns a [`StorageError`] if the folder cannot be removed.
    pub fn remove(self) -> Result<(), StorageError> {
        remove_folder(&self.folder)
    }
}

fn remove_folder(folder: &Path) -> Result<(), StorageError> {
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(StorageError::io("removed", folder))?;
    }
    // Removes the parent folder only if it is empty.
    let _ = folder.parent().map(fs::remove_dir);
    Ok(())
}

/// Line of the metrics of an unfinished training. [`RunDir::append`] moves speeds to the timings, except those nested in
/// `result`.
#[derive(Serialize, Deserialize)]
struct ResultLine<R> {
    result: R,
}

/// Returns the folder of a training. A version with fewer settings wrote the same training under another name.
fn find_folder(
    parent: &Path,
    config: &Config,
    dataset_sha256: &str,
) -> Result<PathBuf, StorageError> {
    let folder = parent.join(folder_name(&toml::to_string(config)?, dataset_sha256));
    if folder.exists() || !parent.exists() {
        return Ok(folder);
    }
    for entry in fs::read_dir(parent).map_err(StorageError::io("read", parent))? {
        let other = entry.map_err(StorageError::io("read", parent))?.path();
        // A folder that was not written by this program is not a training.
        let Ok(settings) = read_long_text(&other.join(CONFIG)) else { continue };
        let is_on_data =
            other.file_name().is_some_and(|name| *name == *folder_name(&settings, dataset_sha256));
        if is_on_data && toml::from_str::<Config>(&settings).is_ok_and(|found| found == *config) {
            return Ok(other);
        }
    }
    Ok(folder)
}

/// Returns the folder name of a training with these settings as TOML: the start of a SHA-256.
fn folder_name(settings: &str, dataset_sha256: &str) -> String {
    let digest = Sha256::digest(settings.to_string() + dataset_sha256);
    to_hex(&digest)[..DIGITS].to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folder_of_a_version_with_fewer_settings_is_found() {
        let parent = tempfile::tempdir().unwrap();
        let config = Config { epochs: 7, ..Config::default() };
        let find = |config: &Config, data: &str| find_folder(parent.path(), config, data).unwrap();
        let new = find(&config, "ab");
        assert!(!new.exists());
        // Without a setting that a later version added.
        let line = |line: &&str| !line.starts_with("burst_teacher");
        let all = toml::to_string(&config).unwrap();
        let settings =
            all.lines().filter(line).fold(String::new(), |text, line| text + line + "\n");
        assert_ne!(settings, all);
        let old = parent.path().join(folder_name(&settings, "ab"));
        fs::create_dir(&old).unwrap();
        fs::write(old.join(CONFIG), &settings).unwrap();
        fs::create_dir(parent.path().join("other")).unwrap();
        assert_eq!(find(&config, "ab"), old);
        assert_ne!(find(&config, "cd"), old, "other data");
        assert_ne!(find(&Config { seed: 9, ..config.clone() }, "ab"), old, "other settings");
        fs::create_dir(&new).unwrap();
        assert_eq!(find(&config, "ab"), new);
    }
}
