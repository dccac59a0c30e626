//! Errors of commands, with exit codes and hints.

mod hint;

use std::error::Error;
use std::fmt::Write;
use std::io;
use std::iter::successors;
use std::path::PathBuf;

use thiserror::Error;

use apical::bench::BenchError;
use apical::config::SweepError;
use apical::config::file::ConfigTextError;
use apical::dataset::{DataIdentity, DatasetError};
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
pub(super) use hint::{NO_ADAPTER_HINT, warning_hint};

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
            | CliError::Storage(StorageError::OtherParts { .. })
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use apical::config::ConfigError;

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
