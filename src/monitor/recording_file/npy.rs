//! Arrays in numpy's format (NEP 1, version 1.0): a header in Python notation, then the elements.

/// Alignment of the header's length in bytes.
const ALIGNMENT: usize = 64;

/// Returns the header of an array in row-major order. `descr`: numpy's name of the element type, such as `<f4` or `|u1`.
pub(super) fn header(descr: &str, shape: &[usize]) -> Vec<u8> {
    let sizes: Vec<String> = shape.iter().map(usize::to_string).collect();
    // In Python, a tuple of one element ends with a comma.
    let comma = if shape.len() == 1 { "," } else { "" };
    let sizes = format!("({}{comma})", sizes.join(", "));
    let text = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {sizes}, }}");
    // Magic string, version and length take 10 bytes; a line feed ends the text.
    let padded = (10 + text.len() + 1).next_multiple_of(ALIGNMENT) - 10;
    let text = format!("{text:width$}\n", width = padded - 1);
    [b"\x93NUMPY\x01\x00", &(padded as u16).to_le_bytes()[..], text.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Compares with the header that numpy 2.4 writes. Numpy pads some headers by 64 bytes more, so that an array can grow.
    #[track_caller]
    fn assert_header(descr: &str, shape: &[usize], text: &str, length: usize) {
        let found = header(descr, shape);
        assert_eq!(found.len(), length);
        assert_eq!(found[..8], *b"\x93NUMPY\x01\x00");
        assert_eq!(usize::from(u16::from_le_bytes([found[8], found[9]])), length - 10);
        let padded = format!("{text:width$}\n", width = length - 11);
        assert_eq!(std::str::from_utf8(&found[10..]).unwrap(), padded);
    }

    #[test]
    fn header_equals_numpy() {
        let text =
            |shape: &str| format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}");
        assert_header("<f4", &[3, 40, 20], &text("(3, 40, 20)"), 128);
        assert_header("<f4", &[], &text("()"), 128);
        let bytes = "{'descr': '|u1', 'fortran_order': False, 'shape': (12,), }";
        assert_header("|u1", &[12], bytes, 128);
        // Unpadded headers that end one byte before a multiple of 64, and one byte after.
        let shape = "(1000000, 1000000, 1000000, 1000000, 1000000, 1000000, 10000000)";
        let [million, more] = [1_000_000, 10_000_000];
        assert_header(
            "<f4",
            &[million, million, million, million, million, million, more],
            &text(shape),
            128,
        );
        let shape = "(1000000, 1000000, 1000000, 1000000, 1000000, 10000000, 10000000)";
        assert_header(
            "<f4",
            &[million, million, million, million, million, more, more],
            &text(shape),
            192,
        );
    }
}
