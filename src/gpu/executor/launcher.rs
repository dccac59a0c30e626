//! Submission of launches to the device.

use std::ops::Range;

use bytemuck::cast_slice;
use wgpu::{ComputePass, ComputePassDescriptor};

use crate::gpu::device::GpuDevice;
use crate::gpu::kernels::dispatches::{Dispatch, DispatchTable};
use crate::gpu::kernels::pipelines::Pipelines;
use crate::gpu::kernels::workgroups::workgroups;
use crate::gpu::memory::buffers::Buffers;
use crate::interface::{
    BackendError, BatchParams, Launch, ReplicaParams, RunParams, Sample, Shape,
};

/// Device with the arrays, the compiled kernels and the prepared launches of a simulation.
pub struct Launcher {
    pub device: GpuDevice,
    pub shape: Shape,
    pub buffers: Buffers,
    /// Number of threads of a workgroup.
    workgroup: u32,
    dispatches: DispatchTable,
    pipelines: Pipelines,
}

impl Launcher {
    /// Creates the zeroed arrays.
    ///
    /// # Errors
    /// Returns an error if the device cannot hold or bind the arrays.
    pub fn new(
        device: GpuDevice,
        shape: Shape,
        constants: &RunParams,
        replicas: &[ReplicaParams],
        workgroup: u32,
    ) -> Result<Self, BackendError> {
        Ok(Launcher {
            buffers: Buffers::new(&device, &shape, constants, replicas)?,
            dispatches: DispatchTable::new(&device),
            pipelines: Pipelines::new(workgroup),
            device,
            shape,
            workgroup,
        })
    }

    /// Compiles the kernels of `launches` and saves them for the next start.
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

    /// Prepares the dispatches of `launches`, and writes the parameters of minibatches and samples.
    ///
    /// # Errors
    /// Returns an error if a launch is on a layer that the shape does not have, or if the driver refuses a kernel.
    pub fn prepare(
        &mut self,
        minibatches: &[BatchParams],
        samples: &[Sample],
        launches: &[Launch],
    ) -> Result<(), BackendError> {
        let Launcher { device, pipelines, shape, buffers, dispatches, .. } = self;
        if dispatches.fill(device, launches, shape) {
            pipelines.clear_bind_groups();
        }
        for dispatch in dispatches.all() {
            pipelines.prepare(device, dispatch, shape, buffers, &dispatches.params)?;
        }
        // The queue orders these writes between the previous submission and the next.
        device.queue.write_buffer(&buffers.minibatches, 0, cast_slice(minibatches));
        device.queue.write_buffer(&buffers.samples, 0, cast_slice(samples));
        Ok(())
    }

    /// Encodes the dispatches of a range of the prepared launches.
    ///
    /// # Errors
    /// Returns an error if a launch needs too many workgroups.
    pub fn encode(
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

    /// Submits a range of the prepared launches.
    ///
    /// # Errors
    /// Returns an error if a launch needs too many workgroups, or if the device failed.
    pub fn submit(
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
}
