//! TensorFlow's record format: length, CRC of the length, data, CRC of the data.

use crc32c::crc32c;

/// Added to each CRC: the CRC of data that contain CRCs would be weak.
const MASK: u32 = 0xa282_ead8;

/// Returns the record of `data`.
pub(super) fn frame(data: &[u8]) -> Vec<u8> {
    let length = (data.len() as u64).to_le_bytes();
    [&length, &masked_crc(&length)[..], data, &masked_crc(data)].concat()
}

/// Returns the masked CRC-32C.
fn masked_crc(data: &[u8]) -> [u8; 4] {
    crc32c(data).rotate_right(15).wrapping_add(MASK).to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frame_has_length_and_data_with_their_crc() {
        // 0xe3069283 is the check value of the definition of CRC-32C.
        let masked = 0xe306_9283u32.rotate_right(15).wrapping_add(0xa282_ead8);
        let record = frame(b"123456789");
        assert_eq!(record.len(), 8 + 4 + 9 + 4);
        assert_eq!(record[..8], [9, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(record[12..21], *b"123456789");
        assert_eq!(record[21..], masked.to_le_bytes());
    }
}
