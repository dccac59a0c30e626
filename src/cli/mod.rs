//! The command `apical`: what it takes and what it says. Standard output holds results, standard
//! error progress and failures. Nothing is computed here.

mod bench;
mod compare;
mod devices;
mod error;
mod machine;
mod output;
mod plot;
mod progress;
mod record;
mod replicas;
mod report;
mod reproduce;
mod settings;
mod test;
mod train;
mod tui;
mod tune;

pub use error::CliError;

use clap::{Parser, Subcommand};

/// For people who call the command from scripts.
const EXIT_CODES: &str = "\
Exit codes:
  0  done; for compare: identical
  1  failed
  2  the command line or a setting is wrong
  3  no usable device
  4  compare: not equal";

/// Trains and studies networks of neurons with segregated dendrites, with the same bits on every GPU
/// and on the CPU
#[derive(Debug, Parser)]
#[command(name = "apical", version, after_help = EXIT_CODES)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Train a network, or many side by side, and test after each epoch
    Train(Box<train::TrainArgs>),
    /// Test a trained network
    Test(test::TestArgs),
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
}

/// How a command ended that did what it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    Done,
    /// `compare` found a difference.
    NotEqual,
}

impl Ending {
    pub fn exit_code(self) -> u8 {
        match self {
            Ending::Done => 0,
            Ending::NotEqual => 4,
        }
    }
}

impl Cli {
    /// Does what the command line asks.
    ///
    /// # Errors
    /// When that fails, with all causes.
    pub fn run(&self) -> Result<Ending, CliError> {
        match &self.command {
            Command::Train(arguments) => train::run(arguments).map(|()| Ending::Done),
            Command::Test(arguments) => test::run(arguments).map(|()| Ending::Done),
            Command::Tune(arguments) => tune::run(arguments).map(|()| Ending::Done),
            Command::Record(arguments) => record::run(arguments).map(|()| Ending::Done),
            Command::Reproduce(arguments) => reproduce::run(arguments).map(|()| Ending::Done),
            Command::Report(arguments) => report::run(arguments).map(|()| Ending::Done),
            Command::Plot(arguments) => plot::run(arguments).map(|()| Ending::Done),
            Command::Devices(arguments) => devices::run(arguments).map(|()| Ending::Done),
            Command::Compare(arguments) => compare::run(arguments),
            Command::Bench(arguments) => bench::run(arguments).map(|()| Ending::Done),
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
