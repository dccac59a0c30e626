//! Classification of images by a trained network.

use std::slice::from_ref;
use std::sync::Arc;
use std::time::Instant;

use sha2::{Digest, Sha256};

use crate::dataset::Dataset;
use crate::dataset::unlabelled::ImageList;
use crate::device::{self, DeviceInfo, DeviceOptions};
use crate::interface::{ArrayId, Backend, BackendError, compartment};
use crate::plan::Presentation;
use crate::run_dir::SavedNetwork;
use crate::simulation::Simulation;
use crate::train::TrainError;

/// Predicted class of an image.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// Class found most often; among equals, the one with the higher score.
    pub class: u8,
    /// Mean voltage of each class's output neurons in the averaging window of the test, over all presentations of the
    /// image, mV. A single presentation finds the class with the highest score.
    pub scores: Vec<f64>,
    /// Number of presentations in which each class was found.
    pub class_counts: Vec<u32>,
}

/// Predictions for all images.
#[derive(Clone, Debug, PartialEq)]
pub struct Predictions {
    /// One per image, in their order.
    pub images: Vec<Prediction>,
    /// Time from the first image to the last result, s.
    pub seconds: f64,
    /// Device of the predictions.
    pub device: DeviceInfo,
}

impl Prediction {
    fn none(classes: usize) -> Self {
        Prediction { class: 0, scores: vec![0.0; classes], class_counts: vec![0; classes] }
    }

    /// Returns the fraction of presentations in which the class was found.
    pub fn vote_fraction(&self) -> f64 {
        let all: u32 = self.class_counts.iter().sum();
        let own = self.class_counts.get(usize::from(self.class)).copied().unwrap_or(0);
        f64::from(own) / f64::from(all.max(1))
    }

    fn decide(&mut self) {
        let better = |&a: &usize, &b: &usize| {
            let by_votes = self.class_counts[a].cmp(&self.class_counts[b]);
            // Take the first of equals, as a test does.
            by_votes.then(self.scores[a].total_cmp(&self.scores[b])).then(b.cmp(&a))
        };
        self.class = (0..self.class_counts.len()).max_by(better).unwrap_or(0) as u8;
    }
}

/// Presents images to a network as in a test, `repeats` times, each with new random draws. The draws of an image depend
/// only on its pixels, the seed and the repeat: not on the other images or its file. `listen` receives the number of
/// images shown.
///
/// # Errors
/// Returns an error if there is no image, a setting is invalid, or no requested device works.
pub fn predict(
    saved: &SavedNetwork,
    images: ImageList,
    selection: &DeviceOptions,
    repeats: u32,
    listen: &mut dyn FnMut(usize),
) -> Result<Predictions, TrainError> {
    let shape = &saved.images;
    if shape.recorded {
        let reason = "expected recorded spikes, as in the network's training, found images";
        return Err(BackendError::InvalidSamples(reason.to_string()).into());
    }
    let count = images.count();
    let sizes = [shape.height, shape.width];
    let dataset =
        Dataset::unlabelled("images", sizes, shape.classes, shape.max_pixel, &images.bytes)?;
    if dataset.test_count != count {
        let reason = format!("{count} names of {} images", dataset.test_count);
        return Err(BackendError::InvalidSamples(reason).into());
    }
    predict_tests(saved, dataset, selection, repeats, listen)
}

/// Presents the test set of a data set that fits the network, see [`SavedNetwork::fit`], as [`predict`] does. The draws of
/// a recording depend only on its spikes.
///
/// # Errors
/// As [`predict`], and if the data set has another size or kind of input.
pub fn predict_tests(
    saved: &SavedNetwork,
    dataset: Dataset,
    selection: &DeviceOptions,
    repeats: u32,
    listen: &mut dyn FnMut(usize),
) -> Result<Predictions, TrainError> {
    let SavedNetwork { config, network, images: shape, .. } = saved;
    let (classes, count) = (shape.classes, dataset.test_count);
    config.validate(dataset.pixels(), classes)?;
    let first = dataset.training_count;
    let positions: Vec<u32> =
        (first..first + count).map(|index| example_draw_index(&dataset, index)).collect();
    let dataset = Arc::new(dataset);
    // The voltages of each sample are read.
    let selection = DeviceOptions { per_sample_access: true, ..selection.clone() };
    let opened = device::open(&selection, from_ref(config), &dataset)?;
    let mut simulation = Simulation::new(opened.backend, config, &dataset, network)?;
    simulation.stop_on(&selection.stop);
    let lanes = simulation.backend().shape().samples_per_replica;
    let mut predictions = vec![Prediction::none(classes); count];
    let start = Instant::now();
    for repeat in 0..repeats {
        let image = |number: usize| {
            // An odd factor gives each repeat of an image its own position.
            let position = positions[number].wrapping_add(repeat.wrapping_mul(REPEAT));
            Presentation {
                index: first + number,
                label: 0,
                draw_index: position,
                result_slot: first + number,
            }
        };
        for done in (0..count).step_by(lanes) {
            let together: Vec<Presentation> = (done..count.min(done + lanes)).map(image).collect();
            simulation.test(&together)?;
            let scores = scores(simulation.backend(), together.len(), classes)?;
            for (prediction, scores) in predictions[done..].iter_mut().zip(scores.chunks(classes)) {
                let sums = prediction.scores.iter_mut().zip(scores);
                sums.for_each(|(sum, score)| *sum += score / f64::from(repeats));
            }
            listen(repeat as usize * count + done + together.len());
        }
        let outcomes = simulation.results(first + count)?.swap_remove(0);
        for (prediction, outcome) in predictions.iter_mut().zip(&outcomes[first..]) {
            prediction.class_counts[usize::from(outcome.class)] += 1;
        }
    }
    predictions.iter_mut().for_each(Prediction::decide);
    let seconds = start.elapsed().as_secs_f64();
    Ok(Predictions { images: predictions, seconds, device: opened.device })
}

/// Distance between the positions of an image's repeats: 2^32 over the golden ratio.
const REPEAT: u32 = 0x9e37_79b9;

/// Returns the index of an image's random draws in [`predict`], which depends only on its pixels.
pub fn draw_index(pixels: &[u8]) -> u32 {
    let digest = Sha256::digest(pixels);
    digest.first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes))
}

/// Returns the index of an example's random draws: that of its pixels, or of its spikes.
///
/// # Panics
/// As [`Dataset::image`].
pub fn example_draw_index(dataset: &Dataset, index: usize) -> u32 {
    match dataset.recordings() {
        Some(recordings) => {
            let events = recordings.events(index).iter();
            draw_index(&events.flat_map(|event| event.to_le_bytes()).collect::<Vec<u8>>())
        }
        None => draw_index(dataset.image(index)),
    }
}

/// Returns the mean voltages of each class's neurons, `[samples, classes]`, mV.
fn scores(
    backend: &mut dyn Backend,
    lanes: usize,
    classes: usize,
) -> Result<Vec<f64>, BackendError> {
    let output = backend.shape().layers() - 1;
    let array = ArrayId::Compartments(output);
    let (units, length) = (backend.shape().units(output), backend.shape().len_per_copy(array));
    let values = backend.read_samples(array, lanes)?.into_f32(array)?;
    let group = units / classes;
    let mean = |group: &[f32]| {
        let sum: f64 = group.iter().map(|&voltage| f64::from(voltage)).sum();
        sum / group.len() as f64
    };
    let voltages = |lane: &[f32]| lane[compartment::MEAN_SOMA * units..][..units].to_vec();
    let of_lanes = values.chunks(length).take(lanes).map(voltages);
    Ok(of_lanes.flat_map(|lane| lane.chunks(group).map(mean).collect::<Vec<_>>()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn votes_decide_then_scores_then_the_first() {
        let decided = |votes: [u32; 3], scores: [f64; 3]| {
            let (votes, scores) = (votes.to_vec(), scores.to_vec());
            let mut prediction = Prediction { class: 0, scores, class_counts: votes };
            prediction.decide();
            (prediction.class, prediction.vote_fraction())
        };
        assert_eq!(decided([1, 3, 0], [9.0, -1.0, 0.0]), (1, 0.75));
        assert_eq!(decided([2, 0, 2], [1.0, 5.0, 1.5]), (2, 0.5));
        assert_eq!(decided([2, 0, 2], [1.5, 5.0, 1.5]), (0, 0.5));
    }
}
