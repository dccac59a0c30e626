//! Presentation of an image with given instead of drawn spikes, to replay traces of other simulators.

use super::{Batch, Simulation, max_steps};
use crate::interface::{ArrayId, BackendError, COUNT_BITS, STEPS_PER_WORD, ValuesRef};
use crate::plan::{Presentation, kernel_sequence};

impl Simulation {
    /// Prepares the launches of a training minibatch of one image, with given phase lengths and with given instead of
    /// drawn spikes, for callers that run them. Counts as an update.
    ///
    /// `spikes`: counts (at most 15) per population, `[steps, units]`, the input first; empty for a population whose
    /// spikes no neuron receives, see [`crate::interface::Shape::sends_spikes`].
    ///
    /// # Errors
    /// Returns an error if the device fails, there are several networks, or the spikes do not fit the network.
    pub fn prepare_replay(
        &mut self,
        image: &Presentation,
        phases: [u32; 2],
        spikes: &[Vec<u8>],
    ) -> Result<Batch, BackendError> {
        self.check_replay(phases, spikes)?;
        for (population, counts) in spikes.iter().enumerate() {
            if !counts.is_empty() {
                self.write_spikes(population, counts)?;
            }
        }
        let (mut minibatches, _, _) = self.prepare_training(&[*image]);
        for minibatch in &mut minibatches {
            minibatch.draws_spikes = 0;
        }
        let samples = vec![self.builders[0].phases_of(image, phases)];
        let launches = kernel_sequence(self.backend.shape(), max_steps(&samples), true);
        Ok((minibatches, samples, launches))
    }

    /// Checks that there are spikes for every population and step, and that counts fit four bits.
    fn check_replay(
        &self,
        [forward, target]: [u32; 2],
        spikes: &[Vec<u8>],
    ) -> Result<(), BackendError> {
        let shape = self.backend.shape();
        if shape.replicas != 1 {
            let reason = format!("they are for one network, and here are {}", shape.replicas);
            return Err(BackendError::InvalidReplay(reason));
        }
        let most = (1 << COUNT_BITS) - 1;
        let steps = forward.saturating_add(target);
        // The averages of a phase must not extend into the previous phase.
        let least = self.builders[0].shortest_phase();
        if forward < least || target < least || steps > shape.steps {
            let reason = format!(
                "phases of {forward} and {target} steps, where each has at least {least} and both at \
                 most {}",
                shape.steps
            );
            return Err(BackendError::InvalidReplay(reason));
        }
        if spikes.len() != shape.populations.len() {
            let (got, expected) = (spikes.len(), shape.populations.len());
            let reason = format!("{got} populations, where the network has {expected}");
            return Err(BackendError::InvalidReplay(reason));
        }
        for (population, (counts, units)) in spikes.iter().zip(&shape.populations).enumerate() {
            if counts.is_empty() && !shape.sends_spikes(population) {
                continue;
            }
            let expected = steps as usize * units;
            if counts.len() != expected {
                let got = counts.len();
                let reason = format!("{got} counts of population {population}, not {expected}");
                return Err(BackendError::InvalidReplay(reason));
            }
            if let Some(count) = counts.iter().find(|&&count| count > most) {
                let reason = format!("{count} spikes in a step, where {most} is the most");
                return Err(BackendError::InvalidReplay(reason));
            }
        }
        Ok(())
    }

    /// Writes spike counts `[steps, units]` in place of the first sample's draws.
    fn write_spikes(&mut self, population: usize, counts: &[u8]) -> Result<(), BackendError> {
        let array = ArrayId::Spikes(population);
        let mut words = self.backend.read(array)?.into_u32(array)?;
        let shape = self.backend.shape();
        let units = shape.populations[population];
        let past = shape.history_words() as usize * units;
        let image = past..shape.len_per_copy(array);
        words[image.clone()].fill(0);
        let image = &mut words[image];
        for (step, counts) in counts.chunks(units).enumerate() {
            let row = step / STEPS_PER_WORD as usize * units;
            let shift = step as u32 % STEPS_PER_WORD * COUNT_BITS;
            for (word, &count) in image[row..].iter_mut().zip(counts) {
                *word |= u32::from(count) << shift;
            }
        }
        self.backend.write(array, ValuesRef::U32(&words))
    }
}
