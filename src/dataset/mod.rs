//! Labelled images as bytes: the embedded MNIST, a folder of IDX files, or arrays in memory.
//!
//! Every error says where the fault lies (file and byte offset), what was expected and what was
//! found.

pub mod embedded;
mod fingerprint;
pub mod idx;
mod parts;

use std::fmt::{self, Display};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use idx::{IdxArray, Place};

/// What is wrong with a dataset.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DatasetError {
    /// The folder is not there.
    #[error("{}: this dataset folder does not exist or cannot be reached", .folder.display())]
    Folder { folder: PathBuf, source: io::Error },
    /// The path leads to something else than a folder.
    #[error("{}: expected the folder of the four IDX files, found something else", .folder.display())]
    NotAFolder { folder: PathBuf },
    /// None of the usual names is there.
    #[error("{}: expected one of the files {names} in this folder, found none", .folder.display())]
    Missing { folder: PathBuf, names: String },
    /// The operating system refused.
    #[error("{place}: the file cannot be read")]
    Read { place: Place, source: io::Error },
    /// The gzip stream ends early or fails its own checks.
    #[error("{place}: expected an intact gzip stream, found a damaged one; fetch the file again")]
    Gzip { place: Place, source: io::Error },
    /// A file is not IDX with unsigned bytes, or does not fit the other files.
    #[error("{place}: expected {expected}, found {found}")]
    Content { place: Place, expected: String, found: String },
    /// More images were asked for than there are.
    #[error(
        "{name}: expected at most {available} {part} images (0 means all), {asked} were asked for"
    )]
    TooFew { name: String, part: &'static str, asked: usize, available: usize },
    /// Held out for validation, no image would be left to train on.
    #[error("{name}: expected less than {available} validation images, {asked} were asked for")]
    Validation { name: String, asked: usize, available: usize },
}

/// The fault of nearly every check: where, what should be there, what is.
fn fault(place: Place, expected: impl Display, found: impl Display) -> DatasetError {
    let (expected, found) = (expected.to_string(), found.to_string());
    DatasetError::Content { place, expected, found }
}

/// Images as bytes, training set first, then the test set: one contiguous block, so that a device
/// holds it as it is.
#[derive(Clone)]
pub struct Dataset {
    /// `MNIST (embedded)`, the folder, or the name given to [`Dataset::from_parts`].
    pub name: String,
    /// Rows of an image, at least 1.
    pub height: usize,
    /// Columns of an image, at least 1.
    pub width: usize,
    /// Largest training label + 1: 2 to 256.
    pub classes: usize,
    /// Largest byte in the training images, at least 1 (255 for MNIST): a pixel is byte / range. A
    /// test image may hold larger bytes.
    pub range: u8,
    /// Images in the training set, at least 1.
    pub training_count: usize,
    /// Images in the test set, at least 1.
    pub test_count: usize,
    images: Vec<u8>,
    labels: Vec<u8>,
}

/// The training set or the test set, as it was read.
struct Half {
    images: IdxArray<3>,
    labels: IdxArray<1>,
}

impl Dataset {
    /// Reads the four IDX files of a folder: `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`,
    /// `t10k-images-idx3-ubyte` and `t10k-labels-idx1-ubyte`, each also with `.` before `idx` and
    /// with `.gz` at the end; the first that exists is taken, in the order `-`, `-` with `.gz`, `.`,
    /// `.` with `.gz`. Whether a file is gzip, its content decides.
    ///
    /// # Errors
    /// No such folder, a missing file, a file that is not IDX with unsigned bytes, files that do not
    /// fit each other, a training set of one class or without ink.
    pub fn open(folder: &Path) -> Result<Dataset, DatasetError> {
        let owned = || folder.to_owned();
        match fs::metadata(folder) {
            Ok(metadata) if metadata.is_dir() => {}
            Ok(_) => return Err(DatasetError::NotAFolder { folder: owned() }),
            Err(source) => {
                return Err(DatasetError::Folder { folder: owned(), source });
            }
        }
        // All four are found before the first, large one is read.
        let training_images = find(folder, "train-images", "idx3-ubyte")?;
        let training_labels = find(folder, "train-labels", "idx1-ubyte")?;
        let test_images = find(folder, "t10k-images", "idx3-ubyte")?;
        let test_labels = find(folder, "t10k-labels", "idx1-ubyte")?;
        let training = Half::open(&training_images, &training_labels)?;
        let test = Half::open(&test_images, &test_labels)?;
        Dataset::assemble(folder.display().to_string(), training, test)
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
            let expected = format!("images of {height} x {width} as in {}", images.origin.file);
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
            let expected = format!("a label in 0..={last} as in {}", labels.origin.file);
            return Err(fault(place, expected, test.labels.bytes[index]));
        }
        Ok(Dataset {
            name,
            height,
            width,
            classes: usize::from(last) + 1,
            range,
            training_count,
            test_count,
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
    fn open(images: &Path, labels: &Path) -> Result<Half, DatasetError> {
        Ok(Half {
            images: IdxArray::read_images(open_file(images)?, &images.display().to_string())?,
            labels: IdxArray::read_labels(open_file(labels)?, &labels.display().to_string())?,
        })
    }

    fn in_memory(
        name: &str,
        part: &str,
        height: usize,
        width: usize,
        (images, labels): (Vec<u8>, Vec<u8>),
    ) -> Result<Half, DatasetError> {
        let what = |content: &str| format!("{name} ({part} {content})");
        Ok(Half {
            images: IdxArray::images_in_memory(what("images"), height, width, images)?,
            labels: IdxArray::labels_in_memory(what("labels"), labels)?,
        })
    }

    fn check_label_count(&self) -> Result<(), DatasetError> {
        let ([images, ..], [labels]) = (self.images.sizes, self.labels.sizes);
        if images == labels {
            return Ok(());
        }
        let images_file = &self.images.origin.file;
        let expected = format!("{images} labels, one for each image of {images_file}");
        Err(fault(self.labels.origin.of_size(0), expected, labels))
    }
}

fn find(folder: &Path, stem: &str, kind: &str) -> Result<PathBuf, DatasetError> {
    let names = ["-", "."].map(|separator| format!("{stem}{separator}{kind}"));
    let names = names.map(|name| [name.clone(), name + ".gz"]).concat();
    // A folder of that name does not count: some archives unpack each file into one.
    let found = names.iter().map(|name| folder.join(name)).find(|path| path.is_file());
    found.ok_or_else(|| {
        let (folder, names) = (folder.to_owned(), names.join(", "));
        DatasetError::Missing { folder, names }
    })
}

fn open_file(path: &Path) -> Result<File, DatasetError> {
    File::open(path).map_err(|source| {
        let file = path.display().to_string();
        DatasetError::Read { place: Place { file, offset: 0, decompressed: false }, source }
    })
}

fn largest(bytes: &[u8]) -> u8 {
    bytes.iter().copied().max().unwrap_or(0)
}

fn joined(mut first: Vec<u8>, second: &[u8]) -> Vec<u8> {
    first.reserve_exact(second.len());
    first.extend_from_slice(second);
    first
}
