//! Errors of data sets: each names the file and the location in it.

use std::fmt::{Display, Write};
use std::io;
use std::path::PathBuf;

use thiserror::Error;

use super::Location;
use crate::text::{list_first, plural, with_causes};

/// An invalid or unreadable data set.
#[derive(Debug, Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each message says what it is")]
pub enum DatasetError {
    /// The path does not exist or is not accessible.
    #[error("{}: cannot open the data set", .path.display())]
    Unreachable { path: PathBuf, source: io::Error },
    /// The path is no data set.
    #[error("{}: expected {expected}, found {found}", .path.display())]
    NotADataset { path: PathBuf, expected: String, found: &'static str },
    /// A required file is missing.
    #[error("{}: expected one of the files {names} in this folder, found none", .folder.display())]
    MissingFile { folder: PathBuf, names: String },
    /// The folder has no data set in a known format.
    #[error("{}: expected {expected} in this folder, found {found}", .folder.display())]
    NoDataset { folder: PathBuf, expected: String, found: String },
    /// Missing test set beside a training set.
    #[error("{}: expected a test set, found none; {make}", .path.display())]
    NoTestSet { path: PathBuf, make: String },
    /// The operating system reported an error.
    #[error("{location}: cannot read the file")]
    Read { location: Location, source: io::Error },
    /// The gzip stream is truncated or fails its checksum.
    #[error("{location}: damaged gzip stream; download the file again")]
    Gzip { location: Location, source: io::Error },
    /// The content is invalid or does not fit the other files.
    #[error("{location}: expected {expected}, found {found}")]
    Invalid { location: Location, expected: Box<str>, found: Box<str>, hint: Option<&'static str> },
    /// The image file is damaged.
    #[error("{file}: damaged {kind} image")]
    Image { file: String, kind: &'static str, source: Box<dyn std::error::Error + Send + Sync> },
    /// The file is no image of a known kind.
    #[error("{file}: expected an image ({expected}), found {found}")]
    NotAnImage { file: String, expected: String, found: &'static str },
    /// Several files cannot be read.
    #[error("cannot read {}{}", plural(.errors.len(), "file"), lines(.errors))]
    Images { errors: Vec<DatasetError> },
    /// The content does not fit into memory.
    #[error("{location}: not enough memory")]
    Memory { location: Location, source: io::Error },
    /// The `.npz` archive is damaged or of another kind.
    #[error("{location}: damaged or invalid .npz file")]
    Npz { location: Location, source: io::Error },
    /// The HDF5 file is damaged or has parts that cannot be read.
    #[error("{location}: damaged or unsupported HDF5 file")]
    Hdf5 { location: Location, source: io::Error },
    /// The zip archive is damaged.
    #[error("{location}: damaged zip archive")]
    Zip { location: Location, source: io::Error },
    /// The Parquet file is damaged or has parts that cannot be read.
    #[error("{location}: damaged or unsupported Parquet file")]
    Parquet { location: Location, source: Box<dyn std::error::Error + Send + Sync> },
    /// More images requested than available.
    #[error(
        "{name}: expected at most {available} {set} images (0 means all), requested {requested}"
    )]
    TooFewImages { name: String, set: &'static str, requested: usize, available: usize },
    /// The validation images would leave no training images.
    #[error("{name}: expected at most {most} validation images, requested {requested}")]
    TooManyValidationImages { name: String, requested: usize, most: usize },
    /// The data set has classes that the network does not have.
    #[error("{name}: expected the classes of the network ({known}), found {found}")]
    ClassMismatch { name: String, known: String, found: String },
    /// All validation images have one class.
    #[error(
        "{name}: invalid validation set of one class: {held_out} held out, all of class {class}"
    )]
    SingleClassValidation { name: String, held_out: usize, class: String },
}

impl DatasetError {
    /// Wraps an I/O error with its location.
    pub(super) fn read(location: Location) -> impl FnOnce(io::Error) -> DatasetError {
        move |source| DatasetError::Read { location, source }
    }

    /// Wraps a failed memory check with its location.
    pub(super) fn memory(location: Location) -> impl FnOnce(io::Error) -> DatasetError {
        move |source| DatasetError::Memory { location, source }
    }

    /// Returns the error with a hint, if there is one.
    pub(super) fn with_hint(self, new_hint: Option<&'static str>) -> DatasetError {
        match self {
            DatasetError::Invalid { location, expected, found, hint } => {
                DatasetError::Invalid { location, expected, found, hint: new_hint.or(hint) }
            }
            error => error,
        }
    }

    /// Returns the suggested remedy, if there is one.
    pub fn hint(&self) -> Option<&str> {
        match self {
            DatasetError::Invalid { hint, .. } => *hint,
            DatasetError::NotAnImage { found, .. } if found.ends_with("image") => {
                Some("convert it to PNG")
            }
            DatasetError::NotAnImage { .. } => {
                Some("use image files, folders or .zip files of them, IDX files, or tables")
            }
            DatasetError::Image { .. } => Some("copy or download it again, or remove it"),
            DatasetError::Images { errors } => errors.iter().find_map(DatasetError::hint),
            DatasetError::Memory { .. } => {
                Some("use a smaller data set or a machine with more memory")
            }
            _ => None,
        }
    }
}

/// Returns a [`DatasetError::Invalid`].
pub(super) fn invalid(
    location: Location,
    expected: impl Display,
    found: impl Display,
) -> DatasetError {
    let (expected, found) = (expected.to_string().into(), found.to_string().into());
    DatasetError::Invalid { location, expected, found, hint: None }
}

/// Returns a [`DatasetError::Invalid`] with a hint.
pub(super) fn invalid_with_hint(
    location: Location,
    expected: impl Display,
    found: impl Display,
    hint: &'static str,
) -> DatasetError {
    invalid(location, expected, found).with_hint(Some(hint))
}

/// Largest number of errors listed, one per line.
const MAX_ERRORS: usize = 20;

fn lines(errors: &[DatasetError]) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    for error in errors.iter().take(MAX_ERRORS) {
        let _ = write!(text, "\n  {}", with_causes(error));
    }
    if errors.len() > MAX_ERRORS {
        let _ = write!(text, "\n  and {} more", errors.len() - MAX_ERRORS);
    }
    text
}

/// Returns the first few names, separated by commas, and the number of further ones.
pub(super) fn list_few<T: AsRef<str>>(names: &[T]) -> String {
    const MAX_NAMED: usize = 6;
    const LENGTH: usize = 60;
    let short = |name: &T| name.as_ref().chars().take(LENGTH).collect();
    list_first(&names.iter().map(short).collect::<Vec<String>>(), MAX_NAMED)
}
