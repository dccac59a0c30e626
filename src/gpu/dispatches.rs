//! The dispatches of a submission: one for each launch, more where not all weights are bound at once, or where a
//! device ends long loops. Their parts lie in one buffer, which kernels read at an offset.

use std::ops::Range;

use bytemuck::bytes_of;
use wgpu::{Buffer, BufferUsages};

use super::buffers::buffer;
use super::device::Device;
use super::fused_step;
use super::weight_ranges::{ColumnRange, ranges};
use crate::interface::{Kernel, Launch, LaunchParams, Shape};

/// Dispatches that the first buffer has room for.
const FIRST_CAPACITY: usize = 256;

/// A launch on one window of its weights, or some steps of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dispatch {
    pub launch: Launch,
    pub window: ColumnRange,
    /// First row, and the one behind the last, of the past that a step of networks sums before, see
    /// [`Shape::history_rows_to_sum`].
    pub past: [u32; 2],
}

impl Dispatch {
    fn part(&self, shape: &Shape) -> LaunchParams {
        let [past_first, past_end] = self.past;
        let mask_words = shape.mask_words_total() as u32;
        LaunchParams {
            history_begin: past_first,
            history_end: past_end,
            mask_words,
            ..self.window.part(&self.launch, shape)
        }
    }
}

/// A table of parts on the device.
pub struct DispatchTable {
    pub buffer: Buffer,
    /// Bytes from one part to the next, as the device wants offsets aligned.
    stride: usize,
    capacity: usize,
    /// Threads of a workgroup that steps networks.
    threads: u32,
    /// What the buffer holds the parts of.
    launches: Vec<Launch>,
    dispatches: Vec<Dispatch>,
    /// The first dispatch of each launch; behind them, how many there are.
    starts: Vec<usize>,
}

impl DispatchTable {
    /// `threads`: of a workgroup that steps networks.
    pub fn new(device: &Device, threads: u32) -> Self {
        let alignment = device.device.limits().min_uniform_buffer_offset_alignment as usize;
        let stride = size_of::<LaunchParams>().next_multiple_of(alignment);
        DispatchTable {
            buffer: table(device, FIRST_CAPACITY * stride),
            stride,
            capacity: FIRST_CAPACITY,
            threads,
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

    /// Steps that one dispatch takes networks through at most.
    fn max_steps(&self, device: &Device, shape: &Shape) -> u32 {
        let turns = device.max_loop_iterations() / fused_step::loop_iterations(shape, self.threads);
        turns.try_into().unwrap_or(u32::MAX)
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
            for window in windows {
                let turns = if launch.kernel == Kernel::FusedStep {
                    split_steps(&launch, shape, self.max_steps(device, shape))
                } else {
                    vec![(launch, [0; 2])]
                };
                let dispatch = |(launch, past)| Dispatch { launch, window, past };
                self.dispatches.extend(turns.into_iter().map(dispatch));
            }
            self.starts.push(self.dispatches.len());
        }
        let grows = self.dispatches.len() > self.capacity;
        if grows {
            self.capacity = self.dispatches.len().next_power_of_two();
            self.buffer = table(device, self.capacity * self.stride);
        }
        let mut bytes = vec![0; self.dispatches.len() * self.stride];
        for (dispatch, slot) in self.dispatches.iter().zip(bytes.chunks_mut(self.stride)) {
            slot[..size_of::<LaunchParams>()].copy_from_slice(bytes_of(&dispatch.part(shape)));
        }
        device.queue.write_buffer(&self.buffer, 0, &bytes);
        self.launches = launches.to_vec();
        grows
    }
}

/// A launch that steps networks as several, each with the rows of the past that it sums: of no more than `most` rows
/// and steps together.
fn split_steps(launch: &Launch, shape: &Shape, most: u32) -> Vec<(Launch, [u32; 2])> {
    let past = if launch.first == 0 { shape.history_rows_to_sum() } else { 0 };
    let end = past + launch.steps;
    let starts = (0..end).step_by(most.max(1) as usize);
    let turn = |start: u32| {
        let end = end.min(start.saturating_add(most.max(1)));
        let [first, behind] = [start, end].map(|turn| turn.saturating_sub(past));
        let launch = Launch { first: launch.first + first, steps: behind - first, ..*launch };
        (launch, [start.min(past), end.min(past)])
    };
    starts.map(turn).collect()
}

fn table(device: &Device, bytes: usize) -> Buffer {
    buffer(device, "parts", bytes as u64, BufferUsages::UNIFORM | BufferUsages::COPY_DST)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(taps: u32) -> Shape {
        Shape { taps, steps_apical: true, fused_steps: true, ..Shape::minimal(vec![40, 30, 10]) }
    }

    fn cut(taps: u32, first: u32, most: u32) -> Vec<([u32; 2], [u32; 2])> {
        let launch = Launch { kernel: Kernel::FusedStep, layer: 0, first, steps: 16 };
        let turns = split_steps(&launch, &shape(taps), most).into_iter();
        turns.map(|(launch, past)| (past, [launch.first, launch.steps])).collect()
    }

    #[test]
    fn rows_of_the_past_and_steps_are_cut_in_their_order() {
        assert_eq!(cut(10, 0, u32::MAX), [([0, 9], [0, 16])]);
        assert_eq!(cut(10, 16, u32::MAX), [([0, 0], [16, 16])]);
        assert_eq!(cut(0, 0, u32::MAX), [([0, 0], [0, 16])]);
        let rows_first = [([0, 6], [0, 0]), ([6, 9], [0, 3]), ([9, 9], [3, 6]), ([9, 9], [9, 6])];
        assert_eq!(cut(10, 0, 6), [&rows_first[..], &[([9, 9], [15, 1])]].concat());
        assert_eq!(cut(10, 16, 10), [([0, 0], [16, 10]), ([0, 0], [26, 6])]);
        assert_eq!(cut(2, 0, 0).len(), 1 + 16, "one at least");
    }
}
