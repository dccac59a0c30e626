//! Reads the sets of a data set from arrays.

use std::path::Path;

use super::labels::Labels;
use super::pixels::{check_other_set, conversion, convert, range_of, scale_of};
use super::places::{DatasetPlaces, SetPlaces};
use super::shape::ImageShape;
use crate::dataset::array::{ByteArray, IMAGE_AXES};
use crate::dataset::loaded::LoadedSets;
use crate::dataset::npy::Npy;
use crate::dataset::pixel_scale::NumberRange;
use crate::dataset::{
    DatasetError, LoadedDataset, ReadOptions, SourceFile, SplitData, check_label_count,
};

/// Reads all sets, by one rule for pixels and one for labels. `path`: as given by the user, for messages.
///
/// # Errors
/// Returns an error if an array is damaged, of another shape or type, or converted by no certain rule.
pub(super) fn load(
    path: &Path,
    places: &DatasetPlaces,
    options: &ReadOptions,
) -> Result<LoadedDataset, DatasetError> {
    let sets: Vec<&SetPlaces> =
        [Some(&places.training), places.test.as_ref(), places.validation.as_ref()]
            .into_iter()
            .flatten()
            .collect();
    let mut source_files = Vec::new();
    // Labels are small: check them before reading the images.
    let mut labels = Vec::new();
    for set in &sets {
        let array = set.labels.read()?;
        source_files
            .push(SourceFile { file: array.origin.file_and_name(), format: array.describe() });
        labels.push(array);
    }
    let Labels { sets: labels, class_names, conversions } = Labels::of(labels)?;
    let mut conversions: Vec<String> =
        conversions.into_iter().map(|line| format!("{}: {line}", path.display())).collect();
    let mut images = Vec::new();
    for (number, (set, labels)) in sets.iter().zip(&labels).enumerate() {
        let array = set.images.read()?;
        let shape = ImageShape::of(&array.origin, &array.shape, options)?;
        if !array.shape.contains(&0) {
            check_label_count(labels, array.shape[0], &array.origin)?;
        }
        let range = range_of(&array)?;
        source_files.insert(2 * number, source_file(&array, &shape, &range));
        images.push((array, shape, range));
    }
    let (training, training_shape, training_range) = &images[0];
    let scale = scale_of(training, training_range, options.max_value)?;
    for (array, _, range) in &images[1..] {
        check_other_set(scale, array, range, training)?;
    }
    let lines = [
        conversion(scale, training, training_range),
        training_shape.conversion().map(str::to_string),
    ];
    conversions
        .extend(lines.into_iter().flatten().map(|line| format!("{}: {line}", path.display())));
    let mut splits = Vec::new();
    for ((array, shape, _), labels) in images.into_iter().zip(labels) {
        let origin = array.origin.clone();
        let sizes = [array.shape[0], shape.height, shape.row];
        let bytes = shape.arrange(convert(scale, array));
        let images = ByteArray::checked(origin, sizes, bytes, &IMAGE_AXES)?;
        splits.push(SplitData { images, labels });
    }
    let mut splits = splits.into_iter();
    let mut next = || splits.next().expect("one set per place");
    let training = next();
    let sets = match places.test {
        Some(_) => LoadedSets::Both([training, next()]),
        None => LoadedSets::Lone(training),
    };
    let validation = places.validation.as_ref().map(|_| next());
    let read = LoadedDataset::from_arrays(sets, source_files);
    let white_is_255 = scale.is_full();
    Ok(LoadedDataset { validation, class_names, conversions, white_is_255, ..read })
}

/// Describes an array of images.
fn source_file(array: &Npy, shape: &ImageShape, range: &NumberRange) -> SourceFile {
    let NumberRange { least, largest, .. } = range;
    let values = if array.bytes.is_empty() {
        String::new()
    } else {
        format!(", values {least} to {largest}")
    };
    SourceFile {
        file: array.origin.file_and_name(),
        format: format!("{}{}{values}", array.describe(), shape.describe()),
    }
}
