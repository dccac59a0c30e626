//! Reads a file of weights. Compares the length in its header with the file's before it reads the content.

use std::collections::HashMap;
use std::io::{self, Read};
use std::path::Path;

use safetensors::SafeTensorError;
use safetensors::tensor::SafeTensors;

use super::error::not_safetensors;
use super::weights_file::WeightsFile;
use super::{SavedNetwork, WeightsError};
use crate::files;
use crate::run_dir::file_names::WEIGHTS;

/// Reads a network that [`save`](super::save) wrote. `path`: the file, or the folder of a run with
/// `weights.safetensors`.
///
/// # Errors
/// Returns an error if the file cannot be read or its content is invalid.
pub fn load(path: &Path) -> Result<SavedNetwork, WeightsError> {
    if !path.is_dir() {
        return from_bytes(&read(path)?, path.display().to_string());
    }
    let weights = path.join(WEIGHTS);
    match weights.exists() {
        true => from_bytes(&read(&weights)?, weights.display().to_string()),
        false => Err(WeightsError::NoWeights { folder: path.display().to_string() }),
    }
}

/// Reads all bytes of a safetensors file whose header matches its length.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, WeightsError> {
    let file = || path.display().to_string();
    let unreadable = |source| WeightsError::Read { file: file(), source };
    let (start, length) = header(path).map_err(unreadable)?;
    if claimed_length(&start) != Some(length) {
        // The crate's reader names the fault of an invalid header. If the header is valid, tensors are incomplete.
        let source = match SafeTensors::read_metadata(&start) {
            Ok(_) => SafeTensorError::MetadataIncompleteBuffer,
            Err(source) => source,
        };
        return Err(not_safetensors(file(), &start, source));
    }
    files::read_bounded(path, length).map_err(unreadable)
}

/// Reads the header of a safetensors file with the 8 bytes of its length, as far as the file has them. Also returns the
/// length of the file.
fn header(path: &Path) -> io::Result<(Vec<u8>, u64)> {
    /// Maximum length of a header; the headers of apical's files have a few kB.
    const HEADER_MAX: u64 = 16 << 20;
    let mut file = files::open_regular(path)?;
    let length = file.metadata()?.len();
    let mut start = Vec::new();
    (&mut file).take(8).read_to_end(&mut start)?;
    let claimed = start.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
    // A few bytes are enough to recognize another kind of file.
    let claimed = if claimed > HEADER_MAX { 64 } else { claimed };
    file.take(claimed).read_to_end(&mut start)?;
    Ok((start, length))
}

/// Returns the length of a file with this header, or `None` if the header is invalid.
fn claimed_length(header: &[u8]) -> Option<u64> {
    #[derive(serde::Deserialize)]
    struct TensorEntry {
        data_offsets: Option<[u64; 2]>,
    }
    let json = header.get(8..)?;
    let entries: HashMap<String, TensorEntry> = serde_json::from_slice(json).ok()?;
    let ends = entries.values().filter_map(|entry| Some(entry.data_offsets?[1]));
    ends.max().unwrap_or(0).checked_add(header.len() as u64)
}

/// Parses the bytes of a file of weights. `file`: name for error messages.
///
/// # Errors
/// Returns an error if the content is invalid.
pub fn from_bytes(bytes: &[u8], file: String) -> Result<SavedNetwork, WeightsError> {
    WeightsFile::new(bytes, file)?.saved_network()
}

#[cfg(test)]
mod tests;
