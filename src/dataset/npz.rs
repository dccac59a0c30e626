//! Archives of numpy: one `.npz` with `x_train`, `y_train`, `x_test` and `y_test`, as Keras has MNIST, or
//! one to train on and one to test on with `images` and `labels`.
//!
//! Images are unsigned bytes `[images, height, width]` or `[images, pixels]`, in colour with three values
//! a pixel as a last axis or in a row; labels are whole numbers of any type.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use zip::ZipArchive;
use zip::result::ZipError;

use super::array::{ByteArray, product};
use super::names::printable;
use super::npy::{self, Npy};
use super::place::{Origin, Spot};
use super::reading::Reading;
use super::{DatasetError, Half, Place, fault};

type Archive = ZipArchive<BufReader<File>>;

/// The arrays of an archive of one set.
const ONE_SET: [&str; 2] = ["images", "labels"];
/// Those of an archive of both.
const BOTH_SETS: [[&str; 2]; 2] = [["x_train", "y_train"], ["x_test", "y_test"]];

/// Whether an archive holds one set.
pub(super) fn holds_one_set(path: &Path) -> Result<bool, DatasetError> {
    let archive = open(path)?;
    let names = array_names(&archive);
    Ok(ONE_SET.iter().all(|array| names.iter().any(|name| name == array)))
}

/// Reads an archive of one set.
pub(super) fn read_one(path: &Path, reading: &Reading) -> Result<Half, DatasetError> {
    let mut archive = open(path)?;
    check_names(&archive, path, &ONE_SET)?;
    half(&mut archive, path, ONE_SET, reading)
}

/// Reads an archive of both sets.
pub(super) fn read_both(path: &Path, reading: &Reading) -> Result<[Half; 2], DatasetError> {
    let mut archive = open(path)?;
    check_names(&archive, path, BOTH_SETS.as_flattened())?;
    let mut half = |arrays| half(&mut archive, path, arrays, reading);
    let [training, test] = BOTH_SETS;
    Ok([half(training)?, half(test)?])
}

fn half(
    archive: &mut Archive,
    path: &Path,
    [images, labels]: [&str; 2],
    reading: &Reading,
) -> Result<Half, DatasetError> {
    let Npy { origin, shape, bytes, .. } = npy(archive, path, images)?.of_bytes()?;
    let sizes = sizes(&origin, &shape, reading)?;
    let images = ByteArray::images(origin, sizes, bytes)?;
    Ok(Half { images, labels: npy(archive, path, labels)?.labels()? })
}

fn open(path: &Path) -> Result<Archive, DatasetError> {
    let place = || Place::whole(path.display().to_string());
    let source = File::open(path).map_err(DatasetError::read(place()))?;
    ZipArchive::new(BufReader::new(source)).map_err(|error| damaged(place(), error))
}

fn damaged(place: Place, error: ZipError) -> DatasetError {
    DatasetError::Npz { place, source: error.into() }
}

fn array_names(archive: &Archive) -> Vec<String> {
    let names = archive.file_names().flatten();
    names.map(|name| name.trim_end_matches(".npy").to_string()).collect()
}

fn check_names(archive: &Archive, path: &Path, wanted: &[&str]) -> Result<(), DatasetError> {
    let mut names = array_names(archive);
    if wanted.iter().all(|array| names.iter().any(|name| name == array)) {
        return Ok(());
    }
    names.sort_unstable();
    let found = if names.is_empty() { "none".to_string() } else { printable(&names.join(", ")) };
    let place = Place::whole(path.display().to_string());
    Err(fault(place, format!("the arrays {}", wanted.join(", ")), found))
}

fn npy(archive: &mut Archive, path: &Path, array: &str) -> Result<Npy, DatasetError> {
    let file = path.display().to_string();
    let place = Place { file: file.clone(), spot: Spot::Array(array.to_string()) };
    match archive.by_name(&format!("{array}.npy")) {
        Ok(entry) => npy::read(entry, Origin::Array { file, array: array.to_string() }),
        Err(error) => Err(damaged(place, error)),
    }
}

/// Height and bytes of a row of the images in an array.
fn sizes(origin: &Origin, shape: &[usize], reading: &Reading) -> Result<[usize; 2], DatasetError> {
    match (shape, reading.colour) {
        (&[_, height, width], false) => Ok([height, width]),
        (&[_, height, width, 3], true) => Ok([height, product(origin, &[width, 3])?]),
        (&[_, bytes], _) => reading.shape_of(origin.of_size(1), bytes),
        (_, colour) => {
            let colours = if colour { ", 3" } else { "" };
            let expected =
                format!("the shape [images, height, width{colours}] or [images, values]");
            Err(fault(origin.of_size(0), expected, format!("{shape:?}")))
        }
    }
}
