//! What networks are shown: the lanes and the minibatches of a situation.

use apical::interface::{BatchParams, Sample};
use apical::plan::{Presentation, SampleBuilder};

use super::{IMAGES, LANES, Situation};

impl Situation {
    /// The lanes in use of all replicas.
    pub fn lanes(&self) -> Vec<Sample> {
        let lane = |replica: usize, index: usize| {
            let slot = (index + replica) % LANES;
            let image = Presentation {
                index,
                label: index as u8,
                draw_index: 40 + index as u32,
                result_slot: slot,
            };
            let lanes = SampleBuilder::new(&self.configs[replica], IMAGES);
            lanes.training(&image).of_replica(&self.shape, replica, index)
        };
        let of_replica = |replica| (0..LANES).map(move |index| (replica, index));
        let places = (0..self.configs.len()).flat_map(of_replica);
        places.map(|(replica, index)| lane(replica, index)).collect()
    }

    /// The `update`-th minibatch of each replica.
    pub fn minibatches(&self, update: u64, fresh: bool) -> Vec<BatchParams> {
        let replicas = self.configs.iter().map(|config| SampleBuilder::new(config, IMAGES));
        replicas.map(|lanes| lanes.training_minibatch(LANES, 5, update, fresh)).collect()
    }
}
