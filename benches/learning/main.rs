//! Error and speed of learning with each recipe, and of the paper's networks trained as in the paper.
//!
//! `cargo bench -p apical-benches --bench learning -- --train` trains the networks that
//! `benches/results/learning/trials.jsonl` lacks, and writes `benches/results/learning.md` with its figure. This takes
//! hours on two cores; an interrupted run continues. Without `--train` it only writes the report.

mod curves;
mod paper;
mod recipes;
mod rows;
mod table;

use std::collections::BTreeSet;
use std::error::Error;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use apical::dataset::Dataset;
use apical::device::DeviceOptions;
use apical::figures::Render;
use apical::run_dir::TrialStore;
use apical::train::Event;
use apical::trial_cache::{self, TrialEvent};
use clap::Parser;

use paper::Retests;
use rows::{ReportRow, RowResult};

/// Minimum time between two progress lines.
const LINE_EVERY: Duration = Duration::from_secs(30);

#[derive(Parser)]
struct Arguments {
    /// Train missing networks before writing the report
    #[arg(long)]
    train: bool,

    /// Train only rows whose name contains this
    #[arg(long, default_value = "")]
    only: String,

    /// Number of networks trained together
    #[arg(long, default_value_t = 2)]
    together: usize,

    /// Threads of the CPU backend (0: one per core)
    #[arg(long, default_value_t = 0)]
    threads: usize,

    /// Folder of learning.md and learning/
    #[arg(long, default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/results"))]
    out: PathBuf,

    /// Passed by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let folder = arguments.out.join("learning");
    fs::create_dir_all(&folder)?;
    let mut trials = TrialStore::open(&folder.join("trials.jsonl"))?;
    let mut retests = Retests::open(&folder.join("retests.jsonl"))?;
    let dataset = Dataset::mnist()?;
    let rows = rows::all();
    if arguments.train {
        for row in rows.iter().filter(|row| row.name.contains(&arguments.only)) {
            train(row, &arguments, &mut trials, &mut retests, &dataset)?;
        }
    }
    write(&arguments.out, &folder, &rows, &trials, &retests, &dataset)
}

/// Trains the missing networks of a row.
fn train(
    row: &ReportRow,
    arguments: &Arguments,
    trials: &mut TrialStore,
    retests: &mut Retests,
    dataset: &Dataset,
) -> Result<(), Box<dyn Error>> {
    let options = DeviceOptions { threads: arguments.threads, ..DeviceOptions::default() };
    let mut last = Instant::now();
    let mut failure = None;
    let together = arguments.together;
    trial_cache::run(trials, &row.configs, dataset, &options, together, &mut |event| {
        match event {
            TrialEvent::Device { device } => {
                eprintln!("{}: {} on {}", row.name, device.backend, device.name);
            }
            TrialEvent::Progress { progress: Event::Progress { epoch, images, .. }, .. }
                if last.elapsed() > LINE_EVERY =>
            {
                last = Instant::now();
                eprintln!("{}: epoch {epoch}, {images} images", row.name);
            }
            TrialEvent::Progress { .. } => {}
            TrialEvent::Trained { trial, network } => {
                eprintln!("{}: seed {}, {:.2} %", row.name, trial.config.seed, trial.test_error());
                if row.reported.is_some()
                    && let Err(error) = retests.add(trial, network, dataset, &options)
                {
                    failure = Some(error);
                    return ControlFlow::Break(());
                }
            }
        }
        ControlFlow::Continue(())
    })?;
    failure.map_or(Ok(()), Err)
}

/// Writes the report, the CSV file and the figure.
fn write(
    out: &Path,
    folder: &Path,
    rows: &[ReportRow],
    trials: &TrialStore,
    retests: &Retests,
    dataset: &Dataset,
) -> Result<(), Box<dyn Error>> {
    let rows: Vec<RowResult> = rows.iter().map(|row| RowResult::of(row, trials, dataset)).collect();
    curves::figure(&rows).save(folder, "curves")?;
    fs::write(folder.join("epochs.csv"), curves::table_of_all(&rows)?)?;
    let report = [
        include_str!("introduction.md").to_string(),
        provenance(&rows),
        recipes::section(&rows),
        curves::section(&rows),
        paper::section(&rows, retests),
    ];
    fs::write(out.join("learning.md"), report.join("\n"))?;
    eprintln!("written: {}", out.join("learning.md").display());
    Ok(())
}

/// Returns the devices and dates of the trainings.
fn provenance(rows: &[RowResult]) -> String {
    let trials = || rows.iter().flat_map(|result| &result.trials);
    let devices: BTreeSet<&str> = trials().map(|trial| trial.device.as_str()).collect();
    let day = |date: &str| date.split('T').next().unwrap_or_default().to_string();
    let days: BTreeSet<String> = trials().map(|trial| day(&trial.date)).collect();
    match (days.first(), days.last()) {
        (Some(first), Some(last)) => {
            let devices: Vec<&str> = devices.into_iter().collect();
            format!("Trained {first} to {last} on {}.\n", devices.join("; "))
        }
        _ => String::new(),
    }
}
