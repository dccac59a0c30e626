//! One array as numpy saves it: a header in Python's notation, then the elements.
//!
//! The header is read here and not by npyz, which multiplies sizes from the file without a check and follows
//! brackets to any depth.

use std::io::{self, Read};

use super::array::{ByteArray, product, shape};
use super::place::Origin;
use super::{DatasetError, fault, fault_with_hint};
use crate::files;

const MAGIC: [u8; 6] = *b"\x93NUMPY";
/// Longest header that is read; numpy's own are 128 bytes.
const HEADER_MAX: usize = 4096;
/// Most letters of a header that an error shows.
const HEADER_SHOWN: usize = 200;

/// An array as it lies in its file.
pub(super) struct Npy {
    pub(super) origin: Origin,
    pub(super) shape: Vec<usize>,
    pub(super) bytes: Vec<u8>,
    /// Such as `|u1` or `<i8`.
    kind: String,
}

/// An array whose header was read, and no more.
pub(super) struct Opened<R> {
    pub(super) origin: Origin,
    pub(super) shape: Vec<usize>,
    reader: R,
    /// Bytes of data that the header promises.
    length: usize,
    kind: String,
}

/// Reads the header of an array that has `size` bytes with it.
pub(super) fn open<R: Read>(
    mut reader: R,
    size: u64,
    origin: Origin,
) -> Result<Opened<R>, DatasetError> {
    let damaged = |source| DatasetError::Npz { place: origin.of_size(0), source };
    let (header, header_length) = header(&mut reader).map_err(damaged)?;
    let unlike = |found: &str| {
        let shown: String = found.chars().take(HEADER_SHOWN).collect();
        fault(origin.of_size(0), "an array as numpy.save writes it", format!("'{shown}'"))
    };
    let wrong = || unlike(header.trim());
    let kind = value(&header, "descr").and_then(quoted).ok_or_else(wrong)?;
    let shape = value(&header, "shape").and_then(sizes).ok_or_else(wrong)?;
    let is_by_columns = value(&header, "fortran_order").ok_or_else(wrong)?.starts_with("True");
    if is_by_columns && shape.len() > 1 {
        let expected = "an array row by row (numpy.ascontiguousarray makes one)";
        return Err(fault(origin.of_size(0), expected, "one in Fortran's order"));
    }
    let element = kind.get(2..).and_then(|size| size.parse::<usize>().ok());
    let element = element.filter(|size| (1..=8).contains(size)).ok_or_else(|| unlike(kind))?;
    let length = product(&origin, &[&shape[..], &[element]].concat())?;
    let there = size.saturating_sub(header_length as u64);
    if there < length as u64 {
        return Err(fault(origin.of_size(0), format!("{length} bytes of data"), there));
    }
    let kind = kind.to_string();
    Ok(Opened { origin, shape, reader, length, kind })
}

impl<R: Read> Opened<R> {
    /// # Errors
    /// Returns an error if its elements are not unsigned bytes.
    pub(super) fn of_bytes(self) -> Result<Self, DatasetError> {
        let hint = match self.kind.as_str() {
            "|u1" | "<u1" | ">u1" => return Ok(self),
            kind if kind.contains('f') => {
                "numpy.rint(255 * images / white).astype('uint8') makes them, where white is the brightest value"
            }
            kind if kind.contains('b') => "255 * images.astype('uint8') makes them",
            _ => "images.astype('uint8') makes them, if no value lies above 255",
        };
        let expected = "unsigned bytes from 0 to 255 (|u1, numpy's uint8)";
        Err(fault_with_hint(self.origin.of_size(0), expected, &self.kind, hint))
    }

    /// Reads the elements: no more than the header promises and one byte. `packed`: bytes that they take in
    /// the archive.
    pub(super) fn read(self, packed: u64) -> Result<Npy, DatasetError> {
        let Opened { origin, shape, reader, length, kind } = self;
        let fits = files::check_expansion(packed, length as u64)
            .and_then(|()| files::check_memory(length as u64, "the array"));
        fits.map_err(DatasetError::memory(origin.of_size(0)))?;
        let mut bytes = Vec::new();
        // The byte beyond the data makes the archive's reader compare its checksum.
        reader
            .take(length as u64 + 1)
            .read_to_end(&mut bytes)
            .map_err(|source| DatasetError::Npz { place: origin.of_size(0), source })?;
        let found = bytes.len();
        if found != length {
            let found = if found > length { "more".to_string() } else { found.to_string() };
            return Err(fault(origin.of_size(0), format!("{length} bytes of data"), found));
        }
        Ok(Npy { origin, shape, bytes, kind })
    }
}

impl Npy {
    /// Labels, `[count]`.
    ///
    /// # Errors
    /// When it has another shape, or an element is no whole number from 0 to 255.
    pub(super) fn labels(self) -> Result<ByteArray<1>, DatasetError> {
        let Npy { origin, shape, bytes, kind } = self;
        if !matches!(shape[..], [_] | [_, 1]) {
            let hint = match shape[..] {
                [_, _] => "of one-hot labels, labels.argmax(axis=1) makes them",
                _ => "labels.reshape(-1) makes them, if there is one for each image",
            };
            let found = shape_of(&shape);
            return Err(fault_with_hint(origin.of_size(0), "the shape [labels]", found, hint));
        }
        let is_whole = matches!(kind.as_bytes(), [_, b'i' | b'u', _]);
        let size = kind.get(2..).and_then(|size| size.parse::<usize>().ok());
        let (true, Some(size)) = (is_whole, size) else {
            let hint =
                "labels.astype('int64') makes them of numbers; text has to be numbered first";
            let expected = "whole numbers (such as numpy's int64)";
            return Err(fault_with_hint(origin.of_size(0), expected, kind, hint));
        };
        let mut labels = Vec::with_capacity(bytes.len() / size);
        for (index, element) in bytes.chunks(size).enumerate() {
            // The lowest byte is the label where all others are 0.
            let lowest = if kind.starts_with('>') { size - 1 } else { 0 };
            let others = element.iter().enumerate().filter(|&(at, _)| at != lowest);
            let is_negative = kind.contains('i') && size == 1 && element[0] > i8::MAX as u8;
            if is_negative || others.clone().any(|(_, &byte)| byte != 0) {
                let found = "a smaller or larger one";
                return Err(fault(origin.of_data(index), "a label from 0 to 255", found));
            }
            labels.push(element[lowest]);
        }
        ByteArray::labels(origin, labels)
    }
}

/// `[3, 2, 2]`, cut after a few sizes.
pub(super) fn shape_of(sizes: &[usize]) -> String {
    format!("[{}]", shape(sizes).replace(" x ", ", "))
}

/// The text of the header, and the bytes before the data.
fn header(reader: &mut impl Read) -> io::Result<(String, usize)> {
    let invalid = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_string());
    let mut start = [0; 8];
    reader.read_exact(&mut start)?;
    if start[..6] != MAGIC {
        return Err(invalid("this is no array of numpy"));
    }
    // Version 1 has two bytes for the header's length, later ones four.
    let mut length = [0; 4];
    let bytes = if start[6] == 1 { 2 } else { 4 };
    reader.read_exact(&mut length[..bytes])?;
    let length = u32::from_le_bytes(length) as usize;
    if length > HEADER_MAX {
        return Err(invalid("the array's header is longer than any of numpy"));
    }
    let mut text = vec![0; length];
    reader.read_exact(&mut text)?;
    let text = String::from_utf8(text).map_err(|_| invalid("the array's header is no text"))?;
    Ok((text, start.len() + bytes + length))
}

/// What follows a key in a header such as `{'descr': '|u1', 'fortran_order': False, 'shape': (4, 2), }`.
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
