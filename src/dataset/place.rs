//! Where in a file something lies: for errors, which say it.

use std::fmt;

/// A place in a file; prints as `FILE, byte offset 16` or `FILE, line 3, column 5`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file, or what a block of memory holds.
    pub file: String,
    /// Where in it.
    pub spot: Spot,
}

/// What of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Spot {
    /// The file as a whole, or a folder.
    Whole,
    /// Bytes from the start.
    Byte(usize),
    /// Bytes from the start of what a gzip file holds.
    DecompressedByte(usize),
    /// A line of text, from 1.
    Line(u64),
    /// A field of a table.
    Field {
        /// From 1.
        line: u64,
        /// From 1.
        column: usize,
    },
    /// An array of an `.npz` file.
    Array(String),
    /// An element of such an array.
    Element {
        /// Its name.
        array: String,
        /// Row by row, from 0.
        index: usize,
    },
}

impl Place {
    pub(super) fn whole(file: impl Into<String>) -> Place {
        Place { file: file.into(), spot: Spot::Whole }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.file)?;
        match &self.spot {
            Spot::Whole => Ok(()),
            Spot::Byte(offset) => write!(formatter, ", byte offset {offset}"),
            Spot::DecompressedByte(offset) => {
                write!(formatter, ", byte offset {offset} of the decompressed content")
            }
            Spot::Line(line) => write!(formatter, ", line {line}"),
            Spot::Field { line, column } => write!(formatter, ", line {line}, column {column}"),
            Spot::Array(array) => write!(formatter, ", array {array}"),
            Spot::Element { array, index } => write!(formatter, ", array {array}, index {index}"),
        }
    }
}

/// Where the bytes of an array came from, to say later where one of them lies.
#[derive(Clone, Debug)]
pub(super) enum Origin {
    /// Memory that somebody handed over, by what it holds.
    Memory(String),
    /// An IDX file, whose data begin behind `header` bytes.
    Idx { file: String, compressed: bool, header: usize },
    /// A file or a folder that does not say more.
    Whole(String),
    /// A column of a table, from 1: the line of each element.
    Lines { file: String, lines: Vec<u64>, column: usize },
    /// An array of an `.npz` file.
    Array { file: String, array: String },
}

/// Where the sizes of an IDX array are written: behind four bytes, four bytes each.
const IDX_SIZES: usize = 4;
const IDX_SIZE_LENGTH: usize = 4;

impl Origin {
    /// The file's name, or what the memory holds.
    pub(super) fn file(&self) -> &str {
        match self {
            Origin::Memory(file)
            | Origin::Idx { file, .. }
            | Origin::Whole(file)
            | Origin::Lines { file, .. }
            | Origin::Array { file, .. } => file,
        }
    }

    /// Where an element lies.
    pub(super) fn of_data(&self, index: usize) -> Place {
        let spot = match self {
            Origin::Memory(_) => Spot::Byte(index),
            Origin::Idx { header, .. } => return self.byte(header + index),
            Origin::Whole(_) => Spot::Whole,
            Origin::Lines { lines, column, .. } => match lines.get(index) {
                Some(&line) => Spot::Field { line, column: *column },
                None => Spot::Whole,
            },
            Origin::Array { array, .. } => Spot::Element { array: array.clone(), index },
        };
        Place { file: self.file().to_string(), spot }
    }

    /// Where the size of an axis is told, where that is written down.
    pub(super) fn of_size(&self, axis: usize) -> Place {
        let spot = match self {
            Origin::Memory(_) => Spot::Byte(0),
            Origin::Idx { .. } => return self.byte(IDX_SIZES + IDX_SIZE_LENGTH * axis),
            Origin::Whole(_) | Origin::Lines { .. } => Spot::Whole,
            Origin::Array { array, .. } => Spot::Array(array.clone()),
        };
        Place { file: self.file().to_string(), spot }
    }

    /// A byte of a file, from its start.
    pub(super) fn byte(&self, offset: usize) -> Place {
        let spot = match self {
            Origin::Idx { compressed: true, .. } => Spot::DecompressedByte(offset),
            _ => Spot::Byte(offset),
        };
        Place { file: self.file().to_string(), spot }
    }
}
