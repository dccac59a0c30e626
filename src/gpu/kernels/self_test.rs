//! Self-test of a GPU: checks that its arithmetic gives the CPU's bits in a few thousand cases.

use std::fmt;
use std::time::Instant;

use bytemuck::{Zeroable, cast_slice};
use serde::Serialize;
use wgpu::{BindGroup, Buffer, BufferUsages, ComputePassDescriptor};

use super::pipelines::Pipeline;
use crate::cpu::kernels::arithmetic_selftest::{FUNCTIONS, arithmetic_selftest};
use crate::gpu::device::GpuDevice;
use crate::gpu::device::adapter::DEFAULT_WORKGROUP_SIZE;
use crate::gpu::memory::buffers::{buffer, uniform};
use crate::gpu::shaders;
use crate::interface::{BackendError, BatchParams, LaunchParams, ReplicaParams, RunParams, Sample};
use crate::model::synaptic_filter;
use crate::random::philox;

/// Number of random words, besides [`SPECIAL_WORDS`].
const RANDOM_WORDS: u32 = 4096;

/// Words that give the extreme arguments.
const SPECIAL_WORDS: [u32; 12] = [
    0,
    1,
    0xFF,
    0x7F,
    0x0100,
    0x007F_FF00,
    0x7FFF_FFFF,
    0x8000_0000,
    0x8000_0001,
    0xFFFF_FF00,
    0xFFFF_FFFE,
    0xFFFF_FFFF,
];

/// Result of the self-test.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SelfTestResult {
    /// All values have the CPU's bits.
    Exact {
        /// Number of compared values: the results of all [`FUNCTIONS`] for each word.
        values: usize,
    },
    /// Some values differ.
    Different {
        /// Number of compared values: the results of all [`FUNCTIONS`] for each word.
        values: usize,
        /// Number of values that differ from the CPU's.
        different: usize,
        /// First value that differs.
        first: Mismatch,
    },
}

/// Treatment of subnormal numbers (below 1.2e-38) by a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Subnormals {
    /// The device computes with them, as CPUs do.
    Kept,
    /// The device flushes them to zero in at least one operation.
    Flushed,
}

impl fmt::Display for Subnormals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Subnormals::Kept => "kept",
            Subnormals::Flushed => "flushed",
        })
    }
}

/// Value that differs from the CPU's.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Mismatch {
    /// Name of the function, one of [`FUNCTIONS`].
    pub function: &'static str,
    /// Word from which the arguments are made.
    pub word: u32,
    /// Bits of the CPU's result.
    pub cpu: u32,
    /// Bits of the GPU's result.
    pub gpu: u32,
}

impl SelfTestResult {
    /// Whether all values have the CPU's bits.
    pub fn is_exact(&self) -> bool {
        matches!(self, SelfTestResult::Exact { .. })
    }
}

impl fmt::Display for SelfTestResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SelfTestResult::Exact { values } => {
                write!(f, "bit-exact on this device ({values} values compared)")
            }
            SelfTestResult::Different { values, different, first } => write!(
                f,
                "not bit-exact on this device: {different} of {values} values differ; first: {first}"
            ),
        }
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Mismatch { function, word, cpu, gpu } = self;
        let [cpu_float, gpu_float] = [*cpu, *gpu].map(f32::from_bits);
        write!(
            f,
            "{function} of {word:#010x}: CPU {cpu:#010x} ({cpu_float:e}), \
             GPU {gpu:#010x} ({gpu_float:e})"
        )
    }
}

/// Compares the device's results with the CPU's.
///
/// # Errors
/// Returns [`BackendError::Device`] if the device failed.
pub fn test(device: &mut GpuDevice) -> Result<SelfTestResult, BackendError> {
    test_and_subnormals(device).map(|(result, _)| result)
}

/// Compares the device's results with the CPU's, and finds how it treats subnormal numbers. No result of a run depends
/// on that treatment.
///
/// # Errors
/// Returns [`BackendError::Device`] if the device failed.
pub fn test_and_subnormals(
    device: &mut GpuDevice,
) -> Result<(SelfTestResult, Subnormals), BackendError> {
    let words = words();
    let cpu = arithmetic_selftest(&constants(), &words);
    let (gpu, subnormals) = results_on_device(device, &words)?;
    Ok((compare(&words, &cpu, &gpu), subnormals))
}

/// Compares the results of all [`FUNCTIONS`] for each of `words`.
pub fn compare(words: &[u32], cpu: &[u32], gpu: &[u32]) -> SelfTestResult {
    let mut differences = cpu.iter().zip(gpu).enumerate().filter(|(_, (cpu, gpu))| cpu != gpu);
    let Some((index, (&cpu_bits, &gpu_bits))) = differences.next() else {
        return SelfTestResult::Exact { values: cpu.len() };
    };
    SelfTestResult::Different {
        values: cpu.len(),
        different: 1 + differences.count(),
        first: Mismatch {
            function: FUNCTIONS[index % FUNCTIONS.len()],
            word: words[index / FUNCTIONS.len()],
            cpu: cpu_bits,
            gpu: gpu_bits,
        },
    }
}

/// Returns the device's results of all [`FUNCTIONS`] for each of `words`, and its treatment of subnormal numbers.
///
/// # Errors
/// Returns [`BackendError::Device`] if the device failed.
pub fn results_on_device(
    device: &mut GpuDevice,
    words: &[u32],
) -> Result<(Vec<u32>, Subnormals), BackendError> {
    let test = PreparedTest::new(device, words);
    device.save_pipelines();
    test.submit(device, 1)?;
    let mut results = device.read(&test.results, 0, test.results.size())?;
    let subnormals = match results.pop() {
        Some(0) => Subnormals::Kept,
        _ => Subnormals::Flushed,
    };
    Ok((results, subnormals))
}

/// Number of launches from which the time of one is measured.
const TIMED_LAUNCHES: u32 = 64;

/// Number of measurements, of which the shortest counts.
const REPETITIONS: usize = 5;

/// Measures the time that a launch takes in a list of launches if it computes next to nothing, s.
///
/// # Errors
/// Returns [`BackendError::Device`] if the device failed.
pub fn launch_seconds(device: &mut GpuDevice) -> Result<f64, BackendError> {
    let test = PreparedTest::new(device, &[0]);
    device.save_pipelines();
    let mut shortest = |launches| -> Result<f64, BackendError> {
        let mut seconds = f64::INFINITY;
        for _ in 0..REPETITIONS {
            let start = Instant::now();
            test.submit(device, launches)?;
            device.wait()?;
            seconds = seconds.min(start.elapsed().as_secs_f64());
        }
        Ok(seconds)
    };
    // The difference excludes the time of the submission and of the wait.
    let one = shortest(1)?;
    let all = shortest(1 + TIMED_LAUNCHES)?;
    Ok((all - one).max(0.0) / f64::from(TIMED_LAUNCHES))
}

/// The kernel of the self-test with its buffers.
struct PreparedTest {
    pipeline: Pipeline,
    group: BindGroup,
    results: Buffer,
    workgroups: u32,
}

impl PreparedTest {
    fn new(device: &GpuDevice, words: &[u32]) -> Self {
        let pipeline = Pipeline::new(
            device,
            "arithmetic_selftest",
            shaders::arithmetic_source(),
            &[true, false],
            DEFAULT_WORKGROUP_SIZE,
        );
        // One more word: a bit per operation that flushes subnormal numbers.
        let bytes = ((words.len() * FUNCTIONS.len() + 1) * size_of::<u32>()) as u64;
        let storage = BufferUsages::STORAGE | BufferUsages::COPY_SRC | BufferUsages::COPY_DST;
        let results = buffer(device, "results", bytes, storage);
        let inputs = buffer(device, "words", size_of_val(words) as u64, storage);
        device.queue.write_buffer(&inputs, 0, cast_slice(words));

        let params = LaunchParams { units: words.len() as u32, ..Zeroable::zeroed() };
        let common = [
            &uniform(device, "constants", &constants()),
            &uniform(device, "launch parameters", &params),
            &buffer(device, "replicas", size_of::<ReplicaParams>() as u64, storage),
            &buffer(device, "minibatches", size_of::<BatchParams>() as u64, storage),
            &buffer(device, "samples", size_of::<Sample>() as u64, storage),
        ];
        let arrays = [inputs.as_entire_binding(), results.as_entire_binding()];
        let group = pipeline.bind(device, common, &arrays);
        let workgroups = params.units.div_ceil(DEFAULT_WORKGROUP_SIZE);
        PreparedTest { pipeline, group, results, workgroups }
    }

    /// Submits a list of equal launches. Each waits for the one before, because both write the same buffer.
    fn submit(&self, device: &mut GpuDevice, launches: u32) -> Result<(), BackendError> {
        let mut commands = device.device.create_command_encoder(&Default::default());
        let mut pass = commands.begin_compute_pass(&ComputePassDescriptor::default());
        pass.set_pipeline(&self.pipeline.pipeline);
        for _ in 0..launches {
            pass.set_bind_group(0, &self.group, &[0]);
            pass.dispatch_workgroups(self.workgroups, 1, 1);
        }
        drop(pass);
        device.submit(commands)
    }
}

/// Returns the words from which arguments are made.
fn words() -> Vec<u32> {
    let random = (0..RANDOM_WORDS / 4).flat_map(|index| philox([index, 0, 0, 0], [1, 2]));
    SPECIAL_WORDS.into_iter().chain(random).collect()
}

/// Returns constants for the tested functions.
fn constants() -> RunParams {
    let mut constants = RunParams { tap_count: 10, ..Zeroable::zeroed() };
    for (slot, tap) in constants.kernel_taps.iter_mut().zip(synaptic_filter::taps(10)) {
        *slot = tap as f32;
    }
    let traces = synaptic_filter::double_exponential();
    (constants.decay_slow, constants.decay_fast) =
        (traces.decay_slow as f32, traces.decay_fast as f32);
    constants
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gpu::device::adapter::AdapterQuery;

    #[test]
    fn launch_seconds_are_finite_and_the_device_stays_usable() {
        let query = AdapterQuery { index_or_name: None, allow_software: true };
        let mut device = GpuDevice::open(&query).unwrap_or_else(|error| {
            panic!("{error}\nThis test needs a Vulkan device: apt-get install mesa-vulkan-drivers")
        });
        let seconds = launch_seconds(&mut device).unwrap();
        assert!(seconds.is_finite() && seconds >= 0.0, "{seconds} s");
        assert!(matches!(test(&mut device).unwrap(), SelfTestResult::Exact { .. }));
    }
}
