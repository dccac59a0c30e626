//! Time of each kernel, from timestamps that the GPU writes around every launch.

use std::time::Duration;

use wgpu::{
    Buffer, BufferUsages, ComputePassDescriptor, ComputePassTimestampWrites, Features, QuerySet,
    QuerySetDescriptor, QueryType,
};

use super::launcher::Launcher;
use crate::gpu::device::{GpuDevice, TIMESTAMPS};
use crate::gpu::memory::buffers::buffer;
use crate::interface::{BackendError, BatchParams, KernelTimes, Launch};

/// Number of launches per set of timestamps: each needs two of the 4096 that a set may have.
const LAUNCHES: usize = 1024;

/// Timestamps of a device, and the kernel times measured so far.
pub struct Profile {
    stamps: QuerySet,
    /// Timestamps as numbers, 8 bytes each.
    numbers: Buffer,
    /// Duration of a tick, ns.
    tick_ns: f64,
    /// Whether the device writes timestamps between the launches of a pass.
    inside_passes: bool,
    pub times: KernelTimes,
}

impl Profile {
    /// Creates the timestamps; `None` if the device writes none.
    pub fn new(device: &GpuDevice) -> Option<Self> {
        let features = device.device.features();
        features.contains(Features::TIMESTAMP_QUERY).then(|| Profile {
            stamps: device.device.create_query_set(&QuerySetDescriptor {
                label: Some("kernel times"),
                ty: QueryType::Timestamp,
                count: 2 * LAUNCHES as u32,
            }),
            numbers: buffer(
                device,
                "kernel times",
                16 * LAUNCHES as u64,
                BufferUsages::QUERY_RESOLVE | BufferUsages::COPY_SRC,
            ),
            tick_ns: f64::from(device.queue.get_timestamp_period()),
            inside_passes: features.contains(TIMESTAMPS),
            times: KernelTimes::default(),
        })
    }

    /// Runs prepared launches with timestamps around each, and waits for them.
    ///
    /// # Errors
    /// Returns an error if a launch needs too many workgroups, or if the device failed.
    pub fn run(
        &mut self,
        launcher: &mut Launcher,
        minibatches: &[BatchParams],
        launches: &[Launch],
    ) -> Result<(), BackendError> {
        for (chunk, launches) in launches.chunks(LAUNCHES).enumerate() {
            let mut commands = launcher.device.device.create_command_encoder(&Default::default());
            let first = chunk * LAUNCHES;
            if self.inside_passes {
                let mut pass = commands.begin_compute_pass(&ComputePassDescriptor::default());
                for index in 0..launches.len() {
                    pass.write_timestamp(&self.stamps, 2 * index as u32);
                    launcher.encode(&mut pass, first + index..first + index + 1, minibatches)?;
                    pass.write_timestamp(&self.stamps, 2 * index as u32 + 1);
                }
            } else {
                for index in 0..launches.len() {
                    let stamps = ComputePassTimestampWrites {
                        query_set: &self.stamps,
                        beginning_of_pass_write_index: Some(2 * index as u32),
                        end_of_pass_write_index: Some(2 * index as u32 + 1),
                    };
                    let mut pass = commands.begin_compute_pass(&ComputePassDescriptor {
                        timestamp_writes: Some(stamps),
                        ..Default::default()
                    });
                    launcher.encode(&mut pass, first + index..first + index + 1, minibatches)?;
                }
            }
            let count = 2 * launches.len();
            commands.resolve_query_set(&self.stamps, 0..count as u32, &self.numbers, 0);
            launcher.device.submit(commands)?;
            let words = launcher.device.read(&self.numbers, 0, 8 * count as u64)?;
            self.add(launches, &words);
        }
        Ok(())
    }

    /// Adds the times of launches. `words`: start and end of each launch, in ticks of 64 bits.
    fn add(&mut self, launches: &[Launch], words: &[u32]) {
        let stamp = |words: &[u32]| u64::from(words[0]) | u64::from(words[1]) << 32;
        for (launch, words) in launches.iter().zip(words.chunks_exact(4)) {
            let ticks = stamp(&words[2..]).saturating_sub(stamp(&words[..2]));
            let time = Duration::from_nanos((ticks as f64 * self.tick_ns) as u64);
            self.times.add(launch.kernel, time);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Gpu;
    use super::*;
    use crate::config::Config;
    use crate::gpu::DEFAULT_WORKGROUP_SIZE;
    use crate::gpu::adapter::AdapterQuery;
    use crate::interface::{Backend, Kernel, Sample, Shape};
    use crate::model::network_model::{NetworkModel, UpdateRule};
    use crate::plan::{constants, kernel_sequence, replica};

    /// Apple's GPUs write timestamps only around passes.
    #[test]
    fn launches_are_timed_without_timestamps_in_passes() {
        let shape = Shape {
            samples_per_replica: 2,
            steps: 16,
            block: 8,
            taps: 3,
            images: 2,
            result_slots: 2,
            model: NetworkModel { update_rule: UpdateRule::Adaptive, ..NetworkModel::default() },
            ..Shape::minimal(vec![12, 9, 10])
        };
        let config = Config { layers: vec![9, 10], psp_kernel_ms: 3, ..Config::default() };
        let constants = constants(&config, &shape, 10);
        let query = AdapterQuery { index_or_name: None, allow_software: true };
        let gpu =
            Gpu::new(&query, shape.clone(), constants, &[replica(&config)], DEFAULT_WORKGROUP_SIZE);
        let mut gpu = gpu.unwrap_or_else(|error| {
            panic!("{error}\nThis test needs a Vulkan device: apt-get install mesa-vulkan-drivers")
        });
        gpu.set_profiling(true);
        gpu.profile.as_mut().expect("this device writes timestamps").inside_passes = false;
        let sample = Sample {
            steps_forward: 8,
            steps_target: 8,
            window_forward: 4,
            window_target: 4,
            ..Sample::default()
        };
        let samples = [0, 1].map(|index| sample.of_replica(&shape, 0, index));
        let minibatch =
            BatchParams { batch_size: 2, reset_state: 1, ..bytemuck::Zeroable::zeroed() };
        let list = kernel_sequence(&shape, 16, true);
        gpu.run(&[minibatch], &samples, &list).expect("the kernels run");
        let times = gpu.kernel_times().expect("the times are read").expect("profiling is on");
        for kernel in Kernel::ALL {
            let expected = list.iter().filter(|launch| launch.kernel == kernel).count() as u64;
            assert_eq!(times.calls(kernel), expected, "{kernel}");
        }
    }
}
