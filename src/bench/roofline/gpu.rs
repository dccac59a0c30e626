//! Limits of a GPU, measured with the shaders in `shaders/roofline/`.

use wgpu::Buffer;

use super::limits::{Bandwidth, Roofline};
use super::workload::{COLUMNS, SPIKES, STEPS, STEPS_PER_IMAGE, UNITS, WORKING_SETS, random_steps};
use crate::bench::gpu_probe::{GpuProbe, Probe};
use crate::bench::progress::Steps;
use crate::bench::repetition::{Repetition, latency, timed};
use crate::gpu::adapter::AdapterQuery;
use crate::interface::BackendError;

/// Number of threads per workgroup.
const WORKGROUP: usize = 64;
/// Largest number of workgroups along a dimension.
const WORKGROUPS_MAX: u32 = 1 << 15;
/// Number of iterations of 64 additions per thread. Mesa's software device ends a thread's loops after 65,535
/// iterations.
const ROUNDS: usize = 1024;
/// Number of reads of 16 bytes per thread.
const READS: usize = 64;
/// Number of launches in the pass that measures the time of a launch.
const LAUNCHES: usize = 1000;

/// Name and text of each shader.
const SHADERS: [(&str, &str); 4] = [
    ("add_peak", include_str!("../../../shaders/roofline/add_peak.wgsl")),
    ("column_sum", include_str!("../../../shaders/roofline/column_sum.wgsl")),
    ("bandwidth", include_str!("../../../shaders/roofline/bandwidth.wgsl")),
    ("empty_dispatch", include_str!("../../../shaders/roofline/empty_dispatch.wgsl")),
];

/// Returns the name and the complete text of each shader.
pub fn shaders() -> Vec<(&'static str, String)> {
    let constants = [
        ("WORKGROUP", WORKGROUP),
        ("ROUNDS", ROUNDS),
        ("READS", READS),
        ("UNITS", UNITS),
        ("SPIKES", SPIKES),
        ("STEPS", STEPS),
    ];
    let prelude: String =
        constants.iter().map(|(name, value)| format!("const {name}: u32 = {value}u;\n")).collect();
    SHADERS.map(|(name, text)| (name, prelude.clone() + text)).to_vec()
}

/// Measures the GPU found by `query`.
pub fn measure(
    query: &AdapterQuery,
    repetition: Repetition,
    steps: &mut Steps,
) -> Result<Roofline, BackendError> {
    steps.begin("additions in registers")?;
    let mut gpu = GpuLimits { probe: GpuProbe::open(query)?, repetition };
    let additions_per_second = gpu.additions()?;
    steps.begin("column sums")?;
    let column_sum = gpu.column_sum()?;
    let mut read = Vec::new();
    let info = gpu.probe.device.info();
    let largest = info.max_binding.min(info.max_buffer);
    for bytes in WORKING_SETS.into_iter().filter(|&bytes| bytes as u64 <= largest) {
        steps.begin("reading")?;
        read.push(Bandwidth {
            bytes,
            bytes_per_second: gpu.read(bytes)?,
            bytes_per_second_per_thread: None,
        });
    }
    steps.begin("launches")?;
    let [launch_us, submission_us, readback_us] = gpu.latencies()?;
    Ok(Roofline {
        additions_per_second,
        additions_per_second_per_thread: None,
        column_sum_additions_per_second: column_sum,
        column_sum_additions_per_second_per_thread: None,
        read,
        pool_us: None,
        launch_us: Some(launch_us),
        submission_us: Some(submission_us),
        readback_us: Some(readback_us),
    })
}

/// Device to measure.
struct GpuLimits {
    probe: GpuProbe,
    repetition: Repetition,
}

impl GpuLimits {
    /// Returns the additions in registers per second.
    fn additions(&mut self) -> Result<f64, BackendError> {
        let increments = self.probe.filled(&[1e-3f32, 1e-3, 1e-3, 1e-3, 2e-3, 2e-3, 2e-3, 2e-3]);
        let sums = self.probe.buffer(WORKGROUP * 16);
        let kernel = self.kernel("add_peak", &[&increments, &sums])?;
        let rate = self.unit_rate(&kernel, |workgroups| [workgroups, 1, 1])?;
        Ok(rate * (64 * ROUNDS * WORKGROUP) as f64)
    }

    /// Returns the additions per second of column sums.
    fn column_sum(&mut self) -> Result<f64, BackendError> {
        let weights = self.probe.filled(&vec![1e-3f32; COLUMNS * UNITS]);
        let steps = self.probe.filled(&random_steps(UNITS / 4));
        let sums = self.probe.buffer(4 * STEPS * UNITS);
        let kernel = self.kernel("column_sum", &[&weights, &steps, &sums])?;
        let groups = (UNITS / 4).div_ceil(WORKGROUP) as u32;
        let steps_per_image = STEPS_PER_IMAGE as u32;
        let rate = self.unit_rate(&kernel, |images| [groups, steps_per_image, images])?;
        Ok(rate * (STEPS_PER_IMAGE * SPIKES * UNITS) as f64)
    }

    /// Returns the bandwidth of reads of a working set, bytes per second.
    fn read(&mut self, bytes: usize) -> Result<f64, BackendError> {
        let set = self.probe.filled(&vec![1e-3f32; bytes / size_of::<f32>()]);
        let sums = self.probe.buffer(WORKGROUP * 16);
        let kernel = self.kernel("bandwidth", &[&set, &sums])?;
        let rate = self.unit_rate(&kernel, |workgroups| [workgroups, 1, 1])?;
        Ok(rate * (16 * READS * WORKGROUP) as f64)
    }

    /// Returns the times of an additional launch in a pass, of a submission until it is complete, and of reading back
    /// 40 bytes, microseconds.
    fn latencies(&mut self) -> Result<[f64; 3], BackendError> {
        let words = self.probe.buffer(WORKGROUP * 4);
        let kernel = self.kernel("empty_dispatch", &[&words])?;
        let submission = latency(|| self.probe.run(&kernel, [1, 1, 1], 1))?;
        let many = self
            .repetition
            .best_rate(|count| self.probe.run(&kernel, [1, 1, 1], count * LAUNCHES))?;
        let launch = 1e6 / (many * LAUNCHES as f64);
        let readback = latency(|| self.probe.device.read::<u32>(&words, 0, 40).map(|_| ()))?;
        Ok([launch, submission, readback])
    }

    /// Returns the units of work per second. A launch over `workgroups(n)` does `n` units. `n` grows until a launch is
    /// long enough or `n` is at its limit; then the number of launches grows.
    fn unit_rate(
        &mut self,
        kernel: &Probe,
        workgroups: impl Fn(u32) -> [u32; 3],
    ) -> Result<f64, BackendError> {
        let mut units = 1;
        let limit = WORKGROUPS_MAX.min(self.probe.device.info().max_workgroups);
        // The first run compiles the shader and clears buffers: do not time it.
        self.probe.run(kernel, workgroups(units), 1)?;
        while 2 * units <= limit
            && timed(|| self.probe.run(kernel, workgroups(units), 1))? < self.repetition.call
        {
            units *= 2;
        }
        let launches =
            self.repetition.best_rate(|count| self.probe.run(kernel, workgroups(units), count))?;
        Ok(launches * f64::from(units))
    }

    /// Compiles a shader of this folder and binds its buffers.
    fn kernel(&self, name: &str, buffers: &[&Buffer]) -> Result<Probe, BackendError> {
        let source = shaders().into_iter().find(|(shader, _)| *shader == name);
        self.probe.compile(name, source.map(|(_, source)| source).unwrap_or_default(), buffers)
    }
}
