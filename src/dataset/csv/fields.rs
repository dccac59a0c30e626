//! Parses the fields of a line.

/// Parses a finite number.
pub(super) fn number(field: &[u8]) -> Option<f64> {
    let number: f64 = std::str::from_utf8(field).ok()?.parse().ok()?;
    number.is_finite().then_some(number)
}

/// Parses an integer from 0 to 255, also as `3.0`.
pub(super) fn label(field: &[u8]) -> Option<u8> {
    match std::str::from_utf8(field).ok()?.parse() {
        Ok(byte) => Some(byte),
        Err(_) => whole_byte(number(field)?),
    }
}

fn whole_byte(value: f64) -> Option<u8> {
    (value.fract() == 0.0 && (0.0..=255.0).contains(&value)).then_some(value as u8)
}

/// Parses a pixel. Returns its value and its byte.
pub(super) fn pixel(field: &[u8], max_value: Option<u32>) -> Option<(f64, u8)> {
    match max_value {
        None => {
            let byte = label(field)?;
            Some((f64::from(byte), byte))
        }
        Some(max_value) => {
            let (value, max_value) = (number(field)?, f64::from(max_value));
            (0.0..=max_value)
                .contains(&value)
                .then(|| (value, (value * 255.0 / max_value).round() as u8))
        }
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
