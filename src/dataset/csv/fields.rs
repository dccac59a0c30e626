//! Parses the fields of a line.

/// Parses a finite number.
pub(super) fn number(field: &[u8]) -> Option<f64> {
    let number: f64 = std::str::from_utf8(field).ok()?.parse().ok()?;
    number.is_finite().then_some(number)
}

/// Parses an integer from 0 to 255, also as `3.0`.
pub(super) fn label(field: &[u8]) -> Option<u8> {
    small_integer(field).or_else(|| whole_byte(number(field)?))
}

/// Parses an integer from 0 to 255.
pub(super) fn small_integer(field: &[u8]) -> Option<u8> {
    std::str::from_utf8(field).ok()?.parse().ok()
}

fn whole_byte(value: f64) -> Option<u8> {
    (value.fract() == 0.0 && (0.0..=255.0).contains(&value)).then_some(value as u8)
}

/// Returns whether a field is empty or a marker of a missing number.
pub(super) fn is_missing(field: &str) -> bool {
    let field = field.trim().to_ascii_lowercase();
    matches!(field.trim_start_matches(['-', '+']), "" | "nan" | "na" | "null" | "inf" | "infinity")
}

/// Returns whether a field is a number with a decimal comma.
pub(super) fn has_decimal_comma(field: &[u8]) -> bool {
    let mut text = String::from_utf8_lossy(field).into_owned();
    text.matches(',').count() == 1 && {
        text = text.replace(',', ".");
        number(text.as_bytes()).is_some()
    }
}

/// Shortens a field for an error message.
pub(super) fn shorten(field: &[u8]) -> String {
    const LENGTH: usize = 20;
    let text = String::from_utf8_lossy(field);
    let mut start: String = text.chars().take(LENGTH).filter(|c| !c.is_control()).collect();
    if text.chars().count() > LENGTH {
        start += "..";
    }
    start
}
