//! Dispatches of a list of launches: one per launch, or several if not all weights are bound at once. Their launch
//! parameters are in one buffer, which kernels read at an offset.

use std::ops::Range;

use bytemuck::bytes_of;
use wgpu::{Buffer, BufferUsages};

use crate::gpu::device::GpuDevice;
use crate::gpu::memory::buffers::buffer;
use crate::gpu::memory::weight_ranges::{ColumnRange, ranges};
use crate::interface::{Launch, LaunchParams, Shape};

/// Number of dispatches in the first buffer.
const FIRST_CAPACITY: usize = 256;

/// Launch on one range of its weight columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dispatch {
    pub launch: Launch,
    pub range: ColumnRange,
}

/// Dispatches of the current launches, and their launch parameters on the device.
pub struct DispatchTable {
    /// Launch parameters, one per dispatch.
    pub params: Buffer,
    /// Number of bytes from one dispatch's parameters to the next: the device requires aligned offsets.
    stride: usize,
    /// Number of dispatches that the buffer can hold.
    capacity: usize,
    /// Launches with parameters in the buffer.
    launches: Vec<Launch>,
    dispatches: Vec<Dispatch>,
    /// Index of each launch's first dispatch, then the number of dispatches.
    starts: Vec<usize>,
}

impl DispatchTable {
    /// Creates an empty table.
    pub fn new(device: &GpuDevice) -> Self {
        let alignment = device.device.limits().min_uniform_buffer_offset_alignment as usize;
        let stride = size_of::<LaunchParams>().next_multiple_of(alignment);
        DispatchTable {
            params: params_buffer(device, FIRST_CAPACITY * stride),
            stride,
            capacity: FIRST_CAPACITY,
            launches: Vec::new(),
            dispatches: Vec::new(),
            starts: vec![0],
        }
    }

    /// Returns the dispatches of all launches.
    pub fn all(&self) -> &[Dispatch] {
        &self.dispatches
    }

    /// Returns the dispatches of a range of launches, each with the offset of its parameters, bytes.
    pub fn of(&self, launches: Range<usize>) -> impl Iterator<Item = (u32, &Dispatch)> {
        let range = self.starts[launches.start]..self.starts[launches.end];
        range.map(|index| ((index * self.stride) as u32, &self.dispatches[index]))
    }

    /// Writes the parameters of `launches` to the device, unless they are already there. Returns whether a larger
    /// buffer replaced the old one.
    pub fn fill(&mut self, device: &GpuDevice, launches: &[Launch], shape: &Shape) -> bool {
        if self.launches == launches {
            return false;
        }
        self.dispatches.clear();
        self.starts.truncate(1);
        for &launch in launches {
            let ranges = ranges(&launch, shape, device.max_weight_binding());
            self.dispatches.extend(ranges.into_iter().map(|range| Dispatch { launch, range }));
            self.starts.push(self.dispatches.len());
        }
        let grows = self.dispatches.len() > self.capacity;
        if grows {
            self.capacity = self.dispatches.len().next_power_of_two();
            self.params = params_buffer(device, self.capacity * self.stride);
        }
        let mut bytes = vec![0; self.dispatches.len() * self.stride];
        for (dispatch, slot) in self.dispatches.iter().zip(bytes.chunks_mut(self.stride)) {
            slot[..size_of::<LaunchParams>()]
                .copy_from_slice(bytes_of(&dispatch.range.params(&dispatch.launch, shape)));
        }
        device.queue.write_buffer(&self.params, 0, &bytes);
        self.launches = launches.to_vec();
        grows
    }
}

/// Creates a buffer for launch parameters.
fn params_buffer(device: &GpuDevice, bytes: usize) -> Buffer {
    buffer(
        device,
        "launch parameters",
        bytes as u64,
        BufferUsages::UNIFORM | BufferUsages::COPY_DST,
    )
}
