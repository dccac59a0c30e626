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
use crate::dataset::file_pair::TRAINING;
use crate::dataset::folder_entries::sorted;
use crate::dataset::npy::half_to_f64;
use crate::dataset::{DatasetError, Location, SourceFile};

/// Size of the sensor: the channels of the cochlea model.
const SENSOR: [usize; 3] = [1, 1, 700];
/// Arrays of each file.
const ARRAYS: [&str; 3] = ["spikes/times", "spikes/units", "labels"];
/// Array of the names of the classes.
const KEYS: &str = "extra/keys";
/// Endings of HDF5 files.
const ENDINGS: [&str; 2] = [".h5", ".hdf5"];
/// Endings of packed HDF5 files.
const PACKED: [&str; 4] = [".h5.gz", ".h5.zip", ".hdf5.gz", ".hdf5.zip"];
/// Milliseconds per second.
const MS: f64 = 1000.0;

/// Recordings of one set, and the names of its classes.
pub(super) struct HeidelbergSet {
    pub split: SpikeSplit,
    pub class_names: Option<Vec<String>>,
    pub source: SourceFile,
}

/// Returns the training file in a folder, such as `shd_train.h5`; `None` if it has none.
///
/// # Errors
/// Returns an error if there are several training files, or one is packed.
pub(super) fn detect_folder(folder: &Path) -> Result<Option<PathBuf>, DatasetError> {
    let file_name =
        |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let files = sorted(folder)?;
    let is_training = |path: &&PathBuf, endings: &[&str]| {
        stem(path, endings).is_some_and(|stem| stem.ends_with(TRAINING))
    };
    let training: Vec<&PathBuf> = files.iter().filter(|path| is_training(path, &ENDINGS)).collect();
    match training[..] {
        [] => match files.iter().find(|path| is_training(path, &PACKED)) {
            Some(packed) => Err(packed_file(packed)),
            None => Ok(None),
        },
        [file] if Hdf5::open(file)?.has(ARRAYS[0])? => Ok(Some(file.clone())),
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

/// Returns whether a file is an HDF5 file by its name.
///
/// # Errors
/// Returns an error if the file is packed.
pub(super) fn is_file_of(path: &Path) -> Result<bool, DatasetError> {
    match stem(path, &PACKED) {
        Some(_) => Err(packed_file(path)),
        None => Ok(stem(path, &ENDINGS).is_some()),
    }
}

/// Returns the name of a file without its ending, in lower case; `None` if it has none of these endings.
fn stem(path: &Path, endings: &[&str]) -> Option<String> {
    let name = path.file_name()?.to_string_lossy().to_lowercase();
    endings.iter().find_map(|ending| name.strip_suffix(ending).map(str::to_string))
}

/// Returns the file of the validation set beside a training file, such as `ssc_valid.h5`; `None` if there is none.
pub(super) fn validation_file(training: &Path) -> Option<PathBuf> {
    let name = training.file_name()?.to_str()?;
    let (before, after) = name.rsplit_once(TRAINING)?;
    let path = training.with_file_name(format!("{before}valid{after}"));
    path.is_file().then_some(path)
}

fn packed_file(path: &Path) -> DatasetError {
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
    let (time_kind, unit_kind) = (Number::of_times(&times)?, Number::of_units(&units)?);
    let counts = [&times, &units].map(|array| array.count());
    for (array, count) in [(&times, counts[0]), (&units, counts[1])] {
        if count != labels.sizes[0] {
            let expected = format!("{} rows, one per label", labels.sizes[0]);
            return Err(invalid(array.origin.at_size(0), expected, count));
        }
    }
    let mut binner = Binner::new(UnitLayout::new(SENSOR, options), options);
    let [mut rows_of_times, mut rows_of_units] =
        [times.rows(time_kind.size)?, units.rows(unit_kind.size)?];
    for recording in 0..counts[0] {
        let [row_of_times, row_of_units] = [rows_of_times.next()?, rows_of_units.next()?];
        let [time_count, unit_count] =
            [row_of_times.len() / time_kind.size, row_of_units.len() / unit_kind.size];
        if time_count != unit_count {
            let expected = format!("{time_count} units, one per time");
            return Err(invalid(units.origin.at_element(recording), expected, unit_count));
        }
        let row_of_units = row_of_units.chunks_exact(unit_kind.size);
        for (time, unit) in row_of_times.chunks_exact(time_kind.size).zip(row_of_units) {
            let time = time_kind.float(time);
            if !time.is_finite() {
                return Err(invalid(times.origin.at_element(recording), "finite times", time));
            }
            let unit = unit_kind.integer(unit);
            if !(0..SENSOR[2] as i128).contains(&unit) {
                let expected = format!("units from 0 to {}", SENSOR[2] - 1);
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
            8 * time_kind.size,
            SENSOR[2]
        ),
    };
    let class_names = file.strings(KEYS)?;
    let class_names = class_names.map(|names| names.iter().map(|name| sanitize(name)).collect());
    Ok(HeidelbergSet { split: SpikeSplit::new(binner, labels)?, class_names, source })
}

/// Returns the labels as bytes.
fn read_labels(labels: &Array) -> Result<ByteArray<1>, DatasetError> {
    let Some(number) = Number::integer_of(labels.kind()) else {
        return Err(invalid(labels.origin.at_size(0), "integers", "another type"));
    };
    let label = |(index, bytes)| {
        let value = number.integer(bytes);
        u8::try_from(value)
            .map_err(|_| invalid(labels.origin.at_element(index), "a label from 0 to 255", value))
    };
    let bytes = labels.bytes()?;
    let labels_as_bytes = bytes.chunks_exact(number.size).enumerate().map(label);
    ByteArray::labels(labels.origin.clone(), labels_as_bytes.collect::<Result<_, _>>()?)
}

/// Format of the numbers of an array or of its rows.
#[derive(Clone, Copy)]
struct Number {
    /// Size, bytes: at most 8.
    size: usize,
    is_big_endian: bool,
    /// Whether integers have a sign.
    is_signed: bool,
}

impl Number {
    /// Returns the format of floats in rows.
    fn of_times(times: &Array) -> Result<Number, DatasetError> {
        match times.row_kind() {
            Some(&Datatype::FloatingPoint { size: size @ (2 | 4 | 8), byte_order }) => {
                let is_big_endian = byte_order == ByteOrder::BigEndian;
                Ok(Number { size: size.into(), is_big_endian, is_signed: true })
            }
            _ => {
                let expected = "rows of any length of floats, in seconds";
                Err(invalid(times.origin.at_size(0), expected, "another type"))
            }
        }
    }

    /// Returns the format of integers in rows.
    fn of_units(units: &Array) -> Result<Number, DatasetError> {
        units.row_kind().and_then(Number::integer_of).ok_or_else(|| {
            let expected = "rows of any length of integers";
            invalid(units.origin.at_size(0), expected, "another type")
        })
    }

    /// Returns the format of integers; `None` if the type is another.
    fn integer_of(kind: &Datatype) -> Option<Number> {
        match *kind {
            Datatype::FixedPoint { size: size @ 1..=8, signed, byte_order } => {
                let is_big_endian = byte_order == ByteOrder::BigEndian;
                Some(Number { size: size.into(), is_big_endian, is_signed: signed })
            }
            _ => None,
        }
    }

    /// Returns the bits of a number.
    fn bits(self, bytes: &[u8]) -> u64 {
        let mut element = [0; 8];
        element[..bytes.len()].copy_from_slice(bytes);
        if self.is_big_endian {
            element[..bytes.len()].reverse();
        }
        u64::from_le_bytes(element)
    }

    /// Returns the value of an integer.
    fn integer(self, bytes: &[u8]) -> i128 {
        let bits = self.bits(bytes);
        if !self.is_signed {
            return bits.into();
        }
        let unused = u64::BITS - 8 * self.size as u32;
        ((bits << unused) as i64 >> unused).into()
    }

    /// Returns the value of a float.
    fn float(self, bytes: &[u8]) -> f64 {
        let bits = self.bits(bytes);
        match self.size {
            2 => half_to_f64(bits as u16),
            4 => f32::from_bits(bits as u32).into(),
            _ => f64::from_bits(bits),
        }
    }
}
