//! Values in Thrift's compact encoding, in which Parquet stores schema and page headers.
//!
//! The crate `parquet` allocates as much memory as these values announce. This reader finds the values, so that they
//! are checked first.

/// Largest depth of nested values.
const MAX_DEPTH: usize = 64;

/// Codes of the types of values that are read.
const I32: u8 = 5;
const LIST: u8 = 9;
const STRUCT: u8 = 12;

/// Sizes in the header of a page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct PageHeader {
    /// Kind of page: 0 for data, 2 for a dictionary, 3 for data of version 2.
    pub kind: i64,
    /// Length after decompression, bytes.
    pub unpacked: i64,
    /// Length in the file, bytes.
    pub packed: i64,
}

/// Returns the header of a page at the start of these bytes, `None` if it is invalid.
pub(super) fn page_header(bytes: &[u8]) -> Option<PageHeader> {
    let mut header = PageHeader::default();
    Values(bytes).fields(&mut |values, id, kind| {
        let field = match (id, kind) {
            (1, I32) => &mut header.kind,
            (2, I32) => &mut header.unpacked,
            (3, I32) => &mut header.packed,
            _ => return Some(false),
        };
        *field = values.integer()?;
        Some(true)
    })?;
    Some(header)
}

/// Returns whether the schema in a file's metadata is a tree of its elements with a depth of at most 64.
pub(super) fn has_valid_schema(metadata: &[u8]) -> bool {
    const SCHEMA: i64 = 2;
    let read = Values(metadata).fields(&mut |values, id, kind| match (id, kind) {
        (SCHEMA, LIST) => values.schema().map(|()| true),
        _ => Some(false),
    });
    read.is_some()
}

/// Bytes that are not read yet.
struct Values<'a>(&'a [u8]);

impl<'a> Values<'a> {
    /// Reads a struct. `visit` gets the number and the type of each field, and returns whether it has read the value.
    fn fields(
        &mut self,
        visit: &mut dyn FnMut(&mut Values<'a>, i64, u8) -> Option<bool>,
    ) -> Option<()> {
        let mut id = 0;
        loop {
            let head = self.byte()?;
            let (step, kind) = (head >> 4, head & 15);
            if kind == 0 {
                return Some(());
            }
            id = if step == 0 { self.integer()? } else { id.checked_add(i64::from(step))? };
            if !visit(self, id, kind)? {
                self.skip(kind, MAX_DEPTH)?;
            }
        }
    }

    /// Reads the elements of a schema, each with its number of children, in depth-first order.
    fn schema(&mut self) -> Option<()> {
        const CHILDREN: i64 = 5;
        let (kind, count) = self.list()?;
        if kind != STRUCT {
            return None;
        }
        // Number of children to come, per open group.
        let mut open: Vec<i64> = Vec::new();
        for _ in 0..count {
            let mut children = 0;
            self.fields(&mut |values, id, kind| match (id, kind) {
                (CHILDREN, I32) => {
                    children = values.integer()?;
                    Some(true)
                }
                _ => Some(false),
            })?;
            while open.last() == Some(&0) {
                open.pop();
            }
            if let Some(to_come) = open.last_mut() {
                *to_come -= 1;
            }
            if children < 0 || children as u64 > count || open.len() == MAX_DEPTH {
                return None;
            }
            open.push(children);
        }
        open.iter().all(|&to_come| to_come == 0).then_some(())
    }

    fn byte(&mut self) -> Option<u8> {
        let (&byte, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(byte)
    }

    /// Reads an unsigned number: seven bits a byte, the lowest first.
    fn varint(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 127) << shift;
            if byte < 128 {
                return Some(number);
            }
        }
        None
    }

    /// Reads a signed number: 0, -1, 1, -2 and so on.
    fn integer(&mut self) -> Option<i64> {
        let number = self.varint()?;
        Some((number >> 1) as i64 ^ -((number & 1) as i64))
    }

    /// Reads the type and the number of a list's elements.
    fn list(&mut self) -> Option<(u8, u64)> {
        let head = self.byte()?;
        let count = if head >> 4 == 15 { self.varint()? } else { u64::from(head >> 4) };
        Some((head & 15, count))
    }

    fn skip_bytes(&mut self, count: u64) -> Option<()> {
        self.0 = self.0.get(usize::try_from(count).ok()?..)?;
        Some(())
    }

    /// Skips a value of a type, at most `depth` levels deep.
    fn skip(&mut self, kind: u8, depth: usize) -> Option<()> {
        const TRUE: u8 = 1;
        const FALSE: u8 = 2;
        const I8: u8 = 3;
        const I16: u8 = 4;
        const I64: u8 = 6;
        const DOUBLE: u8 = 7;
        const BINARY: u8 = 8;
        const SET: u8 = 10;
        const MAP: u8 = 11;
        let depth = depth.checked_sub(1)?;
        match kind {
            // The type is the value.
            TRUE | FALSE => Some(()),
            I8 => self.skip_bytes(1),
            I16 | I32 | I64 => self.varint().map(|_| ()),
            DOUBLE => self.skip_bytes(8),
            BINARY => {
                let length = self.varint()?;
                self.skip_bytes(length)
            }
            LIST | SET => {
                let (kind, count) = self.list()?;
                (0..count).try_for_each(|_| self.skip_element(kind, depth))
            }
            MAP => {
                let count = self.varint()?;
                let kinds = if count == 0 { 0 } else { self.byte()? };
                (0..count).try_for_each(|_| {
                    self.skip_element(kinds >> 4, depth)?;
                    self.skip_element(kinds & 15, depth)
                })
            }
            STRUCT => loop {
                let head = self.byte()?;
                if head & 15 == 0 {
                    return Some(());
                }
                if head >> 4 == 0 {
                    self.varint()?;
                }
                self.skip(head & 15, depth)?;
            },
            _ => None,
        }
    }

    /// Skips an element of a list or map, in which truth values are bytes.
    fn skip_element(&mut self, kind: u8, depth: usize) -> Option<()> {
        match kind {
            1 | 2 => self.skip_bytes(1),
            _ => self.skip(kind, depth),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn page_header_has_kind_and_sizes() {
        // Kind 2, 300 bytes unpacked, 7 packed, a struct with a number and a string, and a field 9 after a gap.
        let bytes =
            [0x15, 4, 0x15, 0xd8, 4, 0x15, 14, 0x4c, 0x15, 2, 0x18, 2, b'a', b'b', 0, 0x25, 0, 0];
        let expected = PageHeader { kind: 2, unpacked: 300, packed: 7 };
        assert_eq!(page_header(&bytes), Some(expected));
        for length in 0..bytes.len() {
            assert_eq!(page_header(&bytes[..length]), None, "{length}");
        }
        // The largest number of a field has no next one.
        let largest = [&[0x05, 0xfe][..], &[0xff; 8], &[1, 0, 0x15, 0, 0]].concat();
        assert_eq!(page_header(&largest), None);
    }

    /// Returns metadata with a schema of elements with these numbers of children.
    fn schema(children: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0x29, (children.len() as u8) << 4 | STRUCT];
        children.iter().for_each(|children| bytes.extend([0x55, 2 * children, 0]));
        bytes.push(0);
        bytes
    }

    #[test]
    fn schema_is_a_tree_of_its_elements() {
        for tree in [&[1, 0][..], &[2, 0, 0], &[2, 2, 0, 0, 0], &[1, 1, 1, 0]] {
            assert!(has_valid_schema(&schema(tree)), "{tree:?}");
        }
        for wrong in [&[2, 0][..], &[60, 0, 0], &[1, 1, 1], &[1, 60, 0]] {
            assert!(!has_valid_schema(&schema(wrong)), "{wrong:?}");
        }
        let deep = [[0x29, 0xfc, 0x80, 1].as_slice(), &[0x55, 2, 0].repeat(127), &[0, 0]].concat();
        assert!(!has_valid_schema(&deep));
    }
}
