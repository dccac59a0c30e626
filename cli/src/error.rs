//! Errors of commands, with exit codes and hints.

use std::error::Error;
use std::fmt::Write;
use std::io;
use std::iter::successors;
use std::path::{Path, PathBuf};

use thiserror::Error;

use apical::bench::BenchError;
use apical::config::file::ConfigTextError;
use apical::config::{ConfigError, SweepError};
use apical::dataset::{DataIdentity, DataSource, DatasetError};
use apical::experiments::ExperimentError;
use apical::fetch::FetchError;
use apical::figures::FigureError;
use apical::interface::BackendError;
use apical::plots::PlotError;
use apical::run_dir::training_data::TrainingDataError;
use apical::run_dir::{StorageError, WeightsError};
use apical::train::TrainError;
use apical::trial_cache::TrialsError;
use apical::tune::{SearchError, TuneError};

use super::output::truncate_lines;

/// Error of a command.
#[derive(Debug, Error)]
pub enum CliError {
    #[error("{0}")]
    Usage(String),
    #[error("{}: cannot read the settings", .path.display())]
    ConfigFile { path: PathBuf, source: io::Error },
    #[error("{}: invalid settings", .path.display())]
    ConfigText { path: PathBuf, source: Box<ConfigTextError> },
    #[error("invalid sweep")]
    Sweep(#[from] SweepError),
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error(transparent)]
    Train(#[from] TrainError),
    #[error(transparent)]
    Storage(#[from] StorageError),
    #[error(transparent)]
    Weights(#[from] WeightsError),
    #[error(transparent)]
    Bench(BenchError),
    #[error("invalid search")]
    Search(#[from] SearchError),
    #[error(transparent)]
    Tune(TuneError),
    #[error(transparent)]
    Report(#[from] FigureError),
    #[error(transparent)]
    Experiment(ExperimentError),
    #[error(transparent)]
    Plot(PlotError),
    #[error("cannot write the result as CSV")]
    Csv(#[from] csv::Error),
    #[error("cannot write the settings as TOML")]
    Toml(#[from] toml::ser::Error),
    #[error("cannot write the result as JSON")]
    Json(#[from] serde_json::Error),
    #[error("{}: cannot use other images than those of the run: it was trained on {}, this is {}", .folder.display(), .data[0], .data[1])]
    DataMismatch { folder: PathBuf, data: Box<[DataIdentity; 2]> },
    #[error(transparent)]
    Data(#[from] TrainingDataError),
    #[error("{}: the run in this folder has other settings: {difference}", .folder.display())]
    SettingsMismatch { folder: PathBuf, difference: String },
    #[error("{}: cannot write the manual pages", .folder.display())]
    ManPages { folder: PathBuf, source: io::Error },
    /// Stopped by a signal before there was anything to save.
    #[error("stopped")]
    Stopped,
    #[error("cannot install the signal handler")]
    Signals(#[source] io::Error),
    #[error("cannot write to standard output")]
    Output(#[source] io::Error),
    #[error("cannot read standard input")]
    Input(#[source] io::Error),
    #[cfg(feature = "tui")]
    #[error("cannot show the dashboard on this terminal")]
    Terminal(#[source] io::Error),
}

impl From<BenchError> for CliError {
    fn from(error: BenchError) -> Self {
        match error {
            BenchError::Train(error) => CliError::Train(error),
            error => CliError::Bench(error),
        }
    }
}

impl From<PlotError> for CliError {
    fn from(error: PlotError) -> Self {
        match error {
            PlotError::Train(error) => CliError::Train(error),
            PlotError::Storage(error) => CliError::Storage(error),
            PlotError::Weights(error) => CliError::Weights(error),
            error => CliError::Plot(error),
        }
    }
}

impl From<TuneError> for CliError {
    fn from(error: TuneError) -> Self {
        match error {
            TuneError::Search(error) => CliError::Search(error),
            TuneError::Trials(TrialsError::Train(error)) => CliError::Train(error),
            TuneError::Storage(error) => CliError::Storage(error),
            TuneError::Report(error) => CliError::Report(error),
            error => CliError::Tune(error),
        }
    }
}

impl From<ExperimentError> for CliError {
    fn from(error: ExperimentError) -> Self {
        use ExperimentError::{Backend, Report, Storage, Train, Trials, Weights};
        match error {
            Train(error) | Trials(TrialsError::Train(error)) => CliError::Train(error),
            Backend(error) => CliError::Train(error.into()),
            Storage(error) | Trials(TrialsError::Storage(error)) => CliError::Storage(error),
            Weights(error) => CliError::Weights(error),
            Report(error) => CliError::Report(error),
            error => CliError::Experiment(error),
        }
    }
}

impl CliError {
    /// Whether the command only failed because it was stopped.
    pub fn is_stopped(&self) -> bool {
        let is_stopped = |cause: &(dyn Error + 'static)| {
            matches!(cause.downcast_ref::<BackendError>(), Some(BackendError::Stopped))
        };
        matches!(self, CliError::Stopped | CliError::Experiment(ExperimentError::Interrupted))
            || successors(self.source(), |&cause| cause.source()).any(is_stopped)
    }

    /// Returns the exit code of the program.
    pub fn exit_code(&self) -> u8 {
        use BackendError::{Device, NoAdapter, NoSuchAdapter, OnlySoftware, Open};
        match self {
            CliError::Usage(_)
            | CliError::ConfigText { .. }
            | CliError::Sweep(_)
            | CliError::Search(_)
            | CliError::Tune(TuneError::OtherSearch { .. })
            | CliError::Report(FigureError::OtherData { .. })
            | CliError::SettingsMismatch { .. }
            | CliError::Bench(_) => 2,
            CliError::Train(TrainError::Config(_) | TrainError::Variant { .. }) => 2,
            CliError::Train(TrainError::Dataset(
                DatasetError::TooFewImages { .. }
                | DatasetError::TooManyValidationImages { .. }
                | DatasetError::SingleClassValidation { .. },
            )) => 2,
            CliError::Train(TrainError::Backend(
                NoAdapter
                | NoSuchAdapter { .. }
                | OnlySoftware { .. }
                | Open { .. }
                | Device { .. },
            )) => 3,
            _ => 1,
        }
    }

    /// Returns the message, one line per cause, and a hint if there is one.
    pub fn report(&self) -> String {
        let mut report = format!("error: {self}\n");
        for cause in successors(self.source(), |&cause| cause.source()) {
            let _ = writeln!(report, "caused by: {}", cause.to_string().trim_end());
        }
        if let Some(hint) = self.hint() {
            let _ = writeln!(report, "hint: {hint}");
        }
        truncate_lines(&report)
    }

    fn hint(&self) -> Option<String> {
        match self {
            CliError::Dataset(error) => dataset_hint(error).map(str::to_string),
            CliError::Fetch(FetchError::Dataset(error)) => dataset_hint(error).map(str::to_string),
            CliError::Train(TrainError::Dataset(error)) if error.hint().is_some() => {
                error.hint().map(str::to_string)
            }
            CliError::Fetch(FetchError::AllMirrorsFailed { .. }) => Some(
                "repeat the command to resume the download, or choose another server with --mirror"
                    .to_string(),
            ),
            CliError::Train(TrainError::Backend(error)) => backend_hint(error).map(str::to_string),
            CliError::Train(TrainError::Config(ConfigError { setting, .. })) => {
                Some(format!("change --{}", setting.replace('_', "-")))
            }
            CliError::Train(TrainError::Variant { .. }) => {
                Some("change --sweep, --search or the setting's flag".to_string())
            }
            CliError::Train(TrainError::Dataset(DatasetError::TooFewImages { set, .. })) => {
                let flag = if *set == "test" { "--test-images" } else { "--train-images" };
                Some(format!("change {flag}"))
            }
            CliError::Train(TrainError::Dataset(DatasetError::TooManyValidationImages { .. })) => {
                Some("change --validation-images".to_string())
            }
            CliError::Train(TrainError::Dataset(DatasetError::SingleClassValidation { .. })) => {
                Some("increase --validation-images".to_string())
            }
            CliError::Weights(WeightsError::Classes(_)) => Some(
                "use images of these classes; the names of folders or class_names.txt define the classes of a data set"
                    .to_string(),
            ),
            CliError::Weights(WeightsError::Pixels(error)) => error.hint().map(str::to_string),
            CliError::Weights(WeightsError::NoWeights { folder }) => Some(weights_hint(folder)),
            CliError::Bench(BenchError::Batch { .. }) => Some("change --batch-size".to_string()),
            CliError::Bench(BenchError::Length { setting, .. }) => {
                Some(format!("change --{setting}"))
            }
            CliError::Storage(StorageError::RunExists { .. }) => {
                Some("choose another folder with --out, or move this run".to_string())
            }
            CliError::Storage(StorageError::FolderInUse { .. }) => Some(
                "wait for the other program, or stop it with Ctrl-C: it saves a checkpoint"
                    .to_string(),
            ),
            CliError::Storage(StorageError::NoRun { .. }) => {
                Some("start a run with 'apical train --out DIR'".to_string())
            }
            CliError::Plot(error) => plot_hint(error),
            CliError::Report(FigureError::NoFolder { .. } | FigureError::NoResults { .. }) => {
                Some("run experiments with 'apical reproduce all --quick --out DIR'".to_string())
            }
            CliError::DataMismatch { .. } => {
                Some("if the run's images were moved, give their path with --data".to_string())
            }
            CliError::Data(TrainingDataError::NotFound { data, .. })
                if data.source == DataSource::Memory =>
            {
                Some("the images were in memory; give the path of a copy with --data".to_string())
            }
            CliError::Data(TrainingDataError::NotFound { .. }) => Some(
                "give their current path with --data".to_string(),
            ),
            CliError::Data(TrainingDataError::Changed { .. }) => Some(
                "give a copy of the original images with --data; 'apical test' and 'apical record' also accept other \
                 images"
                    .to_string(),
            ),
            CliError::Data(TrainingDataError::ClassNames { .. }) => Some(
                "restore the names of the class folders or the lines of class_names.txt; 'apical test --data' matches \
                 classes by name"
                    .to_string(),
            ),
            CliError::Data(TrainingDataError::Dataset { .. }) => {
                Some("repair it, or give a copy with --data".to_string())
            }
            CliError::Storage(StorageError::NoCheckpoint { .. }) => Some(
                "restore a copy of a checkpoint, or move the folder and start again with 'apical train \
                 --config DIR/config.toml --out ANOTHER'"
                    .to_string(),
            ),
            CliError::Storage(StorageError::RunInfo { .. }) => Some(
                "restore a copy of run.json, or start again with 'apical train \
                 --config DIR/config.toml --out ANOTHER'"
                    .to_string(),
            ),
            CliError::Storage(StorageError::InvalidLine { .. }) => Some(
                "back up the file and remove this line; the training is then repeated".to_string(),
            ),
            CliError::Weights(WeightsError::Checksum { .. } | WeightsError::NoChecksum { .. }) => Some(
                "use another copy of the file; if another program changed it intentionally, remove the metadata \
                 'sha256' and 'apical_version'"
                    .to_string(),
            ),
            CliError::SettingsMismatch { .. } => {
                Some("choose another folder with --out, or use the settings of the run".to_string())
            }
            #[cfg(feature = "tui")]
            CliError::Terminal(_) => Some("leave out --tui to print progress as lines".to_string()),
            CliError::Report(FigureError::OtherData { .. }) => {
                Some("choose another folder with --out".to_string())
            }
            CliError::Tune(TuneError::OtherSearch { .. }) => {
                Some("choose another folder with --out, or repeat that search".to_string())
            }
            CliError::Weights(WeightsError::NotSafetensors { .. }) => {
                Some("use the weights.safetensors of a run, or its folder".to_string())
            }
            CliError::Weights(WeightsError::Unfit { .. }) => {
                Some("give the training data set with --data, or scale the images of folders with --image-size"
                    .to_string())
            }
            _ => None,
        }
    }
}

fn plot_hint(error: &PlotError) -> Option<String> {
    match error {
        PlotError::NoFolder { .. } | PlotError::NoRun { .. } => {
            Some("create the folder of a run with 'apical train --out DIR'".to_string())
        }
        PlotError::File { folder } => {
            let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty());
            let parent = parent.map_or(".".to_string(), |parent| parent.display().to_string());
            Some(format!("use the folder: apical plot {parent}"))
        }
        PlotError::NoEpoch { .. } => {
            Some("wait for the first epoch to end, or train with --eval-every N".to_string())
        }
        _ => None,
    }
}

/// Returns a hint that names the weights in a run's folder.
fn weights_hint(folder: &str) -> String {
    let folder = Path::new(folder);
    let files = ["checkpoints/best.safetensors", "replica-000/weights.safetensors"];
    match files.map(|file| folder.join(file)).iter().find(|file| file.is_file()) {
        Some(file) => format!("use {}", file.display()),
        None => "use the weights.safetensors of a run".to_string(),
    }
}

fn dataset_hint(error: &DatasetError) -> Option<&str> {
    match error {
        DatasetError::Unreachable { .. }
        | DatasetError::NotADataset { .. }
        | DatasetError::NoDataset { .. }
        | DatasetError::MissingFile { .. } => Some(
            "use a folder with the four IDX files of MNIST or a related data set, folders of images, CSV or .npz \
             files; without --data, the embedded MNIST is used",
        ),
        error => error.hint(),
    }
}

fn backend_hint(error: &BackendError) -> Option<&'static str> {
    match error {
        BackendError::NoAdapter => Some(NO_ADAPTER_HINT),
        BackendError::NoSuchAdapter { .. } => Some("list the GPUs with 'apical devices'"),
        BackendError::Open { .. } => {
            Some("update the driver, choose another --device, or use --backend cpu")
        }
        BackendError::RecordingTooLarge { .. } => {
            Some("reduce the number of images, --layers, --units, --steps or --quantities")
        }
        BackendError::TooMuchMemory { .. } => Some(
            "reduce --batch-size, the layers or the number of networks; train --memory sets the limit",
        ),
        _ => None,
    }
}

/// Hint if no GPU was found.
pub(super) const NO_ADAPTER_HINT: &str = "\
    install the GPU's Vulkan driver (Linux: the vendor's, or mesa-vulkan-drivers, which includes a \
    software device), or use --backend cpu";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn report_has_causes_and_hint() {
        let config = ConfigError {
            setting: "phi_max",
            value: "2.0".to_string(),
            reason: "at most 1".to_string(),
        };
        let error = CliError::Train(TrainError::Config(config));
        let report = "error: invalid setting\n\
                      caused by: phi_max = 2.0: at most 1\n\
                      hint: change --phi-max\n";
        assert_eq!(error.report(), report);
        assert_eq!(error.exit_code(), 2);
    }
}
