//! What is wrong with a data set, and where.

use std::error::Error;
use std::fmt::{Display, Write};
use std::io;
use std::iter::successors;
use std::path::PathBuf;

use thiserror::Error;

use super::Place;

/// What is wrong with a dataset.
#[derive(Debug, Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each message says what it is")]
pub enum DatasetError {
    /// Nothing is there.
    #[error("{}: this data set does not exist or cannot be reached", .path.display())]
    Unreachable { path: PathBuf, source: io::Error },
    /// The path leads to something else.
    #[error("{}: expected a folder, a .csv or an .npz file, found {found}", .path.display())]
    NotADataset { path: PathBuf, found: &'static str },
    /// None of the usual names is there.
    #[error("{}: expected one of the files {names} in this folder, found none", .folder.display())]
    Missing { folder: PathBuf, names: String },
    /// A folder that holds no data set of any kind.
    #[error(
        "{}: expected the four IDX files, the folders train and test with a folder of images for each class, \
         train.csv and test.csv, or train.npz and test.npz in this folder, found {found}",
        .folder.display()
    )]
    Unknown { folder: PathBuf, found: String },
    /// There are training images, but none to test on.
    #[error("{}: expected images to test on, found none; {make}", .path.display())]
    NoTestSet { path: PathBuf, make: String },
    /// The operating system refused.
    #[error("{place}: the file cannot be read")]
    Read { place: Place, source: io::Error },
    /// The gzip stream ends early or fails its own checks.
    #[error("{place}: expected an intact gzip stream, found a damaged one; fetch the file again")]
    Gzip { place: Place, source: io::Error },
    /// What was read is not what it should be, or does not fit the rest.
    #[error("{place}: expected {expected}, found {found}")]
    Content { place: Place, expected: Box<str>, found: Box<str>, hint: Option<&'static str> },
    /// A file is an image, but a damaged one.
    #[error("{file}: expected a whole {kind} image, found a damaged one")]
    Image { file: String, kind: &'static str, source: Box<dyn Error + Send + Sync> },
    /// A file is no image of a kind that is read.
    #[error("{file}: expected a PNG or JPEG image, found {found}")]
    NotAnImage { file: String, found: &'static str },
    /// Several files cannot be read.
    #[error("cannot read {}{}", counted(.faults.len(), "file"), lines(.faults))]
    Images { faults: Vec<DatasetError> },
    /// The content does not fit into memory.
    #[error("{place}: not enough memory")]
    Memory { place: Place, source: io::Error },
    /// An archive is none, or a damaged one.
    #[error("{place}: expected a whole .npz file as numpy writes it, found a damaged or other one")]
    Npz { place: Place, source: io::Error },
    /// More images were asked for than there are.
    #[error(
        "{name}: expected at most {available} {part} images (0 means all), {asked} were asked for"
    )]
    TooFew { name: String, part: &'static str, asked: usize, available: usize },
    /// Held out for validation, no image would be left to train on.
    #[error("{name}: expected less than {available} validation images, {asked} were asked for")]
    Validation { name: String, asked: usize, available: usize },
    /// Images of classes that a network does not have.
    #[error("{name}: expected the classes of the network ({known}), found {found}")]
    OtherClasses { name: String, known: String, found: String },
    /// All images held out for validation are of one class.
    #[error(
        "{name}: cannot judge by validation images of one class: {held_out} held out, all of class {class}"
    )]
    OneClass { name: String, held_out: usize, class: String },
}

impl DatasetError {
    /// What a file's operating system said.
    pub(super) fn read(place: Place) -> impl FnOnce(io::Error) -> DatasetError {
        move |source| DatasetError::Read { place, source }
    }

    /// That content does not fit into memory.
    pub(super) fn memory(place: Place) -> impl FnOnce(io::Error) -> DatasetError {
        move |source| DatasetError::Memory { place, source }
    }

    /// The same, with what to do if that is known.
    pub(super) fn with_hint(self, advice: Option<&'static str>) -> DatasetError {
        match self {
            DatasetError::Content { place, expected, found, hint } => {
                DatasetError::Content { place, expected, found, hint: advice.or(hint) }
            }
            error => error,
        }
    }

    /// What to do about it, in words, if that is known.
    pub fn hint(&self) -> Option<&str> {
        match self {
            DatasetError::Content { hint, .. } => *hint,
            DatasetError::NotAnImage { found, .. } if found.ends_with("image") => {
                Some("convert it to PNG, as other kinds of images are not read")
            }
            DatasetError::NotAnImage { .. } => {
                Some("images are PNG or JPEG files, folders of them, or IDX files")
            }
            DatasetError::Image { .. } => Some("copy or download it again, or take it away"),
            DatasetError::Images { faults } => faults.iter().find_map(DatasetError::hint),
            DatasetError::Memory { .. } => {
                Some("a smaller data set fits, or a machine with more memory")
            }
            _ => None,
        }
    }
}

/// The fault of nearly every check: where, what should be there, what is.
pub(super) fn fault(place: Place, expected: impl Display, found: impl Display) -> DatasetError {
    let (expected, found) = (expected.to_string().into(), found.to_string().into());
    DatasetError::Content { place, expected, found, hint: None }
}

/// The same, with what to do.
pub(super) fn fault_with_hint(
    place: Place,
    expected: impl Display,
    found: impl Display,
    hint: &'static str,
) -> DatasetError {
    fault(place, expected, found).with_hint(Some(hint))
}

/// `1 file`, `2 files`.
pub(super) fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// Most faults that are told, one a line.
const TOLD: usize = 20;

fn lines(faults: &[DatasetError]) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    for fault in faults.iter().take(TOLD) {
        let _ = write!(text, "\n  {fault}");
        for cause in successors(fault.source(), |&cause| cause.source()) {
            let _ = write!(text, ": {cause}");
        }
    }
    if faults.len() > TOLD {
        let _ = write!(text, "\n  and {} more", faults.len() - TOLD);
    }
    text
}

/// Names with commas between them, the first few alone if there are many.
pub(super) fn listed<T: AsRef<str>>(names: &[T]) -> String {
    const NAMED: usize = 6;
    const LENGTH: usize = 60;
    let short = |name: &T| name.as_ref().chars().take(LENGTH).collect();
    let told: Vec<String> = names.iter().take(NAMED).map(short).collect();
    let more = match names.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    told.join(", ") + &more
}
