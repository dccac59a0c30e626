//! Command-line interface: subcommands, global flags and exit codes.

use std::sync::LazyLock;

use apical::cpu::Width;
use clap::{Parser, Subcommand};

use crate::error::CliError;
use crate::output::{self, Verbosity};
use crate::signals::{self, SIGNAL_EXIT_BASE};
use crate::{
    bench, compare, config, data, devices, plot, predict, record, report, reproduce, sbatch, shell,
    summary, test, train, tune,
};

/// Exit code after the time of `--stop-after`: EX_TEMPFAIL of sysexits.h, which invites to repeat the command.
pub(crate) const EXIT_STOP_AFTER: u8 = 75;

/// Exit codes, for scripts.
pub(crate) const EXIT_CODES: &str = "\
Exit codes:
  0  done; for compare: identical
  1  failed
  2  invalid command line or setting
  3  no usable device
  4  compare: not equal
  5  summary: networks without a result
  75  stopped by --stop-after after saving: repeat the command to resume
  128+N  stopped by signal N after saving: 130 Ctrl-C, 143 SIGTERM, 129 SIGHUP, 138 SIGUSR1, 140 SIGUSR2
  137  stopped by a third Ctrl-C without saving";

/// Version for bug reports, with the width of the CPU's vectors.
static LONG_VERSION: LazyLock<String> = LazyLock::new(|| {
    let [version, commit] = [env!("CARGO_PKG_VERSION"), env!("APICAL_COMMIT")];
    let (wgpu, simd) = (env!("APICAL_WGPU"), Width::current().name());
    format!("{version} (commit {commit}, wgpu {wgpu}, {simd})")
});

/// Train and study networks of neurons with segregated dendrites; the CPU and every GPU compute equal bits
#[derive(Debug, Parser)]
#[command(name = "apical", version, long_version = LONG_VERSION.as_str(), after_help = EXIT_CODES)]
pub(crate) struct Cli {
    /// Print only errors on standard error
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    quiet: bool,

    /// Print progress every second if standard error is not a terminal
    #[arg(short, long, global = true)]
    verbose: bool,

    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Train one or more networks and evaluate them after each epoch
    Train(Box<train::TrainArgs>),
    /// Collect the results of a run of many networks, also while parts of it are trained
    Summary(summary::SummaryArgs),
    /// Print all settings as a commented TOML file
    Config(config::ConfigArgs),
    /// Test a trained network
    Test(test::TestArgs),
    /// Classify images with a trained network
    Predict(predict::PredictArgs),
    /// Summarize and check a data set, or fetch one
    Data(data::DataCommand),
    /// Search for settings with images held out of the training set
    Tune(Box<tune::TuneArgs>),
    /// Record the activity of a trained network while it processes images
    Record(record::RecordArgs),
    /// Plot a run: learning curves, confusion matrix, receptive fields, weights, spike raster
    Plot(plot::PlotArgs),
    /// Reproduce the paper's experiments and compare the results with the paper
    Reproduce(reproduce::ReproduceArgs),
    /// Print a job script of Slurm for a command, without submitting it
    Sbatch(sbatch::SbatchArgs),
    /// Write one HTML page for a folder of experiments
    Report(report::ReportArgs),
    /// List GPUs and test whether they compute the same bits as the CPU
    Devices(devices::DevicesArgs),
    /// Train on the CPU and on a GPU and compare every value
    Compare(Box<compare::CompareArgs>),
    /// Measure training and test speed, also relative to the device's roofline
    Bench(Box<bench::BenchArgs>),
    /// Print a shell completion script
    Completions(shell::CompletionsArgs),
    /// Print the manual page, or write the pages of all commands
    Man(shell::ManArgs),
}

/// Result of a command that did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ExitStatus {
    Done,
    /// `compare` found a difference.
    NotEqual,
    /// `summary` found networks without a result.
    Incomplete,
    /// Stopped by `--stop-after`.
    TimeIsUp,
    /// Stopped by this signal.
    Stopped(u8),
}

impl ExitStatus {
    pub fn exit_code(self) -> u8 {
        match self {
            ExitStatus::Done => 0,
            ExitStatus::NotEqual => 4,
            ExitStatus::Incomplete => 5,
            ExitStatus::TimeIsUp => EXIT_STOP_AFTER,
            ExitStatus::Stopped(signal) => SIGNAL_EXIT_BASE + signal,
        }
    }
}

impl Cli {
    pub fn subcommand(&self) -> &Command {
        &self.command
    }

    /// Runs the command.
    ///
    /// # Errors
    /// Returns the command's error, with its causes.
    pub fn run(&self) -> Result<ExitStatus, CliError> {
        match (self.quiet, self.verbose) {
            (true, _) => output::set_verbosity(Verbosity::Quiet),
            (_, true) => output::set_verbosity(Verbosity::Verbose),
            _ => {}
        }
        // An invalid APICAL_SIMD is refused before any work.
        Width::choose().map_err(|error| CliError::Usage(error.to_string()))?;
        signals::install_handlers()?;
        match &self.command {
            Command::Train(arguments) => train::run(arguments),
            Command::Summary(arguments) => summary::run(arguments),
            Command::Config(arguments) => config::run(arguments).map(|()| ExitStatus::Done),
            Command::Test(arguments) => test::run(arguments).map(|()| ExitStatus::Done),
            Command::Predict(arguments) => predict::run(arguments).map(|()| ExitStatus::Done),
            Command::Data(arguments) => data::run(arguments).map(|()| ExitStatus::Done),
            Command::Tune(arguments) => tune::run(arguments),
            Command::Record(arguments) => record::run(arguments).map(|()| ExitStatus::Done),
            Command::Reproduce(arguments) => reproduce::run(arguments).map(|()| ExitStatus::Done),
            Command::Sbatch(arguments) => sbatch::run(arguments).map(|()| ExitStatus::Done),
            Command::Report(arguments) => report::run(arguments).map(|()| ExitStatus::Done),
            Command::Plot(arguments) => plot::run(arguments).map(|()| ExitStatus::Done),
            Command::Devices(arguments) => devices::run(arguments).map(|()| ExitStatus::Done),
            Command::Compare(arguments) => compare::run(arguments),
            Command::Bench(arguments) => bench::run(arguments).map(|()| ExitStatus::Done),
            Command::Completions(arguments) => {
                shell::completions(arguments).map(|()| ExitStatus::Done)
            }
            Command::Man(arguments) => shell::man(arguments).map(|()| ExitStatus::Done),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn cli_definition_is_consistent() {
        Cli::command().debug_assert();
    }
}
