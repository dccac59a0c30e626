//! Reader of TensorBoard's event files.

use std::fs;
use std::path::{Path, PathBuf};

use apical::run_dir::tensorboard::messages::event::What;
use apical::run_dir::tensorboard::messages::value::Content;
use apical::run_dir::tensorboard::messages::{Event, Value};
use prost::Message;

/// Computes CRC-32C bit by bit (reflected, polynomial 0x1edc6f41).
fn crc32c(bytes: &[u8]) -> u32 {
    let mut crc = !0u32;
    for &byte in bytes {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = crc >> 1 ^ if crc & 1 == 1 { 0x82f6_3b78 } else { 0 };
        }
    }
    !crc
}

/// Checks length and checksums of each record and decodes it.
pub fn events(path: &Path) -> Vec<Event> {
    let bytes = fs::read(path).unwrap();
    let mut rest = bytes.as_slice();
    let mut take = |count: usize| {
        let (taken, left) = rest.split_at(count);
        rest = left;
        (taken, left.is_empty())
    };
    let mut events = Vec::new();
    loop {
        let check = |data: &[u8], masked: &[u8]| {
            let masked = u32::from_le_bytes(masked.try_into().unwrap());
            assert_eq!(masked.wrapping_sub(0xa282_ead8).rotate_left(15), crc32c(data));
        };
        let (length, _) = take(8);
        check(length, take(4).0);
        let (data, _) = take(u64::from_le_bytes(length.try_into().unwrap()) as usize);
        let (masked, is_last) = take(4);
        check(data, masked);
        events.push(Event::decode(data).unwrap());
        if is_last {
            return events;
        }
    }
}

/// Returns all event files of a run in the order in which TensorBoard reads them.
pub fn event_files(run: &Path) -> Vec<PathBuf> {
    let folder = fs::read_dir(run.join("tensorboard")).unwrap();
    let mut files: Vec<PathBuf> = folder.map(|file| file.unwrap().path()).collect();
    files.sort();
    files
}

/// Returns the only event file of a run.
pub fn event_file(run: &Path) -> PathBuf {
    let files = event_files(run);
    let [file] = &files[..] else { panic!("expected one file: {files:?}") };
    assert!(file.file_name().unwrap().to_str().unwrap().starts_with("events.out.tfevents."));
    file.clone()
}

/// Returns all values with their steps, in file order.
pub fn values(events: &[Event]) -> Vec<(i64, Value)> {
    assert_eq!(events[0].what, Some(What::FileVersion("brain.Event:2".to_string())));
    let values = events[1..].iter().flat_map(|event| match &event.what {
        Some(What::Summary(summary)) => {
            summary.values.iter().map(|value| (event.step, value.clone()))
        }
        what => panic!("{what:?}"),
    });
    values.collect()
}

pub fn numbers(values: &[(i64, Value)], tag: &str) -> Vec<(i64, f64)> {
    let of_tag = values.iter().filter(|(_, value)| value.tag == tag);
    let number = |(step, value): &(i64, Value)| match value.content {
        Some(Content::Scalar(number)) => (*step, f64::from(number)),
        _ => panic!("{tag} is not a number"),
    };
    of_tag.map(number).collect()
}
