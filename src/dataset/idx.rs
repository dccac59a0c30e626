//! Reads one IDX file, plain or gzip: four magic bytes (0, 0, element type, number of dimensions),
//! one big-endian `u32` a dimension, then the data. Only unsigned bytes are read, as MNIST and its
//! relatives hold them.
//!
//! The header is never trusted: memory grows with what the file really holds, and no more is read
//! than the header promises and one byte.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;

use super::array::{ByteArray, IMAGE_AXES, LABEL_AXES, product};
use super::place::Origin;
use super::{DatasetError, Half, fault};

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
const UNSIGNED_BYTE: u8 = 0x08;
const MAGIC_LENGTH: usize = 4;
const SIZE_LENGTH: usize = 4;

/// The names of the four files without their endings: images and labels to train on, and to test on.
pub(super) const STEMS: [(&str, &str); 4] = [
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
        _ => "a type that IDX does not know",
    }
}

/// Whether any of the four files is in a folder.
pub(super) fn is_there(folder: &Path) -> bool {
    STEMS.iter().any(|(stem, kind)| find(folder, stem, kind).is_ok())
}

/// The training and the test set of a folder.
pub(super) fn read_folder(folder: &Path) -> Result<[Half; 2], DatasetError> {
    // All four are found before the first, large one is read.
    let [images, labels, test_images, test_labels] =
        STEMS.map(|(stem, kind)| find(folder, stem, kind));
    let [training, test] = [(images?, labels?), (test_images?, test_labels?)];
    let half = |(images, labels): (PathBuf, PathBuf)| -> Result<Half, DatasetError> {
        Ok(Half { images: open_images(&images)?, labels: open_labels(&labels)? })
    };
    Ok([half(training)?, half(test)?])
}

/// Reads the images of a file, `[count, height, width]`.
///
/// # Errors
/// As [`read_images`], and when the file cannot be opened.
pub fn open_images(path: &Path) -> Result<ByteArray<3>, DatasetError> {
    read_images(open_file(path)?, &path.display().to_string())
}

fn open_labels(path: &Path) -> Result<ByteArray<1>, DatasetError> {
    read_labels(open_file(path)?, &path.display().to_string())
}

/// Reads images, `[count, height, width]`; `file` names them in errors.
///
/// # Errors
/// [`DatasetError::Read`], [`DatasetError::Gzip`] or [`DatasetError::Content`].
pub fn read_images(reader: impl Read, file: &str) -> Result<ByteArray<3>, DatasetError> {
    read(reader, file, &IMAGE_AXES)
}

/// Reads labels, `[count]`; `file` names them in errors.
///
/// # Errors
/// [`DatasetError::Read`], [`DatasetError::Gzip`] or [`DatasetError::Content`].
pub fn read_labels(reader: impl Read, file: &str) -> Result<ByteArray<1>, DatasetError> {
    read(reader, file, &LABEL_AXES)
}

fn read<const D: usize>(
    mut reader: impl Read,
    file: &str,
    axes: &[&str; D],
) -> Result<ByteArray<D>, DatasetError> {
    let header = MAGIC_LENGTH + SIZE_LENGTH * D;
    let origin = |compressed| Origin::Idx { file: file.to_owned(), compressed, header };
    // An IDX file starts with a zero, so the content tells it from gzip; names are often wrong.
    let start = read_up_to(&mut reader, GZIP_MAGIC.len(), &origin(false), 0)?;
    let compressed = start == GZIP_MAGIC;
    let whole = start.as_slice().chain(reader);
    if compressed {
        parse(MultiGzDecoder::new(whole), origin(true), header, axes)
    } else {
        parse(whole, origin(false), header, axes)
    }
}

fn parse<const D: usize>(
    mut reader: impl Read,
    origin: Origin,
    header_length: usize,
    axes: &[&str; D],
) -> Result<ByteArray<D>, DatasetError> {
    let header = read_up_to(&mut reader, header_length, &origin, 0)?;
    let short = || {
        let expected = format!("a header of {header_length} bytes");
        fault(origin.byte(header.len()), expected, "the end of the file")
    };
    let (&[first, second, element_type, dimensions], sizes) =
        header.split_first_chunk().ok_or_else(short)?;
    if (first, second) != (0, 0) {
        let place = origin.byte(usize::from(first == 0));
        let found = format!("{first:02x} {second:02x}");
        return Err(fault(place, "an IDX file, which starts with the bytes 00 00", found));
    }
    if element_type != UNSIGNED_BYTE {
        let found = format!("{} (type {element_type:#04x})", type_name(element_type));
        return Err(fault(origin.byte(2), "unsigned bytes (type 0x08)", found));
    }
    if usize::from(dimensions) != D {
        let expected = format!("{D} dimension(s) ({})", axes.join(", "));
        return Err(fault(origin.byte(3), expected, dimensions));
    }
    if header.len() < header_length {
        return Err(short());
    }
    let (words, _) = sizes.as_chunks::<SIZE_LENGTH>();
    let sizes: [usize; D] = std::array::from_fn(|axis| u32::from_be_bytes(words[axis]) as usize);
    // The byte beyond the data shows whether the file ends where it should, and makes the gzip
    // decoder reach the stream's checksum.
    let limit = product(&origin, &sizes)? + 1;
    let bytes = read_up_to(&mut reader, limit, &origin, header_length)?;
    ByteArray::checked(origin, sizes, bytes, axes)
}

/// Reads `limit` bytes, or fewer where the reader ends; `offset` is where it stands now.
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
    let place = origin.byte(offset);
    match (source.kind(), origin) {
        (InvalidData | InvalidInput | UnexpectedEof, Origin::Idx { compressed: true, .. }) => {
            DatasetError::Gzip { place, source }
        }
        _ => DatasetError::Read { place, source },
    }
}

fn find(folder: &Path, stem: &str, kind: &str) -> Result<PathBuf, DatasetError> {
    let names = ["-", "."].map(|separator| format!("{stem}{separator}{kind}"));
    let names = names.map(|name| [name.clone(), name + ".gz"]).concat();
    // A folder of that name does not count: some archives unpack each file into one.
    let found = names.iter().map(|name| folder.join(name)).find(|path| path.is_file());
    found.ok_or_else(|| {
        let (folder, names) = (folder.to_owned(), names.join(", "));
        DatasetError::Missing { folder, names }
    })
}

fn open_file(path: &Path) -> Result<File, DatasetError> {
    let place = Origin::Idx { file: path.display().to_string(), compressed: false, header: 0 };
    File::open(path).map_err(DatasetError::read(place.byte(0)))
}
