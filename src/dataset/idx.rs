//! Reads IDX files, plain or gzip: four magic bytes (0, 0, element type, number of dimensions), one big-endian `u32`
//! per dimension, then the data. Only unsigned bytes are supported, the type of MNIST and its relatives.
//!
//! The header is not trusted: memory grows with the file's actual content, and reading stops one byte after the
//! announced length.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;

use super::array::{ByteArray, IMAGE_AXES, LABEL_AXES, format_sizes, product};
use super::error::invalid;
use super::format::DataFormat;
use super::loaded::LoadedSets;
use super::location::Origin;
use super::{DatasetError, LoadedDataset, Location, ReadOptions, SourceFile, SplitData};
use crate::files;

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
const UNSIGNED_BYTE: u8 = 0x08;
const MAGIC_LENGTH: usize = 4;
const SIZE_LENGTH: usize = 4;

/// Stem and ending of the four files: training images and labels, test images and labels.
pub(super) const FILE_STEMS: [(&str, &str); 4] = [
    ("train-images", "idx3-ubyte"),
    ("train-labels", "idx1-ubyte"),
    ("t10k-images", "idx3-ubyte"),
    ("t10k-labels", "idx1-ubyte"),
];

fn type_name(element_type: u8) -> &'static str {
    match element_type {
        0x09 => "signed bytes",
        0x0b => "16-bit integers",
        0x0c => "32-bit integers",
        0x0d => "32-bit floats",
        0x0e => "64-bit floats",
        _ => "a type unknown to IDX",
    }
}

/// A folder of four IDX files.
pub(super) struct IdxFiles;

impl DataFormat for IdxFiles {
    fn folder_content(&self) -> Option<&'static str> {
        Some("the four IDX files")
    }

    fn file_kind(&self) -> Option<&'static str> {
        None
    }

    fn detect(&self, path: &Path) -> Result<bool, DatasetError> {
        Ok(FILE_STEMS.iter().any(|(stem, kind)| find(path, stem, kind).is_ok()))
    }

    fn read(&self, path: &Path, options: &ReadOptions) -> Result<LoadedDataset, DatasetError> {
        if options.colour {
            let location = Location::whole(path.display().to_string());
            return Err(invalid(location, "colour images", "IDX files, which are grey"));
        }
        let (mut splits, source_files) = read_folder(path)?;
        for split in &mut splits {
            split.images.scale(options.max_value)?;
        }
        LoadedDataset::from_arrays(LoadedSets::Both(splits), source_files).with_class_names_of(path)
    }
}

/// Reads the training and the test set of a folder.
fn read_folder(folder: &Path) -> Result<([SplitData; 2], Vec<SourceFile>), DatasetError> {
    // Check that all four exist before reading the large one.
    let [images, labels, test_images, test_labels] =
        FILE_STEMS.map(|(stem, kind)| find(folder, stem, kind));
    let [training, test] = [(images?, labels?), (test_images?, test_labels?)];
    let mut source_files = Vec::new();
    let mut split = |(images, labels): (PathBuf, PathBuf)| -> Result<SplitData, DatasetError> {
        // Labels are small: check them before reading the images.
        let labels = (open_labels(&labels)?, labels);
        let images = (open_images(&images)?, images);
        for (path, sizes) in [(&images.1, &images.0.sizes[..]), (&labels.1, &labels.0.sizes[..])] {
            let format = format!("IDX, unsigned bytes, {}, row by row", format_sizes(sizes));
            source_files.push(SourceFile { file: path.display().to_string(), format });
        }
        Ok(SplitData { images: images.0, labels: labels.0 })
    };
    let splits = [split(training)?, split(test)?];
    Ok((splits, source_files))
}

/// Reads the images of a file, `[count, height, width]`.
///
/// # Errors
/// Returns an error as [`read_images`] does, or if the file cannot be opened.
pub fn open_images(path: &Path) -> Result<ByteArray<3>, DatasetError> {
    open(path, &IMAGE_AXES)
}

fn open_labels(path: &Path) -> Result<ByteArray<1>, DatasetError> {
    open(path, &LABEL_AXES)
}

fn open<const D: usize>(path: &Path, axes: &[&str; D]) -> Result<ByteArray<D>, DatasetError> {
    let file = path.display().to_string();
    let location = Origin::Idx { file: file.clone(), compressed: false, header: 0 };
    let open = files::open_regular(path).and_then(|file| Ok((file.metadata()?.len(), file)));
    let (length, reader) = open.map_err(DatasetError::read(location.at_byte(0)))?;
    read(reader, &file, axes, Some(length))
}

/// Reads images, `[count, height, width]`. `file` names them in errors.
///
/// # Errors
/// Returns [`DatasetError::Read`], [`DatasetError::Gzip`], [`DatasetError::Memory`] or [`DatasetError::Invalid`] if the
/// file is unreadable, damaged, too large or invalid.
pub fn read_images(reader: impl Read, file: &str) -> Result<ByteArray<3>, DatasetError> {
    read(reader, file, &IMAGE_AXES, None)
}

/// Reads labels, `[count]`. `file` names them in errors.
///
/// # Errors
/// Returns an error as [`read_images`] does.
pub fn read_labels(reader: impl Read, file: &str) -> Result<ByteArray<1>, DatasetError> {
    read(reader, file, &LABEL_AXES, None)
}

fn read<const D: usize>(
    mut reader: impl Read,
    file: &str,
    axes: &[&str; D],
    file_length: Option<u64>,
) -> Result<ByteArray<D>, DatasetError> {
    let header = MAGIC_LENGTH + SIZE_LENGTH * D;
    let origin = |compressed| Origin::Idx { file: file.to_owned(), compressed, header };
    // Detect gzip by content, since file names are often wrong. An IDX file starts with a zero.
    let start = read_up_to(&mut reader, GZIP_MAGIC.len(), &origin(false), 0)?;
    let compressed = start == GZIP_MAGIC;
    let whole = start.as_slice().chain(reader);
    if compressed {
        parse(MultiGzDecoder::new(whole), origin(true), header, axes, file_length)
    } else {
        parse(whole, origin(false), header, axes, file_length)
    }
}

fn parse<const D: usize>(
    mut reader: impl Read,
    origin: Origin,
    header_length: usize,
    axes: &[&str; D],
    file_length: Option<u64>,
) -> Result<ByteArray<D>, DatasetError> {
    let header = read_up_to(&mut reader, header_length, &origin, 0)?;
    let short = || {
        let expected = format!("a header of {header_length} bytes");
        invalid(origin.at_byte(header.len()), expected, "the end of the file")
    };
    let (&[first, second, element_type, dimensions], sizes) =
        header.split_first_chunk().ok_or_else(short)?;
    if (first, second) != (0, 0) {
        let location = origin.at_byte(usize::from(first == 0));
        let kind = files::kind_of_bytes(&header).map(|kind| format!(" ({kind})"));
        let found = format!("{first:02x} {second:02x}{}", kind.unwrap_or_default());
        return Err(invalid(location, "an IDX file, which starts with the bytes 00 00", found));
    }
    if element_type != UNSIGNED_BYTE {
        let found = format!("{} (type {element_type:#04x})", type_name(element_type));
        return Err(invalid(origin.at_byte(2), "unsigned bytes (type 0x08)", found));
    }
    if usize::from(dimensions) != D {
        let expected = format!("{D} dimension(s) ({})", axes.join(", "));
        return Err(invalid(origin.at_byte(3), expected, dimensions));
    }
    if header.len() < header_length {
        return Err(short());
    }
    let (words, _) = sizes.as_chunks::<SIZE_LENGTH>();
    let sizes: [usize; D] = std::array::from_fn(|axis| u32::from_be_bytes(words[axis]) as usize);
    // The byte after the data shows whether the file is longer, and makes the gzip decoder check the stream's checksum.
    let limit = product(&origin, &sizes)? + 1;
    check_length(&origin, &sizes, limit - 1, file_length)?;
    let bytes = read_up_to(&mut reader, limit, &origin, header_length)?;
    ByteArray::checked(origin, sizes, bytes, axes)
}

/// Checks that the announced `length` is in the file and fits into memory.
fn check_length(
    origin: &Origin,
    sizes: &[usize],
    length: usize,
    file_length: Option<u64>,
) -> Result<(), DatasetError> {
    let is_plain = !matches!(origin, Origin::Idx { compressed: true, .. });
    if let (Some(file_length), Origin::Idx { header, .. }) = (file_length, origin) {
        let available = file_length.saturating_sub(*header as u64);
        if is_plain && available < length as u64 {
            let expected = format!("{length} bytes of data ({})", format_sizes(sizes));
            return Err(invalid(origin.at_element(available as usize), expected, available));
        }
        if !is_plain {
            files::check_expansion(file_length, length as u64)
                .map_err(DatasetError::memory(origin.at_size(0)))?;
        }
    }
    files::check_memory(length as u64, "its content")
        .map_err(DatasetError::memory(origin.at_size(0)))
}

/// Reads up to `limit` bytes. `offset`: position of the reader.
fn read_up_to(
    reader: &mut impl Read,
    limit: usize,
    origin: &Origin,
    offset: usize,
) -> Result<Vec<u8>, DatasetError> {
    let mut bytes = Vec::new();
    match reader.take(limit as u64).read_to_end(&mut bytes) {
        Ok(_) => Ok(bytes),
        Err(source) => Err(cannot_read(origin, offset + bytes.len(), source)),
    }
}

fn cannot_read(origin: &Origin, offset: usize, source: io::Error) -> DatasetError {
    use io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
    let location = origin.at_byte(offset);
    match (source.kind(), origin) {
        (InvalidData | InvalidInput | UnexpectedEof, Origin::Idx { compressed: true, .. }) => {
            DatasetError::Gzip { location, source }
        }
        _ => DatasetError::Read { location, source },
    }
}

fn find(folder: &Path, stem: &str, kind: &str) -> Result<PathBuf, DatasetError> {
    let names = ["-", "."].map(|separator| format!("{stem}{separator}{kind}"));
    let names = names.map(|name| [name.clone(), name + ".gz"]).concat();
    // Some archives unpack each file into a folder of its name, so skip folders.
    let found = names.iter().map(|name| folder.join(name)).find(|path| path.is_file());
    found.ok_or_else(|| {
        let (folder, names) = (folder.to_owned(), names.join(", "));
        DatasetError::MissingFile { folder, names }
    })
}
