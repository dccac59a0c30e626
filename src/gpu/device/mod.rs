//! Open GPU: runs commands, reads buffers, reports errors. [`crate::device`] chooses between it and the CPU.

pub mod adapter;
mod cache;

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use bytemuck::{Pod, pod_collect_to_vec};
use wgpu::{
    Buffer, BufferDescriptor, BufferUsages, CommandEncoder, DeviceDescriptor, DeviceLostReason,
    Features, MapMode, PipelineCache, PollError, PollStatus, PollType, SubmissionIndex,
};

use crate::interface::BackendError;
use adapter::{AdapterInfo, AdapterQuery};
use cache::Cache;

/// Time after which a device without an answer counts as hung: longer than any minibatch on a software device, and than
/// a driver's own watchdog timeout.
const POLL_TIMEOUT: Duration = Duration::from_secs(600);

/// Largest number of submissions in flight: enough that the device never waits for the host, few enough that their
/// staged data stays small.
const IN_FLIGHT: usize = 3;

/// Features for timestamps between the launches of a pass. With the first alone, each launch takes a pass of its own.
pub const TIMESTAMPS: Features = Features::TIMESTAMP_QUERY
    .union(Features::TIMESTAMP_QUERY_INSIDE_ENCODERS)
    .union(Features::TIMESTAMP_QUERY_INSIDE_PASSES);

/// An open GPU.
pub struct GpuDevice {
    pub(crate) device: wgpu::Device,
    pub(crate) queue: wgpu::Queue,
    info: AdapterInfo,
    /// First error that the device reported.
    failure: Arc<Mutex<Option<String>>>,
    in_flight: VecDeque<SubmissionIndex>,
    /// Buffer to which [`GpuDevice::read`] copies.
    staging: Option<Buffer>,
    cache: Option<Cache>,
    /// Largest number of bytes of weights that a kernel binds at once.
    max_weight_binding: u64,
}

impl GpuDevice {
    /// Opens the GPU that matches a query. Compiled kernels of a real GPU are stored in the user's folder of caches, or
    /// in the folder in the environment variable `APICAL_PIPELINE_CACHE`, or nowhere if it is `off`.
    ///
    /// # Errors
    /// Returns an error if no GPU matches, or if it cannot be opened.
    pub fn open(query: &AdapterQuery) -> Result<Self, BackendError> {
        let (adapter, info) = adapter::choose(query)?;
        let description = DeviceDescriptor {
            label: Some("apical"),
            required_features: adapter.features() & TIMESTAMPS.union(cache::FEATURES),
            required_limits: adapter::wanted_limits(&adapter.limits()),
            ..Default::default()
        };
        let (device, queue) =
            pollster::block_on(adapter.request_device(&description)).map_err(|error| {
                BackendError::Open { device: info.name.clone(), reason: error.to_string() }
            })?;
        let failure = Arc::new(Mutex::new(None));
        let failure_of_callback = Arc::clone(&failure);
        device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| {
            record(&failure_of_callback, error.to_string());
        }));
        let failure_of_callback = Arc::clone(&failure);
        device.set_device_lost_callback(move |reason, message| {
            if reason != DeviceLostReason::Destroyed {
                record(&failure_of_callback, format!("the device was lost: {message}"));
            }
        });
        let cache = Cache::open(&device, &adapter.get_info());
        let in_flight = VecDeque::new();
        let max_weight_binding = info.max_binding;
        let staging = None;
        Ok(GpuDevice {
            device,
            queue,
            info,
            failure,
            in_flight,
            staging,
            cache,
            max_weight_binding,
        })
    }

    /// Returns the description of the adapter.
    pub fn info(&self) -> &AdapterInfo {
        &self.info
    }

    /// Limits the weights that a kernel binds at once to `bytes`, but at least [`COLUMN_ALIGN`] columns, as on a device
    /// with a lower limit. Changes no result.
    ///
    /// Only for tests. It is public because the tests in `tests/` are a crate of their own.
    ///
    /// [`COLUMN_ALIGN`]: crate::gpu::weight_ranges::COLUMN_ALIGN
    #[doc(hidden)]
    pub fn limit_weight_binding(&mut self, bytes: u64) {
        self.max_weight_binding = bytes.min(self.info.max_binding);
    }

    /// Returns the largest number of bytes of weights that a kernel binds at once.
    pub(in crate::gpu) fn max_weight_binding(&self) -> u64 {
        self.max_weight_binding
    }

    /// Returns the compiled kernels of earlier starts, if they are stored.
    pub(in crate::gpu) fn pipelines(&self) -> Option<&PipelineCache> {
        self.cache.as_ref().map(|cache| &cache.pipelines)
    }

    /// Stores the kernels compiled so far for the next start.
    pub(in crate::gpu) fn save_pipelines(&mut self) {
        if let Some(cache) = &mut self.cache {
            cache.save();
        }
    }

    /// Checks that the device reported no error since it was opened.
    ///
    /// # Errors
    /// Returns [`BackendError::Device`] with the first error.
    pub fn check(&self) -> Result<(), BackendError> {
        match &*self.failure.lock().unwrap_or_else(PoisonError::into_inner) {
            None => Ok(()),
            Some(reason) => Err(self.failed(reason.clone())),
        }
    }

    /// Submits commands, and waits if too many submissions are in flight.
    ///
    /// # Errors
    /// Returns [`BackendError::Device`] if the device failed.
    pub fn submit(&mut self, commands: CommandEncoder) -> Result<(), BackendError> {
        let submission = self.queue.submit([commands.finish()]);
        self.check()?;
        self.in_flight.push_back(submission);
        if self.in_flight.len() > IN_FLIGHT {
            let submission_index = self.in_flight.pop_front();
            self.poll(PollType::Wait { submission_index, timeout: Some(POLL_TIMEOUT) })?;
        }
        self.check()
    }

    /// Waits until all work so far is done.
    ///
    /// # Errors
    /// Returns [`BackendError::Device`] if the device failed.
    pub fn wait(&mut self) -> Result<(), BackendError> {
        self.poll(PollType::Wait { submission_index: None, timeout: Some(POLL_TIMEOUT) })?;
        self.in_flight.clear();
        self.check()
    }

    /// Returns `bytes` bytes of a buffer from byte `start` on, as values, after all work so far.
    ///
    /// # Errors
    /// Returns [`BackendError::Device`] if the device failed.
    pub fn read<T: Pod>(
        &mut self,
        buffer: &Buffer,
        start: u64,
        bytes: u64,
    ) -> Result<Vec<T>, BackendError> {
        self.check()?;
        if bytes == 0 {
            return Ok(Vec::new());
        }
        let staging = self.staging(bytes);
        let mut commands = self.device.create_command_encoder(&Default::default());
        commands.copy_buffer_to_buffer(buffer, start, &staging, 0, bytes);
        self.submit(commands)?;

        let (sender, receiver) = mpsc::channel();
        staging.map_async(MapMode::Read, 0..bytes, move |result| {
            // The receiver is gone if an error came first.
            let _ = sender.send(result);
        });
        self.wait()?;
        let mapped = receiver.try_recv().map_err(|error| self.failed(error.to_string()))?;
        mapped.map_err(|error| self.failed(error.to_string()))?;
        let view =
            staging.get_mapped_range(0..bytes).map_err(|error| self.failed(error.to_string()))?;
        let values = pod_collect_to_vec(&view);
        drop(view);
        staging.unmap();
        Ok(values)
    }

    /// Returns a buffer of at least `bytes` bytes for reading, and keeps it for the next call.
    fn staging(&mut self, bytes: u64) -> Buffer {
        match &self.staging {
            Some(buffer) if buffer.size() >= bytes => buffer.clone(),
            _ => {
                let buffer = self.device.create_buffer(&BufferDescriptor {
                    label: Some("staging"),
                    size: bytes,
                    usage: BufferUsages::MAP_READ | BufferUsages::COPY_DST,
                    mapped_at_creation: false,
                });
                self.staging.insert(buffer).clone()
            }
        }
    }

    fn poll(&self, poll: PollType) -> Result<(), BackendError> {
        // wgpu panics in `poll`, and only there, if the device is lost during the wait.
        self.check_poll(catch_unwind(AssertUnwindSafe(|| self.device.poll(poll))))
    }

    /// Returns the error that the result of a poll stands for. A panic means that the device was lost.
    fn check_poll(
        &self,
        result: thread::Result<Result<PollStatus, PollError>>,
    ) -> Result<(), BackendError> {
        match result {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(PollError::Timeout)) => {
                let seconds = POLL_TIMEOUT.as_secs();
                Err(self.failed(format!("no answer for {seconds} s: the device hangs")))
            }
            Ok(Err(error)) => Err(self.failed(error.to_string())),
            Err(_) => {
                self.check()?;
                Err(self.failed("the device was lost".to_string()))
            }
        }
    }

    /// Returns the error of this device with a reason.
    pub(in crate::gpu) fn failed(&self, reason: String) -> BackendError {
        BackendError::Device { device: self.info.name.clone(), reason }
    }
}

/// Stores the first failure: later ones follow from it.
fn record(failure: &Mutex<Option<String>>, message: String) {
    failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(message);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device() -> GpuDevice {
        let choice = AdapterQuery { index_or_name: None, allow_software: true };
        GpuDevice::open(&choice).unwrap_or_else(|error| {
            panic!("{error}\nThis test needs a Vulkan device: apt-get install mesa-vulkan-drivers")
        })
    }

    /// A hanging driver must not hang the program.
    #[test]
    fn poll_timeout_and_panic_are_device_errors() {
        let device = device();
        let error_of = |result| device.check_poll(result).unwrap_err();
        for (result, text) in [
            (Ok(Err(PollError::Timeout)), "no answer for 600 s: the device hangs"),
            (Err(Box::new("lost") as Box<_>), "the device was lost"),
        ] {
            let error = error_of(result);
            assert!(matches!(error, BackendError::Device { .. }), "{error}");
            assert!(error.to_string().contains(text), "{error}");
        }
        assert!(device.check_poll(Ok(Ok(PollStatus::QueueEmpty))).is_ok());
    }

    #[test]
    fn read_from_lost_device_is_an_error() {
        let mut device = device();
        let buffer = device.device.create_buffer(&BufferDescriptor {
            label: None,
            size: 16,
            usage: BufferUsages::COPY_SRC,
            mapped_at_creation: false,
        });
        assert_eq!(device.read::<u32>(&buffer, 0, 16).unwrap(), [0; 4]);
        device.device.destroy();
        for _ in 0..2 {
            let error = device.read::<u32>(&buffer, 0, 16).unwrap_err();
            assert!(matches!(error, BackendError::Device { .. }), "{error}");
        }
    }
}
