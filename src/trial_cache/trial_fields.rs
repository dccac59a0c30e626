//! Device and number of images of a trial, as its record states them.

use crate::config::Config;
use crate::cpu::processor_name;
use crate::dataset::Dataset;
use crate::device::DeviceInfo;

/// Returns the number of training images per epoch. The settings must fit the data set.
pub fn training_images(config: &Config, dataset: &Dataset) -> usize {
    match config.train_images {
        0 => dataset.training_images_beside(config.validation_images),
        images => images,
    }
}

/// Returns the name of the device, on the CPU with the processor's model.
pub fn device_name(device: &DeviceInfo) -> String {
    match device.backend {
        "cpu" => format!("{}, {}", processor_name(), device.name),
        _ => device.name.clone(),
    }
}
