//! Recordings as files: `.npz` (`numpy.load`), `.safetensors`, or `.csv` with a line a value.
//!
//! Beside the recorded arrays there are `images` (indices in the data set), `labels` and `found` (classes).
//! What the axes are, and what lies first along them where only a part was recorded, is told by the entry
//! `about.json` of an `.npz`, and by the metadata `about` of a safetensors file.

use std::collections::HashMap;
use std::io::{self, Cursor, Write};
use std::path::Path;

use npyz::WriterBuilder;
use safetensors::tensor::{Dtype, TensorView};
use serde_json::{Value, json};
use zip::write::{SimpleFileOptions, ZipWriter};

use super::RecordError;
use super::file::write_whole;
use crate::recorder::{Axis, Recorded, Recording};

/// How a recording is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// An archive of arrays, for `numpy.load`.
    Npz,
    /// One file of arrays, for safetensors.
    Safetensors,
    /// A line for each value.
    Csv,
}

impl Format {
    /// By the file's ending.
    ///
    /// # Errors
    /// When there is no such format.
    pub fn of(path: &Path) -> Result<Self, RecordError> {
        match path.extension().and_then(|ending| ending.to_str()) {
            Some("npz") => Ok(Format::Npz),
            Some("safetensors") => Ok(Format::Safetensors),
            Some("csv") => Ok(Format::Csv),
            _ => Err(RecordError::Format { path: path.to_owned() }),
        }
    }
}

/// Writes a recording in the format that the file's ending names; a file of that name is replaced.
///
/// # Errors
/// When there is no such format, or the file cannot be written.
pub fn save(path: &Path, recording: &Recording) -> Result<(), RecordError> {
    let bytes = match Format::of(path)? {
        Format::Npz => npz(recording),
        Format::Safetensors => return write_whole(path, &safetensors(recording)?),
        Format::Csv => csv(recording),
    };
    let failed = |source| RecordError::Recording { path: path.to_owned(), source };
    write_whole(path, &bytes.map_err(failed)?)
}

/// What the axes of the arrays are.
fn about(recording: &Recording) -> Value {
    let array = |array: &Recorded| {
        let axes: Vec<&str> = array.axes.iter().map(|axis| axis.name()).collect();
        (array.name.clone(), json!({ "axes": axes, "first": array.first }))
    };
    Value::Object(recording.arrays.iter().map(array).collect())
}

fn npz(recording: &Recording) -> io::Result<Vec<u8>> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let mut entry = |name: &str, bytes: &[u8]| {
        // Neither compressed nor dated: the same recording is the same file.
        let options =
            SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
        archive.start_file(name, options.large_file(bytes.len() > u32::MAX as usize))?;
        archive.write_all(bytes)
    };
    for array in &recording.arrays {
        entry(&format!("{}.npy", array.name), &npy(&array.shape, &array.values)?)?;
    }
    let images = [recording.images.len()];
    entry("images.npy", &npy(&images, &recording.images)?)?;
    entry("labels.npy", &npy(&images, &recording.labels)?)?;
    entry("found.npy", &npy(&images, &recording.found)?)?;
    entry("about.json", about(recording).to_string().as_bytes())?;
    Ok(archive.finish()?.into_inner())
}

fn npy<T: npyz::AutoSerialize + Copy>(shape: &[usize], values: &[T]) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let shape: Vec<u64> = shape.iter().map(|&size| size as u64).collect();
    let mut writer =
        npyz::WriteOptions::new().default_dtype().shape(&shape).writer(&mut bytes).begin_nd()?;
    writer.extend(values.iter().copied())?;
    writer.finish()?;
    Ok(bytes)
}

fn safetensors(recording: &Recording) -> Result<Vec<u8>, RecordError> {
    let bytes = |values: &[f32]| values.iter().flat_map(|value| value.to_le_bytes()).collect();
    let mut tensors: Vec<(&str, Dtype, Vec<usize>, Vec<u8>)> = Vec::new();
    for array in &recording.arrays {
        tensors.push((&array.name, Dtype::F32, array.shape.clone(), bytes(&array.values)));
    }
    let images = vec![recording.images.len()];
    let indices = recording.images.iter().flat_map(|image| image.to_le_bytes()).collect();
    tensors.push(("images", Dtype::U32, images.clone(), indices));
    tensors.push(("labels", Dtype::U8, images.clone(), recording.labels.clone()));
    tensors.push(("found", Dtype::U8, images, recording.found.clone()));
    let views = tensors
        .iter()
        .map(|(name, dtype, shape, bytes)| {
            Ok((*name, TensorView::new(*dtype, shape.clone(), bytes)?))
        })
        .collect::<Result<Vec<_>, safetensors::SafeTensorError>>()?;
    let metadata = HashMap::from([("about".to_string(), about(recording).to_string())]);
    Ok(safetensors::serialize(views, Some(metadata))?)
}

/// A column for each axis, empty where an array does not have it.
fn csv(recording: &Recording) -> io::Result<Vec<u8>> {
    const AXES: [Axis; 6] =
        [Axis::Image, Axis::Step, Axis::Phase, Axis::Unit, Axis::Below, Axis::Output];
    let mut table = csv::Writer::from_writer(Vec::new());
    let mut header = vec!["array"];
    header.extend(AXES.map(Axis::name));
    header.push("value");
    table.write_record(&header)?;
    for array in &recording.arrays {
        for (index, value) in array.values.iter().enumerate().filter(|(_, value)| !value.is_nan()) {
            let mut places = vec![0; array.shape.len()];
            let mut rest = index;
            for (axis, &size) in array.shape.iter().enumerate().rev() {
                places[axis] = array.first[axis] + rest % size;
                rest /= size;
            }
            let mut line = vec![array.name.clone()];
            for axis in AXES {
                let place = array.axes.iter().position(|&own| own == axis).map(|at| places[at]);
                line.push(match (axis, place) {
                    (_, None) => String::new(),
                    (Axis::Image, Some(place)) => recording.images[place].to_string(),
                    (_, Some(place)) => place.to_string(),
                });
            }
            line.push(value.to_string());
            table.write_record(&line)?;
        }
    }
    table.into_inner().map_err(csv::IntoInnerError::into_error)
}
