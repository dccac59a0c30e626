//! Hints: what the user can do about an error.

use std::io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
use std::path::Path;

use super::CliError;
use apical::bench::BenchError;
use apical::config::{ConfigError, ConfigWarning};
use apical::dataset::{DataSource, DatasetError};
use apical::experiments::ExperimentError;
use apical::fetch::FetchError;
use apical::figures::FigureError;
use apical::interface::BackendError;
use apical::plots::PlotError;
use apical::run_dir::training_data::TrainingDataError;
use apical::run_dir::{StorageError, WeightsError};
use apical::train::TrainError;
use apical::tune::TuneError;

impl CliError {
    /// Returns what the user can do about the error.
    pub(super) fn hint(&self) -> Option<String> {
        let fixed = match self {
            CliError::Dataset(error) | CliError::Fetch(FetchError::Dataset(error)) => {
                dataset_hint(error)
            }
            CliError::Fetch(FetchError::AllMirrorsFailed { .. }) => Some(
                "repeat the command to resume the download, or choose another server with --mirror",
            ),
            CliError::Fetch(FetchError::Unsupported { .. }) => Some(
                "save the file in the folder of --out and repeat the command, or build apical with its default features",
            ),
            CliError::Storage(error) => storage_hint(error),
            CliError::Data(error) => training_data_hint(error),
            CliError::DataMismatch { .. } => {
                Some("if the run's images were moved, give their path with --data")
            }
            CliError::SettingsMismatch { .. } => {
                Some("choose another folder with --out, or use the settings of the run")
            }
            CliError::Report(FigureError::NoFolder { .. } | FigureError::NoResults { .. }) => {
                Some("run experiments with 'apical reproduce all --quick --out DIR'")
            }
            CliError::Experiment(ExperimentError::NoWeights { .. }) => {
                Some("choose another folder with --out, in which the network is trained")
            }
            CliError::Experiment(ExperimentError::NoTrainings) => {
                Some("train with the same command without --finished-only")
            }
            CliError::Report(FigureError::OtherData { .. }) => {
                Some("choose another folder with --out")
            }
            CliError::Tune(TuneError::OtherSearch { .. }) => {
                Some("choose another folder with --out, or repeat that search")
            }
            #[cfg(feature = "tui")]
            CliError::Terminal(_) => Some("leave out --tui to print progress as lines"),
            CliError::Bench(BenchError::Batch { .. }) => Some("change --batch-size"),
            CliError::Bench(BenchError::Length { setting, .. }) => {
                return Some(format!("change --{setting}"));
            }
            CliError::Train(error) => return train_hint(error),
            CliError::Weights(error) => return weights_hint(error),
            CliError::Plot(error) => return plot_hint(error),
            _ => None,
        };
        fixed.map(str::to_string)
    }
}

fn train_hint(error: &TrainError) -> Option<String> {
    let fixed = match error {
        TrainError::Config(ConfigError { setting, .. }) => {
            return Some(format!("change --{}", setting.replace('_', "-")));
        }
        TrainError::Variant { .. } => Some("change --sweep, --search or the setting's flag"),
        TrainError::Backend(error) => backend_hint(error),
        TrainError::Dataset(error) => error.hint().or(match error {
            DatasetError::TooFewImages { set: "test", .. } => Some("change --test-images"),
            DatasetError::TooFewImages { .. } => Some("change --train-images"),
            DatasetError::TooManyValidationImages { .. } => Some("change --validation-images"),
            DatasetError::SingleClassValidation { .. } => Some("increase --validation-images"),
            _ => None,
        }),
        _ => None,
    };
    fixed.map(str::to_string)
}

fn weights_hint(error: &WeightsError) -> Option<String> {
    let fixed = match error {
        WeightsError::NoWeights { folder } => return Some(weights_file_hint(folder)),
        WeightsError::Pixels(error) => error.hint(),
        WeightsError::Classes(_) => Some(
            "use images of these classes; the names of folders or class_names.txt define the classes of a data set",
        ),
        WeightsError::Checksum { .. } | WeightsError::NoChecksum { .. } => Some(
            "use another copy of the file; if another program changed it intentionally, remove the metadata 'sha256' \
             and 'apical_version'",
        ),
        WeightsError::NotSafetensors { .. } => {
            Some("use the weights.safetensors of a run, or its folder")
        }
        WeightsError::Unfit { .. } => Some(
            "give the training data set with --data, or scale the images of folders with --image-size",
        ),
        _ => None,
    };
    fixed.map(str::to_string)
}

/// Returns a hint that names the weights in a run's folder.
fn weights_file_hint(folder: &str) -> String {
    let folder = Path::new(folder);
    let files = ["checkpoints/best.safetensors", "replica-000/weights.safetensors"];
    match files.map(|file| folder.join(file)).iter().find(|file| file.is_file()) {
        Some(file) => format!("use {}", file.display()),
        None => "use the weights.safetensors of a run".to_string(),
    }
}

fn storage_hint(error: &StorageError) -> Option<&'static str> {
    match error {
        StorageError::Io { source, .. }
            if matches!(source.kind(), StorageFull | QuotaExceeded | FileTooLarge) =>
        {
            Some("free space or raise the quota, then resume: what was saved is valid")
        }
        StorageError::RunExists { .. } => {
            Some("choose another folder with --out, or move this run")
        }
        StorageError::FolderInUse { .. } => {
            Some("wait for the other program, or stop it with Ctrl-C: it saves a checkpoint")
        }
        StorageError::PartInUse { .. } => Some(
            "wait for the other process, or stop it; each part is trained by one process at a time",
        ),
        StorageError::OtherParts { .. } => Some(
            "give --part I/N with the N of the run, or leave out --part to resume all parts in one process",
        ),
        StorageError::NotExtendable { .. } => {
            Some("start a new run from its weights with --initial-weights")
        }
        StorageError::NotInSonata { .. } => {
            Some("record spikes, soma, basal or apical, or choose a name that ends in .npz")
        }
        StorageError::NoRun { .. } => Some("start a run with 'apical train --out DIR'"),
        StorageError::NoCheckpoint { .. } => Some(
            "restore a copy of a checkpoint, or move the folder and start again with 'apical train --config \
             DIR/config.toml --out ANOTHER'",
        ),
        StorageError::RunInfo { .. } => Some(
            "restore a copy of run.json, or start again with 'apical train --config DIR/config.toml --out ANOTHER'",
        ),
        StorageError::InvalidLine { .. } => {
            Some("back up the file and remove this line; the training is then repeated")
        }
        _ => None,
    }
}

fn training_data_hint(error: &TrainingDataError) -> Option<&'static str> {
    match error {
        TrainingDataError::NotFound { data, .. } if data.source == DataSource::Memory => {
            Some("the images were in memory; give the path of a copy with --data")
        }
        TrainingDataError::NotFound { .. } => Some("give their current path with --data"),
        TrainingDataError::Changed { .. } => Some(
            "give a copy of the original images with --data; 'apical test' and 'apical record' also accept other \
             images",
        ),
        TrainingDataError::ClassNames { .. } => Some(
            "restore the names of the class folders or the lines of class_names.txt; 'apical test --data' matches \
             classes by name",
        ),
        TrainingDataError::Dataset { .. } => Some("repair it, or give a copy with --data"),
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
        BackendError::TooManyRounds { .. } => Some(
            "use --backend cpu or a real GPU, or shorten the phase's averaging window with --averaging-window last20 \
             or --phase-ms",
        ),
        BackendError::RecordingTooLarge { .. } => {
            Some("reduce the number of images, --layers, --units, --steps or --quantities")
        }
        BackendError::TooMuchMemory { .. } => Some(
            "reduce --batch-size, the layers or the number of networks; train --memory sets the limit",
        ),
        _ => None,
    }
}

/// Returns what the user can do about a warning on settings.
pub(crate) fn warning_hint(warning: ConfigWarning) -> &'static str {
    match warning {
        ConfigWarning::OnlyHighestLayerLearns => "set --g-apical above 0, or --feedback broadcast",
        ConfigWarning::EventFeedbackLags => {
            "give --event-feedback cancelling, or --feedback-weights fixed --feedback-lr 0"
        }
    }
}

/// Hint if no GPU was found.
pub(crate) const NO_ADAPTER_HINT: &str = "\
    install the GPU's Vulkan driver (Linux: the vendor's, or mesa-vulkan-drivers, which includes a \
    software device), or use --backend cpu";
