//! Arrays that share a buffer, so that one launch binds those of all layers: a device binds as few as eight.
//! Only where whole networks are stepped, see [`Kernel::FusedStep`](crate::interface::Kernel::FusedStep).

use super::bindings::Access;
use super::buffers::SMALLEST;
use crate::interface::{ArrayId, Shape};

/// Arrays in a shared buffer begin at multiples of so many bytes, the largest alignment that a device may ask for.
const ALIGNMENT: u64 = 256;

/// What shares a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Group {
    /// Weights and feedback weights of all layers.
    Weights,
    /// Drives and apical drives of all layers.
    Drives,
    /// Voltages of all layers.
    Compartments,
    /// Spikes of all layers.
    Spikes,
}

impl Group {
    /// All groups, in the order in which the shader binds them.
    pub const ALL: [Group; 4] = [Group::Weights, Group::Drives, Group::Compartments, Group::Spikes];

    /// The group of an array; none for arrays that no launch binds together.
    pub fn of(array: ArrayId) -> Option<Group> {
        match array {
            ArrayId::Weights(_) | ArrayId::Feedback(_) => Some(Group::Weights),
            ArrayId::SynapticInput(_) | ArrayId::ApicalInput(_) => Some(Group::Drives),
            ArrayId::Compartments(_) => Some(Group::Compartments),
            ArrayId::Spikes(population) if population > 0 => Some(Group::Spikes),
            _ => None,
        }
    }

    /// What the step of a network does with it.
    pub fn access_of_network(self) -> Access {
        if self == Group::Weights { Access::Reads } else { Access::Writes }
    }

    /// Its arrays, each with the byte at which it begins; behind them, how many bytes they take.
    pub fn places(self, shape: &Shape) -> (Vec<(ArrayId, u64)>, u64) {
        let mut end: u64 = 0;
        let own = shape.arrays().into_iter().filter(|&array| Group::of(array) == Some(self));
        let places = own.map(|array| {
            let start = end.next_multiple_of(ALIGNMENT);
            end = start + shape.bytes_of(array).max(SMALLEST);
            (array, start)
        });
        let places = places.collect();
        (places, end)
    }
}
