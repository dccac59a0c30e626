//! Compute pipelines, one per kernel, and the bind groups of their dispatches.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::num::NonZero;

use wgpu::{
    BindGroup, BindGroupDescriptor, BindGroupEntry, BindGroupLayout, BindGroupLayoutDescriptor,
    BindGroupLayoutEntry, BindingResource, BindingType, Buffer, BufferBinding, BufferBindingType,
    BufferSize, ComputePipeline, ComputePipelineDescriptor, PipelineCompilationOptions,
    PipelineLayoutDescriptor, ShaderModule, ShaderModuleDescriptor, ShaderRuntimeChecks,
    ShaderSource, ShaderStages,
};

use super::dispatches::Dispatch;
use crate::gpu::device::GpuDevice;
use crate::gpu::memory::buffers::{Buffers, MIN_SIZE};
use crate::gpu::memory::weight_ranges;
use crate::gpu::shaders;
use crate::interface::{
    BackendError, BatchParams, Kernel, Launch, LaunchParams, ReplicaParams, RunParams, Sample,
    Shape,
};

/// Number of bindings shared by all kernels: constants, launch parameters, replicas, minibatches, samples.
pub const COMMON_BINDINGS: u32 = 5;

/// Compiled kernel.
pub struct Pipeline {
    pub pipeline: ComputePipeline,
    pub layout: BindGroupLayout,
}

impl Pipeline {
    /// Compiles `source`. `is_read_only`: for each bound array, whether the kernel only reads it. `workgroup`: number
    /// of threads of a workgroup.
    pub fn new(
        device: &GpuDevice,
        name: &str,
        source: String,
        is_read_only: &[bool],
        workgroup: u32,
    ) -> Self {
        let layout = bind_group_layout(device, name, is_read_only);
        let pipeline_layout = device.device.create_pipeline_layout(&PipelineLayoutDescriptor {
            label: Some(name),
            bind_group_layouts: &[Some(&layout)],
            immediate_size: 0,
        });
        let pipeline = device.device.create_compute_pipeline(&ComputePipelineDescriptor {
            label: Some(name),
            layout: Some(&pipeline_layout),
            module: &module(device, name, source),
            entry_point: None,
            compilation_options: PipelineCompilationOptions {
                constants: &[("workgroup_threads", f64::from(workgroup))],
                ..Default::default()
            },
            cache: device.pipelines(),
        });
        Pipeline { pipeline, layout }
    }

    /// Creates a bind group of the bindings shared by all kernels, in the order of [`COMMON_BINDINGS`], and of
    /// `arrays`.
    pub fn bind(
        &self,
        device: &GpuDevice,
        common: [&Buffer; COMMON_BINDINGS as usize],
        arrays: &[BindingResource],
    ) -> BindGroup {
        let [constants, launch_params, replicas, minibatches, samples] = common;
        let launch_params = BufferBinding {
            buffer: launch_params,
            offset: 0,
            size: NonZero::new(size_of::<LaunchParams>() as u64),
        };
        let resources = [
            constants.as_entire_binding(),
            BindingResource::Buffer(launch_params),
            replicas.as_entire_binding(),
            minibatches.as_entire_binding(),
            samples.as_entire_binding(),
        ];
        let entries: Vec<BindGroupEntry> = resources
            .into_iter()
            .chain(arrays.iter().cloned())
            .zip(0..)
            .map(|(resource, binding)| BindGroupEntry { binding, resource })
            .collect();
        device.device.create_bind_group(&BindGroupDescriptor {
            label: None,
            layout: &self.layout,
            entries: &entries,
        })
    }
}

/// Pipelines of the kernels used so far, and their bind groups.
pub struct Pipelines {
    /// Number of threads of a workgroup.
    workgroup: u32,
    kernels: HashMap<Kernel, Pipeline>,
    /// By kernel, layer and index of the column range.
    bind_groups: HashMap<(Kernel, usize, usize), BindGroup>,
}

impl Pipelines {
    /// Creates an empty set. `workgroup`: number of threads of a workgroup.
    pub fn new(workgroup: u32) -> Self {
        Pipelines { workgroup, kernels: HashMap::new(), bind_groups: HashMap::new() }
    }

    /// Compiles the kernel of a launch unless it is compiled, and returns its pipeline.
    ///
    /// # Errors
    /// Returns [`BackendError::Device`] if the driver refuses the kernel.
    pub fn compile(
        &mut self,
        device: &GpuDevice,
        shape: &Shape,
        launch: &Launch,
    ) -> Result<&Pipeline, BackendError> {
        match self.kernels.entry(launch.kernel) {
            Entry::Occupied(entry) => Ok(entry.into_mut()),
            Entry::Vacant(entry) => {
                // The number of arrays read and written is the same for every layer.
                let [reads, writes] = [launch.reads(shape).len(), launch.writes().len()];
                let is_read_only = [vec![true; reads], vec![false; writes]].concat();
                let (name, source) = (launch.kernel.name(), shaders::source(launch.kernel));
                let pipeline = Pipeline::new(device, name, source, &is_read_only, self.workgroup);
                device.check()?;
                Ok(entry.insert(pipeline))
            }
        }
    }

    /// Removes all bind groups, since a buffer was replaced.
    pub fn clear_bind_groups(&mut self) {
        self.bind_groups.clear();
    }

    /// Creates the pipeline and the bind group of a dispatch if they are missing.
    ///
    /// # Errors
    /// Returns an error if the shape has no such layer, or [`BackendError::Device`] if the driver refuses the kernel.
    pub fn prepare(
        &mut self,
        device: &GpuDevice,
        dispatch: &Dispatch,
        shape: &Shape,
        buffers: &Buffers,
        launch_params: &Buffer,
    ) -> Result<(), BackendError> {
        let Dispatch { launch, range } = dispatch;
        let key = (launch.kernel, launch.layer, range.index);
        if self.bind_groups.contains_key(&key) {
            return Ok(());
        }
        let arrays = launch
            .reads(shape)
            .into_iter()
            .chain(launch.writes())
            .map(|array| {
                let all = || [0, shape.bytes_of(array).max(MIN_SIZE)];
                let bytes = weight_ranges::bytes_of(array, launch, range, shape);
                let [offset, size] = bytes.unwrap_or_else(all);
                let (buffer, size) = (buffers.array(array)?, NonZero::new(size));
                Ok(BindingResource::Buffer(BufferBinding { buffer, offset, size }))
            })
            .collect::<Result<Vec<_>, BackendError>>()?;
        let Buffers { constants, replicas, minibatches, samples, .. } = buffers;
        let common = [constants, launch_params, replicas, minibatches, samples];
        let group = self.compile(device, shape, launch)?.bind(device, common, &arrays);
        self.bind_groups.insert(key, group);
        Ok(())
    }

    /// Returns the pipeline and the bind group of a prepared dispatch.
    pub fn get(&self, dispatch: &Dispatch) -> Option<(&ComputePipeline, &BindGroup)> {
        let Dispatch { launch, range } = dispatch;
        let pipeline = self.kernels.get(&launch.kernel)?;
        let group = self.bind_groups.get(&(launch.kernel, launch.layer, range.index))?;
        Some((&pipeline.pipeline, group))
    }
}

/// Compiles a shader of this crate.
pub fn module(device: &GpuDevice, name: &str, source: String) -> ShaderModule {
    let description =
        ShaderModuleDescriptor { label: Some(name), source: ShaderSource::Wgsl(source.into()) };
    if cfg!(debug_assertions) {
        device.device.create_shader_module(description)
    } else {
        // SAFETY: the shaders are this crate's own. Tests run them with bounds checks and loop limits, and the CPU
        // backend checks the same indices.
        unsafe {
            device
                .device
                .create_shader_module_trusted(description, ShaderRuntimeChecks::unchecked())
        }
    }
}

fn bind_group_layout(device: &GpuDevice, name: &str, is_read_only: &[bool]) -> BindGroupLayout {
    let storage = |read_only| BufferBindingType::Storage { read_only };
    let mut entries = vec![
        entry(0, BufferBindingType::Uniform, false, size_of::<RunParams>()),
        entry(1, BufferBindingType::Uniform, true, size_of::<LaunchParams>()),
        entry(2, storage(true), false, size_of::<ReplicaParams>()),
        entry(3, storage(true), false, size_of::<BatchParams>()),
        entry(4, storage(true), false, size_of::<Sample>()),
    ];
    let arrays = is_read_only.iter().zip(COMMON_BINDINGS..);
    entries.extend(arrays.map(|(&is_read_only, binding)| {
        entry(binding, storage(is_read_only), false, size_of::<u32>())
    }));
    device.device.create_bind_group_layout(&BindGroupLayoutDescriptor {
        label: Some(name),
        entries: &entries,
    })
}

fn entry(
    binding: u32,
    ty: BufferBindingType,
    has_dynamic_offset: bool,
    smallest: usize,
) -> BindGroupLayoutEntry {
    BindGroupLayoutEntry {
        binding,
        visibility: ShaderStages::COMPUTE,
        ty: BindingType::Buffer {
            ty,
            has_dynamic_offset,
            min_binding_size: BufferSize::new(smallest as u64),
        },
        count: None,
    }
}
