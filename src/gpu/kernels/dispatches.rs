//! Dispatches of a submission: one per launch, or several if not all weights are bound at once. Their launch parameters
//! are in one buffer, which kernels read at an offset.

use std::ops::Range;

use bytemuck::bytes_of;
use wgpu::{Buffer, BufferUsages};

use crate::gpu::device::Device;
use crate::gpu::memory::buffers::buffer;
use crate::gpu::memory::weight_ranges::{ColumnRange, ranges};
use crate::interface::{Launch, LaunchParams, Shape};

/// Dispatches that the first buffer has room for.
const FIRST_CAPACITY: usize = 256;

/// A launch on one range of its weights' columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dispatch {
    pub launch: Launch,
    pub window: ColumnRange,
}

/// Launch parameters on the device.
pub struct DispatchTable {
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

impl DispatchTable {
    pub fn new(device: &Device) -> Self {
        let alignment = device.device.limits().min_uniform_buffer_offset_alignment as usize;
        let stride = size_of::<LaunchParams>().next_multiple_of(alignment);
        DispatchTable {
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
            let windows = ranges(&launch, shape, device.max_weight_binding());
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
            slot[..size_of::<LaunchParams>()]
                .copy_from_slice(bytes_of(&dispatch.window.part(&dispatch.launch, shape)));
        }
        device.queue.write_buffer(&self.buffer, 0, &bytes);
        self.launches = launches.to_vec();
        grows
    }
}

fn table(device: &Device, bytes: usize) -> Buffer {
    buffer(device, "parts", bytes as u64, BufferUsages::UNIFORM | BufferUsages::COPY_DST)
}
