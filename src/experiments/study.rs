//! Shared state of all experiments: extent, data, device, and trained networks.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use super::angle_traces::AngleTraces;
use super::error::ExperimentError;
use super::study_event::{StudyEvent, StudyListener};
use super::trained_networks::{TrainedNetwork, TrainedNetworks};
use crate::config::{Config, Preset};
use crate::dataset::{DataIdentity, Dataset};
use crate::device::DeviceOptions;
use crate::figures::{NO_DEVICE, TrainingRecord};
use crate::model::weight_init::WeightInit;
use crate::monitor::{MonitorSession, MonitorSpec};
use crate::network::Network;
use crate::plan::Presentation;
use crate::run_dir::{RunWarning, StorageError, Trial};
use crate::trial_cache::device_name;

/// The paper's numbers are from the commit that it cites.
const INITIAL: WeightInit = WeightInit::PaperCommit;
/// Number of epochs of a quick experiment; the paper has 60.
const QUICK_EPOCHS: u32 = 8;

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
    /// Whether experiments use the finished trainings without training others.
    pub finished_only: bool,
    /// Whether a stop was requested: only errors of finished trainings are used, nothing is measured or emitted.
    pub(super) is_stopping: bool,
    /// Finished trainings of the current experiment.
    trainings: Vec<TrainingRecord>,
    /// Conditions of the current experiment with unfinished trainings.
    missing: Vec<String>,
    networks: TrainedNetworks,
    /// Angles of networks in training.
    pub(super) angle_traces: AngleTraces,
    listen: StudyListener<'a>,
    /// Device of the last computation.
    pub(super) device: Option<String>,
    /// Whether the current experiment uses measurements of earlier runs.
    pub(super) is_resumed: bool,
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
        let angle_traces = AngleTraces::open(folder)?;
        Ok(Study {
            quick,
            seeds,
            dataset,
            data,
            selection,
            parallel,
            finished_only: false,
            is_stopping: false,
            trainings: Vec::new(),
            missing: Vec::new(),
            networks,
            angle_traces,
            listen,
            device: None,
            is_resumed: false,
        })
    }

    /// Returns problems found in the folder of trained networks.
    pub fn warnings(&self) -> impl Iterator<Item = &RunWarning> {
        self.networks.warnings().chain(self.angle_traces.warning())
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
        let seeded = |config: &Config| self.with_seeds(config);
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
        self.train_missing(configs)?;
        let find = |config| self.networks.find(config, &self.data).cloned();
        let trials: Vec<Trial> = configs.iter().filter_map(find).collect();
        for trial in &trials {
            let layers: Vec<String> = trial.config.layers.iter().map(usize::to_string).collect();
            let sizes = format!("{}-{}", self.dataset.pixels(), layers.join("-"));
            self.record_training(&sizes, trial);
        }
        trials.iter().map(|trial| self.networks.load(trial)).collect()
    }

    /// Trains a network per seed and named condition, or uses the finished ones only. Returns `[conditions][seeds]`,
    /// `None` for an unfinished training.
    ///
    /// # Errors
    /// Returns an error if training fails or is interrupted.
    pub fn train_errors(
        &mut self,
        conditions: &[(&str, &Config)],
    ) -> Result<Vec<Vec<Option<Trial>>>, ExperimentError> {
        if !self.finished_only {
            let seeded = |&(_, config): &(&str, &Config)| self.with_seeds(config);
            self.train_missing(&conditions.iter().flat_map(seeded).collect::<Vec<_>>())?;
        }
        let mut found = Vec::new();
        for (name, config) in conditions {
            let configs = self.with_seeds(config);
            let find = |config| self.networks.find(config, &self.data).cloned();
            let trials: Vec<Option<Trial>> = configs.iter().map(find).collect();
            let count = trials.iter().flatten().count();
            if count < trials.len() {
                let missing = format!("{name}: {count} of {} networks trained", trials.len());
                self.missing.push(missing);
            }
            for trial in trials.iter().flatten() {
                self.record_training(name, trial);
            }
            found.push(trials);
        }
        Ok(found)
    }

    /// Reads the network of a finished training; `None` if only its errors were kept, or after a stop.
    ///
    /// # Errors
    /// Returns an error if the file is unreadable.
    pub(super) fn load_if_kept(&self, trial: &Trial) -> Result<Option<Network>, ExperimentError> {
        if self.is_stopping {
            return Ok(None);
        }
        match self.networks.load(trial) {
            Ok(trained) => Ok(Some(trained.network)),
            Err(ExperimentError::NoWeights { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Starts an experiment: removes the records of the one before.
    pub(super) fn clear_records(&mut self) {
        self.trainings.clear();
        self.missing.clear();
        self.is_resumed = false;
    }

    /// Returns the finished trainings of the current experiment, and its conditions with unfinished ones.
    pub(super) fn records(&self) -> (&[TrainingRecord], &[String]) {
        (&self.trainings, &self.missing)
    }

    fn record_training(&mut self, network: &str, trial: &Trial) {
        self.device = Some(trial.device.clone());
        self.trainings.push(TrainingRecord::new(network, trial));
    }

    /// Returns the settings with each seed of the study.
    pub(super) fn with_seeds(&self, config: &Config) -> Vec<Config> {
        (1..=self.seeds).map(|seed| Config { seed, ..config.clone() }).collect()
    }

    fn train_missing(&mut self, configs: &[Config]) -> Result<(), ExperimentError> {
        let Study { networks, dataset, data, selection, parallel, listen, .. } = self;
        networks.train(configs, (dataset, data), selection, *parallel, &mut |done, total| {
            listen(StudyEvent::Progress { what: "training images", done, total })
        })
    }

    /// Returns the device of the last computation.
    pub fn device(&self) -> &str {
        self.device.as_deref().unwrap_or(NO_DEVICE)
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
        if self.is_stopping {
            return Ok(());
        }
        match (self.listen)(event) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(ExperimentError::Interrupted),
        }
    }
}
