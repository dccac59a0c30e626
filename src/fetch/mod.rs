//! Downloads data sets of the MNIST family from public mirrors.
//!
//! Every file is checked against its SHA-256 checksum before it gets its final name. Until then it is a `.part`
//! file, which a later fetch resumes.

mod download;
mod emnist;
mod known;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

pub use download::{DownloadProgress, Downloader};
pub use emnist::unpack;
pub use known::{Checksum, EmnistSplit, KnownDataset, RemoteFile};

use crate::dataset::class_names::CLASS_NAMES;
use crate::dataset::{Dataset, DatasetError};
use crate::run_dir::StorageError;
use crate::run_dir::storage::write_atomic;
use crate::text::with_causes;

/// A failed fetch.
#[derive(Debug, Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each message says what it is")]
pub enum FetchError {
    #[error("{url}: the server answered with status {status}")]
    Status { url: String, status: u16 },
    #[error("{url}: cannot reach the server, or the connection was lost")]
    Connection { url: String, source: Box<ureq::Error> },
    #[error("{url}: connection lost after {bytes} bytes")]
    Interrupted { url: String, bytes: u64, source: Option<io::Error> },
    #[error(
        "{url}: too slow: {rate} bytes/s after {bytes} bytes; expected at least {least} bytes/s"
    )]
    TooSlow { url: String, bytes: u64, rate: u64, least: u64 },
    #[error("{url}: expected at most {max_bytes} bytes, found more")]
    TooLong { url: String, max_bytes: u64 },
    #[error("{from}: expected a file with the SHA-256 {expected}, found {found}")]
    Checksum { from: String, expected: &'static str, found: String },
    #[error("{from}: expected a gzip stream, found damaged or other data")]
    Gzip { from: String, source: io::Error },
    #[error("cannot {action} {}", .path.display())]
    File { action: &'static str, path: PathBuf, source: io::Error },
    #[error("{}: already exists with other content; move it away, or fetch into another folder", .path.display())]
    Conflict { path: PathBuf, source: Box<FetchError> },
    #[error("cannot fetch {file} from any mirror{}", lines(.failures))]
    AllMirrorsFailed { file: &'static str, failures: Vec<FetchError> },
    #[error("{}: expected the EMNIST archive, found damaged or other data", .path.display())]
    Archive { path: PathBuf, source: io::Error },
    #[error("invalid data set after the download")]
    Dataset(#[from] DatasetError),
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl FetchError {
    fn file(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> FetchError {
        let path = path.to_owned();
        move |source| FetchError::File { action, path, source }
    }
}

fn lines(failures: &[FetchError]) -> String {
    failures.iter().map(|failure| format!("\n  {}", with_causes(failure))).collect()
}

/// Downloads a data set into `folder`, which is created if necessary, and opens it as a check. Files with the right
/// checksum are not downloaded again. `mirrors`: URLs of folders, tried in this order; if empty, the known mirrors.
///
/// # Errors
/// Returns an error if no mirror has a file with its checksum, another file has its name, or the folder cannot be
/// written.
pub fn fetch(
    known: KnownDataset,
    folder: &Path,
    mirrors: &[String],
    listen: &mut dyn FnMut(DownloadProgress),
) -> Result<Dataset, FetchError> {
    fs::create_dir_all(folder).map_err(FetchError::file("create", folder))?;
    let mirrors: Vec<&str> = match mirrors {
        [] => known.mirrors().to_vec(),
        mirrors => mirrors.iter().map(String::as_str).collect(),
    };
    let mut downloader = Downloader::new(mirrors, listen);
    match known {
        KnownDataset::Emnist(split) if emnist::exists(folder) => {
            // Every split has the same file names; only the class names differ.
            let dataset = Dataset::open(folder)?;
            return match dataset.class_names == split.class_names() {
                true => Ok(dataset),
                false => Err(emnist::conflicting_dataset(folder)),
            };
        }
        KnownDataset::Emnist(split) => {
            let archive = downloader.fetch(&known.files()[0], folder)?;
            unpack(&archive, split, folder)?;
            write_names(folder, &split.class_names())?;
            fs::remove_file(&archive).map_err(FetchError::file("remove", &archive))?;
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
    Ok(write_atomic(&folder.join(CLASS_NAMES), (names.join("\n") + "\n").as_bytes())?)
}
