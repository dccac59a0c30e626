//! Packs spike counts into two bits per neuron and step: whether it spikes, and whether it spikes more than once.
//!
//! CPU kernels read spike lists instead, see [`crate::cpu::spikes::list`]. So the mask is packed only when it is read
//! back.

use crate::cpu::kernels::definition::{Columns, CpuFunction, KernelDefinition, Scope};
use crate::cpu::simd::tiled::TiledArray;
use crate::interface::spike_mask::{GE1, GE2, ROWS};
use crate::interface::{ArrayId, STEPS_PER_WORD, Shape, UNITS_PER_WORD, spike_count};

/// Definition of the kernel.
pub const DEFINITION: KernelDefinition = KernelDefinition {
    equation: "",
    scope: Scope::Population,
    runs_on: Shape::has_spike_mask,
    reads: |_, population| vec![ArrayId::Spikes(population)],
    writes: |population| vec![ArrayId::SpikeMask(population)],
    columns: |_| Columns::None,
    threads: |grid| {
        let launch = grid.launch;
        let history = if launch.first == 0 { grid.shape.history_words() } else { 0 };
        let words = history + launch.count_words();
        [grid.shape.mask_words(launch.layer) as u32 * words, 1]
    },
    cpu: CpuFunction::OnRead,
};

const STEPS: usize = STEPS_PER_WORD as usize;

/// Returns the mask, `[history steps + steps, 2, units / 32]`. `spikes`: `[history words + words, units]`.
pub fn pack_spike_mask(spikes: &TiledArray<u32>) -> Vec<u32> {
    let words: Vec<u32> = spikes.values().collect();
    let units = words.len() / spikes.tile_rows(0).len();
    let columns = units.div_ceil(UNITS_PER_WORD as usize);
    let mut mask = vec![0; spikes.tile_rows(0).len() * STEPS * ROWS * columns];
    let steps = mask.chunks_mut(ROWS * columns);
    let slots = words.chunks(units).flat_map(|words| (0..STEPS_PER_WORD).map(move |s| (words, s)));
    for (rows, (words, slot)) in steps.zip(slots) {
        for (unit, word) in (0..).zip(words) {
            let count = spike_count(*word, slot);
            let column = (unit / UNITS_PER_WORD) as usize;
            let bit = 1 << (unit % UNITS_PER_WORD);
            if count > 0 {
                rows[GE1 * columns + column] |= bit;
            }
            if count > 1 {
                rows[GE2 * columns + column] |= bit;
            }
        }
    }
    mask
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interface::COUNT_BITS;

    #[test]
    fn mask_has_bits_of_single_and_multiple_spikes() {
        let mut spikes = TiledArray::new(2, 33);
        let mut words = [0; 2 * 33];
        // Unit 32 spikes once at step 8, unit 3 three times at step 15.
        words[33 + 32] = 1;
        words[33 + 3] = 3 << (7 * COUNT_BITS);
        spikes.set_values(&words);
        let mut expected = [0; 2 * STEPS * ROWS * 2];
        expected[(8 * ROWS + GE1) * 2 + 1] = 1;
        expected[(15 * ROWS + GE1) * 2] = 1 << 3;
        expected[(15 * ROWS + GE2) * 2] = 1 << 3;
        assert_eq!(pack_spike_mask(&spikes), expected);
    }
}
