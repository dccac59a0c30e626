//! Executor: runs the kernels of a list of launches on a GPU.

mod backend;
mod interruptible;
mod launcher;
mod profile;

use bytemuck::cast_slice;

use crate::dataset::spikes::are_packed_recordings;
use crate::gpu::device::GpuDevice;
use crate::gpu::device::adapter::{AdapterInfo, AdapterQuery};
use crate::gpu::kernels::self_test::{self, SelfTestResult};
use crate::interface::{
    ArrayId, BackendError, ElementType, Launch, ReplicaParams, RunParams, Shape, Values, ValuesRef,
    check_sizes, check_values,
};
use interruptible::Interruptible;
use launcher::Launcher;
use profile::Profile;

/// GPU backend.
pub struct Gpu {
    launcher: Launcher,
    /// Timestamps; `None` unless profiling.
    profile: Option<Profile>,
    interruptible: Interruptible,
    /// Number of classes.
    classes: u32,
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
        Gpu::with_device(GpuDevice::open(query)?, shape, constants, replicas, workgroup)
    }

    /// Creates the arrays on an open GPU. Arguments: see [`Gpu::new`].
    ///
    /// # Errors
    /// Returns an error if shape, constants and replicas do not match, if the workgroup is invalid, or if the GPU
    /// cannot hold or bind the arrays.
    pub fn with_device(
        device: GpuDevice,
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
        Ok(Gpu {
            launcher: Launcher::new(device, shape, &constants, replicas, workgroup)?,
            profile: None,
            interruptible: Interruptible::default(),
            classes: constants.classes,
        })
    }

    /// Returns the description of the GPU.
    pub fn info(&self) -> &AdapterInfo {
        self.launcher.device.info()
    }

    /// Compiles the kernels of `launches` and saves them for the next start. Other kernels are compiled on their first
    /// launch.
    ///
    /// # Errors
    /// Returns [`BackendError::Device`] if the driver refuses a kernel.
    pub fn compile(&mut self, launches: &[Launch]) -> Result<(), BackendError> {
        self.launcher.compile(launches)
    }

    /// Checks whether the GPU's arithmetic gives the CPU's bits.
    ///
    /// # Errors
    /// Returns [`BackendError::Device`] if the device failed.
    pub fn self_test(&mut self) -> Result<SelfTestResult, BackendError> {
        self_test::test(&mut self.launcher.device)
    }

    /// Replaces the images. `words`: as [`Dataset::packed_images`](crate::dataset::Dataset::packed_images) returns them.
    ///
    /// # Errors
    /// Returns [`BackendError::WrongLength`] if the number of words differs, [`BackendError::InvalidSamples`] if the
    /// starts of recordings or the events of one do not ascend, or an error if the device was lost.
    pub fn write_images(&mut self, words: &[u32]) -> Result<(), BackendError> {
        let values = ValuesRef::U32(words);
        let shape = &self.launcher.shape;
        check_values(ArrayId::Images, shape.len(ArrayId::Images), values)?;
        if shape.events.is_some() && !are_packed_recordings(words, shape.images) {
            let reason = "recordings whose starts or events do not ascend";
            return Err(BackendError::InvalidSamples(reason.to_string()));
        }
        self.write_buffer(ArrayId::Images, values)
    }

    /// Returns the values of an array's first `samples` samples, or the whole array if it is not per sample.
    fn read_buffer(&mut self, array: ArrayId, samples: usize) -> Result<Values, BackendError> {
        let Launcher { device, shape, buffers, .. } = &mut self.launcher;
        let samples = samples.min(shape.replicas * shape.samples_per_replica);
        let bytes = 4 * shape.len_for_samples(array, samples) as u64;
        let buffer = buffers.array(array)?;
        Ok(match array.element_type() {
            ElementType::U32 => Values::U32(device.read(buffer, 0, bytes)?),
            ElementType::F32 => Values::F32(device.read(buffer, 0, bytes)?),
        })
    }

    /// Replaces all values of an array.
    fn write_buffer(&mut self, array: ArrayId, values: ValuesRef) -> Result<(), BackendError> {
        let Launcher { device, buffers, .. } = &self.launcher;
        device.check()?;
        device.queue.write_buffer(buffers.array(array)?, 0, cast_slice(values.bits()));
        device.check()
    }
}
