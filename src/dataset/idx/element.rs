//! Types of the elements of IDX files.

/// Type of an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Element {
    Unsigned8,
    Signed8,
    Signed16,
    Signed32,
    Float32,
    Float64,
}

impl Element {
    /// Returns the type with this number in a header.
    pub fn of(number: u8) -> Option<Element> {
        match number {
            0x08 => Some(Element::Unsigned8),
            0x09 => Some(Element::Signed8),
            0x0b => Some(Element::Signed16),
            0x0c => Some(Element::Signed32),
            0x0d => Some(Element::Float32),
            0x0e => Some(Element::Float64),
            _ => None,
        }
    }

    /// Returns the length of an element, bytes.
    pub fn size(self) -> usize {
        match self {
            Element::Unsigned8 | Element::Signed8 => 1,
            Element::Signed16 => 2,
            Element::Signed32 | Element::Float32 => 4,
            Element::Float64 => 8,
        }
    }

    /// Returns the name of the elements.
    pub fn name(self) -> &'static str {
        match self {
            Element::Unsigned8 => "unsigned bytes",
            Element::Signed8 => "signed bytes",
            Element::Signed16 => "16-bit integers",
            Element::Signed32 => "32-bit integers",
            Element::Float32 => "32-bit floats",
            Element::Float64 => "64-bit floats",
        }
    }

    /// Returns the value of an element of [`Element::size`] bytes, the highest first.
    pub fn value(self, bytes: &[u8]) -> f64 {
        match (self, bytes) {
            (Element::Signed8, &[byte]) => f64::from(byte as i8),
            (Element::Signed16, &[a, b]) => f64::from(i16::from_be_bytes([a, b])),
            (Element::Signed32, &[a, b, c, d]) => f64::from(i32::from_be_bytes([a, b, c, d])),
            (Element::Float32, &[a, b, c, d]) => f64::from(f32::from_be_bytes([a, b, c, d])),
            (Element::Float64, &[a, b, c, d, e, f, g, h]) => {
                f64::from_be_bytes([a, b, c, d, e, f, g, h])
            }
            (_, bytes) => bytes.first().map_or(0.0, |&byte| f64::from(byte)),
        }
    }
}
