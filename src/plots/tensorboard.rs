//! Writes a run for TensorBoard: curves over the number of images, histograms of the weights, receptive fields.

use std::path::Path;

use super::receptive_fields::{COLUMNS, MAX_FIELDS, receptive_fields};
use crate::analysis::statistics;
use crate::dataset::DataIdentity;
use crate::figures::FigureError;
use crate::network::Network;
use crate::run_dir::tensorboard::EventFile;
use crate::run_dir::tensorboard::messages::{Histogram, Image, Value};
use crate::run_dir::weights::named_weights;
use crate::run_dir::{ImageSpec, StorageError};
use crate::train::{Event, TrainPosition};

/// Number of buckets of a histogram.
const BUCKETS: usize = 50;

/// Writes the events of one network into an event file.
#[derive(Debug)]
pub struct TensorBoard {
    file: EventFile,
    images: ImageSpec,
    /// Number of images per epoch.
    images_per_epoch: usize,
    /// Name of the tested set: `test` or `validation`.
    tested: &'static str,
}

impl TensorBoard {
    /// Creates an event file in a folder, which is created if necessary. `images_per_epoch`: number of images per epoch;
    /// `tested`: name of the tested set.
    ///
    /// # Errors
    /// Returns an error if the file cannot be created.
    pub fn create(
        folder: &Path,
        images: ImageSpec,
        images_per_epoch: usize,
        tested: &'static str,
    ) -> Result<Self, StorageError> {
        let board =
            TensorBoard { file: EventFile::create(folder)?, images, images_per_epoch, tested };
        board.name_data(0)?;
        Ok(board)
    }

    /// Creates an event file of a run resumed at `position`. TensorBoard discards later steps of earlier files.
    ///
    /// # Errors
    /// Returns an error if the file cannot be created.
    pub fn resume(
        folder: &Path,
        images: ImageSpec,
        images_per_epoch: usize,
        tested: &'static str,
        position: &TrainPosition,
    ) -> Result<Self, StorageError> {
        let step = step(position.epoch, position.images, images_per_epoch);
        let board = TensorBoard {
            file: EventFile::resume(folder, step)?,
            images,
            images_per_epoch,
            tested,
        };
        // The start of a session discards its own step and later ones.
        board.name_data(step + 1)?;
        Ok(board)
    }

    /// Writes the data set of the run as text.
    fn name_data(&self, step: u64) -> Result<(), StorageError> {
        let Some(data) = &self.images.data else { return Ok(()) };
        let DataIdentity { name, training_images, test_images, sha256, .. } = data;
        // Markdown shows an indented name verbatim.
        let text = format!(
            "Data set:\n\n    {name}\n\n{training_images} training and {test_images} test images, \
             SHA-256 `{sha256}`"
        );
        self.file.append(step, vec![Value::text("data", &text)])
    }

    /// Writes an event. Weights come with [`Event::Network`], which has to be requested.
    ///
    /// # Errors
    /// Returns an error if an image cannot be drawn or the file cannot be written.
    pub fn write_event(&self, event: &Event) -> Result<(), FigureError> {
        let tested = self.tested;
        let (epoch, images, values) = match event {
            Event::Progress { epoch, images, train_error, images_per_second, .. } => {
                let values = vec![
                    Value::scalar("error/training, so far in the epoch", *train_error),
                    Value::scalar(
                        "images a second/training, so far in the epoch",
                        *images_per_second,
                    ),
                ];
                (epoch, images, values)
            }
            Event::PartialEval { epoch, images, test_error, .. } => {
                let tag = format!("error/{tested}, partial");
                (epoch, images, vec![Value::scalar(tag, *test_error)])
            }
            Event::Epoch {
                epoch,
                images,
                train_error,
                test_error,
                loss,
                images_per_second,
                test_images_per_second,
                ..
            } => {
                let mut values = vec![
                    Value::scalar("error/training", *train_error),
                    Value::scalar(format!("error/{tested}"), *test_error),
                    Value::scalar("loss/output", *loss),
                    Value::scalar(format!("images a second/{tested}"), *test_images_per_second),
                ];
                let speed = |speed| Value::scalar("images a second/training", speed);
                values.extend(images_per_second.map(speed));
                (epoch, images, values)
            }
            Event::Network { epoch, images, network, rates, .. } => {
                let rate = |(layer, rate): (usize, &f64)| {
                    Value::scalar(format!("rate, spikes a ms/layer {layer}"), *rate)
                };
                let rates = rates.iter().enumerate().map(rate);
                (epoch, images, rates.chain(self.weights(network)?).collect())
            }
            Event::RequestedEval { epoch, images, test_error, .. } => (
                epoch,
                images,
                vec![Value::scalar(format!("error/{tested}, requested"), *test_error)],
            ),
            // Histograms replace the weight statistics.
            Event::Weights { .. }
            | Event::GroupStarted { .. }
            | Event::Checkpoint { .. }
            | Event::TestProgress { .. }
            | Event::Finished { .. } => return Ok(()),
        };
        Ok(self.file.append(step(*epoch, *images, self.images_per_epoch), values)?)
    }

    /// Returns histograms of all weights, named as in `weights.safetensors`, and the receptive fields.
    fn weights(&self, network: &Network) -> Result<Vec<Value>, FigureError> {
        let named = named_weights(network).into_iter();
        let histogram = |(name, _, weights): (String, Vec<usize>, Vec<f32>)| {
            Some(Value::histogram(format!("weights/{name}"), histogram(&weights)?))
        };
        let mut values: Vec<Value> = named.filter_map(histogram).collect();
        if let Some(fields) = receptive_fields(network, &self.images, MAX_FIELDS, COLUMNS, 1) {
            let fields = fields.enlarged();
            let (height, width) = (fields.height as i32, fields.width as i32);
            let image = Image { height, width, colorspace: 3, png: fields.png()? };
            values.push(Value::image("receptive fields", image));
        }
        Ok(values)
    }
}

/// Returns the number of images trained on since the start of the run.
fn step(epoch: u32, images: usize, images_per_epoch: usize) -> u64 {
    u64::from(epoch.saturating_sub(1)) * images_per_epoch as u64 + images as u64
}

/// Returns buckets of equal width from the smallest to the largest number, `None` without a finite number.
fn histogram(numbers: &[f32]) -> Option<Histogram> {
    let numbers = numbers.iter().map(|&number| f64::from(number));
    let numbers: Vec<f64> = numbers.filter(|number| number.is_finite()).collect();
    let min = numbers.iter().copied().reduce(f64::min)?;
    let max = numbers.iter().copied().reduce(f64::max)?;
    // Equal numbers have one bucket.
    let buckets = if min < max { BUCKETS } else { 1 };
    let count = numbers.len() as f64;
    let width = (max - min) / buckets as f64;
    let parts = statistics::histogram(&numbers, [min, max], buckets).into_iter();
    Some(Histogram {
        min,
        max,
        count,
        sum: numbers.iter().sum(),
        sum_squares: numbers.iter().map(|number| number * number).sum(),
        bucket_limits: (1..=buckets).map(|bucket| min + bucket as f64 * width).collect(),
        buckets: parts.map(|part| (part * count).round()).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_in_one_bucket() {
        let found = histogram(&[0.0, 0.125, 49.75, 50.0, f32::NAN, 25.5]).unwrap();
        assert_eq!((found.min, found.max, found.count, found.sum), (0.0, 50.0, 5.0, 125.375));
        assert_eq!(found.sum_squares, 0.015625 + 2475.0625 + 2500.0 + 650.25);
        assert_eq!((found.bucket_limits[0], found.bucket_limits[49]), (1.0, 50.0));
        let mut expected = [0.0; BUCKETS];
        (expected[0], expected[25], expected[49]) = (2.0, 1.0, 2.0);
        assert_eq!(found.buckets, expected);
    }

    #[test]
    fn equal_numbers_have_one_bucket() {
        let found = histogram(&[2.0; 7]).unwrap();
        assert_eq!((found.min, found.max), (2.0, 2.0));
        assert_eq!((found.bucket_limits, found.buckets), (vec![2.0], vec![7.0]));
        assert_eq!(histogram(&[f32::NAN]), None);
    }
}
