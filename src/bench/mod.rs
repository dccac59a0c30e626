//! Throughput of training and testing over a grid of networks, as a share of what the device can do.
//!
//! First the device itself is measured ([`Roofline`]), then each point of the [`Grid`], a network or
//! several side by side that differ in their seeds: they train on some images, because an untrained
//! network spikes otherwise than a trained one; what minibatches of the first do is counted from the
//! spikes drawn, the kernels of all are timed one by one; and apart from that, rounds of whole
//! minibatches are timed ([`Row`]).

mod bench_run;
mod grid;
mod machine;
mod measure;
mod op_counts;
mod progress;
mod roofline;
mod row;

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use thiserror::Error;

pub use grid::{Grid, Task};
pub use machine::Machine;
pub use op_counts::{OpCounts, SpikeSnapshot};
pub use progress::Event;
pub use roofline::{Bandwidth, Roofline, shaders};
pub use row::{KernelShare, Row};

use crate::config::{Config, SweepError};
use crate::dataset::Dataset;
use crate::device::DeviceOptions;
use crate::run_dir::now_rfc3339;
use crate::train::TrainError;
use bench_run::BenchRun;
use grid::GridPoint;
use progress::Steps;

/// What to measure, and for how long.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Settings that the grid does not name.
    pub config: Config,
    /// Settings of which every combination is measured.
    pub grid: Grid,
    /// Measure the device itself too.
    pub roofline: bool,
    /// Times that each row is measured.
    pub rounds: usize,
    /// Length of a round.
    pub seconds: f64,
    /// Images that each network trains on before it is measured.
    pub warm_up: usize,
}

/// Error of a benchmark.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "each message says what it is")]
pub enum BenchError {
    #[error("nothing to measure: the list of {list} is empty")]
    EmptyList { list: &'static str },
    #[error(transparent)]
    Networks(#[from] SweepError),
    #[error("batch_size = {batch}: a minibatch of more than the {images} {part} images")]
    Batch { batch: usize, images: usize, part: &'static str },
    #[error("{setting} = {value}: {reason}")]
    Length { setting: &'static str, value: f64, reason: &'static str },
    #[error(transparent)]
    Train(TrainError),
}

impl<E: Into<TrainError>> From<E> for BenchError {
    fn from(error: E) -> Self {
        BenchError::Train(error.into())
    }
}

/// Result of a benchmark.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Device.
    #[serde(flatten)]
    pub machine: Machine,
    /// Version of this crate.
    pub version: &'static str,
    /// When it was measured, UTC.
    pub date: String,
    /// Limits of the device; `None` if not requested.
    pub roofline: Option<Roofline>,
    /// One for each combination and task, in the order of the grid.
    pub rows: Vec<Row>,
}

/// Measures the device and every network of a grid.
///
/// # Errors
/// Returns an error before anything starts if a setting is invalid, there is no such device, or it cannot hold a
/// network as far as that can be known; later, when the device fails.
pub fn bench(
    options: &Options,
    dataset: Dataset,
    selection: &DeviceOptions,
    listen: &mut dyn FnMut(Event),
) -> Result<Report, BenchError> {
    let Options { config, grid, .. } = options;
    let Options { rounds, seconds, warm_up, .. } = *options;
    let settings = measure::Settings { rounds, seconds, warm_up };
    check_lengths(&settings)?;
    let points = grid.points(config)?;
    let dataset = Arc::new(dataset.subset(
        config.validation_images,
        config.train_images,
        config.test_images,
    )?);
    let machine = Machine::choose(selection)?;
    check_points(&points, grid, &machine, &dataset)?;

    let of_device = if options.roofline { Roofline::STEPS } else { 0 };
    let of_rows = points.len() * (1 + grid.tasks.len() * settings.steps());
    let mut steps = Steps::new(of_device + of_rows, listen);
    steps.tell(Event::Machine(&machine));
    let date = now_rfc3339();
    // A quarter of a round each: there are many.
    let each = Duration::from_secs_f64(seconds / 4.0);
    let measured = options.roofline.then(|| Roofline::measure(&machine, each, &mut steps));
    let roofline = measured.transpose()?;
    steps.begun = of_device;

    let threads = machine.threads.unwrap_or(1);
    let device = row::Device { roofline: roofline.as_ref(), threads };
    let mut rows = Vec::new();
    for point in &points {
        steps.begin("warming up");
        let mut subject = BenchRun::open(point, &dataset, &machine.selection())?;
        for _ in 0..warm_up.div_ceil(point.config().batch_size) {
            subject.step(Task::Train)?;
        }
        subject.wait()?;
        // The test comes first: it leaves the network as it is.
        let mut tasks = grid.tasks.clone();
        tasks.sort_by_key(|&task| task == Task::Train);
        let first = rows.len();
        for task in tasks {
            let row = measure::measure(&mut subject, point, task, &settings, &device, &mut steps)?;
            steps.tell(Event::Row(&row));
            rows.push(row);
        }
        rows[first..].sort_by_key(|row| grid.tasks.iter().position(|&task| task == row.task));
    }
    Ok(Report { machine, version: env!("CARGO_PKG_VERSION"), date, roofline, rows })
}

fn check_lengths(settings: &measure::Settings) -> Result<(), BenchError> {
    let &measure::Settings { rounds, seconds, .. } = settings;
    if rounds == 0 {
        let (setting, reason) = ("rounds", "at least 1");
        return Err(BenchError::Length { setting, value: 0.0, reason });
    }
    if !(1e-3..=3600.0).contains(&seconds) {
        let (setting, reason) = ("seconds", "0.001 to 3600");
        return Err(BenchError::Length { setting, value: seconds, reason });
    }
    Ok(())
}

/// Checks everything that can be before anything starts. The largest point is opened once where only
/// that tells whether it fits.
fn check_points(
    points: &[GridPoint],
    grid: &Grid,
    machine: &Machine,
    dataset: &Arc<Dataset>,
) -> Result<(), BenchError> {
    let mut largest = None;
    for point in points {
        point.config().validate(dataset.pixels(), dataset.classes)?;
        check_batch(point.config().batch_size, grid, dataset)?;
        let bytes = machine.check(point.config(), dataset, point.replicas())?;
        if largest.is_none_or(|(most, _)| bytes > most) {
            largest = Some((bytes, point));
        }
    }
    if let (Some((_, point)), Some(_), false) = (largest, machine.gpu(), machine.is_software) {
        BenchRun::open(point, dataset, &machine.selection())?.wait()?;
    }
    Ok(())
}

/// Minibatches are whole: there must be images for one.
fn check_batch(batch: usize, grid: &Grid, dataset: &Dataset) -> Result<(), BenchError> {
    let mut parts = vec![("training", dataset.training_count)];
    if grid.tasks.contains(&Task::Test) {
        parts.push(("test", dataset.test_count));
    }
    match parts.into_iter().find(|&(_, images)| batch > images) {
        Some((part, images)) => Err(BenchError::Batch { batch, images, part }),
        None => Ok(()),
    }
}
