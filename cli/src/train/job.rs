//! Job of `apical train`: a new run, or one to resume.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::TrainArgs;
use crate::output::{Output, eprint_line};
use crate::run_data::warn_if_other_data;
use crate::shared_args::DataArgs;
use crate::signals;
use crate::{CliError, ExitStatus};
use apical::config::{Config, Part, Variant, variants};
use apical::dataset::{DataIdentity, Dataset};
use apical::run_dir::file_names::WEIGHTS;
use apical::run_dir::training_data::{check_class_names, open_training_data};
use apical::run_dir::{CheckpointFolder, ImageSpec, RunDir, RunInfo, RunLock, now_rfc3339};
use apical::train::{CheckpointInterval, ResumeFrom, TrainError, TrainPosition};

/// Default number of checkpoints to keep.
const DEFAULT_KEEP_CHECKPOINTS: usize = 2;

/// Networks of a run that can be resumed.
enum CheckpointCoverage {
    /// Each network has a checkpoint.
    All,
    /// Some networks have one.
    Partial,
    /// No network has one.
    None,
}

/// Run to start or resume.
pub(crate) struct TrainJob {
    pub(super) info: RunInfo,
    pub(super) checkpoint_every: CheckpointInterval,
    folder: Option<PathBuf>,
    /// Part of the networks to train; `None` for all.
    part: Option<Part>,
    /// Lock of the folder; `None` before a run starts.
    lock: Option<RunLock>,
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
            if let Some(flag) = arguments.settings.first_explicit_flag() {
                let message = format!("cannot change settings of a resumed run: leave out {flag}");
                return Err(CliError::Usage(message));
            }
            return TrainJob::resume(arguments, folder, part);
        }
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
            sweeps,
            config: arguments.settings.resolve(|_| ())?,
        };
        if part.is_some() && !info.is_of_many() {
            let message = "cannot divide one network: --part needs --sweep or --replicas";
            return Err(CliError::Usage(message.to_string()));
        }
        match &arguments.out {
            Some(folder) if arguments.joins_run() && RunInfo::exists(folder) => {
                let job = TrainJob::resume(arguments, folder, part)?;
                let difference = difference(&job.info, &info)?;
                difference.map_or(Ok(job), |difference| {
                    Err(CliError::SettingsMismatch { folder: folder.clone(), difference })
                })
            }
            out => Ok(TrainJob { info, checkpoint_every, folder: out.clone(), part, lock: None }),
        }
    }

    fn resume(arguments: &TrainArgs, folder: &Path, part: Option<Part>) -> Result<Self, CliError> {
        let (mut info, lock) = RunInfo::open(folder, part, &mut |text| eprint_line(text))?;
        lock.warning().into_iter().for_each(eprint_line);
        lock.remove_partials(folder)?;
        info.keep_checkpoints = arguments.keep_checkpoints.unwrap_or(info.keep_checkpoints);
        let checkpoint_every = arguments.checkpoint_every.unwrap_or(info.checkpoint_every);
        let (folder, lock) = (Some(folder.to_owned()), Some(lock));
        Ok(TrainJob { info, checkpoint_every, folder, part, lock })
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
        let notes = dataset.subset_warnings(validation, images, test_images);
        notes.map_err(TrainError::from)?.iter().for_each(eprint_line);
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
            return Ok((Vec::new(), vec![ResumeFrom::Initial; variants.len()]));
        };
        let open = |variant: &Variant| {
            let folder = self.info.network_folder(folder, variant.index);
            RunDir::resume(&folder, &variant.config, self.info.keep_checkpoints)
        };
        let runs: Vec<(RunDir, ResumeFrom)> =
            variants.iter().map(open).collect::<Result<_, _>>()?;
        Ok(runs.into_iter().unzip())
    }

    /// Returns the path of the result: weights of one network, or the folder of many.
    pub(super) fn result_path(&self) -> Option<PathBuf> {
        let folder = self.folder.as_ref()?;
        Some(if self.info.is_of_many() { folder.clone() } else { folder.join(WEIGHTS) })
    }

    /// Prints the position at which the run of one network resumes, unless it is the start.
    pub(super) fn report_position(&self, position: &TrainPosition) {
        let TrainPosition { epoch, images, .. } = position;
        if *epoch > self.info.config.epochs {
            eprint_line("resuming after the last epoch");
        } else if *position != TrainPosition::START {
            eprint_line(format_args!("resuming in epoch {epoch} after {images} images"));
        }
    }

    /// Prints which networks of the run this process trains, if it trains a part.
    pub(super) fn report_part(&self, variants: &[Variant]) {
        if let Some(part) = self.part.filter(|_| self.is_partial()) {
            let networks: Vec<String> =
                variants.iter().take(4).map(|variant| variant.index.to_string()).collect();
            let more = if variants.len() > networks.len() { ", .." } else { "" };
            eprint_line(format_args!("part {part}: networks {}{more}", networks.join(", ")));
        }
    }

    /// Prints how to collect the results of all parts, if this process trained one.
    pub(super) fn report_part_done(&self) {
        if let (true, Some(folder)) = (self.is_partial(), &self.folder) {
            eprint_line(format_args!(
                "collect all parts with 'apical summary {}'",
                folder.display()
            ));
        }
    }

    /// Prints that a part has no networks.
    pub(super) fn report_empty_part(&self) -> ExitStatus {
        let part = self.part.map(|part| part.to_string()).unwrap_or_default();
        eprint_line(format_args!("part {part} has no networks: the run has fewer than parts"));
        ExitStatus::Done
    }

    /// Prints that the run is finished.
    pub(super) fn report_finished(&self) -> ExitStatus {
        let folder = self.folder.clone().unwrap_or_default();
        eprint_line(format_args!("{}: this run is already finished", folder.display()));
        ExitStatus::Done
    }

    /// Prints how to resume a run that failed.
    pub(super) fn report_failed(&self) {
        let Some(folder) = &self.folder else { return };
        let resume = format!("'apical train --resume {}'", folder.display());
        eprint_line(match self.checkpoint_coverage(folder) {
            CheckpointCoverage::All => {
                format!("the last checkpoint is kept: {resume} resumes from it")
            }
            CheckpointCoverage::Partial => format!(
                "the last checkpoint of some networks is kept: {resume} resumes from them and restarts the other \
                 networks"
            ),
            CheckpointCoverage::None => {
                format!("no checkpoint was written: {resume} restarts the training")
            }
        });
    }

    /// Returns which networks have a checkpoint or weights. An unreadable folder counts as having none.
    fn checkpoint_coverage(&self, folder: &Path) -> CheckpointCoverage {
        let has_any = |variant: &&Variant| {
            let run = self.info.network_folder(folder, variant.index);
            run.join(WEIGHTS).is_file()
                || CheckpointFolder::count(&run).is_ok_and(|count| count > 0)
        };
        let variants = self.variants().unwrap_or_default();
        match variants.iter().filter(has_any).count() {
            0 => CheckpointCoverage::None,
            kept if kept == variants.len() => CheckpointCoverage::All,
            _ => CheckpointCoverage::Partial,
        }
    }

    /// Prints how to resume a stopped run, unless the output is closed.
    pub(super) fn report_stopped(&self, output: &Output) -> ExitStatus {
        match &self.folder {
            _ if output.is_closed() => {}
            Some(folder) => {
                let does = match self.checkpoint_coverage(folder) {
                    CheckpointCoverage::None => "restarts the training: no checkpoint was written",
                    _ => "resumes it",
                };
                eprint_line(format_args!(
                    "stopped; 'apical train --resume {}' {does}",
                    folder.display()
                ));
            }
            None => eprint_line("stopped; nothing is kept without --out"),
        }
        signals::stop_status().unwrap_or(ExitStatus::Done)
    }
}

/// Returns the settings of a run that differ from `wanted`.
fn difference(run: &RunInfo, wanted: &RunInfo) -> Result<Option<String>, CliError> {
    let settings = |info: &RunInfo| -> Result<Map<String, Value>, serde_json::Error> {
        let mut all: Map<String, Value> =
            serde_json::from_value(serde_json::to_value(&info.config)?)?;
        all.insert("replicas".to_string(), info.replicas.into());
        all.insert("sweep".to_string(), serde_json::to_value(&info.sweeps)?);
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
