//! The folder of a run: `config.toml`, `metrics.jsonl`, and at its end `weights.safetensors`.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::checkpoint::{CHECKPOINTS, Checkpoints};
use super::file::{clean, write_whole};
use super::info::RUN;
use super::replicas::{SUMMARY, TABLE, replica_folder};
use super::weights::{self, ImageShape};
use super::{Metrics, RecordError};
use crate::config::Config;
use crate::network::Network;
use crate::train::{Checkpoint, Start};

/// The resolved settings: `apical train --config` takes them again.
pub const CONFIG: &str = "config.toml";
/// One JSON object a line, see [`Metrics`].
pub const METRICS: &str = "metrics.jsonl";
/// The trained network, see [`weights`].
pub const WEIGHTS: &str = "weights.safetensors";
/// The folder of the event files in that of a run.
pub const TENSORBOARD: &str = "tensorboard";

/// The event of the last line of a run's metrics.
pub const FINISHED: &str = "finished";

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
    /// The file of metrics, to append to.
    pub metrics: Metrics,
    checkpoints: Checkpoints,
}

impl Run {
    /// Makes the folder with all above it, and writes the settings. The last `keep` checkpoints will be kept.
    ///
    /// # Errors
    /// When it holds metrics, or cannot be written.
    pub fn create(folder: &Path, config: &Config, keep: usize) -> Result<Self, RecordError> {
        let text = toml::to_string(config)?;
        fs::create_dir_all(folder).map_err(RecordError::io("created", folder))?;
        write_whole(&folder.join(CONFIG), text.as_bytes())?;
        let metrics = Metrics::create(&folder.join(METRICS))?;
        let checkpoints = Checkpoints::new(folder, keep);
        Ok(Run { folder: folder.to_owned(), metrics, checkpoints })
    }

    /// Goes on with a run of these settings from its last checkpoint, or from its start where it has none: the run, and
    /// how its network begins. Metrics from behind the checkpoint are taken away.
    ///
    /// # Errors
    /// When something cannot be read or written, or the checkpoint is one of other settings.
    pub fn resume(
        folder: &Path,
        config: &Config,
        keep: usize,
    ) -> Result<(Self, Start), RecordError> {
        clean(folder)?;
        clean(&folder.join(CHECKPOINTS))?;
        let path = folder.join(METRICS);
        if !path.exists() {
            return Ok((Run::create(folder, config, keep)?, Start::Initial));
        }
        let checkpoints = Checkpoints::new(folder, keep);
        let metrics = Metrics::append_to(&path);
        let mut run = Run { folder: folder.to_owned(), metrics, checkpoints };
        // Weights alone may be those of a training that was killed before it told of them.
        if folder.join(WEIGHTS).exists() && run.finished()?.is_some() {
            return Ok((run, Start::Finished));
        }
        let (start, bytes) = match run.checkpoints.last()? {
            None => (Start::Initial, 0),
            Some((path, saved)) if saved.config != *config => {
                return Err(RecordError::OtherSettings { path });
            }
            Some((_, saved)) => {
                (Start::Checkpoint(Box::new(saved.checkpoint)), saved.metrics_bytes)
            }
        };
        run.metrics.cut(bytes)?;
        Ok((run, start))
    }

    /// The last line of a finished training, and the error in training of its last epoch; `None` for one that is not
    /// finished.
    ///
    /// # Errors
    /// When the metrics cannot be read.
    pub fn finished(&self) -> Result<Option<(FinishedLine, f64)>, RecordError> {
        let path = self.folder.join(METRICS);
        let text = fs::read_to_string(&path).map_err(RecordError::io("read", &path))?;
        let finished = text.lines().last().and_then(|line| serde_json::from_str(line).ok());
        let finished = finished.filter(|line: &FinishedLine| line.event == FINISHED);
        let train_error = text.lines().rev().find_map(|line| {
            let line: Value = serde_json::from_str(line).ok()?;
            line["train_error"].as_f64()
        });
        Ok(finished.map(|line| (line, train_error.unwrap_or(f64::NAN))))
    }

    /// Writes a checkpoint, and says where.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn save_checkpoint(
        &mut self,
        checkpoint: &Checkpoint,
        config: &Config,
        images: &ImageShape,
    ) -> Result<PathBuf, RecordError> {
        let bytes = self.metrics.bytes()?;
        self.checkpoints.save(checkpoint, config, images, bytes)
    }

    /// Writes the trained network, and says where.
    ///
    /// # Errors
    /// When it cannot be written.
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
}

/// Refuses a folder with anything of a run or of runs of many networks.
pub(crate) fn refuse_a_run(folder: &Path) -> Result<(), RecordError> {
    let first = replica_folder(0);
    let names = [RUN, CONFIG, METRICS, WEIGHTS, CHECKPOINTS, SUMMARY, TABLE, TENSORBOARD, &first];
    // A link that leads nowhere counts too: it would be replaced.
    let mut files = names.into_iter().map(|name| folder.join(name));
    match files.find(|file| file.symlink_metadata().is_ok()) {
        Some(found) => Err(RecordError::AlreadyARun { found }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_survive_with_every_seed() {
        let folder = tempfile::tempdir().unwrap();
        for seed in [0, 1, u64::MAX] {
            let config = Config { seed, eta: vec![0.1, 1e-7], ..Config::default() };
            let run = folder.path().join("deep").join(seed.to_string());
            Run::create(&run, &config, 1).unwrap();
            let text = fs::read_to_string(run.join(CONFIG)).unwrap();
            assert_eq!(toml::from_str::<Config>(&text).unwrap(), config);
        }
    }
}
