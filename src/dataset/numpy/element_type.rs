//! Element types of arrays, as NumPy's headers name them.

/// Largest length of a text, bytes.
const MAX_TEXT: usize = 4096;

/// Kind of the elements of an array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::dataset) enum ElementKind {
    Bool,
    Signed,
    Unsigned,
    Float,
    /// Bytes, padded with zeros.
    Bytes,
    /// UTF-32, padded with zeros.
    Text,
}

/// Type of the elements of an array.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::dataset) struct ElementType {
    pub kind: ElementKind,
    /// Length of an element, bytes.
    pub size: usize,
    pub is_big_endian: bool,
    /// As the header names it, such as `<f4`.
    pub descr: String,
}

impl ElementType {
    /// Parses a type such as `|u1` or `>f4`. Returns `None` for objects, times, complex numbers and other types that
    /// have no single number or text per element.
    pub fn parse(descr: &str) -> Option<ElementType> {
        let mut characters = descr.chars();
        let (order, kind) = (characters.next()?, characters.next()?);
        let count: usize = characters.as_str().parse().ok()?;
        let (kind, size, sizes) = match kind {
            'b' => (ElementKind::Bool, count, &[1][..]),
            'i' => (ElementKind::Signed, count, &[1, 2, 4, 8][..]),
            'u' => (ElementKind::Unsigned, count, &[1, 2, 4, 8][..]),
            'f' => (ElementKind::Float, count, &[2, 4, 8][..]),
            'S' => (ElementKind::Bytes, count, &[][..]),
            'U' => (ElementKind::Text, count.checked_mul(4)?, &[][..]),
            _ => return None,
        };
        let is_valid = sizes.contains(&size) || sizes.is_empty() && (1..=MAX_TEXT).contains(&size);
        let is_big_endian = order == '>';
        let descr = descr.to_string();
        (is_valid && "<>|=".contains(order)).then_some(ElementType {
            kind,
            size,
            is_big_endian,
            descr,
        })
    }

    /// Whether the elements are text.
    pub fn is_text(&self) -> bool {
        matches!(self.kind, ElementKind::Bytes | ElementKind::Text)
    }

    /// Whether the elements are integers.
    pub fn is_integer(&self) -> bool {
        matches!(self.kind, ElementKind::Signed | ElementKind::Unsigned)
    }

    /// Whether the elements are unsigned bytes.
    pub fn is_byte(&self) -> bool {
        self.kind == ElementKind::Unsigned && self.size == 1
    }

    /// Returns NumPy's name, such as `float32`.
    pub fn name(&self) -> String {
        let bits = 8 * self.size;
        match self.kind {
            ElementKind::Bool => "bool".to_string(),
            ElementKind::Signed => format!("int{bits}"),
            ElementKind::Unsigned => format!("uint{bits}"),
            ElementKind::Float => format!("float{bits}"),
            ElementKind::Bytes | ElementKind::Text => "text".to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn element_types_of_numbers_and_text_are_parsed() {
        for (descr, name, size, is_big_endian) in [
            ("|u1", "uint8", 1, false),
            (">i8", "int64", 8, true),
            ("<f2", "float16", 2, false),
            ("|b1", "bool", 1, false),
            ("<U3", "text", 12, false),
            ("|S7", "text", 7, false),
        ] {
            let parsed = ElementType::parse(descr).unwrap();
            assert_eq!((parsed.name().as_str(), parsed.size), (name, size));
            assert_eq!(parsed.is_big_endian, is_big_endian, "{descr}");
        }
        for descr in ["|O", "<c8", "<M8[ns]", "<f16", "<i3", "|S0", "<U99999999", "", "u1", "?u1"] {
            assert_eq!(ElementType::parse(descr), None, "{descr}");
        }
    }
}
