//! Reads `.npz` archives: zip archives with a file per array.

use std::borrow::Cow;
use std::io::Read;
use std::path::Path;

use super::class_names::sanitize;
use super::error::invalid_with_hint;
use super::error::list_few;
use super::location::{Origin, Position};
use super::npy::{self, Npy, NpyReader};
use super::zip_names::{self, Archive};
use super::{DatasetError, Location};
use crate::files;

/// First bytes of a zip archive, the container of `.npz`.
const ZIP_MAGIC: [u8; 4] = *b"PK\x03\x04";

/// Returns whether a file begins as a zip archive.
pub(super) fn starts_as_zip(path: &Path) -> bool {
    let mut start = [0; ZIP_MAGIC.len()];
    let read = files::open_regular(path).and_then(|mut file| file.read_exact(&mut start));
    read.is_ok() && start == ZIP_MAGIC
}

/// Returns whether an archive has all of these arrays.
pub(super) fn holds(path: &Path, arrays: &[&str]) -> Result<bool, DatasetError> {
    let names = array_names(&open(path)?);
    Ok(arrays.iter().all(|array| names.iter().any(|name| name == array)))
}

/// Reads these arrays of an archive.
pub(super) fn read_arrays(path: &Path, arrays: &[&str]) -> Result<Vec<Npy>, DatasetError> {
    let mut archive = open(path)?;
    check_names(&archive, path, arrays)?;
    let read = |array: &&str| {
        let (reader, packed) = npy(&mut archive, path, array)?;
        reader.read(packed)
    };
    arrays.iter().map(read).collect()
}

/// Returns the names of the arrays of an archive.
pub(super) fn names(path: &Path) -> Result<Vec<String>, DatasetError> {
    Ok(array_names(&open(path)?))
}

/// Reads an array of an archive.
pub(super) fn read_array(path: &Path, array: &str) -> Result<Npy, DatasetError> {
    let mut archive = open(path)?;
    let (reader, packed) = npy(&mut archive, path, array)?;
    reader.read(packed)
}

/// Checks that an archive that has files has arrays.
pub(super) fn check_is_archive_of_arrays(path: &Path) -> Result<(), DatasetError> {
    let archive = open(path)?;
    if !array_names(&archive).is_empty() || archive.is_empty() {
        return Ok(());
    }
    check_names(&archive, path, &["of images and labels"])
}

fn open(path: &Path) -> Result<Archive, DatasetError> {
    zip_names::open(path, |location, source| DatasetError::Npz { location, source })
}

/// Returns a warning that names all arrays except `used`, if there are any.
pub(super) fn all_except(path: &Path, used: &[&str]) -> Result<Option<String>, DatasetError> {
    let names = array_names(&open(path)?).into_iter();
    let others: Vec<String> = names.filter(|name| !used.contains(&name.as_str())).collect();
    let others = sanitize(&list_few(&others));
    Ok((!others.is_empty()).then(|| format!("{}: arrays not used: {others}", path.display())))
}

fn array_names(archive: &Archive) -> Vec<String> {
    let names = archive.file_names().flatten();
    names.filter_map(|name| name.strip_suffix(".npy").map(str::to_string)).collect()
}

fn check_names(archive: &Archive, path: &Path, required: &[&str]) -> Result<(), DatasetError> {
    let mut names = array_names(archive);
    if required.iter().all(|array| names.iter().any(|name| name == array)) {
        return Ok(());
    }
    names.sort_unstable();
    let mut files: Vec<String> = archive.file_names().flatten().map(Cow::into_owned).collect();
    files.sort_unstable();
    let found = match (names.is_empty(), files.is_empty()) {
        (true, true) => "an empty archive".to_string(),
        (true, false) => sanitize(&list_few(&files)),
        (false, _) => sanitize(&list_few(&names)),
    };
    let location = Location::whole(path.display().to_string());
    let expected = format!("the arrays {}", required.join(", "));
    let hint = match !names.is_empty() || files.is_empty() {
        true => "numpy.savez stores arrays under these names",
        false => "not a numpy archive: unpack it and pass the folder",
    };
    Err(invalid_with_hint(location, expected, found, hint))
}

/// Opens an array. Returns it with its compressed length in bytes.
fn npy<'a>(
    archive: &'a mut Archive,
    path: &Path,
    array: &str,
) -> Result<(NpyReader<impl Read + use<'a>>, u64), DatasetError> {
    let file = path.display().to_string();
    let location = Location { file: file.clone(), position: Position::Array(array.to_string()) };
    match archive.by_name(&format!("{array}.npy")) {
        Ok(entry) => {
            let (packed, size) = (entry.compressed_size(), entry.size());
            let origin = Origin::Array { file, array: array.to_string() };
            Ok((npy::open(entry, size, origin)?, packed))
        }
        Err(error) => Err(DatasetError::Npz { location, source: error.into() }),
    }
}
