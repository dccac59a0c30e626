//! Size of a training, for progress and messages.

use crate::error::warning_hint;
use crate::output::eprint_line;
use apical::config::Config;
use apical::dataset::Dataset;
use apical::device::DeviceInfo;
use apical::train::TrainPosition;
use apical::trial_cache::training_images;

/// Size of a training.
#[derive(Clone, PartialEq)]
pub(crate) struct TrainingSize {
    pub(crate) network: String,
    pub(crate) dataset: String,
    pub(crate) epochs: u32,
    pub(crate) images: usize,
    pub(crate) test_images: usize,
    /// Name of the images used for evaluation: test or validation.
    pub(crate) eval_set: &'static str,
    /// Simulated time per training image, the unit of work for time estimates, ms.
    image_work: f64,
    /// Simulated time per test image, ms.
    test_image_work: f64,
}

impl TrainingSize {
    pub(crate) fn new(config: &Config, dataset: &Dataset) -> Self {
        let held_out = config.validation_images;
        let timing = config.timing();
        let sizes = [&[dataset.pixels()], config.layers.as_slice()].concat();
        let sizes: Vec<String> = sizes.iter().map(usize::to_string).collect();
        TrainingSize {
            network: sizes.join("-"),
            dataset: dataset.name.clone(),
            epochs: config.epochs,
            images: training_images(config, dataset),
            test_images: match config.test_images {
                0 if held_out > 0 => held_out,
                0 => dataset.test_count,
                count => count,
            },
            eval_set: if held_out > 0 { "validation" } else { "test" },
            image_work: 2.0 * f64::from(timing.phase_ms),
            test_image_work: f64::from(timing.test_ms),
        }
    }

    /// Returns the work of `epochs` epochs with their tests and of `images` training images.
    pub(crate) fn work(&self, epochs: u32, images: usize) -> f64 {
        let epoch =
            self.images as f64 * self.image_work + self.test_images as f64 * self.test_image_work;
        f64::from(epochs) * epoch + images as f64 * self.image_work
    }

    /// Returns the work of `test_images` test images.
    pub(crate) fn test_work(&self, test_images: usize) -> f64 {
        test_images as f64 * self.test_image_work
    }

    /// Returns the work done before a position, or all work if the network is already trained.
    pub(crate) fn work_before(&self, position: &Option<TrainPosition>) -> f64 {
        match position {
            Some(position) => self.work(position.epoch - 1, position.images),
            None => self.work(self.epochs, 0),
        }
    }

    /// Describes the number of epochs and images.
    fn images(&self) -> String {
        let TrainingSize { epochs, images, test_images, eval_set, .. } = self;
        format!("{epochs} x {images} images, {test_images} {eval_set} images")
    }
}

/// Prints the networks of a run and their device. `is_of_many`: whether the run may have several networks.
pub(super) fn announce(sizes: &[TrainingSize], is_of_many: bool, device: &DeviceInfo) {
    let TrainingSize { network, dataset, .. } = &sizes[0];
    let images = sizes[0].images();
    eprint_line(match is_of_many {
        false => format!("training {network} on {dataset}: {images}"),
        true => {
            let all_equal = sizes.iter().all(|size| *size == sizes[0]);
            let images = if all_equal { format!(": {images} each") } else { String::new() };
            format!("training {} x {network} on {dataset}{images}", sizes.len())
        }
    });
    print_device(device);
}

/// Prints the warnings about settings without duplicates.
pub(crate) fn print_warnings<'a>(configs: impl IntoIterator<Item = &'a Config>) {
    let mut printed = Vec::new();
    for warning in configs.into_iter().flat_map(Config::warnings) {
        if !printed.contains(&warning) {
            eprint_line(format_args!("warning: {warning}; hint: {}", warning_hint(warning)));
            printed.push(warning);
        }
    }
}

pub(crate) fn print_device(device: &DeviceInfo) {
    eprint_line(format_args!("backend {}, device {}", device.backend, device.name));
    print_note(device);
}

/// Prints the note on a device, and the option that chooses another.
pub(crate) fn print_note(device: &DeviceInfo) {
    if let Some(note) = &device.note {
        eprint_line(note);
    }
    if let Some(other) = device.alternative {
        eprint_line(format_args!("hint: choose the device with --backend {}", other.name()));
    }
}
