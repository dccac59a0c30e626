//! The dispatches of a submission: one for each launch, more where not all weights are bound at once. Their
//! parts lie in one buffer, which kernels read at an offset.

use std::ops::Range;

use bytemuck::bytes_of;
use wgpu::{Buffer, BufferUsages};

use super::buffers::buffer;
use super::device::Device;
use super::windows::{Window, windows};
use crate::layout::{Launch, Part, Shape};

/// Dispatches that the first buffer has room for.
const FIRST_CAPACITY: usize = 256;

/// A launch on one window of its weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dispatch {
    pub launch: Launch,
    pub window: Window,
}

/// A table of parts on the device.
pub struct Parts {
    pub buffer: Buffer,
    /// Bytes from one part to the next, as the device wants offsets aligned.
    stride: usize,
    capacity: usize,
    /// What the buffer holds the parts of.
    launches: Vec<Launch>,
    dispatches: Vec<Dispatch>,
    /// The first dispatch of each launch; behind them, how many there are.
    starts: Vec<usize>,
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
            dispatches: Vec::new(),
            starts: vec![0],
        }
    }

    /// The dispatches of all launches.
    pub fn all(&self) -> &[Dispatch] {
        &self.dispatches
    }

    /// The dispatches of some of the launches, each behind the offset of its part.
    pub fn of(&self, launches: Range<usize>) -> impl Iterator<Item = (u32, &Dispatch)> {
        let range = self.starts[launches.start]..self.starts[launches.end];
        range.map(|index| ((index * self.stride) as u32, &self.dispatches[index]))
    }

    /// Puts the parts of `launches` on the device unless they are there. True where the buffer had
    /// to be replaced by a larger one.
    pub fn fill(&mut self, device: &Device, launches: &[Launch], shape: &Shape) -> bool {
        if self.launches == launches {
            return false;
        }
        self.dispatches.clear();
        self.starts.truncate(1);
        for &launch in launches {
            let windows = windows(&launch, shape, device.most_weights());
            self.dispatches.extend(windows.into_iter().map(|window| Dispatch { launch, window }));
            self.starts.push(self.dispatches.len());
        }
        let grows = self.dispatches.len() > self.capacity;
        if grows {
            self.capacity = self.dispatches.len().next_power_of_two();
            self.buffer = table(device, self.capacity * self.stride);
        }
        let mut bytes = vec![0; self.dispatches.len() * self.stride];
        for (dispatch, slot) in self.dispatches.iter().zip(bytes.chunks_mut(self.stride)) {
            let part = dispatch.window.part(&dispatch.launch, shape);
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
