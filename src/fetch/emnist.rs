//! EMNIST: one archive of all splits, with transposed images.

use std::io::{self, BufReader, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use zip::ZipArchive;

use super::error::FetchError;
use super::known::EmnistSplit;
use crate::dataset::class_names::CLASS_NAMES;
use crate::dataset::idx::{read_images, read_labels};
use crate::dataset::transpose::columns_to_rows;
use crate::files;
use crate::run_dir::write::write_atomic;

/// Names of the training and test set: in the archive, and in MNIST's files.
const PARTS: [[&str; 2]; 2] = [["train", "train"], ["test", "t10k"]];

const IMAGES: &str = "images-idx3-ubyte";
const LABELS: &str = "labels-idx1-ubyte";

/// Returns the path of the file that [`unpack`] writes last.
fn last_file(folder: &Path) -> PathBuf {
    folder.join(format!("{}-{LABELS}.gz", PARTS[1][1]))
}

/// Returns whether a split was completely unpacked into a folder.
pub(super) fn exists(folder: &Path) -> bool {
    last_file(folder).is_file() && folder.join(CLASS_NAMES).is_file()
}

/// Returns the error for a folder that holds another split or data set.
pub(super) fn conflicting_dataset(folder: &Path) -> FetchError {
    let source = io::Error::other("its classes differ from those of the requested split");
    let path = last_file(folder);
    let source = FetchError::File { action: "use", path: path.clone(), source };
    FetchError::Conflict { path, source: Box::new(source) }
}

/// Writes a split as four gzip'd IDX files, with upright images and labels from 0.
///
/// # Errors
/// Returns an error if the archive is damaged or another one, or a file cannot be written.
pub fn unpack(archive: &Path, split: EmnistSplit, folder: &Path) -> Result<(), FetchError> {
    let damaged = |source| FetchError::Archive { path: archive.to_owned(), source };
    let file = files::open_regular(archive).map_err(FetchError::file("read", archive))?;
    let mut zip = ZipArchive::new(BufReader::new(file)).map_err(|error| damaged(error.into()))?;
    for [part, name] in PARTS {
        let entry = |kind| format!("gzip/emnist-{}-{part}-{kind}.gz", split.name());
        let images = entry(IMAGES);
        let content = zip.by_name(&images).map_err(|error| damaged(error.into()))?;
        let mut images = read_images(content, &images)?;
        let [count, height, width] = images.sizes;
        // The stored rows are the columns of the upright image.
        columns_to_rows(&mut images.bytes, [width, height], 1);
        let sizes = [count, width, height];
        write(&folder.join(format!("{name}-{IMAGES}.gz")), &sizes, &images.bytes)?;
        let labels = entry(LABELS);
        let content = zip.by_name(&labels).map_err(|error| damaged(error.into()))?;
        let mut labels = read_labels(content, &labels)?;
        for label in &mut labels.bytes {
            *label = label
                .checked_sub(split.first_label())
                .ok_or_else(|| damaged(io::Error::other("invalid label: below the first class")))?;
        }
        write(&folder.join(format!("{name}-{LABELS}.gz")), &labels.sizes, &labels.bytes)?;
    }
    Ok(())
}

fn write(path: &Path, sizes: &[usize], bytes: &[u8]) -> Result<(), FetchError> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    let compress = |encoder: &mut GzEncoder<Vec<u8>>| -> io::Result<()> {
        encoder.write_all(&[0, 0, 8, sizes.len() as u8])?;
        for &size in sizes {
            encoder.write_all(&(size as u32).to_be_bytes())?;
        }
        encoder.write_all(bytes)
    };
    let compressed = compress(&mut encoder).and_then(|()| encoder.finish());
    Ok(write_atomic(path, &compressed.map_err(FetchError::file("write", path))?)?)
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};

    use super::*;
    use crate::dataset::Dataset;
    use zip::write::{SimpleFileOptions, ZipWriter};

    /// Returns an archive of one split with images of 2 x 3. Labels begin at `first`.
    fn archive(folder: &Path, split: &str, first: u8) -> PathBuf {
        let made = folder.join("made.gz");
        let path = folder.join("gzip.zip");
        let mut zip = ZipWriter::new(File::create(&path).unwrap());
        let mut add = |name: &str, sizes: &[usize], bytes: &[u8]| {
            write(&made, sizes, bytes).unwrap();
            let name = format!("gzip/emnist-{split}-{name}.gz");
            zip.start_file(name, SimpleFileOptions::default()).unwrap();
            zip.write_all(&fs::read(&made).unwrap()).unwrap();
        };
        for part in ["train", "test"] {
            add(&format!("{part}-{IMAGES}"), &[2, 2, 3], &[1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 0, 0]);
            add(&format!("{part}-{LABELS}"), &[2], &[first, first + 1]);
        }
        zip.finish().unwrap();
        path
    }

    #[test]
    fn unpack_transposes_images_and_shifts_labels() {
        for (split, first) in [(EmnistSplit::Letters, 1), (EmnistSplit::Digits, 0)] {
            let folder = tempfile::tempdir().unwrap();
            let archive = archive(folder.path(), split.name(), first);
            unpack(&archive, split, folder.path()).unwrap();
            assert!(last_file(folder.path()).is_file());
            let set = Dataset::open(folder.path()).unwrap();
            assert_eq!((set.height, set.width), (3, 2));
            assert_eq!(set.labels(), [0, 1, 0, 1]);
            // The rows 1 2 3 and 4 5 6 are columns now.
            assert_eq!(set.image(0), [1, 4, 2, 5, 3, 6]);
            assert_eq!(set.image(3), [7, 0, 8, 0, 9, 0]);
        }
    }

    #[test]
    fn unpack_other_archive_returns_error() {
        let folder = tempfile::tempdir().unwrap();
        let archive = archive(folder.path(), "digits", 0);
        let error = unpack(&archive, EmnistSplit::Letters, folder.path()).unwrap_err().to_string();
        assert!(
            error.ends_with("gzip.zip: expected the EMNIST archive, found damaged or other data")
        );
        let letters = self::archive(folder.path(), "letters", 0);
        assert!(matches!(
            unpack(&letters, EmnistSplit::Letters, folder.path()),
            Err(FetchError::Archive { .. })
        ));
        fs::write(&archive, "no archive").unwrap();
        assert!(matches!(
            unpack(&archive, EmnistSplit::Digits, folder.path()),
            Err(FetchError::Archive { .. })
        ));
    }
}
