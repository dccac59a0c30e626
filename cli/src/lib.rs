//! The command `apical` as a function, for the program and for the Python package. It parses arguments, runs a command
//! and prints errors with their causes. Standard output holds results, standard error progress and errors. All
//! computation is in the library.

mod bench;
mod cli;
mod compare;
mod config;
mod data;
mod devices;
#[cfg(test)]
mod docs_tests;
mod error;
mod fetch;
mod output;
mod plot;
mod predict;
mod progress;
mod record;
mod report;
mod reproduce;
mod run_data;
mod sbatch;
mod settings;
mod shared_args;
mod shell;
mod signals;
mod spike_args;
mod summary;
mod test;
mod train;
#[cfg_attr(not(feature = "tui"), path = "tui_stub.rs")]
mod tui;
mod tune;
mod weights;

use std::ffi::OsString;
use std::io::Write;

use clap::Parser;

use cli::{Cli, EXIT_CODES, ExitStatus};
use error::CliError;

/// Runs the command with these arguments, the first of which is the program's name. Returns the exit code.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are errors, too. Ignore a closed output.
            let _ = error.print();
            return if error.use_stderr() { 2 } else { 0 };
        }
    };
    let ending = match (cli.run(), signals::stop_status()) {
        (Err(error), Some(status)) if error.is_stopped() => {
            output::eprint_line("stopped");
            Ok(status)
        }
        (ending, _) => ending,
    };
    match ending {
        Ok(ending) => ending.exit_code(),
        Err(error) => {
            let _ = write!(std::io::stderr(), "{}", error.report());
            error.exit_code()
        }
    }
}
