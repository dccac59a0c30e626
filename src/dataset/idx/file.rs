//! One IDX file, plain or gzip: four magic bytes (0, 0, element type, number of dimensions), one big-endian `u32` per
//! dimension, then the elements, highest byte first.
//!
//! The header is not trusted: memory grows with the file's actual content, and reading stops one byte after the
//! announced length.

use std::io::Read;
use std::path::Path;

use flate2::read::MultiGzDecoder;

use super::super::array::{
    ByteArray, IMAGE_AXES, LABEL_AXES, check_data, data_length, format_sizes,
};
use super::super::error::{invalid, invalid_with_hint};
use super::super::gzip::{GZIP_MAGIC, read_error};
use super::super::location::Origin;
use super::super::pixel_scale::{NumberRange, PixelScale, scale_hint};
use super::super::{DatasetError, ReadOptions};
use super::element::Element;
use crate::files;

const MAGIC_LENGTH: usize = 4;
const SIZE_LENGTH: usize = 4;
/// Number of columns of QMNIST's labels, of which the first is the class.
const QMNIST_COLUMNS: usize = 8;

/// Axes of a file of images.
pub(super) const IMAGES: &[&[&str]] = &[&IMAGE_AXES];
/// Axes of a file of labels: one per image, or QMNIST's columns.
pub(super) const LABELS: &[&[&str]] = &[&LABEL_AXES, &["number of labels", "number of columns"]];

/// Elements of an IDX file.
pub(super) struct IdxArray {
    origin: Origin,
    pub sizes: Vec<usize>,
    pub element: Element,
    bytes: Vec<u8>,
}

impl IdxArray {
    /// Reads a file. `shapes`: names of the axes, per accepted number of dimensions.
    ///
    /// # Errors
    /// Returns an error if the file is unreadable, damaged, too large or invalid.
    pub fn open(path: &Path, shapes: &[&[&str]]) -> Result<IdxArray, DatasetError> {
        let file = path.display().to_string();
        let location = origin(&file, false, 0).at_byte(0);
        let open = files::open_regular(path).and_then(|file| Ok((file.metadata()?.len(), file)));
        let (length, reader) = open.map_err(DatasetError::read(location))?;
        IdxArray::read(reader, &file, shapes, Some(length))
    }

    /// Reads a file's content. `file` names it in errors.
    ///
    /// # Errors
    /// As [`IdxArray::open`].
    pub fn read(
        mut reader: impl Read,
        file: &str,
        shapes: &[&[&str]],
        file_length: Option<u64>,
    ) -> Result<IdxArray, DatasetError> {
        // Detect gzip by content, since file names are often wrong. An IDX file starts with a zero.
        let start = read_up_to(&mut reader, GZIP_MAGIC.len(), &origin(file, false, 0), 0)?;
        let is_compressed = start == GZIP_MAGIC;
        let whole = start.as_slice().chain(reader);
        match is_compressed {
            true => parse(MultiGzDecoder::new(whole), origin(file, true, 0), shapes, file_length),
            false => parse(whole, origin(file, false, 0), shapes, file_length),
        }
    }

    /// Describes the elements and their shape.
    pub fn describe(&self) -> String {
        format!("IDX, {}, {}, row by row", self.element.name(), format_sizes(&self.sizes))
    }

    /// Returns the values of elements that are `step` elements apart.
    fn values(&self, step: usize) -> impl Iterator<Item = f64> {
        let size = self.element.size();
        let elements = self.bytes.chunks_exact(size * step);
        elements.map(move |bytes| self.element.value(&bytes[..size]))
    }

    /// Returns the scale of the elements as pixels of a training set.
    ///
    /// # Errors
    /// Returns an error if they are on no known scale.
    pub fn scale(&self, options: &ReadOptions) -> Result<PixelScale, DatasetError> {
        if self.element == Element::Unsigned8 && options.max_value.is_none() {
            return Ok(PixelScale::Bytes);
        }
        PixelScale::of(self.range(), options.max_value, || self.origin.at_element(0))
    }

    /// Returns the range of all elements.
    pub fn range(&self) -> NumberRange {
        let mut range = NumberRange::default();
        self.values(1).for_each(|value| range.add(value));
        range
    }

    /// Returns the images, `[count, height, width]`.
    ///
    /// # Errors
    /// Returns an error if an element is not on the scale.
    pub fn images(self, scale: PixelScale) -> Result<ByteArray<3>, DatasetError> {
        let &[count, height, width] = &self.sizes[..] else {
            return Err(invalid(self.origin.at_byte(3), "3 dimensions", self.sizes.len()));
        };
        let sizes = [count, height, width];
        if (self.element, scale) == (Element::Unsigned8, PixelScale::Bytes) {
            return ByteArray::checked(self.origin, sizes, self.bytes, &IMAGE_AXES);
        }
        let mut bytes = Vec::with_capacity(self.bytes.len() / self.element.size());
        for (index, value) in self.values(1).enumerate() {
            let Some(byte) = scale.byte(value) else {
                let expected = format!("a pixel, {}", scale.numbers());
                let location = self.origin.at_element(index);
                return Err(invalid_with_hint(location, expected, value, scale_hint(value)));
            };
            bytes.push(byte);
        }
        ByteArray::checked(self.origin, sizes, bytes, &IMAGE_AXES)
    }

    /// Returns the labels, `[count]`: the first of QMNIST's columns, or the only one.
    ///
    /// # Errors
    /// Returns an error if there are other columns, or a label is no integer from 0 to 255.
    pub fn labels(self) -> Result<ByteArray<1>, DatasetError> {
        let columns = self.sizes.get(1).copied().unwrap_or(1);
        if columns != 1 && columns != QMNIST_COLUMNS {
            let expected = format!("one label per image, or {QMNIST_COLUMNS} columns as in QMNIST");
            return Err(invalid(self.origin.at_size(1), expected, format!("{columns} columns")));
        }
        let origin = match self.origin.clone() {
            Origin::Idx { file, compressed, header, stride } => {
                Origin::Idx { file, compressed, header, stride: stride * columns }
            }
            origin => origin,
        };
        let mut labels = Vec::with_capacity(self.sizes[0]);
        for (index, value) in self.values(columns).enumerate() {
            match PixelScale::Bytes.byte(value) {
                Some(label) => labels.push(label),
                None => {
                    return Err(invalid(origin.at_element(index), "a label from 0 to 255", value));
                }
            }
        }
        ByteArray::labels(origin, labels)
    }
}

fn origin(file: &str, compressed: bool, header: usize) -> Origin {
    Origin::Idx { file: file.to_string(), compressed, header, stride: 1 }
}

fn parse(
    mut reader: impl Read,
    start: Origin,
    shapes: &[&[&str]],
    file_length: Option<u64>,
) -> Result<IdxArray, DatasetError> {
    let header_length = |dimensions: usize| MAGIC_LENGTH + SIZE_LENGTH * dimensions;
    let usual = header_length(shapes.first().map_or(0, |axes| axes.len()));
    let magic = read_up_to(&mut reader, MAGIC_LENGTH, &start, 0)?;
    let short = |found: usize, expected: usize| {
        let expected = format!("a header of {expected} bytes");
        invalid(start.at_byte(found), expected, "the end of the file")
    };
    let &[first, second, element, dimensions] = &magic[..] else {
        return Err(short(magic.len(), usual));
    };
    if (first, second) != (0, 0) {
        let location = start.at_byte(usize::from(first == 0));
        let kind = files::kind_of_bytes(&magic).map(|kind| format!(" ({kind})"));
        let found = format!("{first:02x} {second:02x}{}", kind.unwrap_or_default());
        return Err(invalid(location, "an IDX file, which starts with the bytes 00 00", found));
    }
    let Some(element) = Element::of(element) else {
        let found = format!("{element:#04x}");
        return Err(invalid(start.at_byte(2), "an element type of IDX, 0x08 to 0x0e", found));
    };
    let Some(axes) = shapes.iter().find(|axes| axes.len() == usize::from(dimensions)) else {
        let shapes: Vec<String> = shapes
            .iter()
            .map(|axes| format!("{} dimension(s) ({})", axes.len(), axes.join(", ")))
            .collect();
        return Err(invalid(start.at_byte(3), shapes.join(" or "), dimensions));
    };
    let header = header_length(axes.len());
    let words = read_up_to(&mut reader, header - MAGIC_LENGTH, &start, MAGIC_LENGTH)?;
    if words.len() < header - MAGIC_LENGTH {
        return Err(short(MAGIC_LENGTH + words.len(), header));
    }
    let origin = match start {
        Origin::Idx { file, compressed, .. } => {
            Origin::Idx { file, compressed, header, stride: element.size() }
        }
        origin => origin,
    };
    let (words, _) = words.as_chunks::<SIZE_LENGTH>();
    let sizes: Vec<usize> = words.iter().map(|&word| u32::from_be_bytes(word) as usize).collect();
    let length = data_length(&origin, &sizes, element.size())?;
    check_length(&origin, length, file_length, |available| {
        check_data(&origin, &sizes, axes, element.size(), available)
    })?;
    // The byte after the data shows whether the file is longer, and makes the gzip decoder check the stream's checksum.
    let bytes = read_up_to(&mut reader, length + 1, &origin, header)?;
    check_data(&origin, &sizes, axes, element.size(), bytes.len())?;
    Ok(IdxArray { origin, sizes, element, bytes })
}

/// Checks that the announced `length` is in the file and fits into memory. `check` checks the length of the data.
fn check_length(
    origin: &Origin,
    length: usize,
    file_length: Option<u64>,
    check: impl FnOnce(usize) -> Result<(), DatasetError>,
) -> Result<(), DatasetError> {
    let is_plain = !matches!(origin, Origin::Idx { compressed: true, .. });
    if let (Some(file_length), Origin::Idx { header, .. }) = (file_length, origin) {
        let available = file_length.saturating_sub(*header as u64);
        if is_plain && available < length as u64 {
            return check(available as usize);
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
        Err(source) => {
            let is_compressed = matches!(origin, Origin::Idx { compressed: true, .. });
            let location = origin.at_byte(offset + bytes.len());
            Err(read_error(location, is_compressed, source))
        }
    }
}
