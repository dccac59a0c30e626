//! NumPy archives: a zip archive of arrays without compression (APPNOTE 6.3, sections 4.3 and 4.5.3).

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};

use flate2::Crc;

use super::array_file::{AXES_KEY, Container, Element, FileArray};
use super::npy;

/// Largest number in a field of 32 bits. In a header, it refers to a field of 64 bits.
const MAX: u64 = u32::MAX as u64;
/// Offset of the checksum in a local header.
const CRC_AT: u64 = 14;
/// The first of January 1980: equal recordings give equal files.
const DATE: u16 = 0x21;
/// Version of the format that readers need for fields of 64 bits, and for others.
const VERSION_LARGE: u16 = 45;
const VERSION: u16 = 20;
/// Permissions of an extracted file, in the upper half.
const ATTRIBUTES: u32 = 0o100_644 << 16;

/// Zip archive of arrays.
pub(super) struct Npz {
    entries: Vec<Entry>,
    axes: String,
    /// Offset after the last array.
    end: u64,
}

/// File in the archive.
struct Entry {
    name: String,
    /// Offset of the local header.
    start: u64,
    /// Size in bytes.
    length: u64,
    crc: Crc,
}

impl Container for Npz {
    fn begin(file: &mut File, arrays: &[FileArray], axes: String) -> io::Result<(Self, Vec<u64>)> {
        let mut npz = Npz { entries: Vec::new(), axes, end: 0 };
        let mut offsets = Vec::new();
        for array in arrays {
            let descr = match array.element {
                Element::F32 => "<f4",
                Element::U32 => "<u4",
                Element::U8 => "|u1",
            };
            let head = npy::header(descr, &array.shape);
            let length = head.len() as u64 + array.bytes();
            npz.add(file, format!("{}.npy", array.name), &head, length)?;
            offsets.push(npz.end - array.bytes());
        }
        Ok((npz, offsets))
    }

    fn update(&mut self, array: usize, bytes: &[u8]) {
        self.entries[array].crc.update(bytes);
    }

    fn close(&mut self, file: &mut File) -> io::Result<()> {
        let axes = std::mem::take(&mut self.axes);
        self.add(file, format!("{AXES_KEY}.json"), axes.as_bytes(), axes.len() as u64)?;
        for entry in &self.entries {
            file.seek(SeekFrom::Start(entry.start + CRC_AT))?;
            file.write_all(&entry.crc.sum().to_le_bytes())?;
        }
        file.seek(SeekFrom::Start(self.end))?;
        file.write_all(&directory(&self.entries, self.end))
    }
}

impl Npz {
    /// Adds a file of `length` bytes that starts with `head`, without checksum.
    fn add(&mut self, file: &mut File, name: String, head: &[u8], length: u64) -> io::Result<()> {
        let mut entry = Entry { name, start: self.end, length, crc: Crc::new() };
        entry.crc.update(head);
        let local = entry.local_header();
        file.seek(SeekFrom::Start(self.end))?;
        file.write_all(&local)?;
        file.write_all(head)?;
        self.end += local.len() as u64 + length;
        self.entries.push(entry);
        Ok(())
    }
}

impl Entry {
    /// Returns the fields that both headers share: version, flags, method, time, date, checksum, sizes, length of the
    /// name and of the extra field. Without compression, both sizes are equal.
    fn common(&self, checksum: u32, extra: &[u8]) -> Vec<u8> {
        let version = if extra.is_empty() { VERSION } else { VERSION_LARGE };
        let mut bytes = Vec::new();
        [version, 0, 0, 0, DATE].iter().for_each(|field| bytes.extend(field.to_le_bytes()));
        let size = self.length.min(MAX) as u32;
        [checksum, size, size].iter().for_each(|field| bytes.extend(field.to_le_bytes()));
        bytes.extend((self.name.len() as u16).to_le_bytes());
        bytes.extend((extra.len() as u16).to_le_bytes());
        bytes
    }

    /// Returns the sizes that fields of 32 bits cannot hold.
    fn large_sizes(&self) -> Vec<u64> {
        if self.length < MAX { Vec::new() } else { vec![self.length; 2] }
    }

    fn local_header(&self) -> Vec<u8> {
        let extra = large_field(&self.large_sizes());
        [b"PK\x03\x04", &self.common(0, &extra)[..], self.name.as_bytes(), &extra].concat()
    }

    fn directory_entry(&self) -> Vec<u8> {
        let mut large = self.large_sizes();
        large.extend((self.start >= MAX).then_some(self.start));
        let extra = large_field(&large);
        // Made on Unix, which the attributes presume.
        let made_by = [VERSION_LARGE as u8, 3];
        let start = (self.start.min(MAX) as u32).to_le_bytes();
        // No comment, first disk, no internal attributes.
        let common = self.common(self.crc.sum(), &extra);
        let fields = [&common[..], &[0; 6], &ATTRIBUTES.to_le_bytes(), &start].concat();
        [b"PK\x01\x02", &made_by[..], &fields, self.name.as_bytes(), &extra].concat()
    }
}

/// Returns the extra field with numbers of 64 bits; nothing if there are none.
fn large_field(numbers: &[u64]) -> Vec<u8> {
    if numbers.is_empty() {
        return Vec::new();
    }
    let head = [1u16, 8 * numbers.len() as u16];
    let head = head.iter().flat_map(|field| field.to_le_bytes());
    head.chain(numbers.iter().flat_map(|number| number.to_le_bytes())).collect()
}

/// Returns the directory of the archive, which starts at `start`, and its end record.
fn directory(entries: &[Entry], start: u64) -> Vec<u8> {
    let mut bytes: Vec<u8> = entries.iter().flat_map(Entry::directory_entry).collect();
    let (length, count) = (bytes.len() as u64, entries.len() as u64);
    let most = u64::from(u16::MAX);
    if start + length >= MAX || count >= most {
        bytes.extend(*b"PK\x06\x06");
        bytes.extend(44u64.to_le_bytes());
        [VERSION_LARGE; 2].iter().for_each(|field| bytes.extend(field.to_le_bytes()));
        bytes.extend([0; 8]);
        [count, count, length, start].iter().for_each(|field| bytes.extend(field.to_le_bytes()));
        bytes.extend(*b"PK\x06\x07\0\0\0\0");
        bytes.extend((start + length).to_le_bytes());
        bytes.extend(1u32.to_le_bytes());
    }
    bytes.extend(*b"PK\x05\x06\0\0\0\0");
    [count.min(most) as u16; 2].iter().for_each(|field| bytes.extend(field.to_le_bytes()));
    [length.min(MAX) as u32, start.min(MAX) as u32]
        .iter()
        .for_each(|field| bytes.extend(field.to_le_bytes()));
    bytes.extend([0; 2]);
    bytes
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use zip::ZipArchive;

    use super::*;

    /// Writes an archive with a sparse array of `length` bytes before one of three bytes.
    fn archive(length: usize) -> ZipArchive<File> {
        let array = |name: &str, length| FileArray {
            name: name.to_string(),
            element: Element::U8,
            shape: vec![length],
        };
        let arrays = [array("large", length), array("small", 3)];
        let mut file = tempfile::tempfile().unwrap();
        let (mut npz, offsets) = Npz::begin(&mut file, &arrays, "{}".to_string()).unwrap();
        npz.update(1, &[7, 8, 9]);
        file.seek(SeekFrom::Start(offsets[1])).unwrap();
        file.write_all(&[7, 8, 9]).unwrap();
        npz.close(&mut file).unwrap();
        ZipArchive::new(file).unwrap()
    }

    #[test]
    fn sizes_beyond_32_bits_are_read_by_zip() {
        // The header of the array has 128 bytes.
        let edge = MAX as usize - 128;
        for length in [0, 1000, edge - 1, edge, edge + 1, 5 << 30] {
            let mut archive = archive(length);
            assert_eq!(archive.len(), 3);
            assert_eq!(archive.by_name("large.npy").unwrap().size(), 128 + length as u64);
            let mut bytes = Vec::new();
            archive.by_name("small.npy").unwrap().read_to_end(&mut bytes).unwrap();
            assert_eq!((bytes.len(), &bytes[128..]), (131, &[7, 8, 9][..]));
            let mut axes = String::new();
            archive.by_name("axes.json").unwrap().read_to_string(&mut axes).unwrap();
            assert_eq!(axes, "{}");
        }
    }
}
