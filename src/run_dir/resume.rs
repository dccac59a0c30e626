//! Resuming a run: repairs its files and reads its last checkpoint.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;

use serde_json::Value;

use super::file_names::{CONFIG, METRICS, TIMINGS, WEIGHTS};
use super::run::{CHECKPOINT_EVENT, FinalMetrics, final_metrics};
use super::write::{
    create_folder, remove_partials, set_aside, set_aside_unless_regular, write_atomic,
};
use super::{CheckpointFolder, JsonlFile, RunDir, RunWarning, StorageError, weights};
use crate::config::{Config, file};
use crate::files::{LINES_MAX, TEXT_MAX, read_bounded};
use crate::text::with_causes;
use crate::train::{ResumeFrom, TrainPosition};

impl RunDir {
    /// Creates a run with these settings, or resumes it from its last checkpoint and restores the metrics of the
    /// checkpoint. The settings may have more epochs than those of the run, see [`Config::continues`]. The latest `keep`
    /// checkpoints will be kept. [`RunDir::warnings`] lists damaged files.
    ///
    /// # Errors
    /// Returns [`StorageError::SettingsDiffer`] if the checkpoint has other settings, [`StorageError::NoCheckpoint`] if
    /// all checkpoints are damaged, [`StorageError::NotExtendable`] if a finished run without a checkpoint is to get more
    /// epochs, or an error if a file cannot be read or written.
    pub fn resume(
        folder: &Path,
        config: &Config,
        keep: usize,
    ) -> Result<(Self, ResumeFrom), StorageError> {
        create_folder(folder)?;
        remove_partials(folder)?;
        let mut run = RunDir {
            folder: folder.to_owned(),
            metrics: JsonlFile::append_to(&folder.join(METRICS)),
            timings: JsonlFile::append_to(&folder.join(TIMINGS)),
            lines: String::new(),
            checkpoints: CheckpointFolder::new(folder, keep),
            warnings: Vec::new(),
        };
        run.checkpoints.remove_partials()?;
        for path in [CONFIG, METRICS, TIMINGS].map(|name| folder.join(name)) {
            if let Some(renamed_to) = set_aside_unless_regular(&path)? {
                run.warnings.push(RunWarning::NotRegularFile { path, renamed_to });
            }
        }
        run.check_settings(config)?;
        if !folder.join(TIMINGS).exists() {
            run.timings = JsonlFile::create(&folder.join(TIMINGS))?;
        }
        let found = run.read_metrics()?;
        let finished = final_metrics(&found);
        let last = run.checkpoints.read_latest(&mut run.warnings);
        let lines = match &last {
            Ok(Some((_, saved))) => &saved.metrics,
            // A finished run needs no checkpoint.
            _ => "",
        };
        let trained = match finished {
            Some(line) if found.starts_with(lines) => run.trained_epochs(&line)?,
            _ => None,
        };
        if trained.is_some_and(|epochs| epochs >= config.epochs) {
            run.lines = found;
            return Ok((run, ResumeFrom::Finished));
        }
        let start = match last? {
            None if trained.is_some() => {
                return Err(StorageError::NotExtendable { folder: folder.to_owned() });
            }
            None => ResumeFrom::Initial,
            Some((path, saved)) if !config.continues(&saved.config) => {
                return Err(StorageError::SettingsDiffer { path });
            }
            Some((_, saved)) => {
                run.lines = saved.metrics;
                let mut checkpoint = saved.checkpoint;
                checkpoint.position.seconds = run.seconds_at(&checkpoint.position)?;
                ResumeFrom::Checkpoint(Box::new(checkpoint))
            }
        };
        let is_new = !folder.join(METRICS).exists() && run.lines.is_empty();
        run.metrics.restore(&run.lines, &mut run.warnings)?;
        if is_new {
            // The run was killed before its first line, so nothing was lost.
            run.warnings.retain(|warning| !matches!(warning, RunWarning::MetricsTruncated { .. }));
        }
        Ok((run, start))
    }

    /// Writes the settings if their file is missing. Adds a warning per setting that differs from `config`.
    fn check_settings(&mut self, config: &Config) -> Result<(), StorageError> {
        let path = self.folder.join(CONFIG);
        let text = match read_bounded(&path, TEXT_MAX) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                write_atomic(&path, toml::to_string(config)?.as_bytes())?;
                // Without metrics, the run was killed before it wrote its settings.
                if self.folder.join(METRICS).exists() {
                    self.warnings.push(RunWarning::MissingFile { path });
                }
                return Ok(());
            }
            Err(error) => {
                self.warnings
                    .push(RunWarning::UnreadableSettings { path, cause: error.to_string() });
                return Ok(());
            }
        };
        let found = match file::parse(&text) {
            Ok(found) => found,
            Err(error) => {
                let cause = with_causes(&error);
                let cause = cause.split_whitespace().collect::<Vec<_>>().join(" ");
                self.warnings.push(RunWarning::UnreadableSettings { path, cause });
                return Ok(());
            }
        };
        if found != *config && config.continues(&found) {
            return write_atomic(&path, toml::to_string(config)?.as_bytes());
        }
        let [found, used] = [&found, config].map(toml::Table::try_from);
        let (found, used) = (found?, used?);
        let keys: BTreeSet<&String> = found.keys().chain(used.keys()).collect();
        for key in keys.into_iter().filter(|&key| found.get(key) != used.get(key)) {
            let value = |table: &toml::Table| match table.get(key) {
                Some(value) => value.to_string(),
                None => "not set".to_string(),
            };
            let (key, found, used) = (key.clone(), value(&found), value(&used));
            self.warnings.push(RunWarning::SettingDiffers { path: path.clone(), key, found, used });
        }
        Ok(())
    }

    /// Reads the metrics as text. Replaces invalid UTF-8, so damaged lines do not parse.
    fn read_metrics(&self) -> Result<String, StorageError> {
        let path = self.folder.join(METRICS);
        match read_bounded(&path, LINES_MAX) {
            Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
            Err(error) => Err(StorageError::io("read", &path)(error)),
        }
    }

    /// Returns the number of epochs of the weights if they belong to the finished training. Renames any other file, with
    /// a warning.
    fn trained_epochs(&mut self, line: &FinalMetrics) -> Result<Option<u32>, StorageError> {
        let path = self.folder.join(WEIGHTS);
        if !path.exists() {
            return Ok(None);
        }
        let cause = match weights::load(&path) {
            Ok(saved) if weights::weights_sha256(&saved.network) == line.weights_sha256 => {
                return Ok(Some(saved.config.epochs));
            }
            Ok(_) => "they differ from those in the last line of the metrics".to_string(),
            Err(error) if error.may_be_intact() => return Err(error.into()),
            Err(error) => error.without_file(),
        };
        let renamed_to = set_aside(&path)?;
        self.warnings.push(RunWarning::DamagedWeights { path, cause, renamed_to });
        Ok(None)
    }

    /// Returns the training time before a checkpoint in seconds, from the timings; 0 if they lack it.
    fn seconds_at(&self, position: &TrainPosition) -> Result<f64, StorageError> {
        let path = self.folder.join(TIMINGS);
        let text = read_bounded(&path, LINES_MAX).map_err(StorageError::io("read", &path))?;
        let seconds = String::from_utf8_lossy(&text).lines().rev().find_map(|line| {
            let line: Value = serde_json::from_str(line).ok()?;
            let is_checkpoint = line["event"] == CHECKPOINT_EVENT
                && line["epoch"] == position.epoch
                && line["images"] == position.images;
            line["seconds"].as_f64().filter(|seconds| is_checkpoint && *seconds >= 0.0)
        });
        Ok(seconds.unwrap_or(0.0))
    }
}

#[cfg(test)]
mod tests;
