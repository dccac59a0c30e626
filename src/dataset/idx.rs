//! Reads one IDX file, plain or gzip: four magic bytes (0, 0, element type, number of dimensions),
//! one big-endian `u32` a dimension, then the data. Only unsigned bytes are read, as MNIST and its
//! relatives hold them.
//!
//! The header is never trusted: memory grows with what the file really holds, and no more is read
//! than the header promises and one byte.

use std::cmp::Ordering;
use std::fmt;
use std::io::{self, Read};

use flate2::read::MultiGzDecoder;

use super::{DatasetError, fault};

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
const UNSIGNED_BYTE: u8 = 0x08;
const MAGIC_LENGTH: usize = 4;
const SIZE_LENGTH: usize = 4;

const IMAGE_AXES: [&str; 3] = ["number of images", "height", "width"];
const LABEL_AXES: [&str; 1] = ["number of labels"];

/// A byte of a file; prints as `FILE, byte offset 16`. Inside a gzip file the offset counts
/// decompressed bytes, and the text says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file, or what a block of memory holds.
    pub file: String,
    /// Bytes from the start.
    pub offset: usize,
    /// Whether the offset counts decompressed bytes.
    pub decompressed: bool,
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}, byte offset {}", self.file, self.offset)?;
        if self.decompressed {
            formatter.write_str(" of the decompressed content")?;
        }
        Ok(())
    }
}

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

/// Where the bytes came from, to say later where in the file one of them lies.
#[derive(Clone, Debug)]
pub(super) struct Origin {
    pub(super) file: String,
    compressed: bool,
    /// Bytes before the data: none in memory.
    header: usize,
}

impl Origin {
    fn memory(what: String) -> Origin {
        Origin { file: what, compressed: false, header: 0 }
    }

    fn place(&self, offset: usize) -> Place {
        Place { file: self.file.clone(), offset, decompressed: self.compressed }
    }

    pub(super) fn of_data(&self, index: usize) -> Place {
        self.place(self.header + index)
    }

    /// Where the size of an axis is written; a block of memory has no such place.
    pub(super) fn of_size(&self, axis: usize) -> Place {
        self.place(if self.header == 0 { 0 } else { MAGIC_LENGTH + SIZE_LENGTH * axis })
    }

    fn cannot_read(&self, offset: usize, source: io::Error) -> DatasetError {
        use io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
        let place = self.place(offset);
        match source.kind() {
            InvalidData | InvalidInput | UnexpectedEof if self.compressed => {
                DatasetError::Gzip { place, source }
            }
            _ => DatasetError::Read { place, source },
        }
    }
}

/// An array of unsigned bytes with `D` dimensions, each at least 1: `[count, height, width]` for
/// images, `[count]` for labels.
#[derive(Clone, Debug)]
pub struct IdxArray<const D: usize> {
    /// Elements along each axis.
    pub sizes: [usize; D],
    /// Row-major, as many as the product of `sizes`.
    pub bytes: Vec<u8>,
    pub(super) origin: Origin,
}

impl IdxArray<3> {
    /// Reads images, `[count, height, width]`; `file` names them in errors.
    ///
    /// # Errors
    /// [`DatasetError::Read`], [`DatasetError::Gzip`] or [`DatasetError::Content`].
    pub fn read_images(reader: impl Read, file: &str) -> Result<Self, DatasetError> {
        read(reader, file, &IMAGE_AXES)
    }

    /// As many images of this height and width as `bytes` holds.
    pub(super) fn images_in_memory(
        what: String,
        height: usize,
        width: usize,
        bytes: Vec<u8>,
    ) -> Result<Self, DatasetError> {
        let origin = Origin::memory(what);
        let pixels = product(&origin, &[height, width])?;
        // Rounded up, so that a part of an image is found to be too short.
        let sizes = [bytes.len().div_ceil(pixels.max(1)), height, width];
        checked(origin, sizes, bytes, &IMAGE_AXES)
    }
}

impl IdxArray<1> {
    /// Reads labels, `[count]`; `file` names them in errors.
    ///
    /// # Errors
    /// [`DatasetError::Read`], [`DatasetError::Gzip`] or [`DatasetError::Content`].
    pub fn read_labels(reader: impl Read, file: &str) -> Result<Self, DatasetError> {
        read(reader, file, &LABEL_AXES)
    }

    pub(super) fn labels_in_memory(what: String, bytes: Vec<u8>) -> Result<Self, DatasetError> {
        checked(Origin::memory(what), [bytes.len()], bytes, &LABEL_AXES)
    }
}

fn read<const D: usize>(
    mut reader: impl Read,
    file: &str,
    axes: &[&str; D],
) -> Result<IdxArray<D>, DatasetError> {
    let header = MAGIC_LENGTH + SIZE_LENGTH * D;
    let mut origin = Origin { file: file.to_owned(), compressed: false, header };
    // An IDX file starts with a zero, so the content tells it from gzip; names are often wrong.
    let start = read_up_to(&mut reader, GZIP_MAGIC.len(), &origin, 0)?;
    origin.compressed = start == GZIP_MAGIC;
    let whole = start.as_slice().chain(reader);
    if origin.compressed {
        parse(MultiGzDecoder::new(whole), origin, axes)
    } else {
        parse(whole, origin, axes)
    }
}

fn parse<const D: usize>(
    mut reader: impl Read,
    origin: Origin,
    axes: &[&str; D],
) -> Result<IdxArray<D>, DatasetError> {
    let header = read_up_to(&mut reader, origin.header, &origin, 0)?;
    let short = || {
        let expected = format!("a header of {} bytes", origin.header);
        fault(origin.place(header.len()), expected, "the end of the file")
    };
    let (&[first, second, element_type, dimensions], sizes) =
        header.split_first_chunk().ok_or_else(short)?;
    if (first, second) != (0, 0) {
        let place = origin.place(usize::from(first == 0));
        let found = format!("{first:02x} {second:02x}");
        return Err(fault(place, "an IDX file, which starts with the bytes 00 00", found));
    }
    if element_type != UNSIGNED_BYTE {
        let found = format!("{} (type {element_type:#04x})", type_name(element_type));
        return Err(fault(origin.place(2), "unsigned bytes (type 0x08)", found));
    }
    if usize::from(dimensions) != D {
        let expected = format!("{D} dimension(s) ({})", axes.join(", "));
        return Err(fault(origin.place(3), expected, dimensions));
    }
    if header.len() < origin.header {
        return Err(short());
    }
    let (words, _) = sizes.as_chunks::<SIZE_LENGTH>();
    let sizes: [usize; D] = std::array::from_fn(|axis| u32::from_be_bytes(words[axis]) as usize);
    // The byte beyond the data shows whether the file ends where it should, and makes the gzip
    // decoder reach the stream's checksum.
    let limit = product(&origin, &sizes)? + 1;
    let bytes = read_up_to(&mut reader, limit, &origin, origin.header)?;
    checked(origin, sizes, bytes, axes)
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
        Err(source) => Err(origin.cannot_read(offset + bytes.len(), source)),
    }
}

fn product(origin: &Origin, sizes: &[usize]) -> Result<usize, DatasetError> {
    let largest = isize::MAX as usize - origin.header - 1;
    match sizes.iter().try_fold(1_usize, |product, &size| product.checked_mul(size)) {
        Some(product) if product <= largest => Ok(product),
        _ => Err(fault(origin.of_size(0), "sizes that fit in memory", shape(sizes) + " bytes")),
    }
}

fn checked<const D: usize>(
    origin: Origin,
    sizes: [usize; D],
    bytes: Vec<u8>,
    axes: &[&str; D],
) -> Result<IdxArray<D>, DatasetError> {
    // Without height or width memory holds no images either: the last zero is the cause.
    if let Some(axis) = sizes.iter().rposition(|&size| size == 0) {
        let expected = format!("a {} of at least 1", axes[axis]);
        return Err(fault(origin.of_size(axis), expected, 0));
    }
    let length = product(&origin, &sizes)?;
    let expected = format!("{length} bytes of data ({})", shape(&sizes));
    match bytes.len().cmp(&length) {
        Ordering::Less => Err(fault(origin.of_data(bytes.len()), expected, bytes.len())),
        Ordering::Greater => Err(fault(origin.of_data(length), expected, "more")),
        Ordering::Equal => Ok(IdxArray { sizes, bytes, origin }),
    }
}

fn shape(sizes: &[usize]) -> String {
    sizes.iter().map(usize::to_string).collect::<Vec<_>>().join(" x ")
}
