//! The command `apical`: parse, run, print the error with its causes, exit code.

use std::io::Write;
use std::process::ExitCode;

use apical::cli::Cli;
use clap::Parser;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version too come this way. Whether anyone reads them is not our concern.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    match cli.run() {
        Ok(ending) => ExitCode::from(ending.exit_code()),
        Err(error) => {
            let _ = write!(std::io::stderr(), "{}", error.report());
            ExitCode::from(error.exit_code())
        }
    }
}
