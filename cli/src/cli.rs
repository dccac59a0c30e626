//! What the command line takes.

use clap::{Parser, Subcommand};

use crate::error::CliError;
use crate::output::{self, Verbosity};
use crate::signals::{self, SIGNAL_EXIT_BASE};
use crate::{
    bench, compare, config, data, devices, plot, predict, record, report, reproduce, shell, test,
    train, tune,
};

/// For people who call the command from scripts.
pub(crate) const EXIT_CODES: &str = "\
Exit codes:
  0  done; for compare: identical
  1  failed
  2  the command line or a setting is wrong
  3  no usable device
  4  compare: not equal
  128+N  stopped by signal N, with all kept that was learned: 130 Ctrl-C, 143 SIGTERM, 129 SIGHUP,
         138 SIGUSR1, 140 SIGUSR2
  137  ended by a third Ctrl-C, without saving";

/// What bug reports need.
const LONG_VERSION: &str = concat!(
    env!("CARGO_PKG_VERSION"),
    " (commit ",
    env!("APICAL_COMMIT"),
    ", wgpu ",
    env!("APICAL_WGPU"),
    ")"
);

/// Trains and studies networks of neurons with segregated dendrites, with the same bits on every GPU
/// and on the CPU
#[derive(Debug, Parser)]
#[command(name = "apical", version, long_version = LONG_VERSION, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    /// Say nothing on standard error but errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    quiet: bool,

    /// Tell of progress every second, where standard error is no terminal
    #[arg(short, long, global = true)]
    verbose: bool,

    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Train a network, or many side by side, and test after each epoch
    Train(Box<train::TrainArgs>),
    /// Print all settings as a file, with what they mean
    Config(config::ConfigArgs),
    /// Test a trained network
    Test(test::TestArgs),
    /// Say what images show, as a trained network sees them
    Predict(predict::PredictArgs),
    /// Look at a data set: shapes, images of each class, what is odd in it; or fetch one
    Data(data::DataCommand),
    /// Search settings on images held out of the training set
    Tune(Box<tune::TuneArgs>),
    /// Show a trained network images, and write down what its neurons do
    Record(record::RecordArgs),
    /// Draw a run: learning curves, confusion matrix, receptive fields, weights, a raster
    Plot(plot::PlotArgs),
    /// Do the experiments of the paper, and put their numbers beside the paper's
    Reproduce(reproduce::ReproduceArgs),
    /// Put the experiments of a folder into one HTML page
    Report(report::ReportArgs),
    /// List the GPUs, and whether their arithmetic gives the CPU's bits
    Devices(devices::DevicesArgs),
    /// Train on the CPU and on a GPU side by side, and compare every value
    Compare(Box<compare::CompareArgs>),
    /// Measure how fast networks train and test, as a share of what the device can do
    Bench(Box<bench::BenchArgs>),
    /// Print a file of completions for a shell
    Completions(shell::CompletionsArgs),
    /// Print the manual page, or write those of all commands
    Man(shell::ManArgs),
}

/// How a command ended that did what it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ExitStatus {
    Done,
    /// `compare` found a difference.
    NotEqual,
    /// A signal asked for an end.
    Stopped(u8),
}

impl ExitStatus {
    pub fn exit_code(self) -> u8 {
        match self {
            ExitStatus::Done => 0,
            ExitStatus::NotEqual => 4,
            ExitStatus::Stopped(signal) => SIGNAL_EXIT_BASE + signal,
        }
    }
}

impl Cli {
    /// Does what the command line asks.
    ///
    /// # Errors
    /// When that fails, with all causes.
    pub fn run(&self) -> Result<ExitStatus, CliError> {
        match (self.quiet, self.verbose) {
            (true, _) => output::set_verbosity(Verbosity::Quiet),
            (_, true) => output::set_verbosity(Verbosity::Verbose),
            _ => {}
        }
        signals::install_handlers()?;
        match &self.command {
            Command::Train(arguments) => train::run(arguments),
            Command::Config(arguments) => config::run(arguments).map(|()| ExitStatus::Done),
            Command::Test(arguments) => test::run(arguments).map(|()| ExitStatus::Done),
            Command::Predict(arguments) => predict::run(arguments).map(|()| ExitStatus::Done),
            Command::Data(arguments) => data::run(arguments).map(|()| ExitStatus::Done),
            Command::Tune(arguments) => tune::run(arguments),
            Command::Record(arguments) => record::run(arguments).map(|()| ExitStatus::Done),
            Command::Reproduce(arguments) => reproduce::run(arguments).map(|()| ExitStatus::Done),
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
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
