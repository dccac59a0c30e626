//! How TensorFlow puts records into files: length, its check, data, their check.

use crc32c::crc32c;

/// Added to checks, so that those of data that hold checks themselves are good ones too.
const MASK: u32 = 0xa282_ead8;

/// A record around `data`.
pub(super) fn frame(data: &[u8]) -> Vec<u8> {
    let length = (data.len() as u64).to_le_bytes();
    [&length, &check(&length)[..], data, &check(data)].concat()
}

/// The masked CRC-32C.
fn check(data: &[u8]) -> [u8; 4] {
    crc32c(data).rotate_right(15).wrapping_add(MASK).to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_length_and_data_each_with_its_check() {
        // CRC-32C of "123456789" is 0xe3069283 (the check value of its definition).
        let masked = 0xe306_9283u32.rotate_right(15).wrapping_add(0xa282_ead8);
        let record = frame(b"123456789");
        assert_eq!(record.len(), 8 + 4 + 9 + 4);
        assert_eq!(record[..8], [9, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(record[12..21], *b"123456789");
        assert_eq!(record[21..], masked.to_le_bytes());
    }
}
