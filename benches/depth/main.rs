//! What limits deep networks: angle to backpropagation, noise, rates and weights of each layer while networks of
//! different depth learn.
//!
//! `cargo bench -p apical-benches --bench depth -- --measure` trains and measures the networks that
//! `benches/results/depth/measurements.jsonl` lacks, and writes `benches/results/depth.md`. Without `--measure` it only
//! writes the report.

mod conditions;
mod measure;
mod report;

use std::error::Error;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use apical::config::Config;
use apical::dataset::Dataset;
use apical::device::DeviceOptions;
use clap::Parser;

use measure::{Measurement, measure};

/// Images held out of the training set.
const VALIDATION_IMAGES: usize = 10_000;
/// Epochs after which a network is measured, besides the last.
const MARKS: [u32; 5] = [1, 2, 5, 10, 20];

#[derive(Parser)]
struct Arguments {
    /// Train and measure missing networks before writing the report
    #[arg(long)]
    measure: bool,

    /// Measure only conditions whose name contains this
    #[arg(long, default_value = "")]
    only: String,

    /// Number of epochs
    #[arg(long, default_value_t = 10)]
    epochs: u32,

    /// Number of training images (0: all)
    #[arg(long, default_value_t = 0)]
    images: usize,

    /// Number of networks per condition, with seeds from 1
    #[arg(long, default_value_t = 2)]
    seeds: u64,

    /// Threads of the CPU backend (0: one per core)
    #[arg(long, default_value_t = 0)]
    threads: usize,

    /// Folder of depth.md and depth/
    #[arg(long, default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/results"))]
    out: PathBuf,

    /// Passed by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let folder = arguments.out.join("depth");
    fs::create_dir_all(&folder)?;
    let path = folder.join("measurements.jsonl");
    let mut measurements = read(&path)?;
    let conditions = conditions::all(arguments.epochs);
    if arguments.measure {
        let dataset = Arc::new(Dataset::mnist()?.subset(VALIDATION_IMAGES, arguments.images, 0)?);
        let options = DeviceOptions { threads: arguments.threads, ..DeviceOptions::default() };
        let marks = [&MARKS[..], &[arguments.epochs]].concat();
        for seed in 1..=arguments.seeds {
            for condition in conditions.iter().filter(|c| c.name.contains(&arguments.only)) {
                let is_there = |found: &Measurement| {
                    (found.condition == condition.name, found.seed, found.epoch)
                        == (true, seed, arguments.epochs)
                };
                if measurements.iter().any(is_there) {
                    continue;
                }
                let config = Config { seed, ..condition.config.clone() };
                let found = measure(condition.name, &config, &dataset, &options, &marks)?;
                append(&path, &found)?;
                measurements.extend(found);
            }
        }
    }
    let names: Vec<&str> = conditions.iter().map(|condition| condition.name).collect();
    let report_path = arguments.out.join("depth.md");
    fs::write(&report_path, report::report(&names, &measurements))?;
    eprintln!("written: {}", report_path.display());
    Ok(())
}

/// Reads the measurements of earlier runs; none if there is no file.
fn read(path: &Path) -> Result<Vec<Measurement>, Box<dyn Error>> {
    if !path.exists() {
        return Ok(Vec::new());
    }
    fs::read_to_string(path)?.lines().map(|line| Ok(serde_json::from_str(line)?)).collect()
}

/// Appends measurements of one network in one write.
fn append(path: &Path, measurements: &[Measurement]) -> Result<(), Box<dyn Error>> {
    let mut lines = String::new();
    for found in measurements {
        lines += &(serde_json::to_string(found)? + "\n");
    }
    OpenOptions::new().create(true).append(true).open(path)?.write_all(lines.as_bytes())?;
    Ok(())
}
