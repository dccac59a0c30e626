//! A network on a backend: shows it minibatches, reads and writes its weights.

use std::sync::Arc;

use bytemuck::{cast_slice, cast_vec};

use super::{Lanes, launches};
use crate::config::Config;
use crate::dataset::Dataset;
use crate::layout::{
    Array, Backend, BackendError, COUNT_BITS, Lane, Launch, Minibatch, STEPS_PER_WORD, result,
};
use crate::model::spikes::input_thresholds;
use crate::network::Network;

/// An image to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Image {
    /// Its index in the data set, training images first.
    pub index: usize,
    pub label: u8,
    /// Its position among all images shown for the same purpose: what its random draws are for.
    pub position: u32,
    /// Where its result is kept until it is read.
    pub slot: usize,
}

/// The class found for an image, and the output's loss.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outcome {
    pub class: u8,
    pub loss: f32,
}

/// A network on a backend.
pub struct Simulation {
    backend: Box<dyn Backend>,
    lanes: Lanes,
    /// Minibatches learned from so far.
    updates: u64,
    /// The next training minibatch starts from a cleared state.
    is_fresh: bool,
}

impl Simulation {
    /// Puts a network and the tables of a run on a backend made for them.
    ///
    /// # Errors
    /// When the device fails.
    pub fn new(
        mut backend: Box<dyn Backend>,
        config: &Config,
        dataset: &Arc<Dataset>,
        network: &Network,
    ) -> Result<Self, BackendError> {
        let thresholds = input_thresholds(config.phi_max, dataset.range, config.spikes);
        backend.write(Array::Thresholds, thresholds.as_flattened())?;
        let mut simulation =
            Simulation { backend, lanes: Lanes::new(config), updates: 0, is_fresh: true };
        simulation.write_network(network)?;
        Ok(simulation)
    }

    /// The backend, to look at its arrays.
    pub fn backend(&mut self) -> &mut dyn Backend {
        self.backend.as_mut()
    }

    /// Shows one training minibatch, one image a lane, and learns from it. Lanes carry their state on
    /// from the minibatch before, unless a test came between.
    ///
    /// # Errors
    /// When the device fails.
    pub fn train(&mut self, images: &[Image]) -> Result<(), BackendError> {
        let (minibatch, lanes, list) = self.prepare_training(images);
        self.backend.run(&minibatch, &lanes, &list)
    }

    /// What [`Simulation::train`] would run, for callers that run it launch by launch. Counts as an
    /// update.
    pub fn prepare_training(&mut self, images: &[Image]) -> (Minibatch, Vec<Lane>, Vec<Launch>) {
        self.updates += 1;
        let fresh = std::mem::take(&mut self.is_fresh);
        let minibatch = self.lanes.training_minibatch(images.len(), self.updates, fresh);
        let lanes: Vec<Lane> = images.iter().map(|image| self.lanes.training(image)).collect();
        let list = launches(self.backend.shape(), longest(&lanes), true);
        (minibatch, lanes, list)
    }

    /// Tests the network on images, as many at a time as there are lanes. The next training
    /// minibatch starts from a cleared state.
    ///
    /// # Errors
    /// When the device fails.
    pub fn test(&mut self, images: &[Image]) -> Result<(), BackendError> {
        for images in images.chunks(self.backend.shape().lanes) {
            let (minibatch, lanes, list) = self.prepare_test(images);
            self.backend.run(&minibatch, &lanes, &list)?;
        }
        Ok(())
    }

    /// What [`Simulation::test`] would run for images that fit side by side, for callers that run it
    /// themselves.
    pub fn prepare_test(&mut self, images: &[Image]) -> (Minibatch, Vec<Lane>, Vec<Launch>) {
        self.is_fresh = true;
        let minibatch = self.lanes.test_minibatch(images.len());
        let lanes: Vec<Lane> = images.iter().map(|image| self.lanes.test(image)).collect();
        let list = launches(self.backend.shape(), longest(&lanes), false);
        (minibatch, lanes, list)
    }

    /// Shows one training image with given phase lengths and given spikes instead of drawn ones, and
    /// learns from it. `observe` is called after each launch.
    ///
    /// `spikes`: counts (at most 15) of each population, `[steps, units]`, the input first.
    ///
    /// # Errors
    /// When the device fails, or the spikes do not fit the network.
    pub fn train_given(
        &mut self,
        image: &Image,
        phases: [u32; 2],
        spikes: &[Vec<u8>],
        mut observe: impl FnMut(&mut dyn Backend, &Launch) -> Result<(), BackendError>,
    ) -> Result<(), BackendError> {
        self.check_given(phases, spikes)?;
        for (population, counts) in spikes.iter().enumerate() {
            self.write_spikes(population, counts)?;
        }
        let (minibatch, _, _) = self.prepare_training(&[*image]);
        let minibatch = Minibatch { draws: 0, ..minibatch };
        let lanes = [self.lanes.phases_of(image, phases)];
        for launch in launches(self.backend.shape(), longest(&lanes), true) {
            self.backend.run(&minibatch, &lanes, &[launch])?;
            observe(self.backend.as_mut(), &launch)?;
        }
        Ok(())
    }

    /// Given spikes must be those of every population, at every step, and fit their four bits.
    fn check_given(
        &self,
        [forward, target]: [u32; 2],
        spikes: &[Vec<u8>],
    ) -> Result<(), BackendError> {
        let shape = self.backend.shape();
        let most = (1 << COUNT_BITS) - 1;
        let steps = forward.saturating_add(target);
        // The averages of a phase must not reach into the one before.
        let least = self.lanes.shortest_phase();
        if forward < least || target < least || steps > shape.steps {
            let reason = format!(
                "phases of {forward} and {target} steps, where each has at least {least} and both at \
                 most {}",
                shape.steps
            );
            return Err(BackendError::Given(reason));
        }
        if spikes.len() != shape.populations.len() {
            let (got, expected) = (spikes.len(), shape.populations.len());
            let reason = format!("{got} populations, where the network has {expected}");
            return Err(BackendError::Given(reason));
        }
        for (population, (counts, units)) in spikes.iter().zip(&shape.populations).enumerate() {
            let expected = steps as usize * units;
            if counts.len() != expected {
                let got = counts.len();
                let reason = format!("{got} counts of population {population}, not {expected}");
                return Err(BackendError::Given(reason));
            }
            if let Some(count) = counts.iter().find(|&&count| count > most) {
                let reason = format!("{count} spikes in a step, where {most} is the most");
                return Err(BackendError::Given(reason));
            }
        }
        Ok(())
    }

    /// Puts spike counts `[steps, units]` where the first lane's draws would be.
    fn write_spikes(&mut self, population: usize, counts: &[u8]) -> Result<(), BackendError> {
        let array = Array::Spikes(population);
        let mut words = self.backend.read(array)?;
        let shape = self.backend.shape();
        let units = shape.populations[population];
        let past = shape.past_words() as usize * units;
        let image = past..shape.lane_length(array);
        words[image.clone()].fill(0);
        let image = &mut words[image];
        for (step, counts) in counts.chunks(units).enumerate() {
            let row = step / STEPS_PER_WORD as usize * units;
            let shift = step as u32 % STEPS_PER_WORD * COUNT_BITS;
            for (word, &count) in image[row..].iter_mut().zip(counts) {
                *word |= u32::from(count) << shift;
            }
        }
        self.backend.write(array, &words)
    }

    /// Results of the images in slots `0 .. count`.
    ///
    /// # Errors
    /// When the device fails.
    pub fn outcomes(&mut self, count: usize) -> Result<Vec<Outcome>, BackendError> {
        let words = self.backend.read(Array::Results)?;
        let outcome = |words: &[u32]| Outcome {
            class: words[result::CLASS] as u8,
            loss: f32::from_bits(words[result::LOSS]),
        };
        Ok(words.chunks(result::ROWS).take(count).map(outcome).collect())
    }

    /// The network as it is now.
    ///
    /// # Errors
    /// When the device fails.
    pub fn read_network(&mut self, network: &mut Network) -> Result<(), BackendError> {
        for (index, layer) in network.layers.iter_mut().enumerate() {
            layer.weights = cast_vec(self.backend.read(Array::Weights(index))?);
        }
        Ok(())
    }

    fn write_network(&mut self, network: &Network) -> Result<(), BackendError> {
        for (index, layer) in network.layers.iter().enumerate() {
            self.backend.write(Array::Weights(index), cast_slice(&layer.weights))?;
            self.backend.write(Array::Feedback(index), cast_slice(&layer.feedback))?;
        }
        Ok(())
    }
}

/// Steps of the lane that lasts longest.
fn longest(lanes: &[Lane]) -> u32 {
    lanes.iter().map(Lane::steps).max().unwrap_or(0)
}
