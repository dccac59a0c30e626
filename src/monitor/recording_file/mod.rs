//! Files of recordings: `.npz` (for `numpy.load`), `.safetensors`, `.csv` with one line per value, or SONATA (`.h5`).
//!
//! Files are written batch by batch while images are shown, so that memory does not depend on their number. Beside the
//! recorded arrays, a file of arrays has `images` (indices in the data set), `labels` and `predicted` (classes). The entry
//! `axes.json` of an `.npz`, or the metadata entry `axes` of a safetensors file, names the axes of each array and the
//! index of the first element along each axis. Its key `data` describes the data set.

mod array_file;
mod csv;
mod format_writer;
mod hdf5;
mod npy;
mod npz;
mod safetensors;
mod sonata;

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use self::array_file::ArrayFile;
use self::csv::CsvWriter;
use self::format_writer::{Description, FormatWriter};
use self::npz::Npz;
use self::safetensors::Safetensors;
use self::sonata::SonataWriter;
use super::{
    ArrayInfo, Mode, MonitorSession, Quantity, RecordedArray, RecordedImages, Recording,
    RecordingSink,
};
use crate::dataset::DataIdentity;
use crate::files::atomic;
use crate::interface::BackendError;
use crate::plan::Presentation;
use crate::run_dir::StorageError;

/// File format of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordingFormat {
    /// Archive of arrays, for `numpy.load`.
    Npz,
    /// Safetensors file.
    Safetensors,
    /// Table with one line per value.
    Csv,
    /// HDF5 file of spikes and voltages in the layout of SONATA.
    Sonata,
}

impl RecordingFormat {
    /// Returns the format by the file extension.
    ///
    /// # Errors
    /// Returns [`StorageError::RecordingFormat`] if the extension is unknown.
    pub fn from_extension(path: &Path) -> Result<Self, StorageError> {
        match path.extension().and_then(|ending| ending.to_str()) {
            Some("npz") => Ok(RecordingFormat::Npz),
            Some("safetensors") => Ok(RecordingFormat::Safetensors),
            Some("csv") => Ok(RecordingFormat::Csv),
            Some("h5" | "hdf5" | "sonata") => Ok(RecordingFormat::Sonata),
            _ => Err(StorageError::RecordingFormat { path: path.to_owned() }),
        }
    }

    /// Checks that a file of this format can hold a quantity.
    ///
    /// # Errors
    /// Returns [`StorageError::NotInSonata`] if it cannot.
    pub fn check(self, path: &Path, quantity: Quantity) -> Result<(), StorageError> {
        if self != RecordingFormat::Sonata || sonata::has_place(quantity) {
            return Ok(());
        }
        let (path, quantity) = (path.to_owned(), quantity.name().to_string());
        Err(StorageError::NotInSonata { path, quantity })
    }
}

/// Error of a recording that is written to a file.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "each message describes its variant")]
pub enum RecordError {
    #[error(transparent)]
    Backend(#[from] BackendError),
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Shows images and writes their recording to a file atomically, in the format of the file extension. Replaces an existing
/// file. `data`: identity of the data set. Returns the recorded arrays. See [`MonitorSession::record`].
///
/// # Errors
/// Returns an error if the extension is unknown, the format cannot hold a quantity, the device fails, a stop was
/// requested, or the file cannot be written. `path` then holds what it held before.
pub fn record(
    path: &Path,
    session: &mut MonitorSession,
    images: &[Presentation],
    mode: Mode,
    data: Option<DataIdentity>,
    on_progress: &mut dyn FnMut(usize),
) -> Result<Vec<ArrayInfo>, RecordError> {
    let format = RecordingFormat::from_extension(path)?;
    session.spec().quantities.iter().try_for_each(|&quantity| format.check(path, quantity))?;
    let mut recorded = Vec::new();
    let fill = |partial: &Path| {
        let mut writer = RecordingWriter::create(path, partial, format, data)?;
        session.record(images, mode, &mut writer, on_progress)?;
        recorded = writer.arrays;
        Ok::<(), RecordError>(())
    };
    atomic::write_with(path, fill, |error| RecordError::Storage(failed(path)(error)))?;
    Ok(recorded)
}

/// Writes a recording atomically, in the format of the file extension. Replaces an existing file.
///
/// # Errors
/// Returns an error if the extension is unknown, the format cannot hold a quantity, or the file cannot be written.
pub fn save(path: &Path, recording: &Recording) -> Result<(), StorageError> {
    let format = RecordingFormat::from_extension(path)?;
    for quantity in recording.arrays.iter().filter_map(|array| Quantity::of_array(&array.name)) {
        format.check(path, quantity.0)?;
    }
    let mut names = recording.arrays.iter().map(|array| &array.name);
    let without_population = names.find(|name| Quantity::of_array(name).is_none());
    if let (RecordingFormat::Sonata, Some(name)) = (format, without_population) {
        let (path, quantity) = (path.to_owned(), name.clone());
        return Err(StorageError::NotInSonata { path, quantity });
    }
    let description = Description {
        images: RecordedImages {
            indices: recording.images.clone(),
            labels: recording.labels.clone(),
            steps: recording.steps.clone(),
        },
        arrays: recording.arrays.iter().map(RecordedArray::info).collect(),
        data: recording.data.clone(),
    };
    let (per_image, others): (Vec<&RecordedArray>, Vec<_>) =
        recording.arrays.iter().partition(|array| array.info().is_per_image());
    let fill = |partial: &Path| {
        let mut writer = format.begin(File::create(partial)?, description)?;
        writer.append(&per_image)?;
        writer.finish(&recording.predicted, &others)
    };
    atomic::write_with(path, fill, |error| error).map_err(failed(path))
}

/// Returns a function that wraps an I/O error of a recording.
fn failed(path: &Path) -> impl FnOnce(io::Error) -> StorageError {
    let path = path.to_owned();
    move |source| StorageError::Recording { path, source }
}

impl RecordingFormat {
    /// Starts a file.
    fn begin(self, file: File, description: Description) -> io::Result<Box<dyn FormatWriter>> {
        Ok(match self {
            RecordingFormat::Npz => Box::new(ArrayFile::<Npz>::begin(file, description)?),
            RecordingFormat::Safetensors => {
                Box::new(ArrayFile::<Safetensors>::begin(file, description)?)
            }
            RecordingFormat::Csv => Box::new(CsvWriter::begin(file, description)?),
            RecordingFormat::Sonata => Box::new(SonataWriter::begin(file, description)?),
        })
    }
}

/// File that receives a recording while images are shown.
struct RecordingWriter {
    /// Path for messages.
    path: PathBuf,
    format: RecordingFormat,
    file: Option<File>,
    data: Option<DataIdentity>,
    writer: Option<Box<dyn FormatWriter>>,
    arrays: Vec<ArrayInfo>,
}

impl RecordingWriter {
    fn create(
        path: &Path,
        partial: &Path,
        format: RecordingFormat,
        data: Option<DataIdentity>,
    ) -> Result<Self, StorageError> {
        let file = Some(File::create(partial).map_err(failed(path))?);
        let path = path.to_owned();
        Ok(RecordingWriter { path, format, file, data, writer: None, arrays: Vec::new() })
    }
}

impl RecordingSink for RecordingWriter {
    type Error = RecordError;

    fn begin(&mut self, images: RecordedImages, arrays: Vec<ArrayInfo>) -> Result<(), RecordError> {
        self.arrays.clone_from(&arrays);
        let description = Description { images, arrays, data: self.data.take() };
        if let Some(file) = self.file.take() {
            let begun = self.format.begin(file, description);
            self.writer = Some(begun.map_err(failed(&self.path))?);
        }
        Ok(())
    }

    fn append(&mut self, arrays: Vec<RecordedArray>) -> Result<(), RecordError> {
        let arrays: Vec<&RecordedArray> = arrays.iter().collect();
        let written = self.writer.as_mut().map_or(Ok(()), |writer| writer.append(&arrays));
        Ok(written.map_err(failed(&self.path))?)
    }

    fn finish(&mut self, predicted: &[u8], arrays: Vec<RecordedArray>) -> Result<(), RecordError> {
        let arrays: Vec<&RecordedArray> = arrays.iter().collect();
        let finish = |writer: &mut Box<dyn FormatWriter>| writer.finish(predicted, &arrays);
        Ok(self.writer.as_mut().map_or(Ok(()), finish).map_err(failed(&self.path))?)
    }
}
