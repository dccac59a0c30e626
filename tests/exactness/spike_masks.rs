//! Compares spike masks of the GPU with those that the CPU packs from the same spikes. A launch writes each
//! step that it covers, the first launch of an image also the history before it; other words stay.

use apical::interface::{ArrayId, Kernel, Launch, STEPS_PER_WORD, ValuesRef, spike_mask};

use super::{Situation, support};

impl Situation {
    pub fn check_spike_masks(&self) {
        let has_mask = |&population: &usize| self.shape.has_spike_mask(population);
        for population in (0..self.shape.populations.len()).filter(has_mask) {
            self.check_spike_mask(population);
        }
    }

    fn check_spike_mask(&self, population: usize) {
        let (mut cpu, mut gpu) = self.backends();
        let array = ArrayId::SpikeMask(population);
        let packed = support::integers(cpu.as_mut(), array);
        assert!(packed.iter().any(|&word| word != 0), "no neuron spikes in {array}");
        // Each word differs from the expected one.
        let wrong: Vec<u32> = packed.iter().map(|word| !word).collect();
        // A whole image, a block within it, and single steps, as with apical conductance.
        // A launch of zero steps writes the history only.
        for (first, steps) in [(0, self.shape.steps), (0, 0), (40, 40), (0, 1), (13, 1), (16, 1)] {
            gpu.write(array, ValuesRef::U32(&wrong)).expect("the GPU writes");
            let launch =
                Launch { kernel: Kernel::PackSpikeMask, layer: population, first, count: steps };
            gpu.run(&self.minibatches(1, false), &self.samples(), &[launch]).expect("the GPU runs");
            let found = support::integers(gpu.as_mut(), array);
            let expected = self.expected(&launch, &packed, &wrong);
            let populations = &self.shape.populations;
            support::assert_same_bits(
                &format!("{launch:?} on {populations:?}"),
                ValuesRef::U32(&expected),
                ValuesRef::U32(&found),
            );
        }
    }

    /// Returns `packed` for the words that the launch writes, `wrong` for the others.
    fn expected(&self, launch: &Launch, packed: &[u32], wrong: &[u32]) -> Vec<u32> {
        let array = ArrayId::SpikeMask(launch.layer);
        let history = self.shape.history_words();
        let row_of_word = |word: u32| (word * STEPS_PER_WORD) as usize * spike_mask::ROWS;
        let mut expected = wrong.to_vec();
        for sample in self.samples() {
            let begin = if launch.first == 0 { 0 } else { history + launch.first / STEPS_PER_WORD };
            let end = sample.steps().min(launch.first + launch.count);
            let end = history + end.div_ceil(STEPS_PER_WORD);
            let columns = self.shape.mask_words(launch.layer);
            let copy = sample.index as usize * self.shape.len_per_copy(array);
            let words = copy + row_of_word(begin) * columns..copy + row_of_word(end) * columns;
            expected[words.clone()].copy_from_slice(&packed[words]);
        }
        expected
    }
}
