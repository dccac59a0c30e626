//! The arrays on the device, one buffer each, and the uniforms.

use std::collections::HashMap;

use bytemuck::{Pod, bytes_of};
use wgpu::{Buffer, BufferDescriptor, BufferUsages};

use super::adapter::Info;
use super::device::Device;
use crate::layout::{Array, BackendError, Constants, Lane, Minibatch, Shape};

/// Size of the smallest buffer: kernels bind arrays that are not kept all the same.
pub const SMALLEST: u64 = 16;

/// All buffers but that of the parts.
pub struct Buffers {
    pub constants: Buffer,
    pub minibatch: Buffer,
    pub lanes: Buffer,
    arrays: HashMap<Array, Buffer>,
}

impl Buffers {
    /// Zeroed arrays of `shape`.
    ///
    /// # Errors
    /// When one is larger than the device binds, or all together are larger than its memory.
    pub fn new(
        device: &Device,
        shape: &Shape,
        constants: &Constants,
    ) -> Result<Self, BackendError> {
        let storage = BufferUsages::STORAGE | BufferUsages::COPY_SRC | BufferUsages::COPY_DST;
        let mut arrays = HashMap::new();
        check_limits(device.info(), shape)?;
        for array in shape.arrays() {
            let bytes = bytes(shape, array);
            let buffer = buffer(device, &array.to_string(), bytes.max(SMALLEST), storage);
            device.check().map_err(|error| {
                device.failed(format!("no room for {array}, {bytes} bytes: {error}"))
            })?;
            arrays.insert(array, buffer);
        }
        let lanes = (shape.lanes * size_of::<Lane>()) as u64;
        let buffers = Buffers {
            constants: uniform(device, "constants", constants),
            minibatch: uniform(device, "minibatch", &<Minibatch as bytemuck::Zeroable>::zeroed()),
            lanes: buffer(device, "lanes", lanes.max(SMALLEST), storage),
            arrays,
        };
        device.check()?;
        Ok(buffers)
    }

    /// The buffer of an array.
    ///
    /// # Errors
    /// When the shape has no such array.
    pub fn array(&self, array: Array) -> Result<&Buffer, BackendError> {
        self.arrays.get(&array).ok_or(BackendError::Length { array, expected: 0, got: 0 })
    }
}

/// Checks that a GPU binds the arrays of `shape`.
///
/// # Errors
/// When one is too large.
pub fn check_limits(info: &Info, shape: &Shape) -> Result<(), BackendError> {
    let limit = info.max_binding.min(info.max_buffer);
    for array in shape.arrays() {
        let bytes = bytes(shape, array);
        if bytes > limit {
            let device = info.name.clone();
            return Err(BackendError::TooLarge { array, bytes, limit, device });
        }
    }
    Ok(())
}

/// Bytes of an array.
pub fn bytes(shape: &Shape, array: Array) -> u64 {
    4 * shape.length(array) as u64
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
