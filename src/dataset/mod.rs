//! Labelled images as bytes: the embedded MNIST, IDX files, folders and zip archives of images, CSV tables, `.npz`
//! archives, or arrays in memory.
//!
//! Every error names the file and the location in it (byte, line or array), what was expected and what was found.

mod array;
mod check_fields;
mod class_folder;
pub mod class_names;
mod classes;
mod conversions;
mod csv;
pub mod embedded;
mod error;
mod examples;
mod file_pair;
mod file_tree;
mod fingerprint;
mod first_label;
mod folder_entries;
mod format;
mod format_option;
mod formats;
mod gzip;
mod identity;
pub mod idx;
pub mod image_file;
mod image_folders;
mod loaded;
mod location;
mod lone_set;
mod npy;
mod npz;
mod numpy;
mod open;
mod parquet;
mod pixel_rules;
mod pixel_scale;
mod read_options;
mod set_folders;
pub mod spikes;
mod split_folder;
mod stratify;
mod subset;
pub mod summary;
mod test_fraction;
pub(crate) mod transpose;
pub mod unlabelled;
mod validation_set;
mod zip_names;
mod zip_tree;

use std::fmt;

pub use array::ByteArray;
use array::largest;
pub use conversions::ImageConversion;
pub use error::DatasetError;
use error::invalid;
pub use identity::{DataIdentity, DataSource, MNIST_SHA256};
pub use loaded::SourceFile;
use loaded::{LoadedDataset, SplitData, check_label_count, class_count};
pub use location::{Location, Position};
pub use pixel_rules::PixelRules;
pub use read_options::{Background, ChannelOrder, ImageSize, ReadOptions};
use spikes::Recordings;
pub use test_fraction::TestFraction;

/// Labelled images. Training and test set form one contiguous block, training set first, so that a device stores it
/// unchanged.
#[derive(Clone)]
pub struct Dataset {
    /// `MNIST (embedded)`, the path, or the name given to [`Dataset::from_parts`].
    pub name: String,
    /// Number of rows of an image, at least 1.
    pub height: usize,
    /// Number of bytes per row, at least 1: columns times channels.
    pub width: usize,
    /// Number of bytes per pixel: 1, or 3 for red, green and blue.
    pub channels: usize,
    /// Number of classes: largest training label + 1, from 2 to 256.
    pub classes: usize,
    /// One name per class; `0`, `1` and so on by default.
    pub class_names: Vec<String>,
    /// Largest byte in the training images, at least 1 (255 for MNIST). A pixel is byte / max_pixel. Test images may
    /// have larger bytes.
    pub max_pixel: u8,
    /// Number of training images, at least 1.
    pub training_count: usize,
    /// Number of test images, at least 1.
    pub test_count: usize,
    /// Warnings about skipped files and other oddities, one sentence each.
    pub warnings: Vec<String>,
    /// Origin of the images.
    pub source: DataSource,
    /// Options used to read the files.
    pub read_options: ReadOptions,
    /// Pixel conversions made while reading, one sentence each.
    pub conversions: Vec<String>,
    /// Detected format of each file or array.
    pub source_files: Vec<SourceFile>,
    /// Conversion from file values to bytes, for images read later.
    pub rules: PixelRules,
    /// Empty for recordings.
    images: Vec<u8>,
    /// Recorded spikes in place of images.
    recordings: Option<Recordings>,
    labels: Vec<u8>,
    /// Number of images of an own validation set, mostly 0. They follow the test images.
    validation_count: usize,
}

impl Dataset {
    /// Returns the data set with other class names.
    ///
    /// # Errors
    /// Returns an error unless there is one name per class.
    pub fn with_class_names(self, class_names: Vec<String>) -> Result<Dataset, DatasetError> {
        if class_names.len() != self.classes {
            let expected = format!("{} names, one per class", self.classes);
            return Err(invalid(Location::whole(self.name), expected, class_names.len()));
        }
        Ok(Dataset { class_names, ..self })
    }

    /// Creates a data set from `(images, labels)` in memory: images of shape `[count, height, width]`, one byte per
    /// pixel, and labels of shape `[count]`.
    ///
    /// # Errors
    /// Returns an error as [`Dataset::open`] does. It names the set instead of the file; offsets count from the start of
    /// the images or labels.
    ///
    /// ```
    /// use apical::dataset::Dataset;
    ///
    /// let training = (vec![0, 9, 9, 0], vec![0, 1]); // two images of 1 x 2 pixels
    /// let test = (vec![0, 8], vec![0]);
    /// let dataset = Dataset::from_parts("sides", 1, 2, training, test)?;
    /// assert_eq!((dataset.classes, dataset.max_pixel), (2, 9));
    /// assert_eq!(dataset.image(2), [0, 8]);
    /// # Ok::<(), apical::dataset::DatasetError>(())
    /// ```
    pub fn from_parts(
        name: impl Into<String>,
        height: usize,
        width: usize,
        training: (Vec<u8>, Vec<u8>),
        test: (Vec<u8>, Vec<u8>),
    ) -> Result<Dataset, DatasetError> {
        let name = name.into();
        let training = SplitData::in_memory(&name, "training", height, width, training)?;
        let test = SplitData::in_memory(&name, "test", height, width, test)?;
        Dataset::assemble(name, training, test, None, None)
    }

    /// Creates a data set as [`Dataset::from_parts`], of classes with these names. Some may have no images.
    ///
    /// # Errors
    /// As [`Dataset::from_parts`], and if there are no two classes.
    pub fn of_classes(
        name: impl Into<String>,
        class_names: Vec<String>,
        [height, width]: [usize; 2],
        training: (Vec<u8>, Vec<u8>),
        test: (Vec<u8>, Vec<u8>),
    ) -> Result<Dataset, DatasetError> {
        let name = name.into();
        let training = SplitData::in_memory(&name, "training", height, width, training)?;
        let test = SplitData::in_memory(&name, "test", height, width, test)?;
        let classes = class_names.len();
        if classes < 2 {
            return Err(invalid(Location::whole(name), "at least two classes", classes));
        }
        let dataset = Dataset::assemble(name, training, test, None, Some(classes))?;
        dataset.with_class_names(class_names)
    }

    /// Checks and joins the sets. `classes`: number of classes; `None`: as many as the training labels have.
    fn assemble(
        name: String,
        training: SplitData,
        test: SplitData,
        validation: Option<SplitData>,
        classes: Option<usize>,
    ) -> Result<Dataset, DatasetError> {
        training.check_label_count()?;
        for other in [&test].into_iter().chain(&validation) {
            other.check_label_count()?;
            other.check_image_size(&training)?;
        }
        let (images, labels) = (training.images, training.labels);
        let [training_count, height, width] = images.sizes;
        let max_pixel = largest(&images.bytes);
        if max_pixel == 0 {
            let location = images.origin.at_element(0);
            return Err(invalid(location, "a pixel above 0", "black images only"));
        }
        let other_labels: Vec<&ByteArray<1>> =
            [&test].into_iter().chain(&validation).map(|set| &set.labels).collect();
        let classes = class_count(&labels, &other_labels, classes)?;
        let rules = PixelRules::of(&images.bytes, max_pixel);
        let (mut images, mut labels) = (images.bytes, labels.bytes);
        let (test_count, validation_count) =
            (test.labels.sizes[0], validation.as_ref().map_or(0, |set| set.labels.sizes[0]));
        for set in [test].into_iter().chain(validation) {
            images = concat_bytes(images, &set.images.bytes);
            labels = concat_bytes(labels, &set.labels.bytes);
        }
        Ok(Dataset {
            name,
            height,
            width,
            channels: 1,
            classes,
            class_names: class_names::numeric(classes),
            max_pixel,
            training_count,
            test_count,
            warnings: Vec::new(),
            source: DataSource::Memory,
            read_options: ReadOptions::default(),
            conversions: Vec::new(),
            source_files: Vec::new(),
            rules,
            images,
            recordings: None,
            labels,
            validation_count,
        })
    }

    /// Returns the number of bytes per image, height x width.
    pub fn pixels(&self) -> usize {
        self.height * self.width
    }

    /// Returns the training and test images, `[training_count + test_count, height * width]`; nothing for recordings.
    pub fn images(&self) -> &[u8] {
        let validation = self.validation_count * self.pixels();
        &self.images[..self.images.len().saturating_sub(validation)]
    }

    /// Returns the training and test labels, `[training_count + test_count]`.
    pub fn labels(&self) -> &[u8] {
        &self.labels[..self.labels.len().saturating_sub(self.validation_count)]
    }

    /// Returns the training labels, `[training_count]`.
    pub fn training_labels(&self) -> &[u8] {
        &self.labels[..self.training_count]
    }

    /// Returns the test labels, `[test_count]`.
    pub fn test_labels(&self) -> &[u8] {
        &self.labels()[self.training_count..]
    }
}

/// Omits images and labels, which would fill a log with megabytes.
impl fmt::Debug for Dataset {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, counts) = (&self.name, [self.training_count, self.test_count]);
        write!(formatter, "Dataset({name}: {counts:?} images of {} x {})", self.height, self.width)
    }
}

/// Returns the mean of the bytes, 0 if there are none.
fn mean(bytes: &[u8]) -> f64 {
    let sum: u64 = bytes.iter().map(|&byte| u64::from(byte)).sum();
    sum as f64 / bytes.len().max(1) as f64
}

fn concat_bytes(mut first: Vec<u8>, second: &[u8]) -> Vec<u8> {
    first.reserve_exact(second.len());
    first.extend_from_slice(second);
    first
}
