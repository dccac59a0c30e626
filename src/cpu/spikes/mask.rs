//! Spike masks: three bits per neuron and step, written by the kernels that draw spikes. Spike lists are built from them.

use std::ops::Range;

use crate::cpu::simd::tiled::{LANES, TILES_PER_GROUP};

/// Number of neurons of a group of tiles.
pub const NEURONS_PER_GROUP: usize = TILES_PER_GROUP * LANES;

/// Spike bits of a tile at one step, in one word: from the lowest bits on, 16 for the neurons with at least one spike, 16
/// for those with at least two, and 16 for those with at least three.
#[derive(Clone, Copy, Default)]
pub struct TileBits(u64);

impl TileBits {
    /// Returns the bits of a tile in which no neuron spikes more than twice.
    #[inline(always)]
    fn new(ge1: u16, ge2: u16) -> Self {
        TileBits(u64::from(ge1) | u64::from(ge2) << LANES)
    }

    /// Returns the mask of the neurons with at least one spike.
    #[inline(always)]
    pub fn ge1(self) -> u16 {
        self.0 as u16
    }

    /// Returns the mask of the neurons with at least two spikes.
    #[inline(always)]
    pub fn ge2(self) -> u16 {
        (self.0 >> LANES) as u16
    }

    /// Returns the mask of the neurons with at least three spikes.
    #[inline(always)]
    pub fn ge3(self) -> u16 {
        (self.0 >> (2 * LANES)) as u16
    }

    /// Adds the bits of a neuron that had none. Branchless: the count is unpredictable.
    #[inline(always)]
    fn add(&mut self, neuron: usize, count: u32) {
        const BITS: [u64; 4] = [0, 1, 1 | 1 << LANES, 1 | 1 << LANES | 1 << (2 * LANES)];
        self.0 |= BITS[count.min(3) as usize] << neuron;
    }
}

/// Spike bits of a group of tiles at one step.
type GroupBits = [TileBits; TILES_PER_GROUP];

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
        spike_mask.set_active(0..units as u32);
        spike_mask
    }

    /// Sets the active neurons, the only ones that can spike. `units`: indices, ascending.
    pub fn set_active(&mut self, units: impl Iterator<Item = u32>) {
        self.clear();
        self.units.clear();
        self.units.extend(units);
        self.count = self.units.len();
        self.units.resize(self.count.next_multiple_of(NEURONS_PER_GROUP), 0);
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

    /// Returns the bits of the tiles of a group at `step`.
    #[inline(always)]
    pub fn at(&self, step: u32, group: usize) -> &GroupBits {
        &self.bits[group * self.capacity + step as usize]
    }

    /// Returns the indices of the active neurons of the tiles of a group; the last are followed by arbitrary ones.
    #[inline(always)]
    pub fn group_units(&self, group: usize) -> &[[u32; LANES]; TILES_PER_GROUP] {
        &self.units.as_chunks().0.as_chunks().0[group]
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
        self.bits[step as usize][self.tile_in_group] = TileBits::new(ge1, ge2);
    }

    /// Sets the spike count of a neuron that has none at this step.
    #[inline(always)]
    pub fn add(&mut self, step: u32, neuron: usize, count: u32) {
        self.bits[step as usize][self.tile_in_group].add(neuron, count);
    }
}
