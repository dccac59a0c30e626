//! Downloads data sets of the MNIST family from public mirrors.
//!
//! Every file is checked against its SHA-256 checksum before it gets its final name. Until then it is a `.part`
//! file, which a later fetch resumes.

mod download;
mod emnist;
mod error;
#[cfg_attr(not(feature = "download"), path = "http_stub.rs")]
mod http;
mod known;

use std::fs;
use std::path::Path;

pub use download::{DownloadProgress, Downloader};
pub use emnist::unpack;
pub use error::FetchError;
pub use known::{Checksum, EmnistSplit, KnownDataset, RemoteFile};

use crate::dataset::Dataset;
use crate::dataset::class_names::CLASS_NAMES;
use crate::run_dir::write::write_atomic;

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
