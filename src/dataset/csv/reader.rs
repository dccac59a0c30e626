//! Records of a table, with their line numbers.

use std::io::{Chain, Cursor, Read};
use std::path::Path;

use csv::{ByteRecord, Reader, ReaderBuilder, Terminator, Trim};

use super::super::gzip::{Content, read_error};
use super::super::location::Position;
use super::super::{DatasetError, Location};
use super::layout::Layout;

type Input = Chain<Chain<Cursor<Vec<u8>>, Content>, &'static [u8]>;

/// Mark that some programs write before UTF-8 text.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Records of a table without empty lines.
pub(super) struct TableReader {
    file: String,
    layout: Layout,
    is_compressed: bool,
    reader: Reader<Input>,
    record: ByteRecord,
    /// Number of records read.
    count: u64,
}

impl TableReader {
    /// Opens a table, plain or gzip.
    ///
    /// # Errors
    /// Returns an error if the file cannot be read or does not fit into memory.
    pub fn open(path: &Path, layout: Layout) -> Result<TableReader, DatasetError> {
        // Each value takes at least two bytes in the file and one in memory.
        let mut content = Content::open(path, "the table")?;
        let is_compressed = content.is_compressed();
        let file = path.display().to_string();
        let mut start = Vec::new();
        // The csv crate skips the mark only if the first read returns all of it.
        (&mut content)
            .take(BYTE_ORDER_MARK.len() as u64)
            .read_to_end(&mut start)
            .map_err(|source| read_error(Location::whole(file.clone()), is_compressed, source))?;
        if start == BYTE_ORDER_MARK {
            start.clear();
        }
        // A final newline moves the reader to the next line after the last record, too.
        let end: &[u8] = if layout.line_end == b'\r' { b"\r" } else { b"\n" };
        let reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            // Trims the carriage return before a newline, too.
            .trim(Trim::All)
            .delimiter(layout.separator)
            .terminator(Terminator::Any(layout.line_end))
            .from_reader(Cursor::new(start).chain(content).chain(end));
        let record = ByteRecord::new();
        Ok(TableReader { file, layout, is_compressed, reader, record, count: 0 })
    }

    /// Reads the next record that is not empty. Returns its line, from 1, and its fields; `None` at the end.
    ///
    /// # Errors
    /// Returns an error if the file cannot be read.
    pub fn next(&mut self) -> Result<Option<(u64, &ByteRecord)>, DatasetError> {
        loop {
            let more = self.reader.read_byte_record(&mut self.record);
            self.count += 1;
            let line = match self.layout.line_end {
                // The reader counts newlines only.
                b'\r' => self.count,
                // After reading a record, the reader is on the next line.
                _ => self.reader.position().line().saturating_sub(1).max(1),
            };
            match more {
                Ok(true) => {}
                Ok(false) => return Ok(None),
                Err(error) => {
                    let position = Position::Line(line);
                    let location = Location { file: self.file.clone(), position };
                    return Err(read_error(location, self.is_compressed, error.into()));
                }
            }
            if self.layout.separator == b' ' {
                let fields = self.record.iter().filter(|field| !field.is_empty());
                self.record = fields.collect();
            }
            if self.record.len() > 1 || self.record.iter().any(|field| !field.is_empty()) {
                return Ok(Some((line, &self.record)));
            }
        }
    }
}
