//! Reads `.npz` archives of recordings.
//!
//! An archive has the recordings of one set: `times`, `[events]`, floats in ms or integers in µs; `units`, `[events]`,
//! integers; `offsets`, `[recordings + 1]`, the index of each recording's first event, then the number of events;
//! `labels`, `[recordings]`; and `shape`, the size of the sensor: `[units]`, `[height, width]` or
//! `[channels, height, width]`.

use std::path::Path;

use super::assemble::SpikeSplit;
use super::event_set::{EventOrigins, EventSet, EventTimes, bin_set};
use super::options::SpikeOptions;
use crate::dataset::error::invalid;
use crate::dataset::npy::{Npy, format_shape};
use crate::dataset::npz;
use crate::dataset::{DatasetError, SourceFile};

/// Arrays that only an archive of recordings has.
const EVENT_ARRAYS: [&str; 3] = ["times", "units", "offsets"];
/// All arrays of an archive of recordings.
const ARRAYS: [&str; 5] = ["times", "units", "offsets", "labels", "shape"];

/// Returns whether an archive has recordings.
pub(super) fn has_recordings(path: &Path) -> Result<bool, DatasetError> {
    npz::holds(path, &EVENT_ARRAYS)
}

/// Returns a warning that names unused arrays, if there are any.
pub(super) fn unused(path: &Path) -> Result<Option<String>, DatasetError> {
    npz::all_except(path, &ARRAYS)
}

/// Reads an archive of one set.
pub(super) fn read(
    path: &Path,
    options: &SpikeOptions,
) -> Result<(SpikeSplit, SourceFile), DatasetError> {
    let mut arrays = npz::read_arrays(path, &ARRAYS)?.into_iter();
    let mut next = || arrays.next().expect("one array per name");
    let [times, units, offsets, labels, shape] = [next(), next(), next(), next(), next()];
    let sensor = sensor(&shape)?;
    let origins = EventOrigins {
        times: times.origin.clone(),
        units: units.origin.clone(),
        offsets: offsets.origin.clone(),
        labels: labels.origin.clone(),
    };
    let (kind, unit_of_time) = match times.is_float() {
        true => ("floats", "ms"),
        false => ("integers", "µs"),
    };
    let file = SourceFile {
        file: path.display().to_string(),
        format: format!(
            "recordings, times {} as {kind} in {unit_of_time}, sensor {}",
            format_shape(&times.shape),
            format_shape(&sensor)
        ),
    };
    check_vector(&times)?;
    check_vector(&units)?;
    check_vector(&offsets)?;
    let set = EventSet {
        times: match times.is_float() {
            true => EventTimes::Milliseconds(times.floats()?),
            false => EventTimes::Microseconds(times.integers()?),
        },
        units: natural(&units)?,
        offsets: natural(&offsets)?,
        labels: labels.labels()?.bytes,
    };
    Ok((bin_set(&set, sensor, options, origins)?, file))
}

/// Returns the size of the sensor, `[channels, height, width]`.
fn sensor(shape: &Npy) -> Result<[usize; 3], DatasetError> {
    let sizes: Vec<usize> = natural(shape)?;
    let sensor = match sizes[..] {
        [width] => [1, 1, width],
        [height, width] => [1, height, width],
        [channels, height, width] => [channels, height, width],
        _ => {
            let expected =
                "one to three sizes: [units], [height, width] or [channels, height, width]";
            return Err(invalid(shape.origin.at_size(0), expected, sizes.len()));
        }
    };
    let units = sensor.iter().try_fold(1_usize, |units, &size| units.checked_mul(size));
    match units.filter(|units| (1..=u32::MAX as usize).contains(units)) {
        Some(_) => Ok(sensor),
        None => Err(invalid(
            shape.origin.at_size(0),
            "a sensor of 1 to 4,294,967,295 units",
            format_shape(&sensor),
        )),
    }
}

/// Checks that an array has one axis.
fn check_vector(array: &Npy) -> Result<(), DatasetError> {
    match array.shape.len() {
        1 => Ok(()),
        _ => Err(invalid(array.origin.at_size(0), "one axis", format_shape(&array.shape))),
    }
}

/// Returns integers of at least 0 that fit into `T`.
fn natural<T: TryFrom<i64>>(array: &Npy) -> Result<Vec<T>, DatasetError> {
    let values = array.integers()?;
    let convert = |(index, value): (usize, i64)| {
        T::try_from(value).map_err(|_| {
            invalid(array.origin.at_element(index), "an integer from 0 to 4,294,967,295", value)
        })
    };
    values.into_iter().enumerate().map(convert).collect()
}
