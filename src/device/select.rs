//! Selection of the backend of a run.

use std::slice::from_ref;
use std::sync::Arc;

use super::auto::Estimate;
use super::burst_loops::check_burst_loops;
use super::shapes::{cpu_shape, gpu_capacity, gpu_shape};
use super::{BackendKind, DeviceInfo, DeviceOptions, fit};
use crate::config::Config;
use crate::cpu::{Cpu, Threads};
use crate::dataset::Dataset;
use crate::gpu::adapter::AdapterQuery;
use crate::gpu::self_test::{SelfTestResult, launch_seconds};
use crate::gpu::{Gpu, GpuDevice};
use crate::interface::{Backend, BackendError, ReplicaParams, STEPS_PER_WORD, Shape};
use crate::plan::{Capacity, constants, kernel_sequence, largest_batch, replica, shape};
use crate::text::plural;

/// An open backend.
pub struct OpenBackend {
    /// Backend for the run's networks, for use by [`Simulation`](crate::simulation::Simulation).
    pub backend: Box<dyn Backend>,
    /// Device of the backend.
    pub device: DeviceInfo,
}

/// CPU and GPU backend of one shape, for comparison.
pub struct BackendPair {
    /// CPU backend, which stores the arrays of each sample as the GPU does.
    pub cpu: Box<dyn Backend>,
    /// GPU backend.
    pub gpu: Box<dyn Backend>,
    /// Device of the GPU backend.
    pub device: DeviceInfo,
    /// Whether the GPU passes the self-test of its arithmetic.
    pub self_test: SelfTestResult,
}

/// Opens the backend selected by `selection` for one network per entry of `configs`, which share a shape, on `dataset`.
///
/// # Errors
/// Returns an error if there is no such device, or it cannot hold the run.
pub fn open(
    selection: &DeviceOptions,
    configs: &[Config],
    dataset: &Arc<Dataset>,
) -> Result<OpenBackend, BackendError> {
    if configs.is_empty() {
        return Err(BackendError::InvalidNetworks("there are none".to_string()));
    }
    check_settings(configs, dataset)?;
    let on_gpu = |query: &AdapterQuery| match open_gpu(selection, query, configs, dataset) {
        // The CPU does not replace the GPU, on which a smaller number of networks may fit.
        Err(error @ BackendError::OutOfMemory { .. }) if configs.len() > 1 => Ok(Err(error)),
        opened => opened.map(Ok),
    };
    selection.choose(on_gpu, |note| open_cpu(selection, configs, dataset, note).map(Ok))?
}

/// Opens a GPU, a software one if there is no other, and the CPU backend with arrays of the same shape.
///
/// # Errors
/// Returns an error if there is no GPU, or it cannot hold the run.
pub fn open_both(
    selection: &DeviceOptions,
    config: &Config,
    dataset: &Arc<Dataset>,
) -> Result<BackendPair, BackendError> {
    check_settings(from_ref(config), dataset)?;
    let device = GpuDevice::open(&selection.adapter_query(true))?;
    let samples = largest_batch(config, dataset);
    let capacity = Capacity {
        keeps_gradient: true,
        per_sample_access: true,
        ..gpu_capacity(selection, config, dataset, 1, samples)
    };
    let shape = shape(config, dataset, &capacity);
    fit::check_cpu_shape(&shape, dataset, selection, fit::memory(selection))?;
    let mut gpu = make_gpu(device, from_ref(config), dataset, shape.clone())?;
    let self_test = gpu.self_test()?;
    let constants = constants(config, &shape, dataset.classes);
    let threads = Threads::choose(selection.threads).count;
    let cpu = Cpu::new(shape, constants, &[replica(config)], dataset.clone(), threads)?;
    let bit_exact = matches!(self_test, SelfTestResult::Exact { .. });
    let device = DeviceInfo { bit_exact, ..gpu_device(&gpu) };
    Ok(BackendPair { cpu: Box::new(cpu), gpu: Box::new(gpu), device, self_test })
}

fn check_settings(configs: &[Config], dataset: &Dataset) -> Result<(), BackendError> {
    dataset.check_fields().map_err(|error| BackendError::InvalidSamples(error.to_string()))?;
    let sends_rates = |config: &Config| config.network_model().sends_rates();
    if dataset.recordings().is_some() && configs.iter().any(sends_rates) {
        let reason = "recorded spikes need a network whose input sends spikes: signal = spikes, dynamics = spiking";
        return Err(BackendError::InvalidNetworks(reason.to_string()));
    }
    let check = |config: &Config| config.validate(dataset.pixels(), dataset.classes);
    configs
        .iter()
        .try_for_each(check)
        .map_err(|error| BackendError::InvalidNetworks(error.to_string()))
}

fn open_cpu(
    selection: &DeviceOptions,
    configs: &[Config],
    dataset: &Arc<Dataset>,
    note: Option<String>,
) -> Result<OpenBackend, BackendError> {
    let shape = cpu_shape(selection, &configs[0], dataset, configs.len());
    fit::check_cpu_shape(&shape, dataset, selection, fit::memory(selection))?;
    let constants = constants(&configs[0], &shape, dataset.classes);
    let replicas: Vec<ReplicaParams> = configs.iter().map(replica).collect();
    let threads = Threads::choose(selection.threads);
    let cpu = Cpu::new(shape, constants, &replicas, dataset.clone(), threads.count)?;
    let name = plural(cpu.threads(), "thread");
    let why = threads.reason.map(|reason| format!("{name}: {reason}"));
    let notes: Vec<String> = note.into_iter().chain(why).collect();
    let note = (!notes.is_empty()).then(|| notes.join("\n"));
    let device = DeviceInfo { backend: "cpu", name, bit_exact: true, note, alternative: None };
    Ok(OpenBackend { backend: Box::new(cpu), device })
}

fn open_gpu(
    selection: &DeviceOptions,
    query: &AdapterQuery,
    configs: &[Config],
    dataset: &Arc<Dataset>,
) -> Result<OpenBackend, BackendError> {
    let mut device = GpuDevice::open(query)?;
    let shape = gpu_shape(selection, &configs[0], dataset, configs.len(), device.info());
    let memory = fit::gpu_memory_budget(device.info(), selection);
    fit::check_gpu_shape(&shape, device.info(), memory)?;
    let (mut note, mut alternative) = (None, None);
    // A GPU that is selected by name is used.
    if selection.backend == BackendKind::Auto && selection.device.is_none() {
        let seconds = launch_seconds(&mut device)?;
        let estimate = Estimate::new(&shape, &configs[0], dataset, seconds);
        let fits = || fit::check_cpu(selection, &configs[0], dataset, configs.len()).is_ok();
        let is_cpu = estimate.is_cpu_faster() && fits();
        note = Some(estimate.note(&device.info().name, is_cpu));
        if is_cpu {
            let mut opened = open_cpu(selection, configs, dataset, note)?;
            opened.device.alternative = Some(BackendKind::Gpu);
            return Ok(opened);
        }
        alternative = Some(BackendKind::Cpu);
    }
    let mut gpu = make_gpu(device, configs, dataset, shape)?;
    let self_test = gpu.self_test()?;
    let bit_exact = matches!(self_test, SelfTestResult::Exact { .. });
    let warning = (!bit_exact).then(|| self_test.to_string());
    let notes: Vec<String> = note.into_iter().chain(warning).collect();
    let note = (!notes.is_empty()).then(|| notes.join("\n"));
    let device = DeviceInfo { bit_exact, note, alternative, ..gpu_device(&gpu) };
    Ok(OpenBackend { backend: Box::new(gpu), device })
}

fn make_gpu(
    device: GpuDevice,
    configs: &[Config],
    dataset: &Dataset,
    shape: Shape,
) -> Result<Gpu, BackendError> {
    check_burst_loops(device.info(), &configs[0], &shape)?;
    let constants = constants(&configs[0], &shape, dataset.classes);
    let replicas: Vec<ReplicaParams> = configs.iter().map(replica).collect();
    let workgroup = device.info().workgroup();
    let mut gpu = Gpu::with_device(device, shape, constants, &replicas, workgroup)?;
    gpu.write_images(&dataset.packed_images())?;
    // A run launches the same kernels for any number of steps, and a test launches no others. If the driver refuses
    // one, it does so before the run starts.
    let list = kernel_sequence(gpu.shape(), STEPS_PER_WORD, true);
    gpu.compile(&list)?;
    Ok(gpu)
}

/// Describes a GPU before its self-test.
fn gpu_device(gpu: &Gpu) -> DeviceInfo {
    let info = gpu.info();
    let name = format!("{} ({})", info.name, info.backend);
    DeviceInfo { backend: "gpu", name, bit_exact: false, note: None, alternative: None }
}
