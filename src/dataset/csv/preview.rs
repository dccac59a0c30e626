//! The beginning of a table: layout and first two lines.

use std::io::Read;
use std::path::Path;

use super::super::error::invalid_with_hint;
use super::super::gzip::{Content, read_error};
use super::super::{DatasetError, Location};
use super::layout::Layout;
use super::reader::TableReader;
use crate::files;

/// Largest accepted first line, bytes.
const MAX_FIRST_LINE: u64 = 4 << 20;

/// Layout and first two lines of a table.
#[derive(Clone)]
pub(super) struct Preview {
    pub(super) layout: Layout,
    /// Whether the file is compressed by gzip.
    pub(super) is_compressed: bool,
    /// Line number of the first record, from 1.
    pub(super) first_line: u64,
    /// Fields of the first line that is not empty.
    pub(super) first: Vec<String>,
    /// Fields of the second line that is not empty.
    pub(super) second: Option<Vec<String>>,
}

impl Preview {
    /// Reads the beginning of a table.
    ///
    /// # Errors
    /// Returns an error if the file is unreadable, is no text, or mixes separators.
    pub(super) fn of(path: &Path) -> Result<Preview, DatasetError> {
        let location = || Location::whole(path.display().to_string());
        let content = Content::open(path, "the table")?;
        let is_compressed = content.is_compressed();
        let mut start = Vec::new();
        content
            .take(MAX_FIRST_LINE)
            .read_to_end(&mut start)
            .map_err(|source| read_error(location(), is_compressed, source))?;
        if start.starts_with(&[0xff, 0xfe]) || start.starts_with(&[0xfe, 0xff]) {
            let hint = "save it as UTF-8";
            return Err(invalid_with_hint(location(), "UTF-8 text", "UTF-16", hint));
        }
        let kind = files::kind_of_bytes(&start);
        if let Some(kind) = kind.filter(|kind| !kind.starts_with("text") && !start.is_empty()) {
            let hint = "unpack it, or correct the file's extension";
            return Err(invalid_with_hint(location(), "a CSV table", kind, hint));
        }
        let layout = Layout::of(&start, location)?;
        let mut table = TableReader::open(path, layout)?;
        let mut lines = Vec::new();
        let mut first_line = 1;
        while lines.len() < 2
            && let Some((line, record)) = table.next()?
        {
            let fields = record.iter().map(|field| String::from_utf8_lossy(field).into_owned());
            lines.push(fields.collect::<Vec<String>>());
            first_line = if lines.len() == 1 { line } else { first_line };
        }
        let mut lines = lines.into_iter();
        let first = lines.next().unwrap_or_default();
        Ok(Preview { layout, is_compressed, first_line, first, second: lines.next() })
    }
}
