//! Writer of HDF5 files with groups, arrays and attributes (HDF5 File Format Specification, version 3.0).
//!
//! Objects are written from the leaves to the root: a group needs the addresses of its members. The features are those of
//! the oldest format (superblock 0, object headers 1), which every reader knows and which has no checksums.

mod messages;

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};

pub(super) use self::messages::{Attribute, Type};
use self::messages::{Layout, UNDEFINED, message};

/// Size of the superblock in bytes.
const SUPERBLOCK: u64 = 96;
/// Alignment of objects in bytes.
const ALIGNMENT: u64 = 8;
/// Maximum size of a message with its head in bytes. The size of the rest has 16 bits and is a multiple of 8.
const MESSAGE_MAX: usize = 8 + 65528;
/// Maximum number of children of a node of a tree of chunks: twice the default of the format, 32.
const CHILDREN: usize = 64;

/// HDF5 file under construction.
pub(super) struct Hdf5File {
    file: File,
    /// Offset after the last object.
    end: u64,
}

/// Array of one dimension that grows in chunks of equal size.
pub(super) struct Chunked {
    element: Type,
    /// Number of elements per chunk.
    chunk: usize,
    addresses: Vec<u64>,
    /// Elements that do not fill a chunk yet, as bytes.
    rest: Vec<u8>,
    length: u64,
}

impl Hdf5File {
    pub(super) fn new(file: File) -> Self {
        Hdf5File { file, end: SUPERBLOCK }
    }

    /// Returns the address of `length` new bytes.
    pub(super) fn reserve(&mut self, length: u64) -> u64 {
        let start = self.end.next_multiple_of(ALIGNMENT);
        self.end = start + length;
        start
    }

    pub(super) fn write_at(&mut self, address: u64, bytes: &[u8]) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(address))?;
        self.file.write_all(bytes)
    }

    fn add(&mut self, bytes: &[u8]) -> io::Result<u64> {
        let address = self.reserve(bytes.len() as u64);
        self.write_at(address, bytes)?;
        Ok(address)
    }

    /// Writes an object of messages. Returns its address.
    fn object(&mut self, messages: &[Vec<u8>]) -> io::Result<u64> {
        if messages.iter().any(|message| message.len() > MESSAGE_MAX) {
            let reason = "an attribute is larger than 64 KiB, which HDF5 files cannot hold";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, reason));
        }
        let body = messages.concat();
        let mut bytes = vec![1, 0];
        bytes.extend((messages.len() as u16).to_le_bytes());
        // One reference; the length of all messages; padding.
        [1, body.len() as u32, 0].iter().for_each(|field| bytes.extend(field.to_le_bytes()));
        bytes.extend(body);
        self.add(&bytes)
    }

    /// Writes a group with members of these names and addresses. Returns its address.
    pub(super) fn group(
        &mut self,
        members: &[(&str, u64)],
        attributes: &[Attribute],
    ) -> io::Result<u64> {
        let links = members.iter().map(|&(name, address)| message::link(name, address));
        let head = [message::link_info(), message::group_info()];
        let attributes = attributes.iter().map(message::attribute);
        let messages: Vec<Vec<u8>> = head.into_iter().chain(links).chain(attributes).collect();
        self.object(&messages)
    }

    /// Writes an array whose elements are at `start`, contiguous. Returns its address.
    pub(super) fn placed(
        &mut self,
        element: Type,
        shape: &[u64],
        start: u64,
        attributes: &[Attribute],
    ) -> io::Result<u64> {
        let length = shape.iter().product::<u64>() * element.bytes() as u64;
        let start = if length == 0 { UNDEFINED } else { start };
        let layout = Layout::Contiguous { start, length };
        self.array(element, shape, &layout, attributes)
    }

    /// Writes an array of one dimension with its elements as little-endian bytes. Returns its address.
    pub(super) fn small(
        &mut self,
        element: Type,
        bytes: &[u8],
        attributes: &[Attribute],
    ) -> io::Result<u64> {
        let start = self.add(bytes)?;
        let length = (bytes.len() / element.bytes()) as u64;
        self.placed(element, &[length], start, attributes)
    }

    /// Appends one element to a chunked array.
    pub(super) fn push(&mut self, array: &mut Chunked, element: [u8; 8]) -> io::Result<()> {
        array.rest.extend(element);
        array.length += 1;
        if array.rest.len() == array.chunk_bytes() {
            array.addresses.push(self.add(&array.rest)?);
            array.rest.clear();
        }
        Ok(())
    }

    /// Completes a chunked array. Returns its address.
    pub(super) fn chunked(
        &mut self,
        mut array: Chunked,
        attributes: &[Attribute],
    ) -> io::Result<u64> {
        if !array.rest.is_empty() {
            array.rest.resize(array.chunk_bytes(), 0);
            array.addresses.push(self.add(&array.rest)?);
        }
        let tree = self.tree(&array)?;
        let layout = Layout::Chunked { tree, chunk: array.chunk as u32 };
        self.array(array.element, &[array.length], &layout, attributes)
    }

    fn array(
        &mut self,
        element: Type,
        shape: &[u64],
        layout: &Layout,
        attributes: &[Attribute],
    ) -> io::Result<u64> {
        let is_extensible = matches!(layout, Layout::Chunked { .. });
        let head = [
            message::shape(shape, is_extensible),
            message::element(element),
            message::fill_value(is_extensible),
            message::layout(layout, element),
        ];
        let attributes = attributes.iter().map(message::attribute);
        self.object(&head.into_iter().chain(attributes).collect::<Vec<_>>())
    }

    /// Writes the tree of a chunked array (version 1, nodes of raw data). Returns the address of its root.
    fn tree(&mut self, array: &Chunked) -> io::Result<u64> {
        let mut children = array.addresses.clone();
        // Number of chunks below each child, except the last.
        let mut chunks_per_child = 1;
        let mut level = 0;
        while level == 0 || children.len() > 1 {
            if children.is_empty() {
                return Ok(UNDEFINED);
            }
            let nodes = children.len().div_ceil(CHILDREN);
            let key = |child: usize| {
                let chunk = (child * chunks_per_child).min(array.addresses.len());
                let size = array.chunk_bytes() as u64;
                // Size and an empty mask of filters, offset in the array, offset in the element.
                [size, (chunk * array.chunk) as u64, 0]
            };
            // All nodes have one size.
            let node_bytes = 24 + 8 * (3 * (CHILDREN + 1) + CHILDREN);
            let first = self.reserve((nodes * node_bytes) as u64);
            let address = |node: usize| first + (node * node_bytes) as u64;
            for (node, part) in children.chunks(CHILDREN).enumerate() {
                let mut bytes = b"TREE\x01".to_vec();
                bytes.push(level);
                bytes.extend((part.len() as u16).to_le_bytes());
                let left = if node > 0 { address(node - 1) } else { UNDEFINED };
                let right = if node + 1 < nodes { address(node + 1) } else { UNDEFINED };
                let mut numbers = vec![left, right];
                for (index, &child) in part.iter().enumerate() {
                    numbers.extend(key(node * CHILDREN + index));
                    numbers.push(child);
                }
                numbers.extend(key(node * CHILDREN + part.len()));
                bytes.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
                bytes.resize(node_bytes, 0);
                self.write_at(address(node), &bytes)?;
            }
            children = (0..nodes).map(address).collect();
            chunks_per_child *= CHILDREN;
            level += 1;
        }
        Ok(children[0])
    }

    /// Completes the file. `root`: address of the group of all objects.
    pub(super) fn finish(&mut self, root: u64) -> io::Result<()> {
        let mut bytes = b"\x89HDF\r\n\x1a\n".to_vec();
        // Versions of the superblock and its parts; addresses and lengths of 8 bytes.
        bytes.extend([0, 0, 0, 0, 0, 8, 8, 0]);
        // Nodes of trees of groups, which the file does not have: the defaults of the format. No flags.
        [4u16, 16, 0, 0].iter().for_each(|field| bytes.extend(field.to_le_bytes()));
        let end = self.end;
        [0, UNDEFINED, end, UNDEFINED, 0, root, 0, 0, 0]
            .iter()
            .for_each(|field| bytes.extend(field.to_le_bytes()));
        self.write_at(0, &bytes)?;
        // The last bytes may be reserved only.
        self.file.set_len(end)
    }
}

impl Chunked {
    pub(super) fn new(element: Type, chunk: usize) -> Self {
        Chunked { element, chunk, addresses: Vec::new(), rest: Vec::new(), length: 0 }
    }

    fn chunk_bytes(&self) -> usize {
        self.chunk * self.element.bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_attribute_is_an_error() {
        let mut file = Hdf5File::new(tempfile::tempfile().unwrap());
        let mut group = |length| file.group(&[], &[Attribute::text("data", &"a".repeat(length))]);
        // 8 bytes each of lengths, name, type and shape precede the text.
        assert!(group(65528 - 32).is_ok());
        assert!(group(65528 - 31).is_err());
    }
}
