//! Runs a shader of `apical bench` on a GPU.

use bytemuck::{Pod, cast_slice};
use wgpu::{
    BindGroup, BindGroupDescriptor, BindGroupEntry, Buffer, BufferDescriptor, BufferUsages,
    ComputePassDescriptor, ComputePipeline, ComputePipelineDescriptor,
};

use crate::gpu::adapter::AdapterQuery;
use crate::gpu::{self, GpuDevice};
use crate::interface::BackendError;

/// Open GPU.
pub struct GpuProbe {
    pub device: GpuDevice,
}

/// Compiled shader with its buffers.
pub struct Probe {
    pipeline: ComputePipeline,
    group: BindGroup,
}

impl GpuProbe {
    /// Opens the GPU found by `query`.
    pub fn open(query: &AdapterQuery) -> Result<Self, BackendError> {
        Ok(GpuProbe { device: GpuDevice::open(query)? })
    }

    /// Runs a shader `times` times and waits for it.
    pub fn run(
        &mut self,
        probe: &Probe,
        [x, y, z]: [u32; 3],
        times: usize,
    ) -> Result<(), BackendError> {
        let mut commands = self.device.device.create_command_encoder(&Default::default());
        let mut pass = commands.begin_compute_pass(&ComputePassDescriptor::default());
        pass.set_pipeline(&probe.pipeline);
        pass.set_bind_group(0, &probe.group, &[]);
        for _ in 0..times {
            pass.dispatch_workgroups(x, y, z);
        }
        drop(pass);
        self.device.submit(commands)?;
        self.device.wait()
    }

    /// Compiles a shader and binds its buffers.
    pub fn compile(
        &self,
        name: &str,
        source: String,
        buffers: &[&Buffer],
    ) -> Result<Probe, BackendError> {
        let module = gpu::module(&self.device, name, source);
        let pipeline = self.device.device.create_compute_pipeline(&ComputePipelineDescriptor {
            label: Some(name),
            layout: None,
            module: &module,
            entry_point: None,
            compilation_options: Default::default(),
            cache: None,
        });
        self.device.check()?;
        let entries: Vec<BindGroupEntry> = buffers
            .iter()
            .zip(0..)
            .map(|(buffer, binding)| BindGroupEntry {
                binding,
                resource: buffer.as_entire_binding(),
            })
            .collect();
        let group = self.device.device.create_bind_group(&BindGroupDescriptor {
            label: Some(name),
            layout: &pipeline.get_bind_group_layout(0),
            entries: &entries,
        });
        self.device.check()?;
        Ok(Probe { pipeline, group })
    }

    /// Creates a zeroed buffer.
    pub fn buffer(&self, bytes: usize) -> Buffer {
        self.device.device.create_buffer(&BufferDescriptor {
            label: None,
            size: bytes as u64,
            usage: BufferUsages::STORAGE | BufferUsages::COPY_SRC | BufferUsages::COPY_DST,
            mapped_at_creation: false,
        })
    }

    /// Creates a buffer with a content.
    pub fn filled<T: Pod>(&self, content: &[T]) -> Buffer {
        let buffer = self.buffer(size_of_val(content));
        self.device.queue.write_buffer(&buffer, 0, cast_slice(content));
        buffer
    }
}
