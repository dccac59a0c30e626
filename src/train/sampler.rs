//! Order of the training images in an epoch.

use std::ops::Range;

use rand::seq::SliceRandom;

use crate::config::Config;
use crate::dataset::Dataset;
use crate::plan::Presentation;
use crate::random::{PhiloxRng, RngStream};

/// Order of a network's training images in one epoch.
pub(crate) struct EpochSampler {
    indices: Vec<u32>,
    /// Number of training images shown before.
    before: u32,
}

impl EpochSampler {
    /// Draws the order of `epoch`, from 1.
    pub(crate) fn new(config: &Config, dataset: &Dataset, epoch: u32) -> Self {
        let count = dataset.training_count as u32;
        let mut indices: Vec<u32> = (0..count).collect();
        indices.shuffle(&mut PhiloxRng::new(config.seed, RngStream::Order, 0, epoch));
        EpochSampler { indices, before: epoch.wrapping_sub(1).wrapping_mul(count) }
    }

    /// Returns the images at these positions of the order.
    pub(crate) fn images(&self, dataset: &Dataset, places: Range<usize>) -> Vec<Presentation> {
        let image = |slot: usize| {
            let index = self.indices[slot] as usize;
            let position = self.before.wrapping_add(slot as u32);
            Presentation {
                index,
                label: dataset.labels()[index],
                draw_index: position,
                result_slot: slot,
            }
        };
        places.map(image).collect()
    }

    /// Returns the labels of the first `count` images of the order.
    pub(super) fn labels(&self, dataset: &Dataset, count: usize) -> Vec<u8> {
        self.indices[..count].iter().map(|&index| dataset.labels()[index as usize]).collect()
    }
}

/// Returns the training images in the order of an epoch, from 1.
pub fn order(config: &Config, dataset: &Dataset, epoch: u32) -> Vec<Presentation> {
    EpochSampler::new(config, dataset, epoch).images(dataset, 0..dataset.training_count)
}
