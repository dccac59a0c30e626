//! The parts of all launches of a submission in one buffer, which kernels read at an offset.

use bytemuck::bytes_of;
use wgpu::{Buffer, BufferUsages};

use super::buffers::buffer;
use super::device::Device;
use crate::layout::{Launch, Part, Shape};

/// Launches that the first buffer has room for.
const FIRST_CAPACITY: usize = 256;

/// A table of parts on the device.
pub struct Parts {
    pub buffer: Buffer,
    /// Bytes from one part to the next, as the device wants offsets aligned.
    stride: usize,
    capacity: usize,
    /// What the buffer holds the parts of.
    launches: Vec<Launch>,
}

impl Parts {
    pub fn new(device: &Device) -> Self {
        let alignment = device.device.limits().min_uniform_buffer_offset_alignment as usize;
        let stride = size_of::<Part>().next_multiple_of(alignment);
        Parts {
            buffer: table(device, FIRST_CAPACITY * stride),
            stride,
            capacity: FIRST_CAPACITY,
            launches: Vec::new(),
        }
    }

    /// Where the part of the launch at `index` starts.
    pub fn offset(&self, index: usize) -> u32 {
        (index * self.stride) as u32
    }

    /// Puts the parts of `launches` on the device unless they are there. True where the buffer had
    /// to be replaced by a larger one.
    pub fn fill(&mut self, device: &Device, launches: &[Launch], shape: &Shape) -> bool {
        if self.launches == launches {
            return false;
        }
        let grows = launches.len() > self.capacity;
        if grows {
            self.capacity = launches.len().next_power_of_two();
            self.buffer = table(device, self.capacity * self.stride);
        }
        let mut bytes = vec![0; launches.len() * self.stride];
        for (launch, slot) in launches.iter().zip(bytes.chunks_mut(self.stride)) {
            let part = Part::new(launch, shape);
            slot[..size_of::<Part>()].copy_from_slice(bytes_of(&part));
        }
        device.queue.write_buffer(&self.buffer, 0, &bytes);
        self.launches = launches.to_vec();
        grows
    }
}

fn table(device: &Device, bytes: usize) -> Buffer {
    buffer(device, "parts", bytes as u64, BufferUsages::UNIFORM | BufferUsages::COPY_DST)
}
