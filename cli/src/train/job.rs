//! Job of `apical train`: a new run, or one to resume.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::TrainArgs;
use crate::CliError;
use crate::output::eprint_line;
use crate::run_data::warn_if_other_data;
use crate::shared_args::DataArgs;
use crate::weights::load_weights;
use apical::config::{Config, Part, Variant, variants};
use apical::dataset::{DataIdentity, Dataset};
use apical::plan::silent_window_warnings;
use apical::run_dir::file_names::{INITIAL_WEIGHTS, WEIGHTS};
use apical::run_dir::training_data::{check_class_names, open_training_data};
use apical::run_dir::{
    ImageSpec, RunDir, RunInfo, RunLock, SavedNetwork, now_rfc3339, weights, weights_sha256,
};
use apical::train::{CheckpointInterval, ResumeFrom, TrainError};

/// Default number of checkpoints to keep.
const DEFAULT_KEEP_CHECKPOINTS: usize = 2;

/// Run to start or resume.
pub(crate) struct TrainJob {
    pub(super) info: RunInfo,
    pub(super) checkpoint_every: CheckpointInterval,
    pub(super) folder: Option<PathBuf>,
    /// Part of the networks to train; `None` for all.
    pub(super) part: Option<Part>,
    /// Lock of the folder; `None` before a run starts.
    lock: Option<RunLock>,
    /// Weights with which all networks start; `None` if each starts with random ones.
    pub(super) initial: Option<SavedNetwork>,
    /// Whether the run has more epochs than when it was resumed.
    pub(super) is_extended: bool,
}

impl TrainJob {
    /// Creates the job that the arguments describe.
    ///
    /// # Errors
    /// Returns an error if a setting cannot be read, or there is no run to resume.
    pub(super) fn new(arguments: &TrainArgs) -> Result<Self, CliError> {
        let checkpoint_every = arguments.checkpoint_every.unwrap_or(CheckpointInterval::Epochs(1));
        let part = arguments.networks.part()?;
        if let Some(folder) = &arguments.resume {
            if let Some(flag) = arguments.settings.first_flag_except_epochs() {
                let message = format!("cannot change settings of a resumed run: leave out {flag}");
                return Err(CliError::Usage(message));
            }
            let mut job = TrainJob::resume(arguments, folder, part)?;
            if arguments.settings.is_set("epochs") {
                job.extend(arguments.settings.resolve(|_| ())?.epochs)?;
            }
            return Ok(job);
        }
        let initial = arguments.initial_weights.as_deref().map(load_weights).transpose()?;
        let (sweeps, replicas) = arguments.networks.sweeps_and_replicas(&arguments.settings)?;
        let data = &arguments.simulation.data;
        let info = RunInfo {
            version: env!("CARGO_PKG_VERSION").to_string(),
            date: now_rfc3339(),
            data: data.path().and_then(|folder| std::path::absolute(folder).ok()),
            read_options: data.reading(),
            dataset_sha256: String::new(),
            class_names: Vec::new(),
            dataset: String::new(),
            training_images: 0,
            test_images: 0,
            checkpoint_every,
            keep_checkpoints: arguments.keep_checkpoints.unwrap_or(DEFAULT_KEEP_CHECKPOINTS),
            replicas,
            parts: part.map_or(1, Part::count),
            initial_weights_sha256: initial.as_ref().map(|saved| weights_sha256(&saved.network)),
            sweeps,
            config: arguments.settings.resolve(|_| ())?,
        };
        if part.is_some() && !info.is_of_many() {
            let message = "cannot divide one network: --part needs --sweep or --replicas";
            return Err(CliError::Usage(message.to_string()));
        }
        match &arguments.out {
            Some(folder) if arguments.joins_run() && RunInfo::exists(folder) => {
                let mut job = TrainJob::resume(arguments, folder, part)?;
                if info.config.epochs > job.info.config.epochs {
                    job.extend(info.config.epochs)?;
                }
                let difference = difference(&job.info, &info)?;
                difference.map_or(Ok(job), |difference| {
                    Err(CliError::SettingsMismatch { folder: folder.clone(), difference })
                })
            }
            out => Ok(TrainJob {
                info,
                checkpoint_every,
                folder: out.clone(),
                part,
                lock: None,
                initial,
                is_extended: false,
            }),
        }
    }

    fn resume(arguments: &TrainArgs, folder: &Path, part: Option<Part>) -> Result<Self, CliError> {
        let (mut info, lock) = RunInfo::open(folder, part, &mut |text| eprint_line(text))?;
        lock.warning().into_iter().for_each(eprint_line);
        lock.remove_partials(folder)?;
        info.keep_checkpoints = arguments.keep_checkpoints.unwrap_or(info.keep_checkpoints);
        let checkpoint_every = arguments.checkpoint_every.unwrap_or(info.checkpoint_every);
        let initial = TrainJob::initial_weights(arguments, folder, &info)?;
        let (folder, lock) = (Some(folder.to_owned()), Some(lock));
        Ok(TrainJob { info, checkpoint_every, folder, part, lock, initial, is_extended: false })
    }

    /// Returns the networks that this process trains.
    ///
    /// # Errors
    /// Returns an error if the sweeps are invalid.
    pub(super) fn variants(&self) -> Result<Vec<Variant>, CliError> {
        let mut variants = variants(&self.info.config, &self.info.sweeps, self.info.replicas)?;
        variants.retain(|variant| self.part.is_none_or(|part| part.contains(variant.index)));
        Ok(variants)
    }

    /// Whether this process trains a part of the networks of the run.
    pub(super) fn is_partial(&self) -> bool {
        self.part.is_some_and(|part| part.count() > 1)
    }

    /// Checks that no other process took over the run, before a write.
    ///
    /// # Errors
    /// Returns an error if another process did.
    pub(super) fn ensure_held(&self) -> Result<(), CliError> {
        Ok(self.lock.as_ref().map_or(Ok(()), RunLock::ensure_held)?)
    }

    /// Opens the data set of the run; `data` gives its path if it was moved.
    ///
    /// # Errors
    /// Returns an error if the data set cannot be read or is not that of the run.
    pub(super) fn dataset(&mut self, data: &DataArgs) -> Result<Dataset, CliError> {
        let Some(folder) = self.resumed_folder() else {
            let dataset = data.open()?;
            if self.folder.is_some() {
                self.info.set_data_identity(&DataIdentity::of(&dataset));
            }
            return Ok(dataset);
        };
        let of_run = self.info.data_identity();
        if data.path().is_none() {
            let dataset = open_training_data(&of_run, folder)?;
            dataset.warnings.iter().for_each(eprint_line);
            return Ok(dataset);
        }
        let dataset = data.with_defaults(self.info.read_options).open()?;
        let found = DataIdentity::of(&dataset);
        if found.sha256 != of_run.sha256 {
            let (folder, data) = (folder.to_owned(), Box::new([of_run, found]));
            return Err(CliError::DataMismatch { folder, data });
        }
        check_class_names(&of_run, &found, folder)?;
        Ok(dataset)
    }

    /// Returns the image shape and classes, with the data set as the run identifies it.
    pub(super) fn image_shape(&self, dataset: &Dataset) -> ImageSpec {
        ImageSpec { data: Some(self.info.data_identity()), ..ImageSpec::without_identity(dataset) }
    }

    /// Prints notes about the subset of the data set that is used.
    ///
    /// # Errors
    /// Returns an error if the data set has too few images.
    pub(super) fn print_data_notes(
        &self,
        dataset: &Dataset,
        arguments: &TrainArgs,
    ) -> Result<(), CliError> {
        if self.resumed_folder().is_none() {
            warn_if_other_data(dataset, &arguments.simulation.data, arguments.settings.file());
        }
        let Config { validation_images: validation, train_images: images, test_images, .. } =
            self.info.config;
        dataset.validation_note(validation).iter().for_each(eprint_line);
        let notes = dataset.subset_warnings(validation, images, test_images);
        notes.map_err(TrainError::from)?.iter().for_each(eprint_line);
        silent_window_warnings(&self.info.config, dataset).iter().for_each(eprint_line);
        Ok(())
    }

    /// Whether the run is written into a folder.
    pub(super) fn has_folder(&self) -> bool {
        self.folder.is_some()
    }

    /// Returns the folder of a run that has started or is resumed.
    pub(super) fn resumed_folder(&self) -> Option<&Path> {
        self.lock.as_ref().and(self.folder.as_deref())
    }

    /// Creates the folder of a new run, if it has one. Returns whether it did.
    ///
    /// # Errors
    /// Returns an error if the folder holds a run or cannot be written.
    pub(super) fn create(&mut self) -> Result<bool, CliError> {
        if let (Some(folder), None) = (&self.folder, &self.lock) {
            let lock = self.info.create(folder, self.part, &mut |text| eprint_line(text))?;
            lock.warning().into_iter().for_each(eprint_line);
            self.lock = Some(lock);
            if let Some(SavedNetwork { network, config, images, .. }) = &self.initial {
                weights::save(&folder.join(INITIAL_WEIGHTS), network, config, images)?;
            }
            return Ok(true);
        }
        Ok(false)
    }

    /// Opens the folder of each network of a run that has started or is resumed. Returns the folders, and where each
    /// network starts.
    ///
    /// # Errors
    /// Returns an error if a folder cannot be read or written, or its checkpoints are damaged.
    pub(super) fn open_runs(
        &self,
        variants: &[Variant],
    ) -> Result<(Vec<RunDir>, Vec<ResumeFrom>), CliError> {
        let Some(folder) = self.resumed_folder() else {
            return Ok((Vec::new(), vec![self.initial_start(); variants.len()]));
        };
        if self.is_extended {
            self.info.replace(folder)?;
        }
        let open = |variant: &Variant| {
            let folder = self.info.network_folder(folder, variant.index);
            let (run, start) =
                RunDir::resume(&folder, &variant.config, self.info.keep_checkpoints)?;
            let start = match start {
                ResumeFrom::Initial => self.initial_start(),
                start => start,
            };
            Ok((run, start))
        };
        let runs: Vec<(RunDir, ResumeFrom)> =
            variants.iter().map(open).collect::<Result<_, CliError>>()?;
        Ok(runs.into_iter().unzip())
    }

    /// Returns the path of the result: weights of one network, or the folder of many.
    pub(super) fn result_path(&self) -> Option<PathBuf> {
        let folder = self.folder.as_ref()?;
        Some(if self.info.is_of_many() { folder.clone() } else { folder.join(WEIGHTS) })
    }
}

/// Returns the settings of a run that differ from `wanted`.
fn difference(run: &RunInfo, wanted: &RunInfo) -> Result<Option<String>, CliError> {
    let settings = |info: &RunInfo| -> Result<Map<String, Value>, serde_json::Error> {
        let mut all: Map<String, Value> =
            serde_json::from_value(serde_json::to_value(&info.config)?)?;
        all.insert("replicas".to_string(), info.replicas.into());
        all.insert("sweep".to_string(), serde_json::to_value(&info.sweeps)?);
        all.insert("initial weights".to_string(), info.initial_weights_sha256.clone().into());
        all.insert("read options".to_string(), serde_json::to_value(info.read_options)?);
        Ok(all)
    };
    let (found, wanted) = (settings(run)?, settings(wanted)?);
    let differs = |(key, value): &(&String, &Value)| found.get(*key) != Some(value);
    let describe = |(key, value): (&String, &Value)| {
        let found = found.get(key).unwrap_or(&Value::Null);
        format!("{key} is {found}, not {value}")
    };
    let all: Vec<String> = wanted.iter().filter(differs).map(describe).collect();
    Ok((!all.is_empty()).then(|| all.join("; ")))
}
