//! Reads the Spiking Heidelberg Digits and the Spiking Speech Commands (Cramer et al. 2020): an HDF5 file per set.
//!
//! `spikes/times` and `spikes/units` have one row of any length per recording: times in seconds, as floats of 16 bits,
//! and units from 0 to 699. `labels` has a class per recording, `extra/keys` the names of the classes.

use std::path::{Path, PathBuf};

use hdf5_reader::{ByteOrder, Datatype};

use super::assemble::SpikeSplit;
use super::binning::{Binner, UnitLayout, step_of_ms};
use super::hdf5::{Array, Hdf5};
use super::options::SpikeOptions;
use crate::dataset::array::ByteArray;
use crate::dataset::class_names::sanitize;
use crate::dataset::error::{invalid, invalid_with_hint, list_few};
use crate::dataset::file_pair::{TRAINING, with_test_file};
use crate::dataset::folder_entries::sorted;
use crate::dataset::npy::half_to_f64;
use crate::dataset::{DatasetError, Location, SourceFile};

/// Size of the sensor: the channels of the cochlea model.
const SENSOR: [usize; 3] = [1, 1, 700];
/// Arrays of each file.
const ARRAYS: [&str; 3] = ["spikes/times", "spikes/units", "labels"];
/// Array of the names of the classes.
const KEYS: &str = "extra/keys";
/// Milliseconds per second.
const MS: f64 = 1000.0;

/// Recordings of one set, and the names of its classes.
pub(super) struct HeidelbergSet {
    pub split: SpikeSplit,
    pub class_names: Option<Vec<String>>,
    pub source: SourceFile,
}

/// Returns the files of both sets in a folder, such as `shd_train.h5` and `shd_test.h5`; `None` if it has none.
///
/// # Errors
/// Returns an error if there are several training files, one is packed, or the test file is missing.
pub(super) fn detect_folder(folder: &Path) -> Result<Option<[PathBuf; 2]>, DatasetError> {
    let file_name =
        |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let files = sorted(folder)?;
    let ends = |path: &&PathBuf, endings: &[&str]| {
        let name = file_name(path).to_lowercase();
        endings.iter().any(|ending| name.ends_with(ending))
    };
    let training: Vec<&PathBuf> =
        files.iter().filter(|path| ends(path, &["train.h5", "train.hdf5"])).collect();
    match training[..] {
        [] => match files.iter().find(|path| ends(path, &["train.h5.gz", "train.h5.zip"])) {
            Some(packed) => Err(is_packed(packed)),
            None => Ok(None),
        },
        [file] if Hdf5::open(file)?.has(ARRAYS[0])? => with_test_file(file).map(Some),
        [_] => Ok(None),
        [..] => {
            let names: Vec<String> = training.iter().map(|path| file_name(path)).collect();
            let hint = "pass the path of the training file";
            let location = Location::whole(folder.display().to_string());
            let found = sanitize(&list_few(&names));
            Err(invalid_with_hint(location, "one training file", found, hint))
        }
    }
}

/// Returns the files of both sets from the path of the training file; `None` if it is no HDF5 file by its name.
///
/// # Errors
/// Returns an error if the file is packed, or the test file is missing.
pub(super) fn detect_file(path: &Path) -> Result<Option<[PathBuf; 2]>, DatasetError> {
    let name = path.to_string_lossy().to_lowercase();
    if [".h5.gz", ".hdf5.gz"].iter().any(|ending| name.ends_with(ending)) {
        return Err(is_packed(path));
    }
    let is_hdf5 = [".h5", ".hdf5"].iter().any(|ending| name.ends_with(ending));
    if is_hdf5 { with_test_file(path).map(Some) } else { Ok(None) }
}

/// Returns the file of the validation set beside a training file, such as `ssc_valid.h5`; `None` if there is none.
pub(super) fn validation_file(training: &Path) -> Option<PathBuf> {
    let name = training.file_name()?.to_str()?;
    let (before, after) = name.rsplit_once(TRAINING)?;
    let path = training.with_file_name(format!("{before}valid{after}"));
    path.is_file().then_some(path)
}

fn is_packed(path: &Path) -> DatasetError {
    let location = Location::whole(path.display().to_string());
    invalid_with_hint(
        location,
        "an HDF5 file",
        "a packed one",
        "unpack it with gunzip or unzip first",
    )
}

/// Reads the recordings of one set.
pub(super) fn read(path: &Path, options: &SpikeOptions) -> Result<HeidelbergSet, DatasetError> {
    let file = Hdf5::open(path)?;
    let [times, units, labels] = file.arrays(ARRAYS)?;
    let labels = read_labels(&labels)?;
    let kinds = [float_size(&times)?, integer_size(&units)?];
    let counts = [&times, &units].map(|array| array.count());
    for (array, count) in [(&times, counts[0]), (&units, counts[1])] {
        if count != labels.sizes[0] {
            let expected = format!("{} rows, one per label", labels.sizes[0]);
            return Err(invalid(array.origin.at_size(0), expected, count));
        }
    }
    let mut binner = Binner::new(UnitLayout::new(SENSOR, options), options);
    let [mut rows_of_times, mut rows_of_units] = [times.rows(kinds[0])?, units.rows(kinds[1])?];
    for recording in 0..counts[0] {
        let [row_of_times, row_of_units] = [rows_of_times.next()?, rows_of_units.next()?];
        let [time_count, unit_count] =
            [row_of_times.len() / kinds[0], row_of_units.len() / kinds[1]];
        if time_count != unit_count {
            let expected = format!("{time_count} units, one per time");
            return Err(invalid(units.origin.at_element(recording), expected, unit_count));
        }
        let values = row_of_times.chunks_exact(kinds[0]).zip(row_of_units.chunks_exact(kinds[1]));
        for (time, unit) in values {
            let time = float(little_endian(&times, time), kinds[0]);
            if !time.is_finite() {
                return Err(invalid(times.origin.at_element(recording), "finite times", time));
            }
            let unit = little_endian(&units, unit);
            // Negative integers are large without a sign.
            if unit >= SENSOR[2] as u64 {
                let expected = format!("units below {}", SENSOR[2]);
                return Err(invalid(units.origin.at_element(recording), expected, unit));
            }
            binner.add(step_of_ms(time * MS), unit as usize);
        }
        binner.end_recording().map_err(|_| {
            invalid(units.origin.at_size(0), "fewer than 4,294,967,296 events", "more")
        })?;
    }
    let source = SourceFile {
        file: path.display().to_string(),
        format: format!(
            "HDF5, {} recordings, times as floats of {} bits in s, {} channels",
            counts[0],
            8 * kinds[0],
            SENSOR[2]
        ),
    };
    let class_names = file.strings(KEYS)?;
    let class_names = class_names.map(|names| names.iter().map(|name| sanitize(name)).collect());
    Ok(HeidelbergSet { split: SpikeSplit::new(binner, labels)?, class_names, source })
}

/// Returns the labels as bytes.
fn read_labels(labels: &Array) -> Result<ByteArray<1>, DatasetError> {
    let (size, bytes) = match labels.kind() {
        Datatype::FixedPoint { size: size @ 1..=8, .. } => (usize::from(*size), labels.bytes()?),
        _ => return Err(invalid(labels.origin.at_size(0), "integers", "another type")),
    };
    let label = |(index, bytes)| {
        let value = little_endian(labels, bytes);
        u8::try_from(value)
            .map_err(|_| invalid(labels.origin.at_element(index), "a label from 0 to 255", value))
    };
    let labels_as_bytes = bytes.chunks_exact(size).enumerate().map(label);
    ByteArray::labels(labels.origin.clone(), labels_as_bytes.collect::<Result<_, _>>()?)
}

/// Returns the size of the floats of rows, bytes.
fn float_size(times: &Array) -> Result<usize, DatasetError> {
    match times.row_kind() {
        Some(Datatype::FloatingPoint { size: size @ (2 | 4 | 8), .. }) => Ok(usize::from(*size)),
        _ => {
            let expected = "rows of any length of floats, in seconds";
            Err(invalid(times.origin.at_size(0), expected, "another type"))
        }
    }
}

/// Returns the size of the integers of rows, bytes.
fn integer_size(units: &Array) -> Result<usize, DatasetError> {
    match units.row_kind() {
        Some(Datatype::FixedPoint { size: size @ 1..=8, .. }) => Ok(usize::from(*size)),
        _ => {
            let expected = "rows of any length of integers";
            Err(invalid(units.origin.at_size(0), expected, "another type"))
        }
    }
}

/// Returns the bits of an element of an array or of its rows, of at most 8 bytes.
fn little_endian(array: &Array, bytes: &[u8]) -> u64 {
    let mut element = [0; 8];
    element[..bytes.len()].copy_from_slice(bytes);
    let is_big = matches!(
        array.row_kind().unwrap_or_else(|| array.kind()),
        Datatype::FixedPoint { byte_order: ByteOrder::BigEndian, .. }
            | Datatype::FloatingPoint { byte_order: ByteOrder::BigEndian, .. }
    );
    if is_big {
        element[..bytes.len()].reverse();
    }
    u64::from_le_bytes(element)
}

/// Returns the value of a float of `size` bytes.
fn float(bits: u64, size: usize) -> f64 {
    match size {
        2 => half_to_f64(bits as u16),
        4 => f32::from_bits(bits as u32).into(),
        _ => f64::from_bits(bits),
    }
}
