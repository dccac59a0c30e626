//! Buffers on the device: one per array, and one per kind of parameters.

use std::collections::HashMap;

use bytemuck::{Pod, bytes_of, cast_slice};
use wgpu::{Buffer, BufferDescriptor, BufferUsages};

use super::weight_ranges;
use crate::gpu::device::GpuDevice;
use crate::gpu::device::adapter::AdapterInfo;
use crate::interface::{
    ArrayId, BackendError, BatchParams, ReplicaParams, RunParams, Sample, Shape,
};

/// Size of the smallest buffer, bytes. Kernels also bind arrays without words.
pub const MIN_SIZE: u64 = 16;

/// All buffers, except that of the launch parameters.
pub struct Buffers {
    pub constants: Buffer,
    pub replicas: Buffer,
    pub minibatches: Buffer,
    pub samples: Buffer,
    arrays: HashMap<ArrayId, Buffer>,
}

impl Buffers {
    /// Creates the zeroed arrays of `shape`.
    ///
    /// # Errors
    /// Returns an error if the device cannot bind an array, or its memory cannot hold all arrays.
    pub fn new(
        device: &GpuDevice,
        shape: &Shape,
        constants: &RunParams,
        replicas: &[ReplicaParams],
    ) -> Result<Self, BackendError> {
        let storage = BufferUsages::STORAGE | BufferUsages::COPY_SRC | BufferUsages::COPY_DST;
        let mut arrays = HashMap::new();
        check_limits(device.info(), shape)?;
        let new = |array: ArrayId| {
            let bytes = shape.bytes_of(array);
            let buffer = buffer(device, &array.to_string(), bytes.max(MIN_SIZE), storage);
            device.check().map_err(|error| {
                let (device, reason) = (device.info().name.clone(), error.to_string());
                BackendError::OutOfMemory { array, bytes, device, reason }
            })?;
            Ok::<Buffer, BackendError>(buffer)
        };
        for array in shape.arrays() {
            arrays.insert(array, new(array)?);
        }
        let minibatches = (shape.replicas * size_of::<BatchParams>()) as u64;
        let samples = (shape.replicas * shape.samples_per_replica * size_of::<Sample>()) as u64;
        let buffers = Buffers {
            constants: uniform(device, "constants", constants),
            replicas: buffer(device, "replicas", size_of_val(replicas) as u64, storage),
            minibatches: buffer(device, "minibatches", minibatches, storage),
            samples: buffer(device, "samples", samples, storage),
            arrays,
        };
        device.queue.write_buffer(&buffers.replicas, 0, cast_slice(replicas));
        device.check()?;
        Ok(buffers)
    }

    /// Returns the buffer of an array.
    ///
    /// # Errors
    /// Returns [`BackendError::WrongLength`] if the shape has no such array.
    pub fn array(&self, array: ArrayId) -> Result<&Buffer, BackendError> {
        self.arrays.get(&array).ok_or(BackendError::WrongLength { array, expected: 0, got: 0 })
    }
}

/// Checks that a GPU can bind every array of a shape, and has a workgroup for each sample.
///
/// # Errors
/// Returns an error if an array is too large, or if there are too many samples.
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
    // Each sample is a workgroup along the last dimension of a dispatch.
    let samples = shape.replicas * shape.samples_per_replica;
    let most = info.max_workgroups as usize;
    if samples > most {
        return Err(BackendError::TooManySamples { samples, most });
    }
    Ok(())
}

/// Creates a zeroed buffer.
pub fn buffer(device: &GpuDevice, label: &str, size: u64, usage: BufferUsages) -> Buffer {
    device.device.create_buffer(&BufferDescriptor {
        label: Some(label),
        size,
        usage,
        mapped_at_creation: false,
    })
}

/// Creates a uniform buffer that holds `value`.
pub fn uniform<T: Pod>(device: &GpuDevice, label: &str, value: &T) -> Buffer {
    let usage = BufferUsages::UNIFORM | BufferUsages::COPY_DST;
    let buffer = buffer(device, label, size_of::<T>() as u64, usage);
    device.queue.write_buffer(&buffer, 0, bytes_of(value));
    buffer
}
