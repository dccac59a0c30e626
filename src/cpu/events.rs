//! Who spikes at each step: from words of counts, where most are zero, to lists.

use std::ops::Range;

use crate::layout::{COUNT_BITS, COUNT_MASK, STEPS_PER_WORD};

/// Neurons whose spikes are looked for at once.
const GROUP: usize = 8;

/// Who spikes at each step of a block: where the weight column of each spiking neuron starts, as often
/// as it spikes. Kept between calls to spare the allocations.
#[derive(Default)]
pub struct Events {
    steps: Vec<Vec<u32>>,
}

impl Events {
    /// Lists who spikes at each of `steps`, counted from the first that has spikes, in ascending
    /// order. `spikes`: `[past words + words, below]`; `stride`: from one weight column to the next.
    pub fn collect(
        &mut self,
        steps: Range<u32>,
        spikes: &[u32],
        below: usize,
        stride: usize,
    ) -> &[Vec<u32>] {
        self.steps.resize_with(self.steps.len().max(steps.len()), Vec::new);
        let lists = &mut self.steps[..steps.len()];
        for list in lists.iter_mut() {
            list.clear();
        }
        for (word, of_steps) in words_of(&steps) {
            let first = of_steps.start % STEPS_PER_WORD;
            let start = (of_steps.start - steps.start) as usize;
            let lists = &mut lists[start..][..of_steps.len()];
            each_spike(&spikes[word as usize * below..][..below], |slot, neuron, count| {
                if let Some(list) = lists.get_mut(slot.wrapping_sub(first) as usize) {
                    for _ in 0..count {
                        list.push((neuron * stride) as u32);
                    }
                }
            });
        }
        lists
    }
}

/// The words that hold some steps, with the steps that each holds.
pub fn words_of(steps: &Range<u32>) -> impl Iterator<Item = (u32, Range<u32>)> + use<> {
    let Range { start, end } = *steps;
    (start / STEPS_PER_WORD..end.div_ceil(STEPS_PER_WORD)).map(move |word| {
        let first = word * STEPS_PER_WORD;
        (word, first.max(start)..(first + STEPS_PER_WORD).min(end))
    })
}

/// Calls `visit(slot, neuron, count)` for every count of a word of steps that is not zero; those of
/// one slot come in ascending order.
#[inline(always)]
pub fn each_spike(words: &[u32], mut visit: impl FnMut(u32, usize, u32)) {
    let (groups, rest) = words.as_chunks::<GROUP>();
    for (index, group) in groups.iter().enumerate() {
        each_in_group(group, index * GROUP, &mut visit);
    }
    let mut last = [0; GROUP];
    last[..rest.len()].copy_from_slice(rest);
    each_in_group(&last, groups.len() * GROUP, &mut visit);
}

#[inline(always)]
fn each_in_group(words: &[u32; GROUP], start: usize, visit: &mut impl FnMut(u32, usize, u32)) {
    if *words == [0; GROUP] {
        return;
    }
    // Eight words make one, in which each has become a byte and the count of each slot a bit: the
    // branch of the loop below is then foreseen wrongly once for eight neurons and steps, not once for
    // each.
    let mut bits = 0;
    for i in 0..GROUP / 2 {
        let pair = u64::from(words[i]) | u64::from(words[i + GROUP / 2]) << 32;
        let halves = (pair | pair >> 2) & 0x3333_3333_3333_3333;
        let ones = (halves | halves >> 1) & 0x1111_1111_1111_1111;
        let twos = (ones | ones >> 3) & 0x0303_0303_0303_0303;
        let fours = (twos | twos >> 6) & 0x000F_000F_000F_000F;
        let eights = (fours | fours >> 12) & 0x0000_00FF_0000_00FF;
        bits |= eights << (8 * i);
    }
    while bits != 0 {
        let place = bits.trailing_zeros();
        let (index, slot) = ((place / 8) as usize, place % 8);
        visit(slot, start + index, words[index] >> (slot * COUNT_BITS) & COUNT_MASK);
        bits &= bits - 1;
    }
}
