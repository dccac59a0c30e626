//! Safetensors files whose bytes follow from their content, with a checksum of all of it.
//!
//! The crate writes metadata in a random order; here the keys are sorted. The metadata `sha256` is the SHA-256 of all
//! other metadata and all tensors: each key, value, name, type, shape and content with its length before it.

use std::collections::BTreeMap;

use safetensors::SafeTensorError;
use safetensors::tensor::{Dtype, Metadata, SafeTensors, TensorView};
use sha2::{Digest, Sha256};

use super::RecordError;

/// Key of the checksum in the metadata.
const CHECKSUM: &str = "sha256";
/// Key of the version of this program in the metadata. A file that has it was written with a checksum.
pub(super) const VERSION: &str = "apical_version";

/// State of a file's checksum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Check {
    /// The content fits it.
    Right,
    /// The content does not fit it.
    Wrong,
    /// It is missing from a file of this program.
    Lost,
    /// It is missing from a file of another program.
    None,
}

/// A named array in a file.
pub(super) struct Tensor {
    pub(super) name: String,
    pub(super) kind: Dtype,
    pub(super) shape: Vec<usize>,
    /// Little-endian.
    pub(super) bytes: Vec<u8>,
}

/// Returns the bytes of a file with a checksum.
pub(super) fn serialized(
    tensors: &[Tensor],
    mut metadata: BTreeMap<String, String>,
) -> Result<Vec<u8>, RecordError> {
    let views = tensors
        .iter()
        .map(|Tensor { name, kind, shape, bytes }| {
            Ok((name.as_str(), TensorView::new(*kind, shape.clone(), bytes)?))
        })
        .collect::<Result<BTreeMap<&str, TensorView>, SafeTensorError>>()?;
    let checksum = checksum(metadata.iter().map(|(key, value)| (key.as_str(), value)), &views);
    metadata.insert(CHECKSUM.to_string(), checksum);
    let mut bytes = safetensors::serialize(views, None)?;
    insert_metadata(&mut bytes, &metadata)?;
    Ok(bytes)
}

/// Puts metadata into the header of a file that has none.
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

/// Compares the content of a file with its checksum.
pub(super) fn check(metadata: &Metadata, tensors: &SafeTensors) -> Check {
    let Some(metadata) = metadata.metadata() else { return Check::None };
    let Some(expected) = metadata.get(CHECKSUM) else {
        return if metadata.contains_key(VERSION) { Check::Lost } else { Check::None };
    };
    let others = metadata.iter().filter(|(key, _)| *key != CHECKSUM);
    let others: BTreeMap<&str, &String> =
        others.map(|(key, value)| (key.as_str(), value)).collect();
    let views = tensors.iter().collect();
    match checksum(others.into_iter(), &views) == *expected {
        true => Check::Right,
        false => Check::Wrong,
    }
}

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
    hexadecimal(&digest.finalize())
}

/// Returns bytes as lower-case digits.
pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> Vec<u8> {
        let tensor = |name: &str, kind, shape: &[usize], bytes: &[u8]| Tensor {
            name: name.to_string(),
            kind,
            shape: shape.to_vec(),
            bytes: bytes.to_vec(),
        };
        let tensors = [
            tensor("bytes", Dtype::U8, &[3], &[1, 2, 3]),
            tensor("words", Dtype::F32, &[2, 1], &[0, 0, 128, 63, 0, 0, 0, 64]),
        ];
        let metadata = [("text", "a \"b\"\n\u{e9}"), (VERSION, "1")];
        let metadata = metadata.map(|(key, value)| (key.to_string(), value.to_string()));
        serialized(&tensors, BTreeMap::from(metadata)).unwrap()
    }

    /// `Err`: no safetensors file.
    fn checked(bytes: &[u8]) -> Result<Check, SafeTensorError> {
        let (_, metadata) = SafeTensors::read_metadata(bytes)?;
        Ok(check(&metadata, &SafeTensors::deserialize(bytes)?))
    }

    #[test]
    fn serialized_twice_is_equal() {
        assert!((0..20).all(|_| file() == file()));
    }

    #[test]
    fn serialized_is_safetensors_with_metadata() {
        let bytes = file();
        assert_eq!(checked(&bytes).unwrap(), Check::Right);
        let (header, metadata) = SafeTensors::read_metadata(&bytes).unwrap();
        assert!(header.is_multiple_of(8));
        let metadata = metadata.metadata().clone().unwrap();
        assert_eq!((metadata["text"].as_str(), metadata.len()), ("a \"b\"\n\u{e9}", 3));
        let tensors = SafeTensors::deserialize(&bytes).unwrap();
        assert_eq!(tensors.tensor("words").unwrap().data()[3], 63);
        assert_eq!(tensors.tensor("bytes").unwrap().data(), [1, 2, 3]);
    }

    #[test]
    fn serialized_without_tensors_is_read() {
        let bytes = serialized(&[], BTreeMap::new()).unwrap();
        assert_eq!(checked(&bytes).unwrap(), Check::Right);
    }

    #[test]
    fn every_flipped_bit_is_found() {
        let bytes = file();
        for bit in 0..bytes.len() * 8 {
            let mut other = bytes.clone();
            other[bit / 8] ^= 1 << (bit % 8);
            let found = checked(&other);
            let is_found = matches!(found, Err(_) | Ok(Check::Wrong | Check::Lost));
            assert!(is_found, "byte {}, bit {}: {found:?}", bit / 8, bit % 8);
        }
    }

    #[test]
    fn other_order_of_metadata_has_the_same_checksum() {
        // As a Python program writes the file again: the crate's own order.
        let bytes = file();
        let (_, metadata) = SafeTensors::read_metadata(&bytes).unwrap();
        let tensors = SafeTensors::deserialize(&bytes).unwrap();
        let again = safetensors::serialize(tensors.tensors(), metadata.metadata().clone()).unwrap();
        assert_eq!(checked(&again).unwrap(), Check::Right);
    }
}
