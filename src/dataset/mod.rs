//! Labelled images as bytes: the embedded MNIST, IDX files, folders of images, tables, archives of numpy,
//! or arrays in memory.
//!
//! Every error says where the fault lies (file and byte, line or array), what was expected and what
//! was found.

mod array;
mod classes;
mod conversions;
pub mod embedded;
mod error;
mod fingerprint;
mod identity;
pub mod idx;
pub mod image_file;
mod images;
pub mod loose;
pub mod names;
mod npy;
mod npz;
mod parts;
mod place;
mod reading;
mod rules;
mod source;
mod stratify;
pub mod summary;
mod table;
mod zip_names;

use std::fmt;
use std::path::Path;

pub use array::ByteArray;
pub use conversions::Facts;
pub use error::DatasetError;
use error::{fault, fault_with_hint};
pub use identity::{DataIdentity, DataSource};
use place::Origin;
pub use place::{Place, Spot};
pub use reading::{Background, ImageSize, Reading};
pub use rules::PixelRules;
use serde::Serialize;
use source::Source;

/// Images as bytes, training set first, then the test set: one contiguous block, so that a device
/// holds it as it is.
#[derive(Clone)]
pub struct Dataset {
    /// `MNIST (embedded)`, the path, or the name given to [`Dataset::from_parts`].
    pub name: String,
    /// Rows of an image, at least 1.
    pub height: usize,
    /// Bytes of a row, at least 1: its columns, or in colour three times as many.
    pub width: usize,
    /// Bytes of a pixel: 1, or in colour 3, red, green and blue.
    pub channels: usize,
    /// Largest training label + 1: 2 to 256.
    pub classes: usize,
    /// What classes are called, one name each; `0`, `1` and so on where nothing tells.
    pub class_names: Vec<String>,
    /// Largest byte in the training images, at least 1 (255 for MNIST): a pixel is byte / range. A
    /// test image may hold larger bytes.
    pub range: u8,
    /// Images in the training set, at least 1.
    pub training_count: usize,
    /// Images in the test set, at least 1.
    pub test_count: usize,
    /// Files that were skipped and other oddities of reading, a sentence each.
    pub notes: Vec<String>,
    /// Where the images are.
    pub source: DataSource,
    /// How the files were read.
    pub reading: Reading,
    /// What was done to pixels on reading, a sentence each.
    pub conversions: Vec<String>,
    /// How each file or array was understood.
    pub parts: Vec<Part>,
    /// What a byte means, for images that are read later.
    pub rules: PixelRules,
    images: Vec<u8>,
    labels: Vec<u8>,
}

/// The training set or the test set, as it was read.
struct Half {
    images: ByteArray<3>,
    labels: ByteArray<1>,
}

/// Both sets, as they were read.
struct ReadSet {
    halves: [Half; 2],
    /// Of every class, where something tells.
    class_names: Option<Vec<String>>,
    notes: Vec<String>,
    conversions: Vec<String>,
    parts: Vec<Part>,
    /// Whether the images come from PNG or JPEG files, whose white is 255.
    are_pictures: bool,
    /// The largest value of 16 bits, if one was taken without being told.
    max_value: Option<u32>,
}

/// A file or an array, and how it was understood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Part {
    /// The file, and the array in it.
    pub file: String,
    /// Format, order, shape and range, in words.
    pub text: String,
}

impl ReadSet {
    /// Arrays of bytes, as IDX files, tables and archives hold them.
    fn of_arrays(halves: [Half; 2], parts: Vec<Part>) -> ReadSet {
        ReadSet {
            halves,
            class_names: None,
            notes: Vec::new(),
            conversions: Vec::new(),
            parts,
            are_pictures: false,
            max_value: None,
        }
    }
}

impl Dataset {
    /// Reads a data set, whatever it is:
    ///
    /// - a folder of the four IDX files `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`,
    ///   `t10k-images-idx3-ubyte` and `t10k-labels-idx1-ubyte`, each also with `.` before `idx` and with
    ///   `.gz` at the end; the first that exists is taken, in the order `-`, `-` with `.gz`, `.`, `.` with
    ///   `.gz`. Whether a file is gzip, its content decides;
    /// - a folder with `train/CLASS/*.png` and `test/CLASS/*.png`, also JPEG, which are scaled to the size of
    ///   the first and made grey;
    /// - a folder with `train.csv` and `test.csv`, or the first of two such files: a line for each image, its
    ///   label and then its pixels;
    /// - an `.npz` file with `x_train`, `y_train`, `x_test` and `y_test`; or a folder with `train.npz` and
    ///   `test.npz`, or the first of two such files, with `images` and `labels`.
    ///
    /// The kinds are looked for in this order. A file `class_names.txt` in a folder of IDX files, tables
    /// or archives names their classes, one a line.
    ///
    /// # Errors
    /// No such path, a missing file, a file that is not what it should be, files that do not
    /// fit each other, a training set of one class or without ink.
    pub fn open(path: &Path) -> Result<Dataset, DatasetError> {
        Dataset::open_as(path, &Reading::default())
    }

    /// The same, with images of another size or in colour.
    ///
    /// # Errors
    /// As [`Dataset::open`], and when the files hold no such images.
    pub fn open_as(path: &Path, reading: &Reading) -> Result<Dataset, DatasetError> {
        let source = Source::find(path)?;
        let read = source.read(path, reading)?;
        let [training, test] = read.halves;
        if let Some(ImageSize { width, height }) = reading.size {
            let asked = [height, width * reading.channels()];
            let [_, height, width] = training.images.sizes;
            if asked != [height, width] {
                let expected = format!("images of {} x {}, as asked for", asked[0], asked[1]);
                let found = format!("{height} x {width}");
                let hint = "only image files are scaled; leave out --image-size";
                let place = training.images.origin.of_size(1);
                return Err(fault_with_hint(place, expected, found, hint));
            }
        }
        let dataset = Dataset::assemble(path.display().to_string(), training, test)?;
        let is_full = read.are_pictures || reading.max_value.is_some();
        let rules = PixelRules {
            background: reading.background,
            max_value: reading.max_value.or(read.max_value),
            white: if is_full { u8::MAX } else { dataset.rules.white },
            ..dataset.rules
        };
        let dataset = Dataset {
            channels: reading.channels(),
            source: DataSource::Files,
            reading: *reading,
            notes: read.notes,
            conversions: read.conversions,
            parts: read.parts,
            rules,
            ..dataset
        };
        match read.class_names {
            Some(class_names) => dataset.with_class_names(class_names),
            None => Ok(dataset),
        }
    }

    /// The same data set, whose classes have these names.
    ///
    /// # Errors
    /// When there are more or fewer of them than classes.
    pub fn with_class_names(self, class_names: Vec<String>) -> Result<Dataset, DatasetError> {
        if class_names.len() != self.classes {
            let expected = format!("{} names, one for each class", self.classes);
            return Err(fault(Place::whole(self.name), expected, class_names.len()));
        }
        Ok(Dataset { class_names, ..self })
    }

    /// A dataset from `(images, labels)` in memory: images of shape `[count, height, width]`, one
    /// byte a pixel, labels of shape `[count]`.
    ///
    /// # Errors
    /// As [`Dataset::open`]; the name of the set stands for the file, offsets count from the start
    /// of the images or labels.
    ///
    /// ```
    /// use apical::dataset::Dataset;
    ///
    /// let training = (vec![0, 9, 9, 0], vec![0, 1]); // two images of 1 x 2 pixels
    /// let test = (vec![0, 8], vec![0]);
    /// let dataset = Dataset::from_parts("sides", 1, 2, training, test)?;
    /// assert_eq!((dataset.classes, dataset.range), (2, 9));
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
        let training = Half::in_memory(&name, "training", height, width, training)?;
        let test = Half::in_memory(&name, "test", height, width, test)?;
        Dataset::assemble(name, training, test)
    }

    fn assemble(name: String, training: Half, test: Half) -> Result<Dataset, DatasetError> {
        training.check_label_count()?;
        test.check_label_count()?;
        let (images, labels) = (training.images, training.labels);
        let [training_count, height, width] = images.sizes;
        let [test_count, test_height, test_width] = test.images.sizes;
        if (test_height, test_width) != (height, width) {
            let axis = if test_height == height { 2 } else { 1 };
            let expected = format!("images of {height} x {width} as in {}", images.origin.file());
            let found = format!("{test_height} x {test_width}");
            return Err(fault(test.images.origin.of_size(axis), expected, found));
        }
        let range = largest(&images.bytes);
        if range == 0 {
            let place = images.origin.of_data(0);
            return Err(fault(place, "a pixel above 0", "black images only"));
        }
        let last = largest(&labels.bytes);
        if labels.bytes.iter().all(|&label| label == last) {
            let place = labels.origin.of_data(0);
            return Err(fault(place, "at least two classes", format!("the label {last} only")));
        }
        if let Some(index) = test.labels.bytes.iter().position(|&label| label > last) {
            let place = test.labels.origin.of_data(index);
            let expected = format!("a label in 0..={last} as in {}", labels.origin.file());
            return Err(fault(place, expected, test.labels.bytes[index]));
        }
        Ok(Dataset {
            name,
            height,
            width,
            channels: 1,
            classes: usize::from(last) + 1,
            class_names: names::digits(usize::from(last) + 1),
            range,
            training_count,
            test_count,
            notes: Vec::new(),
            source: DataSource::Memory,
            reading: Reading::default(),
            conversions: Vec::new(),
            parts: Vec::new(),
            rules: PixelRules::of(&images.bytes, range),
            images: joined(images.bytes, &test.images.bytes),
            labels: joined(labels.bytes, &test.labels.bytes),
        })
    }

    /// Bytes of an image: height x width.
    pub fn pixels(&self) -> usize {
        self.height * self.width
    }

    /// All images, `[training_count + test_count, height * width]`.
    pub fn images(&self) -> &[u8] {
        &self.images
    }

    /// All images as words of four bytes, the first byte lowest: how devices hold them.
    pub fn packed_images(&self) -> Vec<u32> {
        let pack =
            |bytes: &[u8]| bytes.iter().rev().fold(0, |word, &byte| word << 8 | u32::from(byte));
        self.images.chunks(4).map(pack).collect()
    }

    /// All labels, `[training_count + test_count]`.
    pub fn labels(&self) -> &[u8] {
        &self.labels
    }

    /// The labels of the training set, `[training_count]`.
    pub fn training_labels(&self) -> &[u8] {
        &self.labels[..self.training_count]
    }

    /// The labels of the test set, `[test_count]`.
    pub fn test_labels(&self) -> &[u8] {
        &self.labels[self.training_count..]
    }

    /// One image, `[height * width]`; the test set starts at index `training_count`.
    ///
    /// # Panics
    /// When `index` is not below `training_count + test_count`.
    pub fn image(&self, index: usize) -> &[u8] {
        let pixels = self.pixels();
        &self.images[index * pixels..][..pixels]
    }
}

/// Leaves out the images and labels: megabytes help nobody in a log.
impl fmt::Debug for Dataset {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, counts) = (&self.name, [self.training_count, self.test_count]);
        write!(formatter, "Dataset({name}: {counts:?} images of {} x {})", self.height, self.width)
    }
}

impl Half {
    fn in_memory(
        name: &str,
        part: &str,
        height: usize,
        width: usize,
        (images, labels): (Vec<u8>, Vec<u8>),
    ) -> Result<Half, DatasetError> {
        let origin = |content: &str| Origin::Memory(format!("{name} ({part} {content})"));
        Ok(Half {
            images: ByteArray::images(origin("images"), [height, width], images)?,
            labels: ByteArray::labels(origin("labels"), labels)?,
        })
    }

    fn check_label_count(&self) -> Result<(), DatasetError> {
        check_label_count(&self.labels, self.images.sizes[0], &self.images.origin)
    }
}

fn check_label_count(
    labels: &ByteArray<1>,
    images: usize,
    images_origin: &Origin,
) -> Result<(), DatasetError> {
    let [count] = labels.sizes;
    if images == count {
        return Ok(());
    }
    let expected = format!("{images} labels, one for each image of {}", images_origin.file());
    Err(fault(labels.origin.of_size(0), expected, count))
}

fn largest(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |most, &byte| most.max(byte))
}

/// Mean of the bytes, 0 if there are none.
fn mean(bytes: &[u8]) -> f64 {
    let sum: u64 = bytes.iter().map(|&byte| u64::from(byte)).sum();
    sum as f64 / bytes.len().max(1) as f64
}

fn joined(mut first: Vec<u8>, second: &[u8]) -> Vec<u8> {
    first.reserve_exact(second.len());
    first.extend_from_slice(second);
    first
}
