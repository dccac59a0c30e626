//! Invalid IDX files: every error names the byte offset, and no file causes a panic or a large allocation.

use std::error::Error;
use std::io::Read;

use apical::dataset::idx::{read_images, read_labels};
use proptest::prelude::*;

use super::*;

#[test]
fn wrong_header_is_refused() {
    let fault = "0: expected an IDX file, which starts with the bytes 00 00, found 01 00";
    assert_error(TRAINING_IMAGES, |bytes| bytes[0] = 1, fault);
    let fault = "1: expected an IDX file, which starts with the bytes 00 00, found 00 2a";
    assert_error(TEST_LABELS, |bytes| bytes[1] = 0x2a, fault);
    for element_type in [0x00, 0x0a, 0x77] {
        let expected = "an element type of IDX, 0x08 to 0x0e";
        let fault = format!("2: expected {expected}, found {element_type:#04x}");
        assert_error(TRAINING_LABELS, |bytes| bytes[2] = element_type, &fault);
    }
    for (element_type, size) in [(0x0b, 2), (0x0c, 4), (0x0d, 4), (0x0e, 8)] {
        let (length, at) = (4 * size, 8 + 4 / size * size);
        let fault = format!("{at}: expected {length} bytes of data (4 of {size} bytes), found 4");
        assert_error(TRAINING_LABELS, |bytes| bytes[2] = element_type, &fault);
    }
    let fault = "3: expected 3 dimension(s) (number of images, height, width), found 1";
    assert_error(TRAINING_IMAGES, |bytes| bytes[3] = 1, fault);
    let fault = "3: expected 1 dimension(s) (number of labels) or 2 dimension(s) (number of labels, number of \
                 columns), found 3";
    assert_error(TEST_LABELS, |bytes| bytes[3] = 3, fault);
    for length in [0, 1, 3, 4, 15] {
        let fault = format!("{length}: expected a header of 16 bytes, found the end of the file");
        assert_error(TEST_IMAGES, |bytes| bytes.truncate(length), &fault);
    }
}

#[test]
fn wrong_length_is_refused() {
    let fault = "39: expected 24 bytes of data (4 x 2 x 3), found 23";
    assert_error(TRAINING_IMAGES, |bytes| bytes.truncate(39), fault);
    let fault = "40: expected 24 bytes of data (4 x 2 x 3), found more";
    assert_error(TRAINING_IMAGES, |bytes| bytes.extend([0; 9]), fault);
    let fault = "10: expected 2 bytes of data (2), found more";
    assert_error(TEST_LABELS, |bytes| bytes.push(0), fault);
    for (at, axis) in [(4, "number of images"), (8, "height"), (12, "width")] {
        let fault = format!("{at}: expected a {axis} of at least 1, found 0");
        assert_error(TRAINING_IMAGES, |bytes| bytes[at..at + 4].fill(0), &fault);
    }
    let fault = "4: expected a number of labels of at least 1, found 0";
    assert_error(TRAINING_LABELS, |bytes| bytes[4..8].fill(0), fault);
}

#[test]
fn false_sizes_allocate_no_memory() {
    let sizes = "4294967295 x 4294967295 x 4294967295";
    let fault = format!("4: expected sizes that fit in memory, found {sizes} bytes");
    assert_error(TRAINING_IMAGES, |bytes| bytes[4..16].fill(0xff), &fault);
    // 2^60 bytes fit into a 64-bit address space, so the error comes from reading, not from the size.
    let false_header = idx(&[1 << 30, 1 << 15, 1 << 15], &[7]);
    let data = "1152921504606846976 bytes of data (1073741824 x 32768 x 32768)";
    let fault = format!("17: expected {data}, found 1");
    assert_error(TRAINING_IMAGES, |bytes| *bytes = false_header.clone(), &fault);
    let fault = "4 of the decompressed content: not enough memory";
    assert_error(TRAINING_IMAGES, |bytes| *bytes = gzip(&false_header), fault);
}

#[test]
fn damaged_gzip_stream_is_refused() {
    let content = "of the decompressed content";
    let damage = "damaged gzip stream; download the file again";
    let header_only = |bytes: &mut Vec<u8>| {
        *bytes = gzip(bytes);
        bytes.truncate(2);
    };
    assert_error(TRAINING_IMAGES, header_only, &format!("0 {content}: {damage}"));
    let wrong_checksum = |bytes: &mut Vec<u8>| {
        *bytes = gzip(bytes);
        let at = bytes.len() - 8;
        bytes[at] ^= 1;
    };
    assert_error(TRAINING_IMAGES, wrong_checksum, &format!("40 {content}: {damage}"));
    let truncated = |bytes: &mut Vec<u8>| {
        *bytes = gzip(bytes);
        bytes.pop();
    };
    assert_error(TEST_LABELS, truncated, &format!("10 {content}: {damage}"));
    let with_second_stream = |bytes: &mut Vec<u8>| *bytes = [gzip(bytes), gzip(&[1])].concat();
    let fault = format!("10 {content}: expected 2 bytes of data (2), found more");
    assert_error(TEST_LABELS, with_second_stream, &fault);
}

#[test]
fn endless_file_is_read_up_to_its_announced_size() {
    let bytes = idx(&[2], &[0, 1]);
    let reader = bytes.as_slice().chain(std::io::repeat(0));
    let error = read_labels(reader, "pipe").unwrap_err();
    let expected = "pipe, byte offset 10: expected 2 bytes of data (2), found more";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn read_error_keeps_its_cause() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("the disk is gone"))
        }
    }
    let bytes = idx(&[4, 2, 3], &[1, 2]);
    let reader = bytes.as_slice().chain(Broken);
    let error = read_images(reader, "some file").unwrap_err();
    let expected = "some file, byte offset 18: cannot read the file";
    assert_eq!(error.to_string(), expected);
    assert_eq!(error.source().unwrap().to_string(), "the disk is gone");
}

proptest! {
    #[test]
    fn reader_never_panics(
        compressed: bool,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        length in any::<prop::sample::Index>(),
        truncated: bool,
        noise in prop::collection::vec(any::<u8>(), 0..64),
    ) {
        for (_, bytes) in small_set() {
            let mut bytes = if compressed { gzip(&bytes) } else { bytes };
            for (index, value) in &changes {
                let at = index.index(bytes.len());
                bytes[at] = *value;
            }
            if truncated {
                bytes.truncate(length.index(bytes.len()));
            }
            for bytes in [&bytes, &noise] {
                if let Ok(images) = read_images(bytes.as_slice(), "images") {
                    prop_assert_eq!(images.bytes.len(), images.sizes.iter().product::<usize>());
                }
                if let Ok(labels) = read_labels(bytes.as_slice(), "labels") {
                    prop_assert_eq!([labels.bytes.len()], labels.sizes);
                }
            }
        }
    }
}
