//! Error of a fetch.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::dataset::DatasetError;
use crate::run_dir::StorageError;
use crate::text::with_causes;

/// Error of a fetch.
#[derive(Debug, Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each message says what it is")]
pub enum FetchError {
    #[error("{url}: the server answered with status {status}")]
    Status { url: String, status: u16 },
    #[error("{url}: cannot reach the server, or the connection was lost")]
    Connection { url: String, source: Box<dyn std::error::Error + Send + Sync> },
    #[error("cannot download {url}: apical was built without the feature download")]
    Unsupported { url: String },
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
    /// Returns a conversion of the error of an action on a file.
    pub(super) fn file(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> FetchError {
        let path = path.to_owned();
        move |source| FetchError::File { action, path, source }
    }
}

/// Lists failures, one per line.
pub(super) fn lines(failures: &[FetchError]) -> String {
    failures.iter().map(|failure| format!("\n  {}", with_causes(failure))).collect()
}
