//! Recordings as files: `.npz` (`numpy.load`), `.safetensors`, or `.csv` with a line a value.
//!
//! Beside the recorded arrays there are `images` (indices in the data set), `labels` and `found` (classes).
//! What the axes are, and what lies first along them where only a part was recorded, is told by the entry
//! `about.json` of an `.npz`, and by the metadata `about` of a safetensors file. Its key `data` names the data set.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use bytemuck::NoUninit;
use safetensors::tensor::{Dtype, TensorView};
use serde_json::{Value, json};
use zip::write::{SimpleFileOptions, ZipWriter};

use super::RecordError;
use super::file::write_whole_with;
use super::npy;
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
    let format = Format::of(path)?;
    let failed = |source| RecordError::Recording { path: path.to_owned(), source };
    // Never as a whole in memory beside the recording.
    write_whole_with(path, |partial| {
        if format == Format::Safetensors {
            return safetensors(recording, partial);
        }
        let mut file = BufWriter::new(File::create(partial).map_err(failed)?);
        let written = match format {
            Format::Csv => csv(recording, &mut file),
            _ => npz(recording, &mut file),
        };
        written.and_then(|()| file.flush()).map_err(failed)
    })
}

/// What the axes of the arrays are, and which data set was shown.
fn about(recording: &Recording) -> Value {
    let array = |array: &Recorded| {
        let axes: Vec<&str> = array.axes.iter().map(|axis| axis.name()).collect();
        (array.name.clone(), json!({ "axes": axes, "first": array.first }))
    };
    let data = recording.data.as_ref().map(|data| ("data".to_string(), json!(data)));
    Value::Object(recording.arrays.iter().map(array).chain(data).collect())
}

fn npz(recording: &Recording, file: &mut BufWriter<File>) -> io::Result<()> {
    let mut archive = ZipWriter::new(file);
    for array in &recording.arrays {
        let values = bytes(&array.values, |value| value.to_le_bytes());
        npy(&mut archive, &array.name, "<f4", &array.shape, &values)?;
    }
    let images = [recording.images.len()];
    let indices = bytes(&recording.images, |index| index.to_le_bytes());
    npy(&mut archive, "images", "<u4", &images, &indices)?;
    npy(&mut archive, "labels", "|u1", &images, &recording.labels)?;
    npy(&mut archive, "found", "|u1", &images, &recording.found)?;
    archive.start_file("about.json", entry(0))?;
    archive.write_all(about(recording).to_string().as_bytes())?;
    archive.finish()?;
    Ok(())
}

/// An entry of an archive. Neither compressed nor dated: the same recording is the same file.
fn entry(bytes: usize) -> SimpleFileOptions {
    let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    options.large_file(bytes > (u32::MAX - HEADER_MAX) as usize)
}

/// Most bytes of the header of an array.
const HEADER_MAX: u32 = 1 << 10;

/// Adds an array in numpy's format; `descr` is numpy's name of the element type.
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

/// Little-endian bytes, without a copy if the machine has them so.
fn bytes<T: NoUninit>(values: &[T], to_bytes: fn(&T) -> [u8; 4]) -> Cow<'_, [u8]> {
    match cfg!(target_endian = "little") {
        true => Cow::Borrowed(bytemuck::cast_slice(values)),
        false => Cow::Owned(values.iter().flat_map(to_bytes).collect()),
    }
}

/// Name, type, shape and bytes of an array.
type Tensor<'a> = (&'a str, Dtype, Vec<usize>, Cow<'a, [u8]>);

fn safetensors(recording: &Recording, path: &Path) -> Result<(), RecordError> {
    let mut tensors: Vec<Tensor> = Vec::new();
    for array in &recording.arrays {
        let values = bytes(&array.values, |value| value.to_le_bytes());
        tensors.push((&array.name, Dtype::F32, array.shape.clone(), values));
    }
    let images = vec![recording.images.len()];
    let indices = bytes(&recording.images, |index| index.to_le_bytes());
    tensors.push(("images", Dtype::U32, images.clone(), indices));
    tensors.push(("labels", Dtype::U8, images.clone(), Cow::Borrowed(&recording.labels)));
    tensors.push(("found", Dtype::U8, images, Cow::Borrowed(&recording.found)));
    let views = tensors
        .iter()
        .map(|(name, dtype, shape, bytes)| {
            Ok((*name, TensorView::new(*dtype, shape.clone(), bytes)?))
        })
        .collect::<Result<Vec<_>, safetensors::SafeTensorError>>()?;
    let metadata = HashMap::from([("about".to_string(), about(recording).to_string())]);
    // The crate makes a file that only its owner can read, and puts it in the place of this one.
    let created = File::create(path).and_then(|file| file.metadata());
    let permissions = created.map_err(RecordError::io("written", path))?.permissions();
    safetensors::serialize_to_file(views, Some(metadata), path)?;
    fs::set_permissions(path, permissions).map_err(RecordError::io("written", path))
}

/// A column for each axis, empty where an array does not have it.
fn csv(recording: &Recording, file: &mut BufWriter<File>) -> io::Result<()> {
    const AXES: [Axis; 6] =
        [Axis::Image, Axis::Step, Axis::Phase, Axis::Unit, Axis::Below, Axis::Output];
    let mut table = csv::Writer::from_writer(file);
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
    table.flush()
}
