//! Samples and minibatch parameters of a situation.

use apical::interface::{BatchParams, Sample};
use apical::plan::{Presentation, SampleBuilder};

use super::{SAMPLES, Situation};

impl Situation {
    /// Returns the samples in use of all replicas.
    pub fn samples(&self) -> Vec<Sample> {
        let sample = |(replica, index): (usize, usize)| {
            let slot = (index + replica) % SAMPLES;
            let image = Presentation {
                index,
                label: index as u8,
                draw_index: 40 + index as u32,
                result_slot: slot,
            };
            let builder = SampleBuilder::of_dataset(&self.configs[replica], &self.dataset);
            builder.training(&image).of_replica(&self.shape, replica, index)
        };
        let of_replica = |replica| (0..SAMPLES).map(move |index| (replica, index));
        (0..self.configs.len()).flat_map(of_replica).map(sample).collect()
    }

    /// Returns the parameters of the `update`-th minibatch, one per replica.
    pub fn minibatches(&self, update: u64, reset: bool) -> Vec<BatchParams> {
        let builders =
            self.configs.iter().map(|config| SampleBuilder::of_dataset(config, &self.dataset));
        builders.map(|builder| builder.training_minibatch(SAMPLES, 5, update, reset)).collect()
    }
}
