//! The beginning of a table: separators, line ending and the first two lines.

use std::fs::File;
use std::io::{Chain, Read};
use std::path::Path;

use csv::{ByteRecord, Reader, ReaderBuilder, Terminator, Trim};

use super::super::error::{invalid, invalid_with_hint};
use super::super::{DatasetError, Location};
use crate::files;

/// Largest accepted first line, bytes.
const MAX_FIRST_LINE: u64 = 4 << 20;

type Input = Chain<File, &'static [u8]>;

/// Separators and first two lines of a table.
pub(super) struct Preview {
    separator: u8,
    line_end: u8,
    /// Line number of the first record, from 1.
    pub(super) first_line: u64,
    /// Fields of the first non-empty line.
    pub(super) first: Vec<String>,
    /// Fields of the second non-empty line.
    pub(super) second: Option<Vec<String>>,
}

impl Preview {
    /// Reads the beginning of a table.
    ///
    /// # Errors
    /// Returns an error if the file is unreadable, is no text, or mixes separators.
    pub(super) fn of(path: &Path) -> Result<Preview, DatasetError> {
        let location = || Location::whole(path.display().to_string());
        let mut start = Vec::new();
        let file = open(path)?;
        let length = file.metadata().map_err(DatasetError::read(location()))?.len();
        // Each value takes at least two bytes in the file and one in memory.
        files::check_memory(length, "the table").map_err(DatasetError::memory(location()))?;
        file.take(MAX_FIRST_LINE)
            .read_to_end(&mut start)
            .map_err(DatasetError::read(location()))?;
        if start.starts_with(&[0xff, 0xfe]) || start.starts_with(&[0xfe, 0xff]) {
            let hint = "save it as UTF-8";
            return Err(invalid_with_hint(location(), "UTF-8 text", "UTF-16", hint));
        }
        let kind = files::kind_of_bytes(&start);
        if let Some(kind) = kind.filter(|kind| !kind.starts_with("text") && !start.is_empty()) {
            let hint = "unpack it, or correct the file's extension";
            return Err(invalid_with_hint(location(), "a CSV table", kind, hint));
        }
        let line_end =
            if start.contains(&b'\n') || !start.contains(&b'\r') { b'\n' } else { b'\r' };
        let lines = start.split(|&byte| byte == line_end);
        let first = lines.into_iter().find(|line| !line.trim_ascii().is_empty());
        let separator = separator_of(first.unwrap_or_default(), location)?;
        let mut preview =
            Preview { separator, line_end, first_line: 1, first: Vec::new(), second: None };
        let mut table = preview.reader(path)?;
        let mut record = ByteRecord::new();
        let mut count = 0;
        while table.read_byte_record(&mut record).is_ok_and(|more| more) {
            count += 1;
            if record.len() < 2 && record.iter().all(<[u8]>::is_empty) {
                continue;
            }
            let fields = record.iter().map(|field| String::from_utf8_lossy(field).into_owned());
            if !preview.first.is_empty() {
                preview.second = Some(fields.collect());
                break;
            }
            preview.first = fields.collect();
            let line = table.position().line().saturating_sub(1).max(1);
            preview.first_line = if preview.counts_records() { count } else { line };
        }
        Ok(preview)
    }

    /// Returns a reader of the whole table.
    pub(super) fn reader(&self, path: &Path) -> Result<Reader<Input>, DatasetError> {
        // A final newline moves the reader to the next line after the last record, too.
        let end: &[u8] = if self.line_end == b'\r' { b"\r" } else { b"\n" };
        Ok(ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            // Trims the carriage return before a newline, too.
            .trim(Trim::All)
            .delimiter(self.separator)
            .terminator(Terminator::Any(self.line_end))
            .from_reader(open(path)?.chain(end)))
    }

    /// Returns whether lines end in a carriage return, which the reader does not count.
    pub(super) fn counts_records(&self) -> bool {
        self.line_end == b'\r'
    }

    /// Returns the separator as text.
    pub(super) fn separator(&self) -> &'static str {
        match self.separator {
            b';' => "separated by semicolons",
            b'\t' => "separated by tabs",
            _ => "separated by commas",
        }
    }
}

fn open(path: &Path) -> Result<File, DatasetError> {
    files::open_regular(path)
        .map_err(DatasetError::read(Location::whole(path.display().to_string())))
}

/// Returns the only separator that occurs in a line outside quotes.
fn separator_of(line: &[u8], location: impl Fn() -> Location) -> Result<u8, DatasetError> {
    let mut is_quoted = false;
    let mut found = Vec::new();
    for &byte in line {
        is_quoted ^= byte == b'"';
        if !is_quoted && matches!(byte, b',' | b';' | b'\t') && !found.contains(&byte) {
            found.push(byte);
        }
    }
    match found[..] {
        [separator] => Ok(separator),
        [] => Ok(b','),
        _ => {
            let found = found.iter().map(|byte| match byte {
                b'\t' => "tabs",
                b';' => "semicolons",
                _ => "commas",
            });
            let found = found.collect::<Vec<_>>().join(" and ");
            let hint = "save the table with commas as separators and decimal points";
            let expected = "one kind of separator";
            let error: DatasetError = invalid(location(), expected, found);
            Err(error.with_hint(Some(hint)))
        }
    }
}
