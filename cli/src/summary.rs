//! `apical summary`: collects the results of a run of many networks.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::output::{Output, eprint_line};
use super::train::tables;
use super::{CliError, EXIT_CODES, ExitStatus};
use apical::run_dir::collect::{CollectedRun, MissingNetwork, collect};
use apical::run_dir::file_names::{SUMMARY_CSV, SUMMARY_JSON, replica_folder};
use apical::run_dir::replica_summary::CombinationResult;

/// Collect the results of a run of many networks, also while parts of it are trained
///
/// Reads the folder of each network and writes summary.json and summary.csv. Lists the networks without a result on
/// standard error. Repeating the command changes nothing unless more networks have ended.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(super) struct SummaryArgs {
    /// Folder of a run with --sweep or --replicas
    #[arg(value_name = "DIR")]
    folder: PathBuf,

    /// Print the result as one JSON object
    #[arg(long)]
    json: bool,
}

/// Number of networks without a result that are listed.
const LISTED: usize = 20;

/// Result of the command as JSON.
#[derive(Serialize)]
struct SummaryJson<'a> {
    networks: usize,
    finished: usize,
    combinations: &'a [CombinationResult],
    missing: &'a [MissingNetwork],
}

pub(super) fn run(arguments: &SummaryArgs) -> Result<ExitStatus, CliError> {
    let SummaryArgs { folder, json } = arguments;
    let run = collect(folder)?;
    if !run.info.is_of_many() {
        let message = format!("{}: expected a run of many networks", folder.display());
        return Err(CliError::Usage(message));
    }
    let output = Output::default();
    if *json {
        output.print_json(&SummaryJson {
            networks: run.networks(),
            finished: run.summary.replicas.len(),
            combinations: &run.summary.combinations,
            missing: &run.missing,
        })?;
    } else {
        print(&output, &run)?;
    }
    print_missing(&run);
    run.summary.save(folder)?;
    if !json {
        for name in [SUMMARY_JSON, SUMMARY_CSV] {
            output.print(format_args!("written     {}", folder.join(name).display()))?;
        }
    }
    Ok(if run.missing.is_empty() { ExitStatus::Done } else { ExitStatus::Incomplete })
}

/// Prints a table of the combinations of swept settings.
fn print(output: &Output, run: &CollectedRun) -> Result<(), CliError> {
    let eval_set = if run.info.config.validation_images > 0 { "validation" } else { "test" };
    output.print(format_args!(
        "{}\n\nfinished    {} of {} networks",
        tables::combinations(&run.summary.combinations, eval_set),
        run.summary.replicas.len(),
        run.networks()
    ))
}

/// Lists the networks without a result on standard error.
fn print_missing(run: &CollectedRun) {
    let epochs = run.info.config.epochs;
    for &MissingNetwork { replica, part, epochs: done } in run.missing.iter().take(LISTED) {
        let state = match done {
            None => "not started".to_string(),
            Some(done) if done >= epochs => "trained, without its weights or result".to_string(),
            Some(done) => format!("{done} of {epochs} epochs done"),
        };
        let part = match run.info.parts {
            1 => String::new(),
            parts => format!(" (part {part}/{parts})"),
        };
        eprint_line(format_args!("missing: {}: {state}{part}", replica_folder(replica)));
    }
    if run.missing.len() > LISTED {
        eprint_line(format_args!("missing: {} more networks", run.missing.len() - LISTED));
    }
}
