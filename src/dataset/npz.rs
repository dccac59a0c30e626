//! Reads `.npz` archives: one with `x_train`, `y_train`, `x_test` and `y_test`, the layout of Keras's MNIST, or one
//! for training and one for testing with `images` and `labels`.
//!
//! Images are unsigned bytes `[images, height, width]` or `[images, pixels]`. Colour images have three values per
//! pixel, in a last axis or in the row. Labels are integers of any type.

use std::borrow::Cow;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use zip::ZipArchive;
use zip::result::ZipError;

use super::array::{ByteArray, product};
use super::class_names::sanitize;
use super::error::list_few;
use super::error::{invalid, invalid_with_hint};
use super::format::DataFormat;
use super::loaded::LoadedSets;
use super::location::{Origin, Position};
use super::npy::{self, Npy, NpyReader, format_shape};
use super::read_options::ReadOptions;
use super::{
    DatasetError, LoadedDataset, Location, SourceFile, SplitData, check_label_count, file_pair,
    zip_names,
};
use crate::files;

type Archive = ZipArchive<BufReader<File>>;

/// Arrays of an archive with one set.
const ONE_SET: [&str; 2] = ["images", "labels"];
/// Arrays of an archive with both sets.
const BOTH_SETS: [[&str; 2]; 2] = [["x_train", "y_train"], ["x_test", "y_test"]];

/// An archive of both sets, or an archive for each.
pub(super) struct NpzArchives;

impl DataFormat for NpzArchives {
    fn folder_content(&self) -> Option<&'static str> {
        Some("train.npz and test.npz")
    }

    fn file_kind(&self) -> Option<&'static str> {
        Some("an .npz file")
    }

    fn detect(&self, path: &Path) -> Result<bool, DatasetError> {
        Ok(match path.is_dir() {
            true => file_pair::is_in_folder(path, ENDING),
            false => file_pair::has_ending(path, ENDING) || starts_as_zip(path),
        })
    }

    fn read(&self, path: &Path, options: &ReadOptions) -> Result<LoadedDataset, DatasetError> {
        let (read, files) = if !path.is_dir() && !holds(path, &ONE_SET)? {
            (LoadedDataset::from_both(read_both(path, options)?), vec![path.to_owned()])
        } else if path.is_dir() || file_pair::has_training_name(path) {
            let files = file_pair::find(path, ENDING)?;
            let [training, test] = &files;
            let both = [read_one(training, options)?, read_one(test, options)?];
            (LoadedDataset::from_both(both), files.to_vec())
        } else {
            let (set, source_files) = read_one(path, options)?;
            let set = LoadedSets::Lone(set);
            (LoadedDataset::from_arrays(set, source_files), vec![path.to_owned()])
        };
        let mut warnings = Vec::new();
        for file in files {
            warnings.extend(unused(&file)?);
        }
        LoadedDataset { warnings, ..read }.with_class_names_of(path)
    }
}

/// Ending of the names of archives.
const ENDING: &str = "npz";
/// First bytes of a zip archive, the container of `.npz`.
const ZIP_MAGIC: [u8; 4] = *b"PK\x03\x04";

fn starts_as_zip(path: &Path) -> bool {
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

/// Reads an archive with one set.
fn read_one(
    path: &Path,
    options: &ReadOptions,
) -> Result<(SplitData, Vec<SourceFile>), DatasetError> {
    let mut archive = open(path)?;
    check_names(&archive, path, &ONE_SET)?;
    read_split(&mut archive, path, ONE_SET, options)
}

/// Reads an archive with both sets.
fn read_both(
    path: &Path,
    options: &ReadOptions,
) -> Result<[(SplitData, Vec<SourceFile>); 2], DatasetError> {
    let mut archive = open(path)?;
    check_names(&archive, path, BOTH_SETS.as_flattened())?;
    let mut split = |arrays| read_split(&mut archive, path, arrays, options);
    let [training, test] = BOTH_SETS;
    Ok([split(training)?, split(test)?])
}

fn read_split(
    archive: &mut Archive,
    path: &Path,
    [images, labels]: [&str; 2],
    options: &ReadOptions,
) -> Result<(SplitData, Vec<SourceFile>), DatasetError> {
    let source_file = |array: &str, shape: &[usize], kind: &str| SourceFile {
        file: format!("{}, array {array}", path.display()),
        format: format!("{kind}, shape {}, row by row", format_shape(shape)),
    };
    // Labels are small: check them before reading the images.
    let (reader, packed) = npy(archive, path, labels)?;
    let mut source_files = vec![source_file(labels, &reader.shape, "integers")];
    let labels = reader.read(packed)?.labels()?;
    let (reader, packed) = npy(archive, path, images)?;
    let reader = reader.require_bytes()?;
    let sizes = sizes(&reader.origin, &reader.shape, options)?;
    source_files.insert(0, source_file(images, &reader.shape, "unsigned bytes"));
    if !reader.shape.contains(&0) {
        check_label_count(&labels, reader.shape[0], &reader.origin)?;
    }
    let Npy { origin, bytes, .. } = reader.read(packed)?;
    let mut images = ByteArray::images(origin, sizes, bytes)?;
    images.scale(options.max_value)?;
    Ok((SplitData { images, labels }, source_files))
}

fn open(path: &Path) -> Result<Archive, DatasetError> {
    let location = || Location::whole(path.display().to_string());
    let open = || files::open_regular(path).map_err(DatasetError::read(location()));
    let archive =
        ZipArchive::new(BufReader::new(open()?)).map_err(|error| damaged(location(), error))?;
    let duplicate = zip_names::duplicate(&mut open()?, archive.central_directory_start());
    match duplicate.map_err(DatasetError::read(location()))? {
        Some(name) => {
            let found = format!("'{}' twice", sanitize(&name));
            let hint = "write the archive again with distinct names";
            Err(invalid_with_hint(location(), "distinct names", found, hint))
        }
        None => Ok(archive),
    }
}

/// Returns a warning that names arrays of images that are not used, if there are any.
fn unused(path: &Path) -> Result<Option<String>, DatasetError> {
    let used = if holds(path, &ONE_SET)? { &ONE_SET[..] } else { BOTH_SETS.as_flattened() };
    all_except(path, used)
}

/// Returns a warning that names all arrays except `used`, if there are any.
pub(super) fn all_except(path: &Path, used: &[&str]) -> Result<Option<String>, DatasetError> {
    let names = array_names(&open(path)?).into_iter();
    let others: Vec<String> = names.filter(|name| !used.contains(&name.as_str())).collect();
    let others = sanitize(&list_few(&others));
    Ok((!others.is_empty()).then(|| format!("{}: arrays not used: {others}", path.display())))
}

fn damaged(location: Location, error: ZipError) -> DatasetError {
    DatasetError::Npz { location, source: error.into() }
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
        Err(error) => Err(damaged(location, error)),
    }
}

/// Returns `[height, bytes per row]` of an array of images.
fn sizes(
    origin: &Origin,
    shape: &[usize],
    options: &ReadOptions,
) -> Result<[usize; 2], DatasetError> {
    match (shape, options.colour) {
        (&[_, height, width], false) => Ok([height, width]),
        (&[_, height, width, 3], true) => Ok([height, product(origin, &[width, 3])?]),
        (&[_, bytes], _) => options.row_shape(origin.at_size(1), bytes),
        (_, colour) => {
            let colours = if colour { ", 3" } else { "" };
            let expected =
                format!("the shape [images, height, width{colours}] or [images, values]");
            let hint = match shape {
                &[_, _, _, 3] => Some("--rgb reads three values per pixel"),
                &[_, _, _, 1] | &[_, 1, _, _] => {
                    Some("remove the axis of length 1 with images.reshape(n, height, width)")
                }
                &[_, 3, _, _] => Some("move the colours last with images.transpose(0, 2, 3, 1)"),
                _ => None,
            };
            Err(invalid(origin.at_size(0), expected, format_shape(shape)).with_hint(hint))
        }
    }
}
