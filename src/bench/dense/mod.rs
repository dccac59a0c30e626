//! Sparse against dense: the synaptic input of a layer as sums over the weight columns of spiking neurons, which the
//! kernels compute, and as a dense matrix product of spike counts and weights, over layer sizes and spike rates.
//!
//! The operands of the dense form are already in the order in which it reads them: its time includes no conversion of
//! spikes. The event-driven form reads spike masks; its time includes the lists made of them.

mod comparison;
mod cpu_product;
mod event_input;
mod gpu_product;
mod layer_size;
mod operands;

use std::time::Duration;

pub use comparison::{DenseComparison, RateRow};
pub use gpu_product::shader;
pub use layer_size::{InvalidLayerSize, LayerSize};
pub use operands::Operands;

use super::device::MeasuredDevice;
use super::error::BenchError;
use super::gpu_probe::GpuProbe;
use super::progress::Steps;
use super::repetition::Repetition;
use super::roofline::{CPU_CALL, GPU_CALL, Roofline};
use super::row::Row;
use crate::interface::BackendError;
use crate::random::{PhiloxRng, RngStream};
use comparison::{NetworkRate, crossing_rate, network_rates};
use event_input::{EventInput, SAMPLES, STEPS};
use gpu_product::GpuProduct;

/// Spike rates to measure, beside those of the first network: probabilities per neuron and step.
const RATES: [f64; 10] = [0.005, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0];

/// Largest number of steps of [`compare`] per layer.
pub const STEPS_PER_SIZE: usize = 1 + RATES.len();

/// Checks that the device can hold each layer.
///
/// # Errors
/// Returns an error if a layer is known not to fit, or there is no such network.
pub fn check(sizes: &[LayerSize], device: &MeasuredDevice) -> Result<(), BenchError> {
    for &size in sizes {
        let (config, dataset) = event_input::network(size)?;
        device.check(&config, &dataset, 1)?;
    }
    Ok(())
}

/// Measures both forms for each layer. `network`: result of the first network, whose rates are measured too.
///
/// # Errors
/// Returns an error if the device fails.
pub fn compare(
    sizes: &[LayerSize],
    device: &MeasuredDevice,
    each: Duration,
    roofline: Option<&Roofline>,
    network: Option<&Row>,
    steps: &mut Steps,
) -> Result<Vec<DenseComparison>, BenchError> {
    let marked = network.map(network_rates).unwrap_or_default();
    let compare = |&size| compare_layer(size, device, each, roofline, &marked, steps);
    sizes.iter().map(compare).collect()
}

fn compare_layer(
    size: LayerSize,
    device: &MeasuredDevice,
    each: Duration,
    roofline: Option<&Roofline>,
    marked: &[NetworkRate],
    steps: &mut Steps,
) -> Result<DenseComparison, BenchError> {
    let name = format!("synaptic input {size}");
    steps.begin(&name)?;
    let dense_seconds = dense_seconds(size, device, each)?;
    let rows = SAMPLES * STEPS as usize;
    let products = (rows * size.weights()) as f64;
    let mut rates: Vec<(f64, Option<&NetworkRate>)> =
        marked.iter().map(|marked| (marked.rate, Some(marked))).collect();
    rates.extend(RATES.map(|rate| (rate, None)));
    rates.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    // Each thread of a CPU computes one sample at a time: time one per thread, which is short enough that some
    // repetitions are undisturbed. A GPU computes all samples in parallel.
    let threads = device.threads.unwrap_or(1);
    let samples = device.threads.map_or(SAMPLES, |threads| threads.min(SAMPLES));
    let mut events = EventInput::open(size, samples, &device.selection())?;
    let mut measured = Vec::with_capacity(rates.len());
    for (rate, marked) in rates {
        steps.begin(&name)?;
        events.set_rate(rate)?;
        let minibatches = SAMPLES as f64 / samples as f64;
        let seconds = events.seconds(each)?.map(|seconds| seconds * minibatches / threads as f64);
        measured.push(RateRow {
            rate,
            population: marked.map(|marked| marked.population.clone()),
            event_ms: seconds.map(|seconds| 1e3 * seconds),
            additions_per_second: seconds.map(|seconds| rate * products / seconds),
            dense_over_event: seconds.map(|seconds| dense_seconds / seconds),
        });
    }
    Ok(DenseComparison {
        size,
        samples: SAMPLES,
        steps: STEPS,
        dense_ms: 1e3 * dense_seconds,
        products_per_second: products / dense_seconds,
        dense_fraction_of_peak: roofline
            .map(|roofline| products / dense_seconds / roofline.additions_per_second),
        crossing_rate: crossing_rate(&measured),
        rates: measured,
    })
}

/// Returns the time of the dense form for a minibatch, s, on all threads.
fn dense_seconds(
    size: LayerSize,
    device: &MeasuredDevice,
    each: Duration,
) -> Result<f64, BackendError> {
    let mut random = PhiloxRng::new(1, RngStream::Order, 0, 0);
    let mut uniform = || (rand::Rng::next_u32(&mut random) >> 8) as f32 / (1 << 24) as f32;
    let rows = SAMPLES * STEPS as usize;
    let counts: Vec<f32> =
        (0..rows * size.n_pre).map(|_| f32::from(u8::from(uniform() < 0.1))).collect();
    let weights: Vec<f32> = (0..size.weights()).map(|_| uniform() - 0.5).collect();
    let operands = Operands { size, steps: STEPS as usize, counts: &counts, weights: &weights };
    match (device.gpu(), device.threads) {
        (Some(query), _) => {
            let mut product = GpuProduct::new(GpuProbe::open(&query)?, &operands)?;
            // The first run compiles the shader: do not time it.
            product.run(1)?;
            let repetition = Repetition { call: GPU_CALL, each };
            Ok(1.0 / repetition.best_rate(|count| product.run(count))?)
        }
        (None, threads) => {
            let threads = threads.unwrap_or(1);
            let repetition = Repetition { call: CPU_CALL, each };
            let seconds = cpu_product::sample_seconds(&operands, threads, repetition)?;
            Ok(seconds * SAMPLES as f64 / threads as f64)
        }
    }
}

/// Returns the dense product of counts and weights on a device, `[samples, steps, units]`: one result per block
/// size of the CPU, or the result of the GPU.
///
/// # Errors
/// Returns an error if the device fails.
pub fn dense_products(
    device: &MeasuredDevice,
    operands: &Operands,
) -> Result<Vec<Vec<f32>>, BackendError> {
    match device.gpu() {
        Some(query) => Ok(vec![GpuProduct::new(GpuProbe::open(&query)?, operands)?.values()?]),
        None => Ok(cpu_product::products(operands)),
    }
}
