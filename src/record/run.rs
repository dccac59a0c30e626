//! The folder of a run: `config.toml`, `metrics.jsonl`, `timings.jsonl`, checkpoints, and at its end
//! `weights.safetensors`. Equal runs have equal metrics, checkpoints and weights, byte for byte.

use std::collections::BTreeSet;
use std::error::Error;
use std::io;
use std::iter::successors;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::checkpoint::{CHECKPOINTS, Checkpoints};
use super::file::{clean, create_folder, set_aside, set_aside_if_special, write_whole};
use super::info::RUN;
use super::metrics::append;
use super::notice::Notice;
use super::replicas::{SUMMARY, TABLE, replica_folder};
use super::weights::{self, ImageShape};
use super::{Metrics, RecordError};
use crate::config::{Config, file};
use crate::files::{LINES_MAX, TEXT_MAX, read_bounded};
use crate::network::Network;
use crate::train::{Checkpoint, Position, Start};

/// The resolved settings: `apical train --config` takes them again.
pub const CONFIG: &str = "config.toml";
/// One JSON object a line, see [`Metrics`].
pub const METRICS: &str = "metrics.jsonl";
/// Speeds, times and devices: what equal runs do not share. One JSON object a line.
pub const TIMINGS: &str = "timings.jsonl";
/// The trained network, see [`weights`].
pub const WEIGHTS: &str = "weights.safetensors";
/// The folder of the event files in that of a run.
pub const TENSORBOARD: &str = "tensorboard";

/// The event of the last line of a run's metrics.
pub const FINISHED: &str = "finished";

/// The event of a line of timings.
const CHECKPOINT: &str = "checkpoint";
/// Keys that go into the timings.
const TIMING_KEYS: [&str; 5] =
    ["images_per_second", "test_images_per_second", "seconds", "backend", "device"];

/// What the last line of a run's metrics says, and more.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FinishedLine {
    /// [`FINISHED`].
    pub event: String,
    /// Percent.
    pub test_error: f64,
    /// SHA-256 of all weights and biases in hexadecimal.
    pub weights_sha256: String,
}

/// A run that is being recorded.
#[derive(Debug)]
pub struct Run {
    folder: PathBuf,
    metrics: Metrics,
    timings: Metrics,
    /// All lines of the metrics, those too whose writing failed: checkpoints hold them.
    lines: String,
    checkpoints: Checkpoints,
    notices: Vec<Notice>,
}

impl Run {
    /// Creates the folder with all above it and writes the settings. The last `keep` checkpoints will be kept.
    ///
    /// # Errors
    /// Returns an error if it holds metrics or cannot be written.
    pub fn create(folder: &Path, config: &Config, keep: usize) -> Result<Self, RecordError> {
        let text = toml::to_string(config)?;
        create_folder(folder)?;
        write_whole(&folder.join(CONFIG), text.as_bytes())?;
        let timings = Metrics::create(&folder.join(TIMINGS))?;
        let metrics = Metrics::create(&folder.join(METRICS))?;
        let checkpoints = Checkpoints::new(folder, keep);
        let (folder, lines, notices) = (folder.to_owned(), String::new(), Vec::new());
        Ok(Run { folder, metrics, timings, lines, checkpoints, notices })
    }

    /// Resumes a run with these settings from its last checkpoint, or from its start if it has none. Returns the run
    /// and how its network begins. The lines of the metrics become those of the checkpoint. What was damaged is told by
    /// [`Run::notices`].
    ///
    /// # Errors
    /// Returns an error if a file cannot be read or written, the checkpoint is one of other settings, or no checkpoint
    /// can be read.
    pub fn resume(
        folder: &Path,
        config: &Config,
        keep: usize,
    ) -> Result<(Self, Start), RecordError> {
        create_folder(folder)?;
        clean(folder)?;
        let mut run = Run {
            folder: folder.to_owned(),
            metrics: Metrics::append_to(&folder.join(METRICS)),
            timings: Metrics::append_to(&folder.join(TIMINGS)),
            lines: String::new(),
            checkpoints: Checkpoints::new(folder, keep),
            notices: Vec::new(),
        };
        run.checkpoints.clean()?;
        for path in [CONFIG, METRICS, TIMINGS].map(|name| folder.join(name)) {
            if let Some(kept) = set_aside_if_special(&path)? {
                run.notices.push(Notice::Special { path, kept });
            }
        }
        run.check_settings(config)?;
        if !folder.join(TIMINGS).exists() {
            run.timings = Metrics::create(&folder.join(TIMINGS))?;
        }
        let found = run.read_metrics()?;
        let finished = finished_line(&found);
        let last = run.checkpoints.last(&mut run.notices);
        let lines = match &last {
            Ok(Some((_, saved))) => &saved.metrics,
            // The weights of a finished run need no checkpoint.
            _ => "",
        };
        if let Some(line) = finished
            && found.starts_with(lines)
            && run.has_weights(&line)?
        {
            run.lines = found;
            return Ok((run, Start::Finished));
        }
        let start = match last? {
            None => Start::Initial,
            Some((path, saved)) if saved.config != *config => {
                return Err(RecordError::OtherSettings { path });
            }
            Some((_, saved)) => {
                run.lines = saved.metrics;
                let mut checkpoint = saved.checkpoint;
                checkpoint.position.seconds = run.seconds_at(&checkpoint.position)?;
                Start::Checkpoint(Box::new(checkpoint))
            }
        };
        let is_new = !folder.join(METRICS).exists() && run.lines.is_empty();
        run.metrics.restore(&run.lines, &mut run.notices)?;
        if is_new {
            // Killed before its first line: nothing was lost.
            run.notices.retain(|notice| !matches!(notice, Notice::MetricsShort { .. }));
        }
        Ok((run, start))
    }

    /// What was found damaged and how it was mended.
    pub fn notices(&self) -> &[Notice] {
        &self.notices
    }

    /// Writes the settings if their file is gone. If it has others than `config`, each that differs is told.
    fn check_settings(&mut self, config: &Config) -> Result<(), RecordError> {
        let path = self.folder.join(CONFIG);
        let text = match read_bounded(&path, TEXT_MAX) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                write_whole(&path, toml::to_string(config)?.as_bytes())?;
                // A run that was killed before it wrote them never had them.
                if self.folder.join(METRICS).exists() {
                    self.notices.push(Notice::Gone { path });
                }
                return Ok(());
            }
            Err(error) => {
                self.notices.push(Notice::Settings { path, cause: error.to_string() });
                return Ok(());
            }
        };
        let found = match file::parse(&text) {
            Ok(found) => found,
            Err(error) => {
                let causes = successors(error.source(), |&cause| cause.source());
                let cause =
                    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"));
                let cause = cause.split_whitespace().collect::<Vec<_>>().join(" ");
                self.notices.push(Notice::Settings { path, cause });
                return Ok(());
            }
        };
        let [found, used] = [&found, config].map(toml::Table::try_from);
        let (found, used) = (found?, used?);
        let keys: BTreeSet<&String> = found.keys().chain(used.keys()).collect();
        for key in keys.into_iter().filter(|&key| found.get(key) != used.get(key)) {
            let value = |table: &toml::Table| match table.get(key) {
                Some(value) => value.to_string(),
                None => "not set".to_string(),
            };
            let (key, found, used) = (key.clone(), value(&found), value(&used));
            self.notices.push(Notice::Setting { path: path.clone(), key, found, used });
        }
        Ok(())
    }

    /// The file of metrics as text; damaged parts are no lines.
    fn read_metrics(&self) -> Result<String, RecordError> {
        let path = self.folder.join(METRICS);
        match read_bounded(&path, LINES_MAX) {
            Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
            Err(error) => Err(RecordError::io("read", &path)(error)),
        }
    }

    /// Whether the file of weights is that of the finished training. A damaged one is renamed.
    fn has_weights(&mut self, line: &FinishedLine) -> Result<bool, RecordError> {
        let path = self.folder.join(WEIGHTS);
        if !path.exists() {
            return Ok(false);
        }
        let cause = match weights::load(&path) {
            Ok(saved) if weights::weights_sha256(&saved.network) == line.weights_sha256 => {
                return Ok(true);
            }
            Ok(_) => "they are not those that the last line of the metrics names".to_string(),
            Err(error) if error.may_be_whole() => return Err(error.into()),
            Err(error) => error.without_file(),
        };
        let kept = set_aside(&path)?;
        self.notices.push(Notice::Weights { path, cause, kept });
        Ok(false)
    }

    /// Seconds of training before a checkpoint; 0 if the timings do not say.
    fn seconds_at(&self, position: &Position) -> Result<f64, RecordError> {
        let path = self.folder.join(TIMINGS);
        let text = read_bounded(&path, LINES_MAX).map_err(RecordError::io("read", &path))?;
        let seconds = String::from_utf8_lossy(&text).lines().rev().find_map(|line| {
            let line: Value = serde_json::from_str(line).ok()?;
            let is_there = line["event"] == CHECKPOINT
                && line["epoch"] == position.epoch
                && line["images"] == position.images;
            line["seconds"].as_f64().filter(|seconds| is_there && *seconds >= 0.0)
        });
        Ok(seconds.unwrap_or(0.0))
    }

    /// The last line of a finished training, and the error in training of its last epoch; `None` if it is not
    /// finished.
    pub fn finished(&self) -> Option<(FinishedLine, f64)> {
        Some((finished_line(&self.lines)?, self.train_error().unwrap_or(f64::NAN)))
    }

    /// Error in training of the last epoch that is done, percent.
    pub fn train_error(&self) -> Option<f64> {
        self.lines.lines().rev().find_map(|line| {
            let line: Value = serde_json::from_str(line).ok()?;
            line["train_error"].as_f64()
        })
    }

    /// Adds a line to the metrics. What differs between equal runs (speeds, times, the device) goes into a line of the
    /// timings.
    ///
    /// # Errors
    /// Returns an error if it has no JSON or cannot be written. The next checkpoint holds the line all the same.
    pub fn append(&mut self, line: &impl Serialize) -> Result<(), RecordError> {
        let json = |source| RecordError::Json { path: self.folder.join(METRICS), source };
        let mut line: Map<String, Value> =
            serde_json::to_value(line).and_then(serde_json::from_value).map_err(json)?;
        let mut timing = Map::new();
        for key in TIMING_KEYS {
            timing.extend(line.remove_entry(key));
        }
        let text = serde_json::to_string(&line).map_err(json)? + "\n";
        self.lines.push_str(&text);
        append(&self.folder.join(METRICS), text.as_bytes())?;
        if !timing.is_empty() {
            for key in ["event", "epoch"] {
                timing.extend(line.remove_entry(key));
            }
            self.timings.append(&timing)?;
        }
        Ok(())
    }

    /// Writes a checkpoint, if it is due or the best. Returns the path of a due one.
    ///
    /// # Errors
    /// Returns an error if it cannot be written.
    pub fn save_checkpoint(
        &mut self,
        checkpoint: &Checkpoint,
        config: &Config,
        images: &ImageShape,
    ) -> Result<Option<PathBuf>, RecordError> {
        // A failed line is in the checkpoint: its file need not have it.
        let synced = self.metrics.sync();
        let path = self.checkpoints.save(checkpoint, config, images, &self.lines)?;
        synced?;
        if path.is_some() {
            let Position { epoch, images, seconds, .. } = checkpoint.position;
            self.timings.append(&json!({
                "event": CHECKPOINT, "epoch": epoch, "images": images, "seconds": seconds
            }))?;
        }
        Ok(path)
    }

    /// Writes the trained network and returns the path.
    ///
    /// # Errors
    /// Returns an error if it cannot be written.
    pub fn save(
        &self,
        network: &Network,
        config: &Config,
        images: &ImageShape,
    ) -> Result<PathBuf, RecordError> {
        let path = self.folder.join(WEIGHTS);
        weights::save(&path, network, config, images)?;
        Ok(path)
    }

    /// Adds the last line, and returns once all lines are on the disk.
    ///
    /// # Errors
    /// As [`Run::append`].
    pub fn finish(&mut self, line: &impl Serialize) -> Result<(), RecordError> {
        self.append(line)?;
        self.metrics.sync()
    }
}

/// The last line of metrics, if it is that of a finished training.
fn finished_line(lines: &str) -> Option<FinishedLine> {
    let last = lines.strip_suffix('\n')?.lines().last()?;
    let line: FinishedLine = serde_json::from_str(last).ok()?;
    (line.event == FINISHED).then_some(line)
}

/// Refuses a folder with anything of a run or of runs of many networks.
pub(crate) fn refuse_a_run(folder: &Path) -> Result<(), RecordError> {
    let first = replica_folder(0);
    let names =
        [RUN, CONFIG, METRICS, TIMINGS, WEIGHTS, CHECKPOINTS, SUMMARY, TABLE, TENSORBOARD, &first];
    // A link that leads nowhere counts too: it would be replaced.
    let mut files = names.into_iter().map(|name| folder.join(name));
    match files.find(|file| file.symlink_metadata().is_ok()) {
        Some(found) => Err(RecordError::AlreadyARun { found }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
