//! Names of EMNIST's classes, from the file `emnist-letters-mapping.txt` beside its images: a line per label, with the
//! label and the code of its character, or the codes of a capital and a small letter.

use std::io::ErrorKind;
use std::path::Path;

use super::super::error::invalid;
use super::super::location::Position;
use super::super::{DatasetError, Location};
use crate::files;

/// Reads the names of the classes: the last character of each line, as `apical data fetch` writes them. `None` if there
/// is no such file.
///
/// # Errors
/// Returns an error if the file cannot be read, or a line is no label with characters, or the labels have gaps.
pub(super) fn read(path: &Path) -> Result<Option<Vec<String>>, DatasetError> {
    let file = path.display().to_string();
    let text = match files::read_text(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(DatasetError::read(Location::whole(file))(error)),
    };
    let mut names = Vec::new();
    let mut next = None;
    for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let numbers: Option<Vec<u32>> =
            line.split_ascii_whitespace().map(|number| number.parse().ok()).collect();
        let numbers = numbers.unwrap_or_default();
        let name = numbers.get(1..).and_then(<[u32]>::last).and_then(|&code| char::from_u32(code));
        let label = numbers.first().copied();
        let is_next = label.is_some_and(|label| next.map_or(label <= 1, |next| label == next));
        let Some(name) = name.filter(|name| is_next && !name.is_control()) else {
            let position = Position::Line(index as u64 + 1);
            let expected = "a label, one more than the last, and the code of its character";
            let found = format!("'{}'", line.chars().take(40).collect::<String>());
            return Err(invalid(Location { file, position }, expected, found));
        };
        names.push(name.to_string());
        next = label.map(|label| label.saturating_add(1));
    }
    Ok(Some(names))
}
