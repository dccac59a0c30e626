//! Separator and line ending of a table.

use super::super::error::invalid_with_hint;
use super::super::{DatasetError, Location};

/// Separator and line ending of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    /// Byte between fields. Any number of blanks in a row is one separator.
    pub separator: u8,
    /// Byte at the end of a line: a newline, or a carriage return in tables without newlines.
    pub line_end: u8,
}

impl Layout {
    /// Detects the layout from the beginning of a table.
    ///
    /// # Errors
    /// Returns an error if the first line mixes separators.
    pub fn of(start: &[u8], location: impl FnOnce() -> Location) -> Result<Layout, DatasetError> {
        let line_end =
            if start.contains(&b'\n') || !start.contains(&b'\r') { b'\n' } else { b'\r' };
        let mut lines = start.split(|&byte| byte == line_end);
        let first = lines.find(|line| !line.trim_ascii().is_empty());
        let separator = separator_of(first.unwrap_or_default(), location)?;
        Ok(Layout { separator, line_end })
    }

    /// Returns the separator as text.
    pub fn describe(self) -> &'static str {
        match self.separator {
            b';' => "separated by semicolons",
            b'\t' => "separated by tabs",
            b' ' => "separated by blanks",
            _ => "separated by commas",
        }
    }
}

/// Returns the only separator that occurs in a line outside quotes.
fn separator_of(line: &[u8], location: impl FnOnce() -> Location) -> Result<u8, DatasetError> {
    let mut is_quoted = false;
    let mut found = Vec::new();
    for &byte in line.trim_ascii() {
        is_quoted ^= byte == b'"';
        if !is_quoted && matches!(byte, b',' | b';' | b'\t' | b' ') && !found.contains(&byte) {
            found.push(byte);
        }
    }
    // Blanks beside another separator are padding or parts of a name.
    if found.len() > 1 {
        found.retain(|&byte| byte != b' ');
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
            Err(invalid_with_hint(location(), "one kind of separator", found, hint))
        }
    }
}
