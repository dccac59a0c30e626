//! A folder of trained networks shared by experiments, so that each is trained once.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use super::error::ExperimentError;
use crate::config::Config;
use crate::dataset::{DataIdentity, Dataset};
use crate::device::DeviceOptions;
use crate::network::Network;
use crate::run_dir::{FolderLock, ImageSpec, RunWarning, StorageError, Trial, TrialStore, weights};
use crate::train::Event;
use crate::trial_cache::{self, TrialEvent};

/// The folder of trained networks.
pub(super) struct TrainedNetworks {
    folder: PathBuf,
    trials: TrialStore,
    lock: FolderLock,
}

/// A trained network with its results.
#[derive(Clone, Debug)]
pub struct TrainedNetwork {
    /// Settings and results.
    pub trial: Trial,
    /// Network after the last epoch.
    pub network: Network,
}

impl TrainedNetworks {
    /// Locks the folder. Creates it if necessary.
    ///
    /// # Errors
    /// Returns an error if the folder cannot be read or written, or another process has locked it.
    pub(super) fn open(folder: &Path) -> Result<Self, StorageError> {
        let lock = FolderLock::acquire(folder)?;
        let trials = TrialStore::open(&folder.join("trials.jsonl"))?;
        Ok(TrainedNetworks { folder: folder.to_owned(), trials, lock })
    }

    /// Returns problems found in the folder.
    pub(super) fn warnings(&self) -> impl Iterator<Item = &RunWarning> {
        self.lock.warning().into_iter().chain(self.trials.warning())
    }

    /// Finds the finished training with these settings.
    pub(super) fn find(&self, config: &Config, data: &DataIdentity) -> Option<&Trial> {
        self.trials.find_by_data(config, data)
    }

    /// Reads the network of a finished training.
    ///
    /// # Errors
    /// Returns [`ExperimentError::NoWeights`] if only the errors of the training were kept, or an error if the file is
    /// unreadable.
    pub(super) fn load(&self, trial: &Trial) -> Result<TrainedNetwork, ExperimentError> {
        let path = network_path(&self.folder, trial);
        if !path.exists() {
            return Err(ExperimentError::NoWeights { path });
        }
        Ok(TrainedNetwork { trial: trial.clone(), network: weights::load(&path)?.network })
    }

    /// Trains the networks of `configs` that are missing, at most `parallel` at once. `emit_event` receives the number
    /// of completed and of all images to train.
    ///
    /// # Errors
    /// Returns an error if training fails or is interrupted, or a file cannot be written.
    pub(super) fn train(
        &mut self,
        configs: &[Config],
        (dataset, data): (&Dataset, &DataIdentity),
        selection: &DeviceOptions,
        parallel: usize,
        emit_event: &mut dyn FnMut(u64, u64) -> ControlFlow<()>,
    ) -> Result<(), ExperimentError> {
        let folder = &self.folder;
        let images = ImageSpec { data: Some(data.clone()), ..ImageSpec::without_identity(dataset) };
        let trials = &mut self.trials;
        let images_of = |config: &Config| {
            trial_cache::training_images(config, dataset) as u64 * u64::from(config.epochs)
        };
        let is_missing = |config: &&Config| trials.find_by_data(config, data).is_none();
        let all: u64 = configs.iter().filter(is_missing).map(images_of).sum();
        let mut done = 0;
        let mut failure = None;
        let is_whole = trial_cache::run(
            trials,
            configs,
            dataset,
            selection,
            parallel,
            &mut |event| match event {
                TrialEvent::Device { .. } => ControlFlow::Continue(()),
                TrialEvent::Progress { networks, progress } => {
                    let &Event::Progress { epoch, images, total_images, .. } = progress else {
                        return ControlFlow::Continue(());
                    };
                    let before = u64::from(epoch - 1) * total_images as u64;
                    emit_event(done + (before + images as u64) * networks as u64, all)
                }
                TrialEvent::Trained { trial, network } => {
                    done += images_of(&trial.config);
                    let path = network_path(folder, trial);
                    match weights::save(&path, network, &trial.config, &images) {
                        Ok(()) => ControlFlow::Continue(()),
                        Err(error) => {
                            failure = Some(error);
                            ControlFlow::Break(())
                        }
                    }
                }
            },
        )?;
        if let Some(error) = failure {
            return Err(error.into());
        }
        if !is_whole {
            return Err(ExperimentError::Interrupted);
        }
        Ok(())
    }
}

/// Returns the path of a trained network.
fn network_path(folder: &Path, trial: &Trial) -> PathBuf {
    let name: String = trial.weights_sha256.chars().take(16).collect();
    folder.join(format!("{name}.safetensors"))
}
