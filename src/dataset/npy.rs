//! Reads one array in numpy's format: a header in Python notation, then the elements.
//!
//! Parses the header itself, since npyz multiplies sizes without an overflow check and follows nested brackets to any
//! depth.

use std::io::{self, Read};

use super::DatasetError;
use super::array::{format_sizes, product};
use super::error::{invalid, invalid_with_hint};
use super::location::Origin;
use super::numpy::element_type::ElementType;
use super::numpy::order::rows_first;
use crate::files;

const MAGIC: [u8; 6] = *b"\x93NUMPY";
/// Longest accepted header, bytes; NumPy's own have 128.
const MAX_HEADER: usize = 4096;
/// Number of header characters that an error shows.
const MAX_HEADER_SHOWN: usize = 200;

/// An array with its elements row by row.
pub(super) struct Npy {
    pub(super) origin: Origin,
    pub(super) shape: Vec<usize>,
    pub(super) bytes: Vec<u8>,
    pub(super) kind: ElementType,
    /// Whether the file has the elements column by column (Fortran order).
    is_by_columns: bool,
}

/// An array whose header was read and whose elements were not.
pub(super) struct NpyReader<R> {
    pub(super) origin: Origin,
    pub(super) shape: Vec<usize>,
    reader: R,
    /// Length of the data that the header announces, bytes.
    length: usize,
    kind: ElementType,
    is_by_columns: bool,
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
    let descr = value(&header, "descr").and_then(quoted).ok_or_else(wrong)?;
    let shape = value(&header, "shape").and_then(sizes).ok_or_else(wrong)?;
    let order = value(&header, "fortran_order").ok_or_else(wrong)?;
    let is_by_columns = order.starts_with("True") && shape.len() > 1;
    let Some(kind) = ElementType::parse(descr) else {
        let found = match descr {
            "|O" => "Python objects (|O)".to_string(),
            _ => format!("'{descr}'"),
        };
        let hint = "convert with astype: numbers to 'float32' or 'int64', names to 'str'";
        let expected = "an array of numbers or of text";
        return Err(invalid_with_hint(origin.at_size(0), expected, found, hint));
    };
    let length = product(&origin, &[&shape[..], &[kind.size]].concat())?;
    let available = size.saturating_sub(header_length as u64);
    if available < length as u64 {
        return Err(invalid(origin.at_size(0), format!("{length} bytes of data"), available));
    }
    Ok(NpyReader { origin, shape, reader, length, kind, is_by_columns })
}

impl<R: Read> NpyReader<R> {
    /// Reads the elements, at most one byte more than announced. `packed`: compressed length in the archive, bytes.
    pub(super) fn read(self, packed: u64) -> Result<Npy, DatasetError> {
        let NpyReader { origin, shape, reader, length, kind, is_by_columns } = self;
        let copies = if is_by_columns { 2 } else { 1 };
        let fits = files::check_expansion(packed, length as u64)
            .and_then(|()| files::check_memory(copies * length as u64, "the array"));
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
        if is_by_columns {
            bytes = rows_first(&bytes, &shape, kind.size);
        }
        Ok(Npy { origin, shape, bytes, kind, is_by_columns })
    }
}

impl Npy {
    /// Describes type, shape and order: `float32, shape [3, 2, 2], column by column`.
    pub(super) fn describe(&self) -> String {
        let order = if self.is_by_columns { "column by column" } else { "row by row" };
        format!("{}, shape {}, {order}", self.kind.name(), format_shape(&self.shape))
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
