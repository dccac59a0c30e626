//! GPU backend, on any device that wgpu reaches through Vulkan, Metal, DX12 or GL.
//!
//! Modules depend only on those before them: [`shaders`] (WGSL text), `device` (adapter, open device, file of compiled
//! kernels), `memory` (buffers, ranges of weight columns), `kernels` (pipelines, dispatches, self-test), and the
//! executor.

mod device;
mod interruptible;
mod kernels;
mod memory;
mod profile;
pub mod shaders;

use std::ops::Range;
use std::time::Duration;

use bytemuck::cast_slice;
use wgpu::{ComputePass, ComputePassDescriptor};

pub use device::adapter::DEFAULT_WORKGROUP_SIZE;
pub use device::{Device, adapter};
pub(crate) use kernels::pipelines::module;
pub use kernels::self_test;
pub use memory::buffers::check_limits;
pub use memory::weight_ranges;

use crate::cpu::kernels::check_work;
use crate::interface::{
    ArrayId, Backend, BackendError, BatchParams, ElementType, KernelTimes, Launch, ReplicaParams,
    RunParams, Sample, Shape, Stop, Stoppable, Values, ValuesRef, array_with_persistent_rows,
    check_access, check_array, check_persistent, check_sizes, check_values, check_write,
    persistent_rows_of,
};
use adapter::{AdapterInfo, AdapterQuery};
use kernels::dispatches::{Dispatch, DispatchTable};
use kernels::pipelines::Pipelines;
use kernels::workgroups::workgroups;
use memory::buffers::Buffers;
use profile::Profile;
use self_test::SelfTestResult;

/// GPU backend.
pub struct Gpu {
    device: Device,
    shape: Shape,
    /// Number of threads of a workgroup.
    workgroup: u32,
    buffers: Buffers,
    dispatches: DispatchTable,
    pipelines: Pipelines,
    /// Timestamps; `None` unless profiling.
    profile: Option<Profile>,
    /// Number of classes.
    classes: u32,
    /// Time of the last submission per sample, if it was measured.
    sample_time: Option<Duration>,
}

impl Gpu {
    /// Opens a GPU and creates the arrays. `replicas`: one per replica of the shape. `workgroup`: number of threads of
    /// a workgroup, a multiple of 8, see [`AdapterInfo::workgroup`].
    ///
    /// # Errors
    /// Returns an error if no GPU matches the query, or as [`Gpu::with_device`].
    pub fn new(
        query: &AdapterQuery,
        shape: Shape,
        constants: RunParams,
        replicas: &[ReplicaParams],
        workgroup: u32,
    ) -> Result<Self, BackendError> {
        Gpu::with_device(Device::open(query)?, shape, constants, replicas, workgroup)
    }

    /// Creates the arrays on an open GPU. Arguments: see [`Gpu::new`].
    ///
    /// # Errors
    /// Returns an error if shape, constants and replicas do not match, if the workgroup is invalid, or if the GPU
    /// cannot hold or bind the arrays.
    pub fn with_device(
        device: Device,
        shape: Shape,
        constants: RunParams,
        replicas: &[ReplicaParams],
        workgroup: u32,
    ) -> Result<Self, BackendError> {
        check_sizes(&shape, &constants, replicas)?;
        let limit = device.info().max_workgroup_threads;
        // Mesa's software device miscompiles loops if the workgroup is not a multiple of its 8-wide vectors. No real
        // GPU has narrower vectors.
        if workgroup == 0 || workgroup > limit || !workgroup.is_multiple_of(8) {
            let device = device.info().name.clone();
            return Err(BackendError::Workgroup { workgroup, limit, device });
        }
        let buffers = Buffers::new(&device, &shape, &constants, replicas)?;
        Ok(Gpu {
            buffers,
            dispatches: DispatchTable::new(&device),
            pipelines: Pipelines::new(workgroup),
            profile: None,
            classes: constants.classes,
            sample_time: None,
            device,
            shape,
            workgroup,
        })
    }

    /// Returns the description of the GPU.
    pub fn info(&self) -> &AdapterInfo {
        self.device.info()
    }

    /// Compiles the kernels of `launches` and saves them for the next start. Other kernels are compiled on their first
    /// launch.
    ///
    /// # Errors
    /// Returns [`BackendError::Device`] if the driver refuses a kernel.
    pub fn compile(&mut self, launches: &[Launch]) -> Result<(), BackendError> {
        for launch in launches {
            self.pipelines.compile(&self.device, &self.shape, launch)?;
        }
        self.device.save_pipelines();
        Ok(())
    }

    /// Checks whether the GPU's arithmetic gives the CPU's bits.
    ///
    /// # Errors
    /// Returns [`BackendError::Device`] if the device failed.
    pub fn self_test(&mut self) -> Result<SelfTestResult, BackendError> {
        self_test::run(&mut self.device)
    }

    /// Encodes the dispatches of a range of the current launches.
    fn encode(
        &self,
        pass: &mut ComputePass,
        launches: Range<usize>,
        minibatches: &[BatchParams],
    ) -> Result<(), BackendError> {
        let limit = self.device.info().max_workgroups;
        let (shape, workgroup) = (&self.shape, self.workgroup);
        let mut kernel = None;
        for (offset, dispatch) in self.dispatches.of(launches) {
            let Dispatch { launch, range } = dispatch;
            let [x, y, z] = workgroups(launch, range, shape, minibatches, workgroup, limit)?;
            let (pipeline, group) = self.pipelines.get(dispatch).ok_or_else(|| {
                let Launch { kernel, layer, .. } = launch;
                self.device.failed(format!("kernel {kernel} of layer {layer} was not prepared"))
            })?;
            if kernel != Some(launch.kernel) {
                pass.set_pipeline(pipeline);
                kernel = Some(launch.kernel);
            }
            pass.set_bind_group(0, group, &[offset]);
            pass.dispatch_workgroups(x, y, z);
        }
        Ok(())
    }
}

impl Gpu {
    /// Submits a range of the current launches.
    fn submit(
        &mut self,
        launches: Range<usize>,
        minibatches: &[BatchParams],
    ) -> Result<(), BackendError> {
        let mut commands = self.device.device.create_command_encoder(&Default::default());
        let mut pass = commands.begin_compute_pass(&ComputePassDescriptor::default());
        self.encode(&mut pass, launches, minibatches)?;
        drop(pass);
        self.device.submit(commands)
    }

    /// Replaces the images. `words`: as [`Dataset::packed_images`](crate::dataset::Dataset::packed_images) returns them.
    ///
    /// # Errors
    /// Returns [`BackendError::WrongLength`] if the number of words differs, or an error if the device was lost.
    pub fn write_images(&mut self, words: &[u32]) -> Result<(), BackendError> {
        let values = ValuesRef::U32(words);
        check_values(ArrayId::Images, self.shape.len(ArrayId::Images), values)?;
        self.write_buffer(ArrayId::Images, values)
    }

    /// Returns the values of an array's first `samples` samples, or the whole array if it is not per sample.
    fn read_buffer(&mut self, array: ArrayId, samples: usize) -> Result<Values, BackendError> {
        let samples = samples.min(self.shape.replicas * self.shape.samples_per_replica);
        let bytes = 4 * self.shape.len_for_samples(array, samples) as u64;
        let buffer = self.buffers.array(array)?;
        Ok(match array.element_type() {
            ElementType::U32 => Values::U32(self.device.read(buffer, 0, bytes)?),
            ElementType::F32 => Values::F32(self.device.read(buffer, 0, bytes)?),
        })
    }

    /// Replaces all values of an array.
    fn write_buffer(&mut self, array: ArrayId, values: ValuesRef) -> Result<(), BackendError> {
        self.device.check()?;
        let buffer = self.buffers.array(array)?;
        self.device.queue.write_buffer(buffer, 0, cast_slice(values.bits()));
        self.device.check()
    }
}

impl Backend for Gpu {
    fn shape(&self) -> &Shape {
        &self.shape
    }

    fn run_until(
        &mut self,
        stop: &Stop,
        stoppable: Stoppable,
        minibatches: &[BatchParams],
        samples: &[Sample],
        launches: &[Launch],
    ) -> Result<(), BackendError> {
        self.device.check()?;
        check_work(&self.shape, minibatches, samples, launches, self.classes)?;
        if self.dispatches.fill(&self.device, launches, &self.shape) {
            self.pipelines.clear_bind_groups();
        }
        let Gpu { device, pipelines, shape, buffers, dispatches, .. } = self;
        for dispatch in dispatches.all() {
            pipelines.prepare(device, dispatch, shape, buffers, &dispatches.params)?;
        }
        // The queue orders these writes between the previous submission and the next.
        let queue = &self.device.queue;
        queue.write_buffer(&self.buffers.minibatches, 0, cast_slice(minibatches));
        queue.write_buffer(&self.buffers.samples, 0, cast_slice(samples));

        if let Some(mut profile) = self.profile.take() {
            let result = self.run_profiled(&mut profile, minibatches, launches);
            self.profile = Some(profile);
            return result;
        }
        match stoppable {
            Stoppable::Nothing => self.submit(0..launches.len(), minibatches),
            _ => self.run_interruptible(stop, stoppable, minibatches, samples, launches),
        }
    }

    fn read_samples(&mut self, array: ArrayId, samples: usize) -> Result<Values, BackendError> {
        check_access(&self.shape, array)?;
        self.read_buffer(array, samples)
    }

    fn write(&mut self, array: ArrayId, values: ValuesRef) -> Result<(), BackendError> {
        check_write(&self.shape, array, values)?;
        self.write_buffer(array, values)
    }

    fn read_persistent(&mut self, array: ArrayId) -> Result<Values, BackendError> {
        check_array(&self.shape, array)?;
        if self.shape.persistent_len(array) == 0 {
            return Ok(Values::zeros(array.element_type(), 0));
        }
        let all = self.read_buffer(array, usize::MAX)?;
        Ok(persistent_rows_of(&self.shape, array, &all))
    }

    fn write_persistent(&mut self, array: ArrayId, values: ValuesRef) -> Result<(), BackendError> {
        check_persistent(&self.shape, array, values)?;
        if values.is_empty() {
            return Ok(());
        }
        let all = array_with_persistent_rows(&self.shape, array, values);
        self.write_buffer(array, (&all).into())
    }

    fn set_profiling(&mut self, is_on: bool) {
        self.profile = if is_on { Profile::new(&self.device) } else { None };
    }

    fn kernel_times(&mut self) -> Result<Option<KernelTimes>, BackendError> {
        self.device.check()?;
        Ok(self.profile.as_ref().map(|profile| profile.times.clone()))
    }
}
