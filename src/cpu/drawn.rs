//! Who spikes at each step of an image, as kernels draw it: a bit a neuron. From it follow the lists that
//! kernels read which sum weight columns.

use std::ops::Range;

use super::tile::{GROUP, WIDTH};

/// Neurons of a group of tiles.
pub const NEURONS: usize = GROUP * WIDTH;

/// Bits for the neurons of a group of tiles at one step.
#[derive(Clone, Copy, Default)]
pub struct Bits {
    /// Who spikes.
    spiking: [u16; GROUP],
    /// Who spikes more than once.
    twice: [u16; GROUP],
    /// Who spikes more than twice.
    many: [u16; GROUP],
}

/// The spikes that one population draws while it is shown an image.
pub struct Drawn {
    /// Neurons, ascending, in whole groups. For a layer all; for the input only pixels that can spike.
    units: Vec<u32>,
    count: usize,
    /// Steps that are drawn, counted from the image's first.
    steps: Range<u32>,
    /// Steps that there is room for.
    room: usize,
    /// `[groups, room]`
    bits: Vec<Bits>,
}

/// Bytes for a population of so many neurons and so many steps.
pub fn bytes(units: usize, steps: u32) -> usize {
    units.div_ceil(NEURONS) * steps as usize * size_of::<Bits>()
}

impl Drawn {
    /// For a population of so many neurons, of which all can spike, and images of so many steps.
    pub fn new(units: usize, steps: u32) -> Self {
        let room = steps as usize;
        let bits = vec![Bits::default(); units.div_ceil(NEURONS) * room];
        let mut drawn = Drawn { units: Vec::new(), count: 0, steps: 0..0, room, bits };
        drawn.choose(0..units as u32);
        drawn
    }

    /// Takes these neurons, ascending, as the only ones that can spike.
    pub fn choose(&mut self, units: impl Iterator<Item = u32>) {
        self.forget();
        self.units.clear();
        self.units.extend(units);
        self.count = self.units.len();
        self.units.resize(self.count.next_multiple_of(NEURONS), 0);
        // Tiles that the last group lacks are never written.
        if !self.count.is_multiple_of(NEURONS) {
            self.bits[self.count / NEURONS * self.room..][..self.room].fill(Bits::default());
        }
    }

    /// Has no step any more.
    pub fn forget(&mut self) {
        self.steps = 0..0;
    }

    /// Whether all of `steps` are drawn.
    #[inline]
    pub fn has(&self, steps: &Range<u32>) -> bool {
        self.steps.start <= steps.start && steps.end <= self.steps.end
    }

    /// Room for `steps`, which come behind those before and are drawn next: in at most `parts` parts, cut
    /// as arrays of the population are.
    pub fn begin(&mut self, steps: &Range<u32>, parts: usize) -> Vec<DrawnPart<'_>> {
        let start = if self.steps.is_empty() { steps.start } else { self.steps.start };
        self.steps = start..steps.end;
        let groups = super::tile::part_length(self.count.div_ceil(WIDTH), parts) / GROUP;
        let bits = self.bits.chunks_mut((groups * self.room).max(1));
        let units = self.units.chunks(groups.max(1) * NEURONS);
        let parts = units.zip(bits).enumerate();
        let (count, room) = (self.count, self.room);
        parts
            .map(|(part, (units, bits))| {
                let count = (count - part * groups * NEURONS).min(units.len());
                DrawnPart { units, count, room, bits }
            })
            .collect()
    }

    /// Number of groups.
    #[inline]
    pub fn groups(&self) -> usize {
        self.units.len() / NEURONS
    }

    /// Who of a group spikes at `step`.
    #[inline(always)]
    pub fn at(&self, step: u32, group: usize) -> Group<'_> {
        let bits = &self.bits[group * self.room + step as usize];
        Group {
            units: &self.units.as_chunks().0[group],
            spiking: together(bits.spiking),
            twice: together(bits.twice),
            many: together(bits.many),
        }
    }

    /// Neurons that can spike.
    #[inline]
    pub fn count(&self) -> usize {
        self.count
    }
}

/// Who of a group of neurons spikes at a step: bits as in [`Bits`].
pub struct Group<'a> {
    pub units: &'a [u32; NEURONS],
    pub spiking: u64,
    pub twice: u64,
    pub many: u64,
}

#[inline(always)]
fn together(bits: [u16; GROUP]) -> u64 {
    let [a, b, c, d] = bits;
    let low = u64::from(a) | u64::from(b) << WIDTH;
    low | u64::from(c) << (2 * WIDTH) | u64::from(d) << (3 * WIDTH)
}

/// The spikes of some neighbouring tiles: the share of one thread.
pub struct DrawnPart<'a> {
    units: &'a [u32],
    count: usize,
    room: usize,
    bits: &'a mut [Bits],
}

impl DrawnPart<'_> {
    /// Number of tiles.
    #[inline]
    pub fn tiles(&self) -> usize {
        self.count.div_ceil(WIDTH)
    }

    /// The neurons of a tile; behind the last neuron of the last tile stands anything.
    #[inline(always)]
    pub fn tile(&self, tile: usize) -> &[u32; WIDTH] {
        &self.units.as_chunks().0[tile]
    }

    /// The neurons of a tile, and no more.
    #[inline(always)]
    pub fn units(&self, tile: usize) -> &[u32] {
        &self.units[tile * WIDTH..self.count.min((tile + 1) * WIDTH)]
    }

    /// Bits of a tile's group, by step.
    #[inline(always)]
    pub fn of_tile(&mut self, tile: usize) -> TileBits<'_> {
        let bits = &mut self.bits[tile / GROUP * self.room..][..self.room];
        TileBits { bits, place: tile % GROUP }
    }
}

/// Who of a tile spikes.
pub struct TileBits<'a> {
    bits: &'a mut [Bits],
    place: usize,
}

impl TileBits<'_> {
    /// Sets who spikes at a step, and who does twice.
    #[inline(always)]
    pub fn set(&mut self, step: u32, spiking: u16, twice: u16) {
        let bits = &mut self.bits[step as usize];
        bits.spiking[self.place] = spiking;
        bits.twice[self.place] = twice;
        bits.many[self.place] = 0;
    }

    /// Adds `count` spikes of a neuron that has none at a step, without branches: which number it is cannot
    /// be foreseen.
    #[inline(always)]
    pub fn add(&mut self, step: u32, neuron: usize, count: u32) {
        let bits = &mut self.bits[step as usize];
        bits.spiking[self.place] |= u16::from(count > 0) << neuron;
        bits.twice[self.place] |= u16::from(count > 1) << neuron;
        bits.many[self.place] |= u16::from(count > 2) << neuron;
    }
}
