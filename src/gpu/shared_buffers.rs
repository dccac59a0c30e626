//! Arrays that share a buffer, so that one launch binds those of all layers: a device binds as few as eight.
//! Only where whole networks are stepped, see [`Kernel::FusedStep`](crate::interface::Kernel::FusedStep).

use super::bindings::Access;
use super::buffers::MIN_SIZE;
use crate::interface::{ArrayId, Shape};

/// Arrays in a shared buffer begin at multiples of so many bytes, the largest alignment that a device may ask for.
const ALIGNMENT: u64 = 256;

/// What shares a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SharedBuffer {
    /// Weights and feedback weights of all layers.
    Weights,
    /// SynapticInputs and apical drives of all layers.
    SynapticInputs,
    /// Voltages of all layers.
    Compartments,
    /// Spikes of all layers.
    Spikes,
}

impl SharedBuffer {
    /// All groups, in the order in which the shader binds them.
    pub const ALL: [SharedBuffer; 4] = [
        SharedBuffer::Weights,
        SharedBuffer::SynapticInputs,
        SharedBuffer::Compartments,
        SharedBuffer::Spikes,
    ];

    /// The group of an array; none for arrays that no launch binds together.
    pub fn of(array: ArrayId) -> Option<SharedBuffer> {
        match array {
            ArrayId::Weights(_) | ArrayId::Feedback(_) => Some(SharedBuffer::Weights),
            ArrayId::SynapticInput(_) | ArrayId::ApicalInput(_) => {
                Some(SharedBuffer::SynapticInputs)
            }
            ArrayId::Compartments(_) => Some(SharedBuffer::Compartments),
            ArrayId::Spikes(population) if population > 0 => Some(SharedBuffer::Spikes),
            _ => None,
        }
    }

    /// What the step of a network does with it.
    pub fn fused_access(self) -> Access {
        if self == SharedBuffer::Weights { Access::ReadOnly } else { Access::ReadWrite }
    }

    /// Its arrays, each with the byte at which it begins; behind them, how many bytes they take.
    pub fn offsets(self, shape: &Shape) -> (Vec<(ArrayId, u64)>, u64) {
        let mut end: u64 = 0;
        let own = shape.arrays().into_iter().filter(|&array| SharedBuffer::of(array) == Some(self));
        let offsets = own.map(|array| {
            let start = end.next_multiple_of(ALIGNMENT);
            end = start + shape.bytes_of(array).max(MIN_SIZE);
            (array, start)
        });
        let offsets = offsets.collect();
        (offsets, end)
    }
}
