//! Spike masks: three bits per neuron and step, written by the kernels that draw spikes. Spike lists are built from them.

use std::ops::Range;

use crate::cpu::simd::tiled::{LANES, TILES_PER_GROUP};

/// Number of neurons of a group of tiles.
pub const NEURONS_PER_GROUP: usize = TILES_PER_GROUP * LANES;

/// Spike bits of a group of tiles at one step: masks of the neurons of each tile with at least one spike, with at least
/// two, and with at least three.
#[derive(Clone, Copy, Default)]
pub struct GroupBits {
    ge1: [u16; TILES_PER_GROUP],
    ge2: [u16; TILES_PER_GROUP],
    ge3: [u16; TILES_PER_GROUP],
}

impl GroupBits {
    /// Returns the mask of the neurons with at least one spike.
    #[inline(always)]
    pub fn ge1(&self) -> u64 {
        joined(self.ge1)
    }

    /// Returns the mask of the neurons with at least two spikes.
    #[inline(always)]
    pub fn ge2(&self) -> u64 {
        joined(self.ge2)
    }

    /// Returns whether a neuron has at least three spikes.
    #[inline(always)]
    pub fn has_triples(&self) -> bool {
        joined(self.ge3) != 0
    }
}

/// Returns the masks of the tiles as one mask; the first tile has the lowest bits.
#[inline(always)]
fn joined([a, b, c, d]: [u16; TILES_PER_GROUP]) -> u64 {
    u64::from(a) | u64::from(b) << 16 | u64::from(c) << 32 | u64::from(d) << 48
}

/// Spike masks of one population during one image.
pub struct SpikeMask {
    /// Indices of the active neurons, ascending, padded to whole groups. For the input: the pixels that are not black.
    units: Vec<u32>,
    /// Number of active neurons.
    count: usize,
    /// Steps with valid masks, relative to the start of the image.
    steps: Range<u32>,
    /// Maximum number of steps.
    capacity: usize,
    /// `[groups, capacity]`
    bits: Vec<GroupBits>,
}

/// Returns the size of the masks of a population of `units` neurons over `steps` steps, bytes.
pub fn bytes(units: usize, steps: u32) -> usize {
    units.div_ceil(NEURONS_PER_GROUP) * steps as usize * size_of::<GroupBits>()
}

impl SpikeMask {
    /// Creates the masks of a population of `units` active neurons, for images of at most `steps` steps.
    pub fn new(units: usize, steps: u32) -> Self {
        let capacity = steps as usize;
        let bits = vec![GroupBits::default(); units.div_ceil(NEURONS_PER_GROUP) * capacity];
        let mut spike_mask = SpikeMask { units: Vec::new(), count: 0, steps: 0..0, capacity, bits };
        spike_mask.set_active((0..units).map(|_| true));
        spike_mask
    }

    /// Sets the active neurons, the only ones that can spike. `is_active`: of each neuron of the population.
    #[inline]
    pub fn set_active(&mut self, is_active: impl ExactSizeIterator<Item = bool>) {
        self.clear();
        self.units.resize(is_active.len().next_multiple_of(NEURONS_PER_GROUP), 0);
        self.count = 0;
        // Branchless: the next active neuron overwrites one that is not.
        for (unit, is_active) in (0..).zip(is_active) {
            self.units[self.count] = unit;
            self.count += usize::from(is_active);
        }
        self.units.truncate(self.count.next_multiple_of(NEURONS_PER_GROUP));
        // Tiles missing from the last group are never written, so clear their bits here.
        if !self.count.is_multiple_of(NEURONS_PER_GROUP) {
            self.bits[self.count / NEURONS_PER_GROUP * self.capacity..][..self.capacity]
                .fill(GroupBits::default());
        }
    }

    /// Marks all steps as invalid.
    pub fn clear(&mut self) {
        self.steps = 0..0;
    }

    /// Returns whether all of `steps` are valid.
    #[inline]
    pub fn has(&self, steps: &Range<u32>) -> bool {
        self.steps.start <= steps.start && steps.end <= self.steps.end
    }

    /// Returns at most `parts` mutable slices for the next `steps`, split like the arrays of the population. `steps`
    /// follow the valid ones and become valid.
    pub fn reserve_steps(&mut self, steps: &Range<u32>, parts: usize) -> Vec<SpikeMaskSlice<'_>> {
        let start = if self.steps.is_empty() { steps.start } else { self.steps.start };
        self.steps = start..steps.end;
        let groups = crate::cpu::simd::tiled::tiles_per_split(self.count.div_ceil(LANES), parts)
            / TILES_PER_GROUP;
        let bits = self.bits.chunks_mut((groups * self.capacity).max(1));
        let units = self.units.chunks(groups.max(1) * NEURONS_PER_GROUP);
        let parts = units.zip(bits).enumerate();
        let (count, capacity) = (self.count, self.capacity);
        parts
            .map(|(params, (units, bits))| {
                let count = (count - params * groups * NEURONS_PER_GROUP).min(units.len());
                SpikeMaskSlice { units, count, capacity, bits }
            })
            .collect()
    }

    /// Returns the number of groups.
    #[inline]
    pub fn groups(&self) -> usize {
        self.units.len() / NEURONS_PER_GROUP
    }

    /// Returns the bits of a group at `step`.
    #[inline(always)]
    pub fn at(&self, step: u32, group: usize) -> &GroupBits {
        &self.bits[group * self.capacity + step as usize]
    }

    /// Returns the indices of the active neurons of a group; the last are followed by arbitrary ones.
    #[inline(always)]
    pub fn group_units(&self, group: usize) -> &[u32; NEURONS_PER_GROUP] {
        &self.units.as_chunks().0[group]
    }

    /// Returns the number of active neurons.
    #[inline]
    pub fn count(&self) -> usize {
        self.count
    }
}

/// Spike masks of a slice of tiles, for one thread.
pub struct SpikeMaskSlice<'a> {
    units: &'a [u32],
    count: usize,
    capacity: usize,
    bits: &'a mut [GroupBits],
}

impl SpikeMaskSlice<'_> {
    /// Returns the number of tiles.
    #[inline]
    pub fn tiles(&self) -> usize {
        self.count.div_ceil(LANES)
    }

    /// Returns the neuron indices of a tile; entries after the last neuron of the population are arbitrary.
    #[inline(always)]
    pub fn padded_units(&self, tile: usize) -> &[u32; LANES] {
        &self.units.as_chunks().0[tile]
    }

    /// Returns the neuron indices of a tile without padding.
    #[inline(always)]
    pub fn units(&self, tile: usize) -> &[u32] {
        &self.units[tile * LANES..self.count.min((tile + 1) * LANES)]
    }

    /// Returns the masks of a tile.
    #[inline(always)]
    pub fn tile_mask(&mut self, tile: usize) -> TileMask<'_> {
        let bits = &mut self.bits[tile / TILES_PER_GROUP * self.capacity..][..self.capacity];
        TileMask { bits, tile_in_group: tile % TILES_PER_GROUP }
    }
}

/// Spike masks of one tile.
pub struct TileMask<'a> {
    bits: &'a mut [GroupBits],
    tile_in_group: usize,
}

impl TileMask<'_> {
    /// Sets the masks of a step in which no neuron spikes more than twice.
    #[inline(always)]
    pub fn set(&mut self, step: u32, ge1: u16, ge2: u16) {
        let (bits, tile) = (&mut self.bits[step as usize], self.tile_in_group);
        (bits.ge1[tile], bits.ge2[tile], bits.ge3[tile]) = (ge1, ge2, 0);
    }

    /// Sets the spike count of a neuron that has none at this step. Branchless: the count is unpredictable.
    #[inline(always)]
    pub fn add(&mut self, step: u32, neuron: usize, count: u32) {
        let (bits, tile) = (&mut self.bits[step as usize], self.tile_in_group);
        for (k, masks) in (1..).zip([&mut bits.ge1, &mut bits.ge2, &mut bits.ge3]) {
            masks[tile] |= u16::from(count >= k) << neuron;
        }
    }
}
