//! Archives of numpy: one `.npz` with `x_train`, `y_train`, `x_test` and `y_test`, as Keras has MNIST, or
//! one to train on and one to test on with `images` and `labels`.
//!
//! Images are unsigned bytes `[images, height, width]` or `[images, pixels]`, in colour with three values
//! a pixel as a last axis or in a row; labels are whole numbers of any type.

use std::borrow::Cow;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use zip::ZipArchive;
use zip::result::ZipError;

use super::array::{ByteArray, product};
use super::error::listed;
use super::names::printable;
use super::npy::{self, Npy, Opened, shape_of};
use super::place::{Origin, Spot};
use super::reading::Reading;
use super::{
    DatasetError, Half, Part, Place, check_label_count, fault, fault_with_hint, zip_names,
};
use crate::files;

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
pub(super) fn read_one(path: &Path, reading: &Reading) -> Result<(Half, Vec<Part>), DatasetError> {
    let mut archive = open(path)?;
    check_names(&archive, path, &ONE_SET)?;
    half(&mut archive, path, ONE_SET, reading)
}

/// Reads an archive of both sets.
pub(super) fn read_both(
    path: &Path,
    reading: &Reading,
) -> Result<[(Half, Vec<Part>); 2], DatasetError> {
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
) -> Result<(Half, Vec<Part>), DatasetError> {
    let part = |array: &str, shape: &[usize], kind: &str| Part {
        file: format!("{}, array {array}", path.display()),
        text: format!("{kind}, shape {}, row by row", shape_of(shape)),
    };
    // The labels are short: what does not fit them shows before the images are read.
    let (opened, packed) = npy(archive, path, labels)?;
    let mut parts = vec![part(labels, &opened.shape, "whole numbers")];
    let labels = opened.read(packed)?.labels()?;
    let (opened, packed) = npy(archive, path, images)?;
    let opened = opened.of_bytes()?;
    let sizes = sizes(&opened.origin, &opened.shape, reading)?;
    parts.insert(0, part(images, &opened.shape, "unsigned bytes"));
    if !opened.shape.contains(&0) {
        check_label_count(&labels, opened.shape[0], &opened.origin)?;
    }
    let Npy { origin, bytes, .. } = opened.read(packed)?;
    let mut images = ByteArray::images(origin, sizes, bytes)?;
    images.scale(reading.max_value)?;
    Ok((Half { images, labels }, parts))
}

fn open(path: &Path) -> Result<Archive, DatasetError> {
    let place = || Place::whole(path.display().to_string());
    let open = || files::open_regular(path).map_err(DatasetError::read(place()));
    let archive =
        ZipArchive::new(BufReader::new(open()?)).map_err(|error| damaged(place(), error))?;
    let repeated = zip_names::repeated(&mut open()?, archive.central_directory_start());
    match repeated.map_err(DatasetError::read(place()))? {
        Some(name) => {
            let found = format!("'{}' twice", printable(&name));
            let hint = "write the archive again, with one array under each name";
            Err(fault_with_hint(place(), "one entry of each name", found, hint))
        }
        None => Ok(archive),
    }
}

/// A sentence on arrays that are not used.
pub(super) fn unused(path: &Path) -> Result<Option<String>, DatasetError> {
    let names = array_names(&open(path)?);
    let used = match ONE_SET.iter().all(|array| names.iter().any(|name| name == array)) {
        true => &ONE_SET[..],
        false => BOTH_SETS.as_flattened(),
    };
    let others: Vec<String> =
        names.into_iter().filter(|name| !used.contains(&name.as_str())).collect();
    let others = printable(&listed(&others));
    Ok((!others.is_empty()).then(|| format!("{}: arrays not used: {others}", path.display())))
}

fn damaged(place: Place, error: ZipError) -> DatasetError {
    DatasetError::Npz { place, source: error.into() }
}

fn array_names(archive: &Archive) -> Vec<String> {
    let names = archive.file_names().flatten();
    names.filter_map(|name| name.strip_suffix(".npy").map(str::to_string)).collect()
}

fn check_names(archive: &Archive, path: &Path, wanted: &[&str]) -> Result<(), DatasetError> {
    let mut names = array_names(archive);
    if wanted.iter().all(|array| names.iter().any(|name| name == array)) {
        return Ok(());
    }
    names.sort_unstable();
    let mut files: Vec<String> = archive.file_names().flatten().map(Cow::into_owned).collect();
    files.sort_unstable();
    let found = match (names.is_empty(), files.is_empty()) {
        (true, true) => "an empty archive".to_string(),
        (true, false) => printable(&listed(&files)),
        (false, _) => printable(&listed(&names)),
    };
    let place = Place::whole(path.display().to_string());
    let expected = format!("the arrays {}", wanted.join(", "));
    let hint = match !names.is_empty() || files.is_empty() {
        true => "numpy.savez writes arrays under such names",
        false => "this is a zip archive of other files: unpack it, and name the folder",
    };
    Err(fault_with_hint(place, expected, found, hint))
}

/// An array of which the header was read, and the bytes that it takes in the archive.
fn npy<'a>(
    archive: &'a mut Archive,
    path: &Path,
    array: &str,
) -> Result<(Opened<impl Read + use<'a>>, u64), DatasetError> {
    let file = path.display().to_string();
    let place = Place { file: file.clone(), spot: Spot::Array(array.to_string()) };
    match archive.by_name(&format!("{array}.npy")) {
        Ok(entry) => {
            let (packed, size) = (entry.compressed_size(), entry.size());
            let origin = Origin::Array { file, array: array.to_string() };
            Ok((npy::open(entry, size, origin)?, packed))
        }
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
            let hint = match shape {
                &[_, _, _, 3] => Some("--colour reads three values a pixel"),
                &[_, _, _, 1] | &[_, 1, _, _] => {
                    Some("images.reshape(n, height, width) takes the axis of one away")
                }
                &[_, 3, _, _] => Some("images.transpose(0, 2, 3, 1) puts the colours last"),
                _ => None,
            };
            Err(fault(origin.of_size(0), expected, shape_of(shape)).with_hint(hint))
        }
    }
}
