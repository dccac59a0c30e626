//! Files of recordings: `.npz` (for `numpy.load`), `.safetensors`, or `.csv` with one line per value.
//!
//! Beside the recorded arrays, a file has `images` (indices in the data set), `labels` and `predicted` (classes). The entry
//! `axes.json` of an `.npz`, or the metadata entry `axes` of a safetensors file, names the axes of each array and the
//! index of the first element along each axis. Its key `data` describes the data set.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use bytemuck::NoUninit;
use safetensors::tensor::{Dtype, TensorView};
use serde_json::{Value, json};
use zip::write::{SimpleFileOptions, ZipWriter};

use super::{ArrayAxis, RecordedArray, Recording, npy};
use crate::run_dir::StorageError;
use crate::run_dir::write::write_atomic_with;

/// Name of the array of image indices in the data set.
const IMAGES: &str = "images";
/// Name of the array of labels.
const LABELS: &str = "labels";
/// Name of the array of predicted classes.
const PREDICTED: &str = "predicted";
/// Name of the description of the axes.
const AXES_KEY: &str = "axes";

/// File format of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordingFormat {
    /// Archive of arrays, for `numpy.load`.
    Npz,
    /// Safetensors file.
    Safetensors,
    /// Table with one line per value.
    Csv,
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
            _ => Err(StorageError::RecordingFormat { path: path.to_owned() }),
        }
    }
}

/// Writes a recording atomically, in the format of the file extension. Replaces an existing file.
///
/// # Errors
/// Returns an error if the extension is unknown or the file cannot be written.
pub fn save(path: &Path, recording: &Recording) -> Result<(), StorageError> {
    let format = RecordingFormat::from_extension(path)?;
    let failed = |source| StorageError::Recording { path: path.to_owned(), source };
    // Written array by array: the file's bytes beside the recording would double the memory.
    write_atomic_with(path, |partial| {
        if format == RecordingFormat::Safetensors {
            return safetensors(recording, partial);
        }
        let mut file = BufWriter::new(File::create(partial).map_err(failed)?);
        let written = match format {
            RecordingFormat::Csv => csv(recording, &mut file),
            _ => npz(recording, &mut file),
        };
        written.and_then(|()| file.flush()).map_err(failed)
    })
}

/// Returns axes and first indices of each array, and the identity of the data set.
fn axes(recording: &Recording) -> Value {
    let array = |array: &RecordedArray| {
        let axes: Vec<&str> = array.axes.iter().map(|axis| axis.name()).collect();
        (array.name.clone(), json!({ "axes": axes, "first": array.first_index }))
    };
    let data = recording.data.as_ref().map(|data| ("data".to_string(), json!(data)));
    Value::Object(recording.arrays.iter().map(array).chain(data).collect())
}

/// Writes an `.npz` archive.
fn npz(recording: &Recording, file: &mut BufWriter<File>) -> io::Result<()> {
    let mut archive = ZipWriter::new(file);
    for array in &recording.arrays {
        let values = bytes(&array.values, |value| value.to_le_bytes());
        npy(&mut archive, &array.name, "<f4", &array.shape, &values)?;
    }
    let images = [recording.images.len()];
    let indices = bytes(&recording.images, |index| index.to_le_bytes());
    npy(&mut archive, IMAGES, "<u4", &images, &indices)?;
    npy(&mut archive, LABELS, "|u1", &images, &recording.labels)?;
    npy(&mut archive, PREDICTED, "|u1", &images, &recording.predicted)?;
    archive.start_file(format!("{AXES_KEY}.json"), entry(0))?;
    archive.write_all(axes(recording).to_string().as_bytes())?;
    archive.finish()?;
    Ok(())
}

/// Returns the options of an archive entry: no compression, no date. Equal recordings give equal files.
fn entry(bytes: usize) -> SimpleFileOptions {
    let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    options.large_file(bytes > (u32::MAX - HEADER_MAX) as usize)
}

/// Maximum length of an array's header in bytes.
const HEADER_MAX: u32 = 1 << 10;

/// Adds an array in numpy's format. `descr`: numpy's name of the element type.
fn npy(
    archive: &mut ZipWriter<&mut BufWriter<File>>,
    name: &str,
    descr: &str,
    shape: &[usize],
    elements: &[u8],
) -> io::Result<()> {
    archive.start_file(format!("{name}.npy"), entry(elements.len()))?;
    archive.write_all(&npy::header(descr, shape))?;
    archive.write_all(elements)
}

/// Returns the elements as little-endian bytes, without a copy on little-endian machines.
fn bytes<T: NoUninit>(values: &[T], to_bytes: fn(&T) -> [u8; 4]) -> Cow<'_, [u8]> {
    match cfg!(target_endian = "little") {
        true => Cow::Borrowed(bytemuck::cast_slice(values)),
        false => Cow::Owned(values.iter().flat_map(to_bytes).collect()),
    }
}

/// Name, element type, shape and bytes of an array.
type BorrowedTensor<'a> = (&'a str, Dtype, Vec<usize>, Cow<'a, [u8]>);

/// Writes a safetensors file.
fn safetensors(recording: &Recording, path: &Path) -> Result<(), StorageError> {
    let mut tensors: Vec<BorrowedTensor> = Vec::new();
    for array in &recording.arrays {
        let values = bytes(&array.values, |value| value.to_le_bytes());
        tensors.push((&array.name, Dtype::F32, array.shape.clone(), values));
    }
    let images = vec![recording.images.len()];
    let indices = bytes(&recording.images, |index| index.to_le_bytes());
    tensors.push((IMAGES, Dtype::U32, images.clone(), indices));
    tensors.push((LABELS, Dtype::U8, images.clone(), Cow::Borrowed(&recording.labels)));
    tensors.push((PREDICTED, Dtype::U8, images, Cow::Borrowed(&recording.predicted)));
    let views = tensors
        .iter()
        .map(|(name, dtype, shape, bytes)| {
            Ok((*name, TensorView::new(*dtype, shape.clone(), bytes)?))
        })
        .collect::<Result<Vec<_>, safetensors::SafeTensorError>>()?;
    let metadata = HashMap::from([(AXES_KEY.to_string(), axes(recording).to_string())]);
    // The safetensors crate replaces this file by one that only its owner can read.
    let created = File::create(path).and_then(|file| file.metadata());
    let permissions = created.map_err(StorageError::io("written", path))?.permissions();
    safetensors::serialize_to_file(views, Some(metadata), path)?;
    fs::set_permissions(path, permissions).map_err(StorageError::io("written", path))
}

/// Writes a table with one line per value and one column per axis, empty if the array lacks the axis. Skips NaN.
fn csv(recording: &Recording, file: &mut BufWriter<File>) -> io::Result<()> {
    const AXES: [ArrayAxis; 6] = [
        ArrayAxis::Image,
        ArrayAxis::Step,
        ArrayAxis::Phase,
        ArrayAxis::Unit,
        ArrayAxis::Below,
        ArrayAxis::Output,
    ];
    let mut table = csv::Writer::from_writer(file);
    let mut header = vec!["array"];
    header.extend(AXES.map(ArrayAxis::name));
    header.push("value");
    table.write_record(&header)?;
    for array in &recording.arrays {
        for (index, value) in array.values.iter().enumerate().filter(|(_, value)| !value.is_nan()) {
            let mut indices = vec![0; array.shape.len()];
            let mut rest = index;
            for (axis, &size) in array.shape.iter().enumerate().rev() {
                indices[axis] = array.first_index[axis] + rest % size;
                rest /= size;
            }
            let mut line = vec![array.name.clone()];
            for axis in AXES {
                let index = array.axes.iter().position(|&own| own == axis).map(|at| indices[at]);
                line.push(match (axis, index) {
                    (_, None) => String::new(),
                    (ArrayAxis::Image, Some(index)) => recording.images[index].to_string(),
                    (_, Some(index)) => index.to_string(),
                });
            }
            line.push(value.to_string());
            table.write_record(&line)?;
        }
    }
    table.flush()
}
