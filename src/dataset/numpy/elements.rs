//! Elements of arrays as numbers and text.

use super::element_type::ElementKind;
use crate::dataset::DatasetError;
use crate::dataset::error::invalid;
use crate::dataset::npy::{Npy, half_to_f64};

impl Npy {
    /// Whether the elements are floats.
    pub fn is_float(&self) -> bool {
        self.kind.kind == ElementKind::Float
    }

    /// Returns the elements as unsigned integers of their bits.
    fn bits(&self) -> impl Iterator<Item = u64> {
        let (size, is_big) = (self.kind.size, self.kind.is_big_endian);
        self.bytes.chunks_exact(size).map(move |bytes| {
            let mut element = [0; 8];
            for (index, &byte) in bytes.iter().enumerate() {
                // Text is longer than a number.
                if let Some(place) = element.get_mut(if is_big { size - 1 - index } else { index })
                {
                    *place = byte;
                }
            }
            u64::from_le_bytes(element)
        })
    }

    /// Returns the elements as numbers, truth values as 0 and 1, text as NaN. Integers above 2^53 are rounded.
    pub fn numbers(&self) -> impl Iterator<Item = f64> {
        let (kind, size) = (self.kind.kind, self.kind.size);
        self.bits().map(move |bits| match kind {
            ElementKind::Bool => f64::from(u8::from(bits != 0)),
            ElementKind::Unsigned => bits as f64,
            ElementKind::Signed => signed(bits, size) as f64,
            ElementKind::Float => float(bits, size),
            ElementKind::Bytes | ElementKind::Text => f64::NAN,
        })
    }

    /// Returns the elements as integers.
    ///
    /// # Errors
    /// Returns an error unless the elements are integers below 2^63.
    pub fn integers(&self) -> Result<Vec<i64>, DatasetError> {
        let is_signed = self.kind.kind == ElementKind::Signed;
        if !self.kind.is_integer() {
            let expected = "integers (such as numpy's int64)";
            return Err(invalid(self.origin.at_size(0), expected, &self.kind.descr));
        }
        let size = self.kind.size;
        let integer = |(index, bits): (usize, u64)| match i64::try_from(bits) {
            _ if is_signed => Ok(signed(bits, size)),
            Ok(value) => Ok(value),
            Err(_) => Err(invalid(self.origin.at_element(index), "an integer below 2^63", bits)),
        };
        self.bits().enumerate().map(integer).collect()
    }

    /// Returns the elements as floats.
    ///
    /// # Errors
    /// Returns an error unless the elements are floats.
    pub fn floats(&self) -> Result<Vec<f64>, DatasetError> {
        if self.is_float() {
            return Ok(self.numbers().collect());
        }
        let expected = "floats of 2, 4 or 8 bytes (such as numpy's float32)";
        Err(invalid(self.origin.at_size(0), expected, &self.kind.descr))
    }

    /// Returns the elements as text.
    ///
    /// # Errors
    /// Returns an error if an element is not valid Unicode.
    pub fn texts(&self) -> Result<Vec<String>, DatasetError> {
        let is_utf_32 = self.kind.kind == ElementKind::Text;
        let text = |(index, bytes): (usize, &[u8])| {
            let text = match is_utf_32 {
                true => utf_32(bytes, self.kind.is_big_endian),
                false => String::from_utf8(bytes.to_vec()).ok(),
            };
            let text = text.ok_or_else(|| {
                invalid(self.origin.at_element(index), "Unicode text", "other bytes")
            })?;
            Ok(text.trim_end_matches('\0').to_string())
        };
        self.bytes.chunks_exact(self.kind.size).enumerate().map(text).collect()
    }
}

/// Returns the signed integer whose lowest bytes are given.
fn signed(bits: u64, size: usize) -> i64 {
    let unused = 64 - 8 * size as u32;
    (bits << unused) as i64 >> unused
}

/// Returns the float of this size.
fn float(bits: u64, size: usize) -> f64 {
    match size {
        8 => f64::from_bits(bits),
        4 => f32::from_bits(bits as u32).into(),
        _ => half_to_f64(bits as u16),
    }
}

fn utf_32(bytes: &[u8], is_big_endian: bool) -> Option<String> {
    let (words, _) = bytes.as_chunks::<4>();
    let word = |word: &[u8; 4]| match is_big_endian {
        true => u32::from_be_bytes(*word),
        false => u32::from_le_bytes(*word),
    };
    words.iter().map(|bytes| char::from_u32(word(bytes))).collect()
}
