//! Rasters on the GPU against those that the CPU makes of the same spikes: every step that a launch
//! covers, and the steps before an image behind its first launch; whatever lies elsewhere stays.

use apical::interface::{ArrayId, Kernel, Launch, STEPS_PER_WORD, spike_mask};

use super::{Situation, support};

impl Situation {
    pub fn check_rasters(&self) {
        let heard = |&population: &usize| self.shape.has_spike_mask(population);
        for population in (0..self.shape.populations.len()).filter(heard) {
            self.check_raster(population);
        }
    }

    fn check_raster(&self, population: usize) {
        let (mut cpu, mut gpu) = self.backends();
        let array = ArrayId::SpikeMask(population);
        let made = cpu.read(array).expect("the CPU reads");
        assert!(made.iter().any(|&word| word != 0), "nobody spikes in {array}");
        // No word of it is right.
        let wrong: Vec<u32> = made.iter().map(|word| !word).collect();
        // A whole image, a block within it, and one step as where the apical voltage is stepped.
        // A launch of no steps writes the past alone.
        for (first, steps) in [(0, self.shape.steps), (0, 0), (40, 40), (0, 1), (13, 1), (16, 1)] {
            gpu.write(array, &wrong).expect("the GPU takes it");
            let launch = Launch { kernel: Kernel::PackSpikeMask, layer: population, first, steps };
            gpu.run(&self.minibatches(1, false), &self.lanes(), &[launch]).expect("the GPU runs");
            let found = gpu.read(array).expect("the GPU reads");
            let expected = self.expected(&launch, &made, &wrong);
            let populations = &self.shape.populations;
            support::same_bits(&format!("{launch:?} on {populations:?}"), &expected, &found);
        }
    }

    /// `made` where the launch writes, `wrong` elsewhere.
    fn expected(&self, launch: &Launch, made: &[u32], wrong: &[u32]) -> Vec<u32> {
        let array = ArrayId::SpikeMask(launch.layer);
        let past = self.shape.history_words();
        let row_of_word = |word: u32| (word * STEPS_PER_WORD) as usize * spike_mask::ROWS;
        let mut expected = wrong.to_vec();
        for lane in self.lanes() {
            let begin = if launch.first == 0 { 0 } else { past + launch.first / STEPS_PER_WORD };
            let end = lane.steps().min(launch.first + launch.steps);
            let end = past + end.div_ceil(STEPS_PER_WORD);
            let columns = self.shape.mask_words(launch.layer);
            let copy = lane.index as usize * self.shape.len_per_copy(array);
            let words = copy + row_of_word(begin) * columns..copy + row_of_word(end) * columns;
            expected[words.clone()].copy_from_slice(&made[words]);
        }
        expected
    }
}
