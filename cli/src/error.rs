//! What went wrong, in words that say what to do next.

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
use apical::layout::BackendError;
use apical::plots::PlotError;
use apical::run_dir::training_data::TrainingDataError;
use apical::run_dir::{StorageError, WeightsError};
use apical::train::TrainError;
use apical::trials::TrialsError;
use apical::tune::{SearchError, TuneError};

use super::output::truncate_lines;

/// Why a command failed.
#[derive(Debug, Error)]
pub enum CliError {
    #[error("{0}")]
    Usage(String),
    #[error("{}: the settings cannot be read", .path.display())]
    ConfigFile { path: PathBuf, source: io::Error },
    #[error("{}: these settings cannot be", .path.display())]
    ConfigText { path: PathBuf, source: Box<ConfigTextError> },
    #[error("this sweep cannot be")]
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
    #[error("this search cannot be")]
    Search(#[from] SearchError),
    #[error(transparent)]
    Tune(TuneError),
    #[error(transparent)]
    Report(#[from] FigureError),
    #[error(transparent)]
    Experiment(ExperimentError),
    #[error(transparent)]
    Plot(PlotError),
    #[error("a result has no CSV")]
    Csv(#[from] csv::Error),
    #[error("these settings have no TOML")]
    Toml(#[from] toml::ser::Error),
    #[error("a result has no JSON")]
    Json(#[from] serde_json::Error),
    #[error("{}: cannot use other images than those of the run: it was trained on {}, this is {}", .folder.display(), .data[0], .data[1])]
    DataMismatch { folder: PathBuf, data: Box<[DataIdentity; 2]> },
    #[error(transparent)]
    Data(#[from] TrainingDataError),
    #[error("{}: the run in this folder has other settings: {difference}", .folder.display())]
    SettingsMismatch { folder: PathBuf, difference: String },
    #[error("{}: the manual pages cannot be written", .folder.display())]
    ManPages { folder: PathBuf, source: io::Error },
    /// By a signal, before there was anything to save.
    #[error("stopped")]
    Stopped,
    #[error("cannot handle signals")]
    Signals(#[source] io::Error),
    #[error("standard output cannot be written")]
    Output(#[source] io::Error),
    #[error("standard input cannot be read")]
    Input(#[source] io::Error),
    #[cfg(feature = "tui")]
    #[error("this terminal cannot show a dashboard")]
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
    /// Whether a stop is all that went wrong.
    pub fn is_stopped(&self) -> bool {
        let is_stopped = |cause: &(dyn Error + 'static)| {
            matches!(cause.downcast_ref::<BackendError>(), Some(BackendError::Stopped))
        };
        matches!(self, CliError::Stopped | CliError::Experiment(ExperimentError::Interrupted))
            || successors(self.source(), |&cause| cause.source()).any(is_stopped)
    }

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

    /// The error, each of its causes on its own line, and what to do where that is known.
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
                "the same command goes on where it broke off; --mirror names another place"
                    .to_string(),
            ),
            CliError::Train(TrainError::Backend(error)) => backend_hint(error).map(str::to_string),
            CliError::Train(TrainError::Config(ConfigError { setting, .. })) => {
                Some(format!("--{} sets it", setting.replace('_', "-")))
            }
            CliError::Train(TrainError::Variant { .. }) => {
                Some("--sweep or --search sets it, and all other settings have flags".to_string())
            }
            CliError::Train(TrainError::Dataset(DatasetError::TooFewImages { set, .. })) => {
                let flag = if *set == "test" { "--test-images" } else { "--train-images" };
                Some(format!("{flag} sets it"))
            }
            CliError::Train(TrainError::Dataset(DatasetError::TooManyValidationImages { .. })) => {
                Some("--validation-images sets it".to_string())
            }
            CliError::Train(TrainError::Dataset(DatasetError::SingleClassValidation { .. })) => {
                Some("hold out more images: --validation-images sets how many".to_string())
            }
            CliError::Weights(WeightsError::Classes(_)) => Some(
                "name images of these classes; folders and class_names.txt name the classes of a data set"
                    .to_string(),
            ),
            CliError::Weights(WeightsError::Pixels(error)) => error.hint().map(str::to_string),
            CliError::Weights(WeightsError::NoWeights { folder }) => Some(weights_hint(folder)),
            CliError::Bench(BenchError::Batch { .. }) => Some("--batch-size sets it".to_string()),
            CliError::Bench(BenchError::Length { setting, .. }) => {
                Some(format!("--{setting} sets it"))
            }
            CliError::Storage(StorageError::RunExists { .. }) => {
                Some("name another folder with --out, or move this run away".to_string())
            }
            CliError::Storage(StorageError::FolderInUse { .. }) => Some(
                "wait until it has ended, or stop it with Ctrl-C: it keeps what it has learned"
                    .to_string(),
            ),
            CliError::Storage(StorageError::NoRun { .. }) => {
                Some("'apical train --out DIR' begins one".to_string())
            }
            CliError::Plot(error) => plot_hint(error),
            CliError::Report(FigureError::NoFolder { .. } | FigureError::NoResults { .. }) => {
                Some("'apical reproduce all --quick --out DIR' writes experiments into a folder".to_string())
            }
            CliError::DataMismatch { .. } => {
                Some("--data names the place of the run's images if they have moved".to_string())
            }
            CliError::Data(TrainingDataError::NotFound { data, .. })
                if data.source == DataSource::Memory =>
            {
                Some("they were in the memory of a program: --data names a copy".to_string())
            }
            CliError::Data(TrainingDataError::NotFound { .. }) => Some(
                "--data names the place that they are in now, on this machine".to_string(),
            ),
            CliError::Data(TrainingDataError::Changed { .. }) => Some(
                "--data names a copy of the former images; 'apical test' and 'apical record' take other images with \
                 --data, too"
                    .to_string(),
            ),
            CliError::Data(TrainingDataError::ClassNames { .. }) => Some(
                "give the folders of classes, or the lines of class_names.txt, their former names; 'apical test --data' \
                 matches classes by name"
                    .to_string(),
            ),
            CliError::Data(TrainingDataError::Dataset { .. }) => {
                Some("mend it, or name a copy with --data".to_string())
            }
            CliError::Storage(StorageError::NoCheckpoint { .. }) => Some(
                "put back a copy of a checkpoint, or move the folder away and begin the run again: 'apical train \
                 --config DIR/config.toml --out ANOTHER'"
                    .to_string(),
            ),
            CliError::Storage(StorageError::RunInfo { .. }) => Some(
                "without run.json the run cannot go on: put back a copy, or begin it again with 'apical train \
                 --config DIR/config.toml --out ANOTHER'"
                    .to_string(),
            ),
            CliError::Storage(StorageError::InvalidLine { .. }) => Some(
                "remove this line, and keep a copy of the file: the training it was of is done again".to_string(),
            ),
            CliError::Weights(WeightsError::Checksum { .. } | WeightsError::NoChecksum { .. }) => Some(
                "take another copy of the file; if another program changed it on purpose, let it leave out the \
                 metadata 'sha256' and 'apical_version'"
                    .to_string(),
            ),
            CliError::SettingsMismatch { .. } => {
                Some("name another folder with --out, or repeat the settings of the run".to_string())
            }
            #[cfg(feature = "tui")]
            CliError::Terminal(_) => Some("without --tui progress comes in lines".to_string()),
            CliError::Report(FigureError::OtherData { .. }) => {
                Some("name another folder with --out".to_string())
            }
            CliError::Tune(TuneError::OtherSearch { .. }) => {
                Some("name another folder with --out, or repeat that search".to_string())
            }
            CliError::Weights(WeightsError::NotSafetensors { .. }) => {
                Some("give the weights.safetensors of a run, or the folder that holds it".to_string())
            }
            CliError::Weights(WeightsError::Unfit { .. }) => {
                Some("--data names the folder of the data set that it was trained on; --image-size scales the images of \
                 folders"
                    .to_string())
            }
            _ => None,
        }
    }
}

fn plot_hint(error: &PlotError) -> Option<String> {
    match error {
        PlotError::NoFolder { .. } | PlotError::NoRun { .. } => {
            Some("'apical train --out DIR' writes the folder of a run".to_string())
        }
        PlotError::File { folder } => {
            let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty());
            let parent = parent.map_or(".".to_string(), |parent| parent.display().to_string());
            Some(format!("name the folder: apical plot {parent}"))
        }
        PlotError::NoEpoch { .. } => Some(
            "wait for the test after the first epoch, or train with --eval-every N".to_string(),
        ),
        _ => None,
    }
}

/// Where the weights of a run's folder are.
fn weights_hint(folder: &str) -> String {
    let folder = Path::new(folder);
    let files = ["checkpoints/best.safetensors", "replica-000/weights.safetensors"];
    match files.map(|file| folder.join(file)).iter().find(|file| file.is_file()) {
        Some(file) => format!("this folder has {}", file.display()),
        None => "name the weights.safetensors of a run".to_string(),
    }
}

fn dataset_hint(error: &DatasetError) -> Option<&str> {
    match error {
        DatasetError::Unreachable { .. }
        | DatasetError::NotADataset { .. }
        | DatasetError::NoDataset { .. }
        | DatasetError::MissingFile { .. } => Some(
            "--data takes a folder with the four IDX files of MNIST or one of its relatives, folders of \
             images, CSV or .npz files; without it the MNIST inside the program is taken",
        ),
        error => error.hint(),
    }
}

fn backend_hint(error: &BackendError) -> Option<&'static str> {
    match error {
        BackendError::NoAdapter => Some(NO_ADAPTER_HINT),
        BackendError::NoSuchAdapter { .. } => Some("'apical devices' lists them"),
        BackendError::Open { .. } => {
            Some("update the driver, choose another --device, or compute with --backend cpu")
        }
        BackendError::RecordingTooLarge { .. } => Some(
            "fewer images fit, or a part of each: --layers, --units, --steps and --quantities choose it",
        ),
        BackendError::TooMuchMemory { .. } => Some(
            "a smaller minibatch or layer fits, or fewer networks; train --memory tells what may be \
                 taken",
        ),
        _ => None,
    }
}

/// What to do where no GPU answers.
pub(super) const NO_ADAPTER_HINT: &str = "\
    install the GPU's Vulkan driver (Linux: the vendor's, or mesa-vulkan-drivers, which brings a \
    software device too), or compute with --backend cpu";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_holds_every_cause_and_the_hint() {
        let config = ConfigError {
            setting: "phi_max",
            value: "2.0".to_string(),
            reason: "at most 1".to_string(),
        };
        let error = CliError::Train(TrainError::Config(config));
        let report = "error: this setting cannot be\n\
                      caused by: phi_max = 2.0: at most 1\n\
                      hint: --phi-max sets it\n";
        assert_eq!(error.report(), report);
        assert_eq!(error.exit_code(), 2);
    }
}
