//! Shared state of all experiments: extent, data, device, and trained networks.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use super::claim::Claim;
use super::error::ExperimentError;
pub use super::trained_networks::TrainedNetwork;
use super::trained_networks::TrainedNetworks;
use crate::config::{Config, Preset};
use crate::dataset::{DataIdentity, Dataset};
use crate::device::DeviceOptions;
use crate::figures::{Finding, NO_DEVICE};
use crate::model::weight_init::WeightInit;
use crate::monitor::{MonitorSession, MonitorSpec};
use crate::network::Network;
use crate::plan::Presentation;
use crate::run_dir::{RunWarning, StorageError};
use crate::trial_cache::device_name;

/// The paper's numbers are from the commit that it cites.
const INITIAL: WeightInit = WeightInit::PaperCommit;
/// Number of epochs of a quick experiment; the paper has 60.
const QUICK_EPOCHS: u32 = 8;
/// Largest difference to the paper's error that counts as agreement, percentage points.
pub(super) const TOLERANCE: f64 = 0.3;

/// Progress of an experiment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StudyEvent<'a> {
    /// An experiment starts.
    Started {
        /// Name of the experiment.
        experiment: &'static str,
    },
    /// Progress of training, over all networks of an experiment, or of recording.
    Progress {
        /// Name of the counted items.
        what: &'a str,
        /// Number completed.
        done: u64,
        /// Number in total.
        total: u64,
    },
}

/// Receives progress and may interrupt.
pub type StudyListener<'a> = &'a mut dyn FnMut(StudyEvent) -> ControlFlow<()>;

/// Extent, data, device and trained networks of the experiments.
pub struct Study<'a> {
    /// Whether to use fewer images, epochs and seeds than the paper.
    pub quick: bool,
    /// Number of networks per condition, with seeds from 1.
    pub seeds: u64,
    /// The data set.
    pub dataset: Arc<Dataset>,
    /// Identity of the data set.
    pub data: DataIdentity,
    /// Choice of device.
    pub selection: DeviceOptions,
    /// Number of networks trained in parallel.
    pub parallel: usize,
    networks: TrainedNetworks,
    listen: StudyListener<'a>,
    device: Option<String>,
}

impl<'a> Study<'a> {
    /// Creates a study. `folder`: folder of the trained networks.
    ///
    /// # Errors
    /// Returns an error if the folder cannot be read or written.
    pub fn new(
        quick: bool,
        seeds: u64,
        dataset: Dataset,
        selection: DeviceOptions,
        parallel: usize,
        folder: &Path,
        listen: StudyListener<'a>,
    ) -> Result<Self, StorageError> {
        let (data, dataset) = (DataIdentity::of(&dataset), Arc::new(dataset));
        let networks = TrainedNetworks::open(folder)?;
        let device = None;
        Ok(Study { quick, seeds, dataset, data, selection, parallel, networks, listen, device })
    }

    /// Returns problems found in the folder of trained networks.
    pub fn warnings(&self) -> impl Iterator<Item = &RunWarning> {
        self.networks.warnings()
    }

    /// Returns `quick` in a quick study, else `full`.
    pub fn quick_or_full<T>(&self, quick: T, full: T) -> T {
        if self.quick { quick } else { full }
    }

    /// Returns the paper's settings for a preset, by default with the epochs of its figures.
    pub fn paper(&self, preset: Preset) -> Config {
        Config {
            weight_init: INITIAL,
            epochs: self.quick_or_full(QUICK_EPOCHS, 60),
            eval_every: 0,
            ..preset.config()
        }
    }

    /// Trains a network per seed and condition. Returns `[conditions][seeds]`.
    ///
    /// # Errors
    /// Returns an error if training fails or is interrupted.
    pub fn train(
        &mut self,
        conditions: &[Config],
    ) -> Result<Vec<Vec<TrainedNetwork>>, ExperimentError> {
        let seeds = 1..=self.seeds;
        let seeded = |config: &Config| -> Vec<Config> {
            seeds.clone().map(|seed| Config { seed, ..config.clone() }).collect()
        };
        let trained = self.train_all(&conditions.iter().flat_map(seeded).collect::<Vec<_>>())?;
        Ok(trained.chunks(self.seeds as usize).map(<[TrainedNetwork]>::to_vec).collect())
    }

    /// Trains a network per seed.
    ///
    /// # Errors
    /// Returns an error if training fails or is interrupted.
    pub fn train_one(
        &mut self,
        condition: &Config,
    ) -> Result<Vec<TrainedNetwork>, ExperimentError> {
        Ok(self.train(std::slice::from_ref(condition))?.concat())
    }

    /// Trains one network per configuration.
    ///
    /// # Errors
    /// Returns an error if training fails or is interrupted.
    pub fn train_all(
        &mut self,
        configs: &[Config],
    ) -> Result<Vec<TrainedNetwork>, ExperimentError> {
        let Study { networks, dataset, data, selection, parallel, listen, .. } = self;
        let trained =
            networks.get(configs, (dataset, data), selection, *parallel, &mut |done, total| {
                listen(StudyEvent::Progress { what: "training images", done, total })
            })?;
        self.device = trained.last().map(|trained| trained.trial.device.clone());
        Ok(trained)
    }

    /// Returns the device of the last computation.
    pub fn device(&self) -> &str {
        self.device.as_deref().unwrap_or(NO_DEVICE)
    }

    /// Compares a test error with the paper's. A quick study does not judge it.
    pub(super) fn judge_error(&self, what: &str, paper: f64, errors: &[f64]) -> Finding {
        let text = paper.to_string();
        let claim = Claim { what, unit: "%", paper: &text };
        let criterion = format!("within {TOLERANCE} points");
        if self.quick {
            let note = "a quick run ends after fewer epochs than the paper's 60: not judged";
            return claim.report_only(errors, &criterion, note);
        }
        claim.in_range(errors, [paper - TOLERANCE, paper + TOLERANCE], &criterion)
    }

    /// Opens a session that records from a network.
    ///
    /// # Errors
    /// Returns an error if no device works.
    pub fn session(
        &mut self,
        config: &Config,
        network: &Network,
        recorder: MonitorSpec,
    ) -> Result<MonitorSession, ExperimentError> {
        let session =
            MonitorSession::open(config, &self.dataset, network, recorder, &self.selection)?;
        self.device = Some(device_name(session.device()));
        Ok(session)
    }

    /// Returns the first `count` test images, or a stratified sample if the set is sorted by class.
    pub fn test_images(&self, count: usize) -> Vec<Presentation> {
        let labels = self.dataset.labels();
        let image = |(position, index): (usize, usize)| Presentation {
            index,
            label: labels[index],
            draw_index: position as u32,
            result_slot: index,
        };
        self.dataset.test_sample(count).into_iter().enumerate().map(image).collect()
    }

    /// Reports the progress of a recording.
    ///
    /// # Errors
    /// Returns an error if the listener interrupts.
    pub fn report_progress(
        &mut self,
        what: &str,
        done: usize,
        total: usize,
    ) -> Result<(), ExperimentError> {
        let (done, total) = (done as u64, total as u64);
        self.emit(StudyEvent::Progress { what, done, total })
    }

    pub(super) fn emit(&mut self, event: StudyEvent) -> Result<(), ExperimentError> {
        match (self.listen)(event) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(ExperimentError::Interrupted),
        }
    }
}
