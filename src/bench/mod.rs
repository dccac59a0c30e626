//! Throughput of training and testing over a grid of networks, relative to the limits of the device.
//!
//! 1. Measures the device itself ([`Roofline`]).
//! 2. Trains the networks of each point of the [`BenchGrid`] on some images, since trained networks spike differently.
//! 3. Counts the operations of some minibatches of the first network from the spikes drawn.
//! 4. Times each kernel of some minibatches of all networks.
//! 5. Times rounds of whole minibatches ([`Row`]).
//!
//! On request, also compares event-driven with dense synaptic input ([`DenseComparison`]).

mod dense;
mod device;
mod error;
mod gpu_probe;
mod grid;
mod measure;
mod measured_networks;
mod op_counts;
mod progress;
mod repetition;
mod roofline;
mod row;

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

pub use dense::{DenseComparison, InvalidLayerSize, LayerSize, Operands, RateRow, dense_products};
pub use device::MeasuredDevice;
pub use error::BenchError;
pub use grid::{BenchGrid, Task};
pub use op_counts::{OpCounts, SpikeSnapshot};
pub use progress::BenchEvent;
pub use roofline::{Bandwidth, Roofline};
pub use row::{KernelShare, Row};

use crate::config::Config;
use crate::dataset::Dataset;
use crate::device::DeviceOptions;
use crate::run_dir::now_rfc3339;
use grid::GridPoint;
use measured_networks::MeasuredNetworks;
use progress::Steps;

/// Extent of a benchmark.
#[derive(Clone, Debug, PartialEq)]
pub struct BenchOptions {
    /// Settings that the grid does not vary.
    pub config: Config,
    /// Varied settings; every combination is measured.
    pub grid: BenchGrid,
    /// Whether to measure the device itself.
    pub roofline: bool,
    /// Number of rounds per row.
    pub rounds: usize,
    /// Length of a round, s.
    pub seconds: f64,
    /// Number of images that each network trains on before the measurement.
    pub warm_up: usize,
    /// Layers whose event-driven and dense synaptic input are compared.
    pub dense: Vec<LayerSize>,
}

/// Result of a benchmark.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Device.
    #[serde(flatten)]
    pub device: MeasuredDevice,
    /// Version of this crate.
    pub version: &'static str,
    /// Date and time, UTC.
    pub date: String,
    /// Limits of the device; `None` if not requested.
    pub roofline: Option<Roofline>,
    /// One row per combination and task, in the order of the grid.
    pub rows: Vec<Row>,
    /// One comparison of event-driven and dense synaptic input per requested layer.
    pub dense: Vec<DenseComparison>,
}

/// Returns the name and the complete text of each shader in `shaders/roofline/`.
pub fn shaders() -> Vec<(&'static str, String)> {
    let mut shaders = roofline::shaders();
    shaders.push(dense::shader());
    shaders
}

/// Measures the device and every network of a grid.
///
/// # Errors
/// Returns an error before the first measurement if a setting is invalid, there is no such device, or a network is
/// known not to fit; later if the device fails.
pub fn bench(
    options: &BenchOptions,
    dataset: Dataset,
    selection: &DeviceOptions,
    listen: &mut dyn FnMut(BenchEvent),
) -> Result<Report, BenchError> {
    let BenchOptions { config, grid, .. } = options;
    let BenchOptions { rounds, seconds, warm_up, .. } = *options;
    let settings = measure::RoundSettings { rounds, seconds, warm_up };
    check_lengths(&settings)?;
    let points = grid.points(config)?;
    let dataset = Arc::new(dataset.subset(
        config.validation_images,
        config.train_images,
        config.test_images,
    )?);
    let device = MeasuredDevice::choose(selection)?;
    check_points(&points, grid, &device, &dataset)?;
    dense::check(&options.dense, &device)?;

    let roofline_steps = if options.roofline { roofline::STEPS_MAX } else { 0 };
    let row_steps = points.len() * (1 + grid.tasks.len() * settings.steps());
    let dense_steps = options.dense.len() * dense::STEPS_PER_SIZE;
    let mut steps =
        Steps::new(roofline_steps + row_steps + dense_steps, selection.stop.clone(), listen);
    steps.emit(BenchEvent::Device(&device));
    let date = now_rfc3339();
    // There are many steps: spend a quarter of a round on each.
    let each = Duration::from_secs_f64(seconds / 4.0);
    let measured = options.roofline.then(|| roofline::measure(&device, each, &mut steps));
    let roofline = measured.transpose()?;
    steps.begun = roofline_steps;

    let threads = device.threads.unwrap_or(1);
    let limits = row::DeviceLimits { roofline: roofline.as_ref(), threads };
    let mut rows = Vec::new();
    for point in &points {
        steps.begin("warming up")?;
        let mut networks = MeasuredNetworks::open(point, &dataset, &device.selection())?;
        for _ in 0..warm_up.div_ceil(point.config().batch_size) {
            networks.step(Task::Train)?;
        }
        networks.wait()?;
        // Test first, which does not change the network.
        let mut tasks = grid.tasks.clone();
        tasks.sort_by_key(|&task| task == Task::Train);
        let first = rows.len();
        for task in tasks {
            let row = measure::measure(&mut networks, point, task, &settings, &limits, &mut steps)?;
            steps.emit(BenchEvent::Row(&row));
            rows.push(row);
        }
        rows[first..].sort_by_key(|row| grid.tasks.iter().position(|&task| task == row.task));
    }
    let dense =
        dense::compare(&options.dense, &device, each, roofline.as_ref(), rows.first(), &mut steps)?;
    Ok(Report { device, version: env!("CARGO_PKG_VERSION"), date, roofline, rows, dense })
}

fn check_lengths(settings: &measure::RoundSettings) -> Result<(), BenchError> {
    let &measure::RoundSettings { rounds, seconds, .. } = settings;
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

/// Checks all points before the first measurement. Opens the largest one if its memory is otherwise unknown.
fn check_points(
    points: &[GridPoint],
    grid: &BenchGrid,
    device: &MeasuredDevice,
    dataset: &Arc<Dataset>,
) -> Result<(), BenchError> {
    let mut largest = None;
    for point in points {
        point.config().validate(dataset.pixels(), dataset.classes)?;
        check_batch(point.config().batch_size, grid, dataset)?;
        let bytes = device.check(point.config(), dataset, point.replicas())?;
        if largest.is_none_or(|(most, _)| bytes > most) {
            largest = Some((bytes, point));
        }
    }
    if let (Some((_, point)), Some(_), false) = (largest, device.gpu(), device.is_software) {
        MeasuredNetworks::open(point, dataset, &device.selection())?.wait()?;
    }
    Ok(())
}

/// Checks that there are images for a whole minibatch.
fn check_batch(batch: usize, grid: &BenchGrid, dataset: &Dataset) -> Result<(), BenchError> {
    let mut subsets = vec![("training", dataset.training_count)];
    if grid.tasks.contains(&Task::Test) {
        subsets.push(("test", dataset.test_count));
    }
    match subsets.into_iter().find(|&(_, images)| batch > images) {
        Some((subset, images)) => Err(BenchError::Batch { batch, images, subset }),
        None => Ok(()),
    }
}
