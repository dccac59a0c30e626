//! The arrays on the device, one buffer each or a few that one launch binds together, and what parameterises the
//! kernels.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use bytemuck::{Pod, bytes_of, cast_slice};
use wgpu::{Buffer, BufferDescriptor, BufferUsages};

use super::adapter::AdapterInfo;
use super::device::Device;
use super::shared_buffers::SharedBuffer;
use super::{fused_step, weight_ranges};
use crate::interface::{
    ArrayId, BackendError, BatchParams, ReplicaParams, RunParams, Sample, Shape,
};

/// Size of the smallest buffer: kernels bind arrays that are not kept all the same.
pub const MIN_SIZE: u64 = 16;

/// All buffers but that of the parts.
pub struct Buffers {
    pub constants: Buffer,
    pub replicas: Buffer,
    pub minibatches: Buffer,
    pub lanes: Buffer,
    /// The parts of a step of whole networks, where they are stepped.
    pub fused_params: Option<Buffer>,
    /// Those that have a buffer by themselves.
    arrays: HashMap<ArrayId, BufferRange>,
    /// Where whole networks are stepped.
    shared_buffers: HashMap<SharedBuffer, Buffer>,
}

/// Where an array lies.
pub struct BufferRange {
    pub buffer: Buffer,
    /// Its first byte.
    pub start: u64,
    /// How many it takes.
    pub bytes: u64,
}

impl Buffers {
    /// Zeroed arrays of `shape`.
    ///
    /// # Errors
    /// When one is larger than the device binds, or all together are larger than its memory.
    pub fn new(
        device: &Device,
        shape: &Shape,
        constants: &RunParams,
        replicas: &[ReplicaParams],
    ) -> Result<Self, BackendError> {
        let storage = BufferUsages::STORAGE | BufferUsages::COPY_SRC | BufferUsages::COPY_DST;
        let mut arrays = HashMap::new();
        let mut shared_buffers = HashMap::new();
        check_limits(device.info(), shape)?;
        let new = |array: ArrayId, bytes: u64| {
            let buffer = buffer(device, &array.to_string(), bytes.max(MIN_SIZE), storage);
            device.check().map_err(|error| {
                let (device, reason) = (device.info().name.clone(), error.to_string());
                BackendError::OutOfMemory { array, bytes, device, reason }
            })?;
            Ok::<Buffer, BackendError>(buffer)
        };
        if shape.fused_steps {
            for group in SharedBuffer::ALL {
                let (offsets, bytes) = group.offsets(shape);
                let Some(&(first, _)) = offsets.first() else { continue };
                let buffer = new(first, bytes)?;
                for (array, start) in offsets {
                    let bytes = shape.bytes_of(array);
                    arrays.insert(array, BufferRange { buffer: buffer.clone(), start, bytes });
                }
                shared_buffers.insert(group, buffer);
            }
        }
        for array in shape.arrays() {
            if let Entry::Vacant(place) = arrays.entry(array) {
                let bytes = shape.bytes_of(array);
                place.insert(BufferRange { buffer: new(array, bytes)?, start: 0, bytes });
            }
        }
        let fused_params = shape.fused_steps.then(|| {
            let parts = fused_step::layer_params(shape);
            let usage = BufferUsages::UNIFORM | BufferUsages::COPY_DST;
            let table = buffer(device, "network parts", size_of_val(&parts[..]) as u64, usage);
            device.queue.write_buffer(&table, 0, cast_slice(&parts));
            table
        });
        let minibatches = (shape.replicas * size_of::<BatchParams>()) as u64;
        let lanes = (shape.replicas * shape.samples_per_replica * size_of::<Sample>()) as u64;
        let buffers = Buffers {
            constants: uniform(device, "constants", constants),
            replicas: buffer(device, "replicas", size_of_val(replicas) as u64, storage),
            minibatches: buffer(device, "minibatches", minibatches, storage),
            lanes: buffer(device, "lanes", lanes, storage),
            fused_params,
            arrays,
            shared_buffers,
        };
        device.queue.write_buffer(&buffers.replicas, 0, cast_slice(replicas));
        device.check()?;
        Ok(buffers)
    }

    /// Where an array lies.
    ///
    /// # Errors
    /// When the shape has no such array.
    pub fn array(&self, array: ArrayId) -> Result<&BufferRange, BackendError> {
        self.arrays.get(&array).ok_or(BackendError::WrongLength { array, expected: 0, got: 0 })
    }

    /// The buffer that arrays share; none where no networks are stepped.
    pub fn group(&self, group: SharedBuffer) -> Option<&Buffer> {
        self.shared_buffers.get(&group)
    }
}

/// Checks what a GPU holds in a buffer and binds at once, and how many lanes it takes.
///
/// # Errors
/// When an array is larger, there are more lanes, or networks that are to be stepped whole do not fit.
pub fn check_limits(info: &AdapterInfo, shape: &Shape) -> Result<(), BackendError> {
    for array in shape.arrays() {
        let (bytes, device) = (shape.bytes_of(array), info.name.clone());
        if weight_ranges::min_binding(array, shape) > info.max_binding {
            return Err(BackendError::TooLarge { array, bytes, limit: info.max_binding, device });
        }
        if bytes > info.max_buffer {
            return Err(BackendError::BufferTooLarge {
                array,
                bytes,
                limit: info.max_buffer,
                device,
            });
        }
    }
    if shape.fused_steps && !fused_step::supports_fused(shape, info) {
        return Err(BackendError::FusedStepTooLarge { device: info.name.clone() });
    }
    // Each lane is a workgroup along the last dimension of a launch.
    let (lanes, most) = (shape.replicas * shape.samples_per_replica, info.max_workgroups as usize);
    if lanes > most {
        return Err(BackendError::TooManySamples { lanes, most });
    }
    Ok(())
}

/// A zeroed buffer.
pub fn buffer(device: &Device, label: &str, size: u64, usage: BufferUsages) -> Buffer {
    device.device.create_buffer(&BufferDescriptor {
        label: Some(label),
        size,
        usage,
        mapped_at_creation: false,
    })
}

/// A uniform buffer that holds `value`.
pub fn uniform<T: Pod>(device: &Device, label: &str, value: &T) -> Buffer {
    let usage = BufferUsages::UNIFORM | BufferUsages::COPY_DST;
    let buffer = buffer(device, label, size_of::<T>() as u64, usage);
    device.queue.write_buffer(&buffer, 0, bytes_of(value));
    buffer
}
