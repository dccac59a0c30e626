//! Locations in files, for error messages.

use std::fmt;

/// A location in a file. Prints as `FILE, byte offset 16` or `FILE, line 3, column 5`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// The file, or a description of a memory block.
    pub file: String,
    /// The position in the file.
    pub position: Position,
}

/// A position in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Position {
    /// The whole file or folder.
    Whole,
    /// Offset from the start, bytes.
    Byte(usize),
    /// Offset in the decompressed content of a gzip file, bytes.
    DecompressedByte(usize),
    /// Line number, from 1.
    Line(u64),
    /// A field of a CSV table.
    Field {
        /// Line number, from 1.
        line: u64,
        /// Column number, from 1.
        column: usize,
    },
    /// An array of an `.npz` file.
    Array(String),
    /// An element of an array of an `.npz` file.
    Element {
        /// Name of the array.
        array: String,
        /// Row-major index of the element, from 0.
        index: usize,
    },
}

impl Location {
    pub(super) fn whole(file: impl Into<String>) -> Location {
        Location { file: file.into(), position: Position::Whole }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.file)?;
        match &self.position {
            Position::Whole => Ok(()),
            Position::Byte(offset) => write!(formatter, ", byte offset {offset}"),
            Position::DecompressedByte(offset) => {
                write!(formatter, ", byte offset {offset} of the decompressed content")
            }
            Position::Line(line) => write!(formatter, ", line {line}"),
            Position::Field { line, column } => write!(formatter, ", line {line}, column {column}"),
            Position::Array(array) => write!(formatter, ", array {array}"),
            Position::Element { array, index } => {
                write!(formatter, ", array {array}, index {index}")
            }
        }
    }
}

/// Origin of an array's bytes, from which locations of elements follow.
#[derive(Clone, Debug)]
pub(super) enum Origin {
    /// Memory of the caller, with a description.
    Memory(String),
    /// An IDX file, whose elements start after `header` bytes and every `stride` bytes.
    Idx { file: String, compressed: bool, header: usize, stride: usize },
    /// A file or folder without further positions.
    Whole(String),
    /// A column of a table, from 1, with the line number of each element.
    Lines { file: String, lines: Vec<u64>, column: usize },
    /// An array of an `.npz` file.
    Array { file: String, array: String },
}

/// Offset and length of the sizes in an IDX header, bytes.
const IDX_SIZES: usize = 4;
const IDX_SIZE_LENGTH: usize = 4;

impl Origin {
    /// Returns the file's name, or the memory's description.
    pub(super) fn file(&self) -> &str {
        match self {
            Origin::Memory(file)
            | Origin::Idx { file, .. }
            | Origin::Whole(file)
            | Origin::Lines { file, .. }
            | Origin::Array { file, .. } => file,
        }
    }

    /// Returns the file and, in an archive, the array.
    pub(super) fn file_and_name(&self) -> String {
        match self {
            Origin::Array { file, array } => format!("{file}, array {array}"),
            _ => self.file().to_string(),
        }
    }

    /// Returns the name of the array in an archive, otherwise the file.
    pub(super) fn name(&self) -> &str {
        match self {
            Origin::Array { array, .. } => array,
            _ => self.file(),
        }
    }

    /// Returns the location of an element.
    pub(super) fn at_element(&self, index: usize) -> Location {
        let position = match self {
            Origin::Memory(_) => Position::Byte(index),
            Origin::Idx { header, stride, .. } => return self.at_byte(header + index * stride),
            Origin::Whole(_) => Position::Whole,
            Origin::Lines { lines, column, .. } => match lines.get(index) {
                Some(&line) => Position::Field { line, column: *column },
                None => Position::Whole,
            },
            Origin::Array { array, .. } => Position::Element { array: array.clone(), index },
        };
        Location { file: self.file().to_string(), position }
    }

    /// Returns the location of an axis's size, or of the whole file if it has none.
    pub(super) fn at_size(&self, axis: usize) -> Location {
        let position = match self {
            Origin::Memory(_) => Position::Byte(0),
            Origin::Idx { .. } => return self.at_byte(IDX_SIZES + IDX_SIZE_LENGTH * axis),
            Origin::Whole(_) | Origin::Lines { .. } => Position::Whole,
            Origin::Array { array, .. } => Position::Array(array.clone()),
        };
        Location { file: self.file().to_string(), position }
    }

    /// Returns the location of a byte, counted from the start of the file.
    pub(super) fn at_byte(&self, offset: usize) -> Location {
        let position = match self {
            Origin::Idx { compressed: true, .. } => Position::DecompressedByte(offset),
            _ => Position::Byte(offset),
        };
        Location { file: self.file().to_string(), position }
    }
}
