//! Data sets as read from their files, before they are checked and joined.

use std::path::Path;

use serde::Serialize;

use super::array::{ByteArray, largest};
use super::error::{invalid, invalid_with_hint};
use super::location::Origin;
use super::{DatasetError, class_names};

/// The training or the test set as read from its files.
pub(super) struct SplitData {
    pub images: ByteArray<3>,
    pub labels: ByteArray<1>,
}

impl SplitData {
    /// Creates a set from images and labels in memory. `part`: "training" or "test".
    pub fn in_memory(
        name: &str,
        part: &str,
        height: usize,
        width: usize,
        (images, labels): (Vec<u8>, Vec<u8>),
    ) -> Result<SplitData, DatasetError> {
        let origin = |content: &str| Origin::Memory(format!("{name} ({part} {content})"));
        Ok(SplitData {
            images: ByteArray::images(origin("images"), [height, width], images)?,
            labels: ByteArray::labels(origin("labels"), labels)?,
        })
    }

    /// Checks that the images have the size of the training images.
    pub fn check_image_size(&self, training: &SplitData) -> Result<(), DatasetError> {
        let [_, height, width] = training.images.sizes;
        let [_, own_height, own_width] = self.images.sizes;
        if (own_height, own_width) == (height, width) {
            return Ok(());
        }
        let axis = if own_height == height { 2 } else { 1 };
        let file = training.images.origin.file();
        let expected = format!("images of {height} x {width} as in {file}");
        let found = format!("{own_height} x {own_width}");
        Err(invalid(self.images.origin.at_size(axis), expected, found))
    }

    /// Checks that the bytes are not only 0 and 1 if the training images are bright: these are truth values or fractions
    /// that were stored as integers.
    pub fn check_scale(&self, training: &SplitData) -> Result<(), DatasetError> {
        if largest(&self.images.bytes) != 1 || largest(&training.images.bytes) <= u8::MAX / 2 {
            return Ok(());
        }
        let expected = format!("values on the scale of {}", training.images.origin.file_and_name());
        let hint = "convert the images of both sets alike; --max-value N maps N to white in both";
        Err(invalid_with_hint(self.images.origin.at_size(0), expected, "bytes of 0 and 1", hint))
    }

    /// Checks that there is one label per image.
    pub fn check_label_count(&self) -> Result<(), DatasetError> {
        check_label_count(&self.labels, self.images.sizes[0], &self.images.origin)
    }
}

/// Sets that the files of a data set have.
pub(super) enum LoadedSets {
    /// A training and a test set.
    Both([SplitData; 2]),
    /// One set that the files do not split, see [`super::lone_set`].
    Lone(SplitData),
}

/// A data set as read from its files.
pub(super) struct LoadedDataset {
    pub sets: LoadedSets,
    /// Own validation set. It is neither trained on nor part of the test set, see [`super::Dataset::subset`].
    pub validation: Option<SplitData>,
    /// One name per class, if the files have names.
    pub class_names: Option<Vec<String>>,
    pub warnings: Vec<String>,
    pub conversions: Vec<String>,
    pub source_files: Vec<SourceFile>,
    /// Whether white is 255 whatever the largest byte is, as in image files.
    pub white_is_255: bool,
    /// Full scale of 16-bit images, if it was chosen by default.
    pub max_value: Option<u32>,
}

impl LoadedDataset {
    /// Creates a data set from plain byte arrays: IDX files, tables or archives.
    pub fn from_arrays(sets: LoadedSets, source_files: Vec<SourceFile>) -> LoadedDataset {
        LoadedDataset {
            sets,
            validation: None,
            class_names: None,
            warnings: Vec::new(),
            conversions: Vec::new(),
            source_files,
            white_is_255: false,
            max_value: None,
        }
    }

    /// Returns the data set with the class names in `class_names.txt` in the folder at a path, or beside the file at it.
    /// Names of the labels themselves take precedence.
    ///
    /// # Errors
    /// Returns an error if the names cannot be read.
    pub fn with_class_names_of(mut self, path: &Path) -> Result<LoadedDataset, DatasetError> {
        let file = class_names::file_of(path);
        if self.class_names.is_none() {
            self.class_names = class_names::read_of(path)?;
        } else if file.is_file() {
            let warning = format!("{}: not used, since the labels have names", file.display());
            self.warnings.push(warning);
        }
        Ok(self)
    }
}

/// Checks that there is one label per image.
pub(super) fn check_label_count(
    labels: &ByteArray<1>,
    images: usize,
    images_origin: &Origin,
) -> Result<(), DatasetError> {
    let [count] = labels.sizes;
    if images == count {
        return Ok(());
    }
    let expected = format!("{images} labels, one per image of {}", images_origin.file());
    Err(invalid(labels.origin.at_size(0), expected, count))
}

/// Returns the number of classes: `classes`, or as many as the training labels have.
///
/// # Errors
/// Returns an error if the training set has one class only, or a label has no class.
pub(super) fn class_count(
    labels: &ByteArray<1>,
    other_labels: &[&ByteArray<1>],
    classes: Option<usize>,
) -> Result<usize, DatasetError> {
    let largest_label = labels.bytes.iter().copied().max().unwrap_or(0);
    if classes.is_none() && labels.bytes.iter().all(|&label| label == largest_label) {
        let location = labels.origin.at_element(0);
        let found = format!("the label {largest_label} only");
        return Err(invalid(location, "at least two classes", found));
    }
    let classes = classes.unwrap_or(usize::from(largest_label) + 1);
    for set in [&[labels], other_labels].concat() {
        if let Some(index) = set.bytes.iter().position(|&label| usize::from(label) >= classes) {
            let last = classes - 1;
            let expected = format!("a label in 0..={last} as in {}", labels.origin.file());
            return Err(invalid(set.origin.at_element(index), expected, set.bytes[index]));
        }
    }
    Ok(classes)
}

/// A file or an array with its detected format.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SourceFile {
    /// The file, and the array in it.
    pub file: String,
    /// Format, order, shape and range of values as text.
    pub format: String,
}
