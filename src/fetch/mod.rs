//! Fetches data sets of the MNIST family from the places that have them.
//!
//! Every file is checked against a SHA-256 checksum, and is there whole or not at all: until then it is a
//! `.part` file, at whose end a later fetch goes on.

mod download;
mod emnist;
mod known;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

pub use download::{Downloader, Progress};
pub use emnist::unpack;
pub use known::{Checksum, Known, RemoteFile, Split};

use crate::dataset::names::CLASS_NAMES;
use crate::dataset::{Dataset, DatasetError};
use crate::record::RecordError;
use crate::record::file::write_whole;

/// Why a data set is not there.
#[derive(Debug, Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each message says what it is")]
pub enum FetchError {
    #[error("{url}: the server answered with status {status}")]
    Status { url: String, status: u16 },
    #[error("{url}: the server cannot be reached, or broke off")]
    Connection { url: String, source: Box<ureq::Error> },
    #[error("{url}: broke off after {bytes} bytes")]
    BrokenOff { url: String, bytes: u64, source: Option<io::Error> },
    #[error(
        "{url}: too slow: {rate} bytes a second, {bytes} bytes in all; at least {least} a second are expected"
    )]
    TooSlow { url: String, bytes: u64, rate: u64, least: u64 },
    #[error("{url}: expected at most {most} bytes, found more")]
    TooLong { url: String, most: u64 },
    #[error("{from}: expected a file with the SHA-256 {expected}, found {found}")]
    Checksum { from: String, expected: &'static str, found: String },
    #[error("{from}: expected a gzip stream, found a damaged one or something else")]
    Gzip { from: String, source: io::Error },
    #[error("{}: cannot be {action}", .path.display())]
    File { action: &'static str, path: PathBuf, source: io::Error },
    #[error("{}: is there already, with another content; move it away, or fetch into another folder", .path.display())]
    Other { path: PathBuf, source: Box<FetchError> },
    #[error("{file} could not be fetched from any place{}", lines(.failures))]
    Everywhere { file: &'static str, failures: Vec<FetchError> },
    #[error("{}: expected the archive of EMNIST, found a damaged one or something else", .path.display())]
    Archive { path: PathBuf, source: io::Error },
    #[error("what was fetched is no data set")]
    Dataset(#[from] DatasetError),
    #[error(transparent)]
    Record(#[from] RecordError),
}

impl FetchError {
    fn file(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> FetchError {
        let path = path.to_owned();
        move |source| FetchError::File { action, path, source }
    }
}

fn lines(failures: &[FetchError]) -> String {
    let line = |failure: &FetchError| {
        let mut text = format!("\n  {failure}");
        let mut source = std::error::Error::source(failure);
        while let Some(cause) = source {
            text += &format!(": {cause}");
            source = cause.source();
        }
        text
    };
    failures.iter().map(line).collect()
}

/// Fetches a data set into a folder, which is made, and reads it to see that it is whole. Files that are there
/// with the right checksum are not fetched again. `from`: addresses of folders to fetch from, in this
/// order; without any, the places known.
///
/// # Errors
/// When no place has a file, it is not the right one, a file of that name is another, or the folder
/// cannot be written.
pub fn fetch(
    known: Known,
    folder: &Path,
    from: &[String],
    listen: &mut dyn FnMut(Progress),
) -> Result<Dataset, FetchError> {
    fs::create_dir_all(folder).map_err(FetchError::file("created", folder))?;
    let places = known.places();
    let places: Vec<&str> = match from {
        [] => places.to_vec(),
        from => from.iter().map(String::as_str).collect(),
    };
    let mut downloader = Downloader::new(places, listen);
    match known {
        Known::Emnist(split) if emnist::is_there(folder) => {
            // Other splits have the same names of files.
            let dataset = Dataset::open(folder)?;
            return match dataset.class_names == split.class_names() {
                true => Ok(dataset),
                false => Err(emnist::another(folder)),
            };
        }
        Known::Emnist(split) => {
            let archive = downloader.fetch(&known.files()[0], folder)?;
            unpack(&archive, split, folder)?;
            write_names(folder, &split.class_names())?;
            fs::remove_file(&archive).map_err(FetchError::file("removed", &archive))?;
        }
        _ => {
            for file in known.files() {
                downloader.fetch(file, folder)?;
            }
            if let Some(names) = known.class_names() {
                write_names(folder, &names)?;
            }
        }
    }
    Ok(Dataset::open(folder)?)
}

fn write_names(folder: &Path, names: &[String]) -> Result<(), FetchError> {
    Ok(write_whole(&folder.join(CLASS_NAMES), (names.join("\n") + "\n").as_bytes())?)
}
