//! Reads N-MNIST (Orchard et al. 2015): folders `Train` and `Test` with a folder per class of `.bin` files, one recording
//! each.
//!
//! An event has 5 bytes: x, y, then 24 bits, the highest byte first: the polarity and 23 bits of time in µs. A record with
//! y = 240 is no event: it adds 8192 µs to all later times.

use std::path::{Path, PathBuf};

use super::assemble::SpikeSplit;
use super::binning::{Binner, UnitLayout, step_of_us};
use super::options::SpikeOptions;
use crate::dataset::array::ByteArray;
use crate::dataset::class_folder::skipped_warning;
use crate::dataset::class_names::sanitize;
use crate::dataset::error::{invalid, invalid_with_hint};
use crate::dataset::folder_entries::sorted;
use crate::dataset::location::{Origin, Position};
use crate::dataset::{DatasetError, Location, SourceFile};
use crate::files;

/// Size of the sensor: two polarities, off and on.
const SENSOR: [usize; 3] = [2, 34, 34];
/// Length of a record, bytes.
const RECORD: usize = 5;
/// y of a record that is no event.
const OVERFLOW_Y: u8 = 240;
/// Time that such a record adds to all later times, µs.
const OVERFLOW_US: i64 = 1 << 13;
/// Largest size of a file, bytes; the files of N-MNIST have at most 50 kB.
const FILE_MAX: u64 = 16 << 20;
/// Names of the folders, as N-MNIST and as other sets have them.
const FOLDERS: [[&str; 2]; 2] = [["Train", "Test"], ["train", "test"]];

/// Recordings of one set, and the names of its classes.
pub(super) struct NMnistSet {
    pub split: SpikeSplit,
    pub class_names: Vec<String>,
    pub source: SourceFile,
    /// Files that are not read.
    pub warnings: Vec<String>,
}

/// Returns the folders of both sets if a folder is N-MNIST: if the first class of the training set has a `.bin` file.
pub(super) fn detect(folder: &Path) -> Option<[PathBuf; 2]> {
    let folders = FOLDERS.map(|names| names.map(|name| folder.join(name)));
    folders.into_iter().find(|[training, _]| {
        let classes = sorted(training).unwrap_or_default();
        let first = classes.iter().find(|path| path.is_dir());
        let files = first.and_then(|class| sorted(class).ok()).unwrap_or_default();
        files.iter().any(|path| is_bin(path))
    })
}

/// Reads the recordings of one set. `known`: classes of the training set, by which a test set is labelled.
pub(super) fn read(
    folder: &Path,
    known: Option<&[String]>,
    options: &SpikeOptions,
) -> Result<NMnistSet, DatasetError> {
    let name = folder.display().to_string();
    let whole = || Location::whole(name.clone());
    let (classes, skipped): (Vec<_>, Vec<_>) =
        sorted(folder)?.into_iter().partition(|path| path.is_dir());
    let mut warnings = Vec::from_iter(skipped_warning(folder, &skipped, "not in a class folder"));
    let mut binner = Binner::new(UnitLayout::new(SENSOR, options), options);
    let (mut labels, mut class_names) = (Vec::new(), Vec::new());
    for class in classes {
        let class_name = sanitize(&class.file_name().unwrap_or_default().to_string_lossy());
        let label = match known {
            Some(known) => {
                known.iter().position(|known| *known == class_name).ok_or_else(|| {
                    let expected = "classes of the training set only";
                    invalid(whole(), expected, format!("the folder {class_name}"))
                })?
            }
            None => class_names.len(),
        };
        let label = u8::try_from(label)
            .map_err(|_| invalid(whole(), "at most 256 folders, one per class", "more"))?;
        let (files, skipped): (Vec<_>, Vec<_>) =
            sorted(&class)?.into_iter().partition(|path| is_bin(path));
        warnings.extend(skipped_warning(&class, &skipped, "not .bin files"));
        if known.is_none() && files.is_empty() {
            let location = Location::whole(class.display().to_string());
            return Err(invalid(location, ".bin files", "none"));
        }
        for path in files {
            let location = || Location::whole(path.display().to_string());
            let bytes =
                files::read_bounded(&path, FILE_MAX).map_err(DatasetError::read(location()))?;
            read_events(&bytes, &path.display().to_string(), |time, pixel| {
                binner.add(step_of_us(time), pixel);
            })?;
            binner.end_recording().map_err(|_| {
                invalid(location(), "fewer than 4,294,967,296 events in all files", "more")
            })?;
            labels.push(label);
        }
        class_names.push(class_name);
    }
    if labels.is_empty() {
        let expected = "a folder per class with .bin files";
        return Err(invalid(whole(), expected, "no .bin files"));
    }
    let source = SourceFile {
        file: name.clone(),
        format: format!("N-MNIST, {} files, sensor 34 x 34, off and on events", labels.len()),
    };
    let labels = ByteArray::labels(Origin::Whole(name), labels)?;
    Ok(NMnistSet { split: SpikeSplit::new(binner, labels)?, class_names, source, warnings })
}

/// Reads the events of one file: calls `add` with the time in µs and the pixel of each.
///
/// # Errors
/// Returns an error that names the byte if the last record is incomplete or an event is outside the sensor.
pub(super) fn read_events(
    bytes: &[u8],
    file: &str,
    mut add: impl FnMut(i64, usize),
) -> Result<(), DatasetError> {
    let location =
        |byte: usize| Location { file: file.to_string(), position: Position::Byte(byte) };
    let (records, rest) = bytes.as_chunks::<RECORD>();
    if !rest.is_empty() {
        let hint = "copy or download the file again";
        let start = bytes.len() - rest.len();
        let found = format!("{} at the end", rest.len());
        return Err(invalid_with_hint(location(start), "records of 5 bytes", found, hint));
    }
    let [_, height, width] = SENSOR;
    let mut added = 0;
    for (index, &[x, y, high, middle, low]) in records.iter().enumerate() {
        if y == OVERFLOW_Y {
            added += OVERFLOW_US;
            continue;
        }
        let (x, y) = (usize::from(x), usize::from(y));
        if x >= width || y >= height {
            let expected = format!("x below {width} and y below {height}");
            return Err(invalid(location(index * RECORD), expected, format!("x {x} and y {y}")));
        }
        let polarity = usize::from(high >> 7);
        let time = i64::from(high & 0x7F) << 16 | i64::from(middle) << 8 | i64::from(low);
        add(time + added, (polarity * height + y) * width + x);
    }
    Ok(())
}

fn is_bin(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("bin"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_events_and_time_overflows() {
        let bytes = [
            [3, 2, 0x80, 0x01, 0x02], // on, 258 µs
            [0, 240, 0, 0, 0],
            [33, 33, 0x7F, 0xFF, 0xFF], // off, 2^23 - 1 + 8192 µs
            [0, 240, 0x80, 0, 0],
            [0, 0, 0, 0, 1],
        ];
        let mut events = Vec::new();
        read_events(bytes.as_flattened(), "a.bin", |time, pixel| events.push((time, pixel)))
            .unwrap();
        assert_eq!(events, [(258, 1156 + 71), ((1 << 23) - 1 + 8192, 1155), (16385, 0)]);
    }

    #[test]
    fn damaged_records_are_an_error_with_their_byte() {
        for (bytes, text) in [
            (
                &[0, 0, 0, 0, 1, 0, 0][..],
                "a.bin, byte offset 5: expected records of 5 bytes, found 2 at",
            ),
            (
                &[0, 0, 0, 0, 1, 34, 0, 0, 0, 0],
                "byte offset 5: expected x below 34 and y below 34, found x 34",
            ),
            (&[0, 239, 0, 0, 1], "byte offset 0: expected x below 34"),
        ] {
            let error = read_events(bytes, "a.bin", |_, _| {}).unwrap_err().to_string();
            assert!(error.contains(text), "{error}");
        }
    }
}
