//! Reads one array in numpy's format: a header in Python notation, then the elements.
//!
//! Parses the header itself, since npyz multiplies sizes without an overflow check and follows nested brackets to any
//! depth.

use std::io::{self, Read};

use super::DatasetError;
use super::array::{ByteArray, format_sizes, product};
use super::error::{invalid, invalid_with_hint};
use super::location::Origin;
use crate::files;

const MAGIC: [u8; 6] = *b"\x93NUMPY";
/// Longest accepted header, bytes; numpy's own have 128.
const MAX_HEADER: usize = 4096;
/// Number of header characters that an error shows.
const MAX_HEADER_SHOWN: usize = 200;

/// An array as stored in its file.
pub(super) struct Npy {
    pub(super) origin: Origin,
    pub(super) shape: Vec<usize>,
    pub(super) bytes: Vec<u8>,
    /// Element type, such as `|u1` or `<i8`.
    kind: String,
}

/// An array whose header was read and whose elements were not.
pub(super) struct NpyReader<R> {
    pub(super) origin: Origin,
    pub(super) shape: Vec<usize>,
    reader: R,
    /// Length of the data that the header announces, bytes.
    length: usize,
    kind: String,
}

/// Reads the header of an array. `size`: length of header and data, bytes.
pub(super) fn open<R: Read>(
    mut reader: R,
    size: u64,
    origin: Origin,
) -> Result<NpyReader<R>, DatasetError> {
    let damaged = |source| DatasetError::Npz { location: origin.at_size(0), source };
    let (header, header_length) = header(&mut reader).map_err(damaged)?;
    let malformed = |found: &str| {
        let shown: String = found.chars().take(MAX_HEADER_SHOWN).collect();
        invalid(origin.at_size(0), "an array as numpy.save writes it", format!("'{shown}'"))
    };
    let wrong = || malformed(header.trim());
    let kind = value(&header, "descr").and_then(quoted).ok_or_else(wrong)?;
    let shape = value(&header, "shape").and_then(sizes).ok_or_else(wrong)?;
    let is_by_columns = value(&header, "fortran_order").ok_or_else(wrong)?.starts_with("True");
    if is_by_columns && shape.len() > 1 {
        let expected = "a row-major array (numpy.ascontiguousarray makes one)";
        return Err(invalid(origin.at_size(0), expected, "Fortran order"));
    }
    let element = kind.get(2..).and_then(|size| size.parse::<usize>().ok());
    let element = element.filter(|size| (1..=8).contains(size)).ok_or_else(|| malformed(kind))?;
    let length = product(&origin, &[&shape[..], &[element]].concat())?;
    let available = size.saturating_sub(header_length as u64);
    if available < length as u64 {
        return Err(invalid(origin.at_size(0), format!("{length} bytes of data"), available));
    }
    let kind = kind.to_string();
    Ok(NpyReader { origin, shape, reader, length, kind })
}

impl<R: Read> NpyReader<R> {
    /// Checks that the elements are unsigned bytes.
    ///
    /// # Errors
    /// Returns an error with a conversion if they are not.
    pub(super) fn require_bytes(self) -> Result<Self, DatasetError> {
        let hint = match self.kind.as_str() {
            "|u1" | "<u1" | ">u1" => return Ok(self),
            kind if kind.contains('f') => {
                "convert with numpy.rint(255 * images / white).astype('uint8'), white being the brightest value"
            }
            kind if kind.contains('b') => "convert with 255 * images.astype('uint8')",
            _ => "convert with images.astype('uint8') if no value exceeds 255",
        };
        let expected = "unsigned bytes from 0 to 255 (|u1, numpy's uint8)";
        Err(invalid_with_hint(self.origin.at_size(0), expected, &self.kind, hint))
    }

    /// Reads the elements, at most one byte more than announced. `packed`: compressed length in the archive, bytes.
    pub(super) fn read(self, packed: u64) -> Result<Npy, DatasetError> {
        let NpyReader { origin, shape, reader, length, kind } = self;
        let fits = files::check_expansion(packed, length as u64)
            .and_then(|()| files::check_memory(length as u64, "the array"));
        fits.map_err(DatasetError::memory(origin.at_size(0)))?;
        let mut bytes = Vec::new();
        // Reading past the data makes the archive's reader check its checksum.
        reader
            .take(length as u64 + 1)
            .read_to_end(&mut bytes)
            .map_err(|source| DatasetError::Npz { location: origin.at_size(0), source })?;
        let found = bytes.len();
        if found != length {
            let found = if found > length { "more".to_string() } else { found.to_string() };
            return Err(invalid(origin.at_size(0), format!("{length} bytes of data"), found));
        }
        Ok(Npy { origin, shape, bytes, kind })
    }
}

impl Npy {
    /// Returns the labels, `[count]`.
    ///
    /// # Errors
    /// Returns an error if the shape differs or an element is no integer from 0 to 255.
    pub(super) fn labels(self) -> Result<ByteArray<1>, DatasetError> {
        let Npy { origin, shape, bytes, kind } = self;
        if !matches!(shape[..], [_] | [_, 1]) {
            let hint = match shape[..] {
                [_, _] => "convert one-hot labels with labels.argmax(axis=1)",
                _ => "convert with labels.reshape(-1) if there is one label per image",
            };
            let found = format_shape(&shape);
            return Err(invalid_with_hint(origin.at_size(0), "the shape [labels]", found, hint));
        }
        let is_whole = matches!(kind.as_bytes(), [_, b'i' | b'u', _]);
        let size = kind.get(2..).and_then(|size| size.parse::<usize>().ok());
        let (true, Some(size)) = (is_whole, size) else {
            let hint = "convert numbers with labels.astype('int64'); number text labels first";
            let expected = "integers (such as numpy's int64)";
            return Err(invalid_with_hint(origin.at_size(0), expected, kind, hint));
        };
        let mut labels = Vec::with_capacity(bytes.len() / size);
        for (index, element) in bytes.chunks(size).enumerate() {
            // The least significant byte is the label if all others are 0.
            let lowest = if kind.starts_with('>') { size - 1 } else { 0 };
            let others = element.iter().enumerate().filter(|&(at, _)| at != lowest);
            let is_negative = kind.contains('i') && size == 1 && element[0] > i8::MAX as u8;
            if is_negative || others.clone().any(|(_, &byte)| byte != 0) {
                let found = "another value";
                return Err(invalid(origin.at_element(index), "a label from 0 to 255", found));
            }
            labels.push(element[lowest]);
        }
        ByteArray::labels(origin, labels)
    }
}

/// Conversion of stored elements to numbers.
impl Npy {
    /// Whether the elements are floats.
    pub(super) fn is_float(&self) -> bool {
        matches!(self.kind.as_bytes(), [_, b'f', _])
    }

    /// Returns the elements, lowest byte first, and their size.
    fn elements(&self) -> (impl Iterator<Item = [u8; 8]>, usize) {
        let size = self.kind.get(2..).and_then(|size| size.parse::<usize>().ok()).unwrap_or(1);
        let is_big = self.kind.starts_with('>');
        let element = move |bytes: &[u8]| {
            let mut element = [0; 8];
            for (index, &byte) in bytes.iter().enumerate() {
                element[if is_big { size - 1 - index } else { index }] = byte;
            }
            element
        };
        (self.bytes.chunks_exact(size).map(element), size)
    }

    /// Returns the elements as integers.
    ///
    /// # Errors
    /// Returns an error unless the elements are integers below 2^63.
    pub(super) fn integers(&self) -> Result<Vec<i64>, DatasetError> {
        let is_signed = match self.kind.as_bytes() {
            [_, b'i', _] => true,
            [_, b'u', _] => false,
            _ => {
                let expected = "integers (such as numpy's int64)";
                return Err(invalid(self.origin.at_size(0), expected, &self.kind));
            }
        };
        let (elements, size) = self.elements();
        let unused = 64 - 8 * size as u32;
        let integer = |(index, element): (usize, [u8; 8])| {
            let value = u64::from_le_bytes(element);
            match i64::try_from(value) {
                _ if is_signed => Ok((value << unused) as i64 >> unused),
                Ok(value) => Ok(value),
                Err(_) => {
                    Err(invalid(self.origin.at_element(index), "an integer below 2^63", value))
                }
            }
        };
        elements.enumerate().map(integer).collect()
    }

    /// Returns the elements as floats.
    ///
    /// # Errors
    /// Returns an error unless the elements are floats of 2, 4 or 8 bytes.
    pub(super) fn floats(&self) -> Result<Vec<f64>, DatasetError> {
        let (elements, size) = self.elements();
        let bits = elements.map(u64::from_le_bytes);
        match (self.is_float(), size) {
            (true, 8) => Ok(bits.map(f64::from_bits).collect()),
            (true, 4) => Ok(bits.map(|bits| f32::from_bits(bits as u32).into()).collect()),
            (true, 2) => Ok(bits.map(|bits| half_to_f64(bits as u16)).collect()),
            _ => {
                let expected = "floats of 2, 4 or 8 bytes (such as numpy's float32)";
                Err(invalid(self.origin.at_size(0), expected, &self.kind))
            }
        }
    }
}

/// Returns the value of a float of 16 bits. Exact.
pub(super) fn half_to_f64(bits: u16) -> f64 {
    let fraction = f64::from(bits & 0x3FF);
    let value = match bits >> 10 & 0x1F {
        0 => fraction * f64::powi(2.0, -24),
        0x1F if fraction == 0.0 => f64::INFINITY,
        0x1F => f64::NAN,
        exponent => (1024.0 + fraction) * f64::powi(2.0, i32::from(exponent) - 25),
    };
    if bits >> 15 == 1 { -value } else { value }
}

/// Formats a shape as `[3, 2, 2]`, truncated after a few sizes.
pub(super) fn format_shape(sizes: &[usize]) -> String {
    format!("[{}]", format_sizes(sizes).replace(" x ", ", "))
}

/// Reads the header. Returns its text and the offset of the data.
fn header(reader: &mut impl Read) -> io::Result<(String, usize)> {
    let invalid = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_string());
    let mut start = [0; 8];
    reader.read_exact(&mut start)?;
    if start[..6] != MAGIC {
        return Err(invalid("not a numpy array"));
    }
    // The header's length has two bytes in version 1, four in later versions.
    let mut length = [0; 4];
    let bytes = if start[6] == 1 { 2 } else { 4 };
    reader.read_exact(&mut length[..bytes])?;
    let length = u32::from_le_bytes(length) as usize;
    if length > MAX_HEADER {
        return Err(invalid("the array's header is too long"));
    }
    let mut text = vec![0; length];
    reader.read_exact(&mut text)?;
    let text = String::from_utf8(text).map_err(|_| invalid("the array's header is not UTF-8"))?;
    Ok((text, start.len() + bytes + length))
}

/// Returns the text after a key in a header such as `{'descr': '|u1', 'fortran_order': False, 'shape': (4, 2), }`.
fn value<'a>(header: &'a str, key: &str) -> Option<&'a str> {
    let key = format!("'{key}':");
    header.find(&key).map(|at| header[at + key.len()..].trim_start())
}

fn quoted(text: &str) -> Option<&str> {
    let (inside, _) = text.strip_prefix('\'')?.split_once('\'')?;
    inside.is_ascii().then_some(inside)
}

fn sizes(text: &str) -> Option<Vec<usize>> {
    let (inside, _) = text.strip_prefix('(')?.split_once(')')?;
    let sizes = inside.split(',').map(str::trim).filter(|size| !size.is_empty());
    sizes.map(|size| size.parse().ok()).collect()
}
