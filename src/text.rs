//! Conversions of counts, lists, errors and bytes to text.

use std::error::Error;
use std::iter::successors;
use std::str::FromStr;

/// Returns a count with its noun, such as `1 file` or `2 files`.
pub fn plural(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// Returns the first `most` names and the number of further ones, such as `a, b and 3 more`.
pub(crate) fn list_first<T: AsRef<str>>(names: &[T], most: usize) -> String {
    let listed: Vec<&str> = names.iter().take(most).map(T::as_ref).collect();
    let listed = listed.join(", ");
    match names.len().saturating_sub(most) {
        0 => listed,
        more => format!("{listed} and {more} more"),
    }
}

/// Returns alternatives as `a, b, or c`.
pub(crate) fn one_of(alternatives: &[&str]) -> String {
    match alternatives {
        [] => String::new(),
        [only] => only.to_string(),
        [first, second] => format!("{first} or {second}"),
        [first @ .., last] => format!("{}, or {last}", first.join(", ")),
    }
}

/// Parses two values with a separator in between, such as `28x28`.
pub(crate) fn parse_pair<T: FromStr>(text: &str, separator: char) -> Option<(T, T)> {
    let (first, second) = text.split_once(separator)?;
    Some((first.parse().ok()?, second.parse().ok()?))
}

/// Returns the message of an error followed by its causes, separated by colons.
pub fn with_causes(error: &dyn Error) -> String {
    let causes = successors(error.source(), |&cause| cause.source());
    causes
        .fold(error.to_string(), |text, cause| format!("{text}: {}", cause.to_string().trim_end()))
}

/// Returns bytes as lower-case hexadecimal digits.
pub(crate) fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn list_first_counts_further_names() {
        assert_eq!(list_first(&["a", "b"], 2), "a, b");
        assert_eq!(list_first(&["a", "b", "c", "d"], 2), "a, b and 2 more");
        assert_eq!(list_first::<&str>(&[], 2), "");
    }

    #[test]
    fn one_of_joins_alternatives() {
        assert_eq!(one_of(&["a"]), "a");
        assert_eq!(one_of(&["a", "b"]), "a or b");
        assert_eq!(one_of(&["a", "b", "c"]), "a, b, or c");
    }
}
