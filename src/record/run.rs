//! The folder of a run: `config.toml`, `metrics.jsonl`, and at its end `weights.safetensors`.

use std::fs;
use std::path::{Path, PathBuf};

use super::file::write_whole;
use super::replicas::{SUMMARY, TABLE, replica_folder};
use super::tensorboard::TENSORBOARD;
use super::weights::{self, ImageShape};
use super::{Metrics, RecordError};
use crate::config::Config;
use crate::network::Network;

/// The resolved settings: `apical train --config` takes them again.
pub const CONFIG: &str = "config.toml";
/// One JSON object a line, see [`Metrics`].
pub const METRICS: &str = "metrics.jsonl";
/// The trained network, see [`weights`].
pub const WEIGHTS: &str = "weights.safetensors";

/// A run that is being recorded.
#[derive(Debug)]
pub struct Run {
    folder: PathBuf,
    pub metrics: Metrics,
}

impl Run {
    /// Makes the folder with all above it, and writes the settings. A folder that is there already
    /// is taken if it holds no run.
    ///
    /// # Errors
    /// When it holds a run, or cannot be written.
    pub fn create(folder: &Path, config: &Config) -> Result<Self, RecordError> {
        refuse_a_run(folder)?;
        let text = toml::to_string(config)?;
        fs::create_dir_all(folder).map_err(RecordError::io("created", folder))?;
        write_whole(&folder.join(CONFIG), text.as_bytes())?;
        let metrics = Metrics::create(&folder.join(METRICS))?;
        Ok(Run { folder: folder.to_owned(), metrics })
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
    let names = [CONFIG, METRICS, WEIGHTS, SUMMARY, TABLE, TENSORBOARD, &first];
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
            Run::create(&run, &config).unwrap();
            let text = fs::read_to_string(run.join(CONFIG)).unwrap();
            assert_eq!(toml::from_str::<Config>(&text).unwrap(), config);
        }
    }

    #[test]
    fn a_folder_with_any_file_of_a_run_is_refused_and_left_as_it_is() {
        for name in [CONFIG, METRICS, WEIGHTS, SUMMARY, TABLE, TENSORBOARD, "replica-000"] {
            let folder = tempfile::tempdir().unwrap();
            fs::write(folder.path().join(name), "old").unwrap();
            let error = Run::create(folder.path(), &Config::default()).unwrap_err();
            assert!(matches!(error, RecordError::AlreadyARun { .. }), "{error}");
            assert_eq!(fs::read_to_string(folder.path().join(name)).unwrap(), "old");
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        }
    }

    #[test]
    fn a_folder_with_other_files_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("notes.txt"), "").unwrap();
        Run::create(folder.path(), &Config::default()).unwrap();
    }
}
