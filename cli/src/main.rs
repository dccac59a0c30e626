//! The command `apical`: parses arguments, runs a command and prints errors with their causes. Standard output holds
//! results, standard error progress and errors. All computation is in the library.

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
mod settings;
mod shared_args;
mod shell;
mod signals;
mod test;
mod train;
#[cfg_attr(not(feature = "tui"), path = "tui_stub.rs")]
mod tui;
mod tune;
mod weights;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

use cli::{Cli, EXIT_CODES, ExitStatus};
use error::CliError;

/// Disables Mesa's device selection layer, which prints spurious errors without a desktop session.
fn silence_mesa_layer() {
    if cfg!(target_os = "linux") && std::env::var_os("XDG_RUNTIME_DIR").is_none() {
        // SAFETY: no other thread exists yet that could read the environment.
        unsafe { std::env::set_var("NODEVICE_SELECT", "1") };
    }
}

/// Makes all threads share one malloc arena if the address space is limited (`ulimit -v`). The GNU C library reserves
/// 64 MiB of addresses per thread, which arrays need.
fn limit_malloc_arenas() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    if apical::memory::has_address_limit() {
        // SAFETY: no other thread exists yet that could allocate.
        unsafe { libc::mallopt(libc::M_ARENA_MAX, 1) };
    }
}

fn main() -> ExitCode {
    silence_mesa_layer();
    limit_malloc_arenas();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are errors, too. Ignore a closed output.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    let ending = match (cli.run(), signals::signal()) {
        (Err(error), Some(signal)) if error.is_stopped() => {
            output::eprint_line("stopped");
            Ok(ExitStatus::Stopped(signal))
        }
        (ending, _) => ending,
    };
    match ending {
        Ok(ending) => ExitCode::from(ending.exit_code()),
        Err(error) => {
            let _ = write!(std::io::stderr(), "{}", error.report());
            ExitCode::from(error.exit_code())
        }
    }
}
