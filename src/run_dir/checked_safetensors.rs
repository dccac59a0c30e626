//! Safetensors files with a checksum. Files of equal content are equal byte for byte.
//!
//! The safetensors crate writes metadata in random order; this module sorts the keys. The metadata entry `sha256` is the
//! SHA-256 of all other metadata and all tensors: each key, value, name, type, shape and content, preceded by its length.

use std::collections::BTreeMap;

use safetensors::SafeTensorError;
use safetensors::tensor::{Dtype, Metadata, SafeTensors, TensorView};
use sha2::{Digest, Sha256};

use super::StorageError;
use crate::text::to_hex;

/// Key of the checksum in the metadata.
const CHECKSUM_KEY: &str = "sha256";
/// Key of the program's version in the metadata. Every file with this key was written with a checksum.
pub(super) const VERSION_KEY: &str = "apical_version";

/// Result of comparing a file with its checksum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ChecksumState {
    /// The content matches the checksum.
    Valid,
    /// The content differs from the checksum.
    Mismatch,
    /// A file of this program has no checksum.
    Missing,
    /// A file of another program has no checksum.
    Foreign,
}

/// Named array of a file.
pub(super) struct NamedTensor {
    pub(super) name: String,
    pub(super) dtype: Dtype,
    pub(super) shape: Vec<usize>,
    /// Elements in row-major order, little-endian.
    pub(super) bytes: Vec<u8>,
}

/// Returns the bytes of a safetensors file with a checksum.
pub(super) fn serialize(
    tensors: &[NamedTensor],
    mut metadata: BTreeMap<String, String>,
) -> Result<Vec<u8>, StorageError> {
    let views = tensors
        .iter()
        .map(|NamedTensor { name, dtype, shape, bytes }| {
            Ok((name.as_str(), TensorView::new(*dtype, shape.clone(), bytes)?))
        })
        .collect::<Result<BTreeMap<&str, TensorView>, SafeTensorError>>()?;
    let checksum = checksum(metadata.iter().map(|(key, value)| (key.as_str(), value)), &views);
    metadata.insert(CHECKSUM_KEY.to_string(), checksum);
    let mut bytes = safetensors::serialize(views, None)?;
    insert_metadata(&mut bytes, &metadata)?;
    Ok(bytes)
}

/// Inserts metadata into the header of a file without metadata.
fn insert_metadata(
    bytes: &mut Vec<u8>,
    metadata: &BTreeMap<String, String>,
) -> Result<(), SafeTensorError> {
    let Some((length, rest)) = bytes.split_first_chunk::<8>() else {
        return Err(SafeTensorError::HeaderTooSmall);
    };
    let length = u64::from_le_bytes(*length) as usize;
    let old = rest.get(..length).ok_or(SafeTensorError::InvalidHeaderLength)?.trim_ascii();
    let tensors = old.strip_prefix(b"{").ok_or(SafeTensorError::InvalidHeaderLength)?;
    let separator = if tensors == b"}" { "" } else { "," };
    let metadata = serde_json::to_string(metadata)?;
    let mut header = format!("{{\"__metadata__\":{metadata}{separator}").into_bytes();
    header.extend(tensors);
    header.resize(header.len().next_multiple_of(8), b' ');
    let new_length = (header.len() as u64).to_le_bytes();
    bytes.splice(..8 + length, new_length.into_iter().chain(header));
    Ok(())
}

/// Compares a file's content with its checksum.
pub(super) fn check(metadata: &Metadata, tensors: &SafeTensors) -> ChecksumState {
    let Some(metadata) = metadata.metadata() else { return ChecksumState::Foreign };
    let Some(expected) = metadata.get(CHECKSUM_KEY) else {
        return if metadata.contains_key(VERSION_KEY) {
            ChecksumState::Missing
        } else {
            ChecksumState::Foreign
        };
    };
    let others = metadata.iter().filter(|(key, _)| *key != CHECKSUM_KEY);
    let others: BTreeMap<&str, &String> =
        others.map(|(key, value)| (key.as_str(), value)).collect();
    let views = tensors.iter().collect();
    match checksum(others.into_iter(), &views) == *expected {
        true => ChecksumState::Valid,
        false => ChecksumState::Mismatch,
    }
}

/// Returns the SHA-256 of metadata and tensors, both sorted by name.
fn checksum<'a>(
    metadata: impl ExactSizeIterator<Item = (&'a str, &'a String)>,
    tensors: &BTreeMap<&str, TensorView>,
) -> String {
    let mut digest = Sha256::new();
    digest.update((metadata.len() as u64).to_le_bytes());
    let mut add = |bytes: &[u8]| {
        digest.update((bytes.len() as u64).to_le_bytes());
        digest.update(bytes);
    };
    for (key, value) in metadata {
        add(key.as_bytes());
        add(value.as_bytes());
    }
    for (name, view) in tensors {
        add(name.as_bytes());
        add(format!("{:?} {:?}", view.dtype(), view.shape()).as_bytes());
        add(view.data());
    }
    to_hex(&digest.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> Vec<u8> {
        let tensor = |name: &str, dtype, shape: &[usize], bytes: &[u8]| NamedTensor {
            name: name.to_string(),
            dtype,
            shape: shape.to_vec(),
            bytes: bytes.to_vec(),
        };
        let tensors = [
            tensor("bytes", Dtype::U8, &[3], &[1, 2, 3]),
            tensor("words", Dtype::F32, &[2, 1], &[0, 0, 128, 63, 0, 0, 0, 64]),
        ];
        let metadata = [("text", "a \"b\"\n\u{e9}"), (VERSION_KEY, "1")];
        let metadata = metadata.map(|(key, value)| (key.to_string(), value.to_string()));
        serialize(&tensors, BTreeMap::from(metadata)).unwrap()
    }

    /// Returns an error if the bytes are not a safetensors file.
    fn checked(bytes: &[u8]) -> Result<ChecksumState, SafeTensorError> {
        let (_, metadata) = SafeTensors::read_metadata(bytes)?;
        Ok(check(&metadata, &SafeTensors::deserialize(bytes)?))
    }

    #[test]
    fn serialize_twice_gives_equal_bytes() {
        assert!((0..20).all(|_| file() == file()));
    }

    #[test]
    fn serialize_writes_tensors_and_metadata() {
        let bytes = file();
        assert_eq!(checked(&bytes).unwrap(), ChecksumState::Valid);
        let (header, metadata) = SafeTensors::read_metadata(&bytes).unwrap();
        assert!(header.is_multiple_of(8));
        let metadata = metadata.metadata().clone().unwrap();
        assert_eq!((metadata["text"].as_str(), metadata.len()), ("a \"b\"\n\u{e9}", 3));
        let tensors = SafeTensors::deserialize(&bytes).unwrap();
        assert_eq!(tensors.tensor("words").unwrap().data()[3], 63);
        assert_eq!(tensors.tensor("bytes").unwrap().data(), [1, 2, 3]);
    }

    #[test]
    fn serialize_without_tensors_is_valid() {
        let bytes = serialize(&[], BTreeMap::new()).unwrap();
        assert_eq!(checked(&bytes).unwrap(), ChecksumState::Valid);
    }

    #[test]
    fn check_any_flipped_bit_is_detected() {
        let bytes = file();
        for bit in 0..bytes.len() * 8 {
            let mut other = bytes.clone();
            other[bit / 8] ^= 1 << (bit % 8);
            let found = checked(&other);
            let is_found =
                matches!(found, Err(_) | Ok(ChecksumState::Mismatch | ChecksumState::Missing));
            assert!(is_found, "byte {}, bit {}: {found:?}", bit / 8, bit % 8);
        }
    }

    #[test]
    fn checksum_ignores_the_order_of_metadata() {
        // The crate's own order, in which a Python program would rewrite the file.
        let bytes = file();
        let (_, metadata) = SafeTensors::read_metadata(&bytes).unwrap();
        let tensors = SafeTensors::deserialize(&bytes).unwrap();
        let again = safetensors::serialize(tensors.tensors(), metadata.metadata().clone()).unwrap();
        assert_eq!(checked(&again).unwrap(), ChecksumState::Valid);
    }
}
