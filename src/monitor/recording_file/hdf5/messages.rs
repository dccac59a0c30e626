//! Messages of HDF5 objects (specification, section IV.A.2).

/// Address of no object.
pub(super) const UNDEFINED: u64 = u64::MAX;

/// Type of elements and attributes, little-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Type {
    U8,
    U32,
    U64,
    F32,
    F64,
    /// Text of a fixed number of bytes.
    Text(usize),
    /// Names of the values 0, 1 and so on of a byte.
    Names(&'static [&'static str]),
}

/// Name, type, shape and little-endian bytes of an attribute. An empty shape is a scalar.
pub(in super::super) struct Attribute {
    name: &'static str,
    element: Type,
    shape: Vec<u64>,
    bytes: Vec<u8>,
}

/// Storage of an array.
pub(super) enum Layout {
    Contiguous { start: u64, length: u64 },
    Chunked { tree: u64, chunk: u32 },
}

impl Type {
    pub(in super::super) fn bytes(self) -> usize {
        match self {
            Type::U8 | Type::Names(_) => 1,
            Type::U32 | Type::F32 => 4,
            Type::U64 | Type::F64 => 8,
            Type::Text(bytes) => bytes,
        }
    }

    /// Returns the description of the type, version 1.
    fn description(self) -> Vec<u8> {
        let size = self.bytes();
        let head = |class: u8, bits: [u8; 3]| {
            [&[0x10 | class], &bits[..], &(size as u32).to_le_bytes()].concat()
        };
        match self {
            // Unsigned: no offset, all bits.
            Type::U8 | Type::U32 | Type::U64 => {
                [head(0, [0; 3]), vec![0, 0, 8 * size as u8, 0]].concat()
            }
            // IEEE 754: a mantissa with a hidden bit, location of the sign; no offset, all bits; location and size of the
            // exponent and of the mantissa, bias of the exponent.
            Type::F32 => {
                [head(1, [0x20, 31, 0]), vec![0, 0, 32, 0, 23, 8, 0, 23, 127, 0, 0, 0]].concat()
            }
            Type::F64 => {
                [head(1, [0x20, 63, 0]), vec![0, 0, 64, 0, 52, 11, 0, 52, 0xff, 3, 0, 0]].concat()
            }
            // Padded with zeros, UTF-8.
            Type::Text(_) => head(3, [0x11, 0, 0]),
            Type::Names(names) => {
                let mut bytes = head(8, [names.len() as u8, 0, 0]);
                bytes.extend(Type::U8.description());
                for name in names {
                    bytes.extend(padded(name.as_bytes().to_vec(), name.len() + 1));
                }
                bytes.extend(0..names.len() as u8);
                bytes
            }
        }
    }
}

impl Attribute {
    pub(in super::super) fn text(name: &'static str, text: &str) -> Self {
        let bytes = text.as_bytes().to_vec();
        Attribute { name, element: Type::Text(bytes.len().max(1)), shape: Vec::new(), bytes }
    }

    pub(in super::super) fn byte(name: &'static str, element: Type, byte: u8) -> Self {
        Attribute { name, element, shape: Vec::new(), bytes: vec![byte] }
    }

    pub(in super::super) fn numbers(name: &'static str, shape: &[u64], numbers: &[u32]) -> Self {
        let bytes = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
        Attribute { name, element: Type::U32, shape: shape.to_vec(), bytes }
    }
}

/// Returns bytes with zeros up to a multiple of 8 of at least `length` bytes.
fn padded(mut bytes: Vec<u8>, length: usize) -> Vec<u8> {
    bytes.resize(length.next_multiple_of(8), 0);
    bytes
}

fn dataspace(shape: &[u64], is_extensible: bool) -> Vec<u8> {
    let mut bytes = vec![1, shape.len() as u8, u8::from(is_extensible), 0, 0, 0, 0, 0];
    bytes.extend(shape.iter().flat_map(|length| length.to_le_bytes()));
    if is_extensible {
        bytes.extend(shape.iter().flat_map(|_| UNDEFINED.to_le_bytes()));
    }
    bytes
}

/// Messages with their heads.
pub(super) mod message {
    use super::{Attribute, Layout, Type, UNDEFINED, dataspace, padded};

    /// Returns a message. `number`: its type.
    fn message(number: u16, body: Vec<u8>) -> Vec<u8> {
        let length = body.len();
        let body = padded(body, length);
        let head = [number, body.len() as u16, 0, 0];
        head.iter().flat_map(|field| field.to_le_bytes()).chain(body).collect()
    }

    /// Returns the shape of an array. An extensible array has no limit.
    pub(in super::super) fn shape(shape: &[u64], is_extensible: bool) -> Vec<u8> {
        message(0x01, dataspace(shape, is_extensible))
    }

    /// Returns the message of a group whose members are messages.
    pub(in super::super) fn link_info() -> Vec<u8> {
        let none = UNDEFINED.to_le_bytes();
        message(0x02, [&[0, 0], &none[..], &none].concat())
    }

    pub(in super::super) fn element(element: Type) -> Vec<u8> {
        message(0x03, element.description())
    }

    /// Returns the message that elements are allocated late or, in chunks, as they are written, without a fill value.
    pub(in super::super) fn fill_value(is_extensible: bool) -> Vec<u8> {
        message(0x05, vec![2, if is_extensible { 3 } else { 2 }, 2, 0])
    }

    /// Returns the message of a member. The names of this program are shorter than 256 bytes.
    pub(in super::super) fn link(name: &str, address: u64) -> Vec<u8> {
        let head = [1, 0, name.len() as u8];
        message(0x06, [&head, name.as_bytes(), &address.to_le_bytes()].concat())
    }

    pub(in super::super) fn layout(layout: &Layout, element: Type) -> Vec<u8> {
        let body = match *layout {
            Layout::Contiguous { start, length } => {
                [&[3, 1], &start.to_le_bytes()[..], &length.to_le_bytes()].concat()
            }
            Layout::Chunked { tree, chunk } => {
                let size = element.bytes() as u32;
                let dimensions = [chunk.to_le_bytes(), size.to_le_bytes()].concat();
                [&[3, 2, 2], &tree.to_le_bytes()[..], &dimensions].concat()
            }
        };
        message(0x08, body)
    }

    pub(in super::super) fn group_info() -> Vec<u8> {
        message(0x0a, vec![0, 0])
    }

    pub(in super::super) fn attribute(attribute: &Attribute) -> Vec<u8> {
        let Attribute { name, element, shape, bytes } = attribute;
        let (element, shape) = (element.description(), dataspace(shape, false));
        let mut body = vec![1, 0];
        for length in [name.len() + 1, element.len(), shape.len()] {
            body.extend((length as u16).to_le_bytes());
        }
        body.extend(padded(name.as_bytes().to_vec(), name.len() + 1));
        for part in [element, shape] {
            let length = part.len();
            body.extend(padded(part, length));
        }
        body.extend(bytes);
        message(0x0c, body)
    }
}
