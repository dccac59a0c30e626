//! Comparison of a network's images with those of a data set.

use super::{ImageSpec, SavedNetwork, WeightsError};
use crate::dataset::Dataset;
use crate::dataset::class_names::list_names;

impl SavedNetwork {
    /// Checks that the network can classify the images of `dataset` without a conversion.
    ///
    /// # Errors
    /// Returns [`WeightsError::Unfit`] if the size, the largest byte, the classes or their order differ.
    /// [`SavedNetwork::fit`] converts classes and bytes.
    pub fn check_fits(&self, dataset: &Dataset) -> Result<(), WeightsError> {
        self.check_size(dataset)?;
        if dataset.max_pixel != self.images.max_pixel {
            return Err(WeightsError::Unfit {
                dataset: dataset.name.clone(),
                expected: format!("bytes of at most {}", self.images.max_pixel),
                found: dataset.max_pixel.to_string(),
            });
        }
        let names = &self.images.class_names;
        if *names != dataset.class_names {
            let [expected, found] = [names, &dataset.class_names].map(|names| list_names(names));
            let dataset = dataset.name.clone();
            return Err(WeightsError::Unfit {
                dataset,
                expected: format!("the classes {expected}"),
                found,
            });
        }
        Ok(())
    }

    /// Converts a data set to the labels and the pixel scale of the network's training, see [`Dataset::with_classes_of`]
    /// and [`Dataset::with_pixel_rules`]. Also returns a sentence on each change. `inverted`: swap dark and light.
    ///
    /// # Errors
    /// Returns [`WeightsError::Unfit`] if the images have another size, [`WeightsError::Classes`] if the network lacks a
    /// class of the images, or [`WeightsError::Pixels`] if their values are on another scale.
    pub fn fit(
        &self,
        dataset: Dataset,
        inverted: bool,
    ) -> Result<(Dataset, Vec<String>), WeightsError> {
        self.check_size(&dataset)?;
        let ImageSpec { class_names, max_pixel, rules, .. } = &self.images;
        let (dataset, note) =
            dataset.with_classes_of(class_names).map_err(WeightsError::Classes)?;
        let shown = dataset.with_pixel_rules(*max_pixel, rules, inverted);
        let (dataset, notes) = shown.map_err(WeightsError::Pixels)?;
        Ok((dataset, note.into_iter().chain(notes).collect()))
    }

    /// Checks that the network takes input of this kind and size.
    ///
    /// # Errors
    /// Returns [`WeightsError::Unfit`] if the kind of input, the height, the width or the channels differ.
    pub fn check_size(&self, dataset: &Dataset) -> Result<(), WeightsError> {
        let recorded = dataset.recordings().is_some();
        if recorded != self.images.recorded {
            let kind = |recorded| if recorded { "recorded spikes" } else { "images" };
            return Err(WeightsError::Unfit {
                dataset: dataset.name.clone(),
                expected: format!("{}, as in the network's training", kind(self.images.recorded)),
                found: kind(recorded).to_string(),
            });
        }
        let ImageSpec { height, width, channels, .. } = self.images;
        let size = |height: usize, width: usize, channels: usize| {
            let colour = if channels > 1 { " in colour" } else { "" };
            format!("{height} x {}{colour}", width / channels)
        };
        if (height, width, channels) != (dataset.height, dataset.width, dataset.channels) {
            return Err(WeightsError::Unfit {
                dataset: dataset.name.clone(),
                expected: format!("images of {} pixels", size(height, width, channels)),
                found: size(dataset.height, dataset.width, dataset.channels),
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
