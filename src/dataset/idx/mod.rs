//! Reads IDX files: MNIST and its relatives under the names of their authors and of torchvision.

mod element;
mod file;
mod mapping;
mod names;

use std::io::Read;
use std::path::Path;

use self::file::{IMAGES, IdxArray, LABELS};
use self::names::{IdxSet, QMNIST};
use super::array::ByteArray;
use super::error::invalid;
use super::format::DataFormat;
use super::format_option::FormatOption;
use super::loaded::LoadedSets;
use super::pixel_scale::PixelScale;
use super::transpose::columns_to_rows;
use super::{DatasetError, LoadedDataset, Location, ReadOptions, SourceFile, SplitData};

/// Number of test images of QMNIST, of which the first 10,000 are those of MNIST.
const QMNIST_TEST_IMAGES: usize = 60_000;

/// Four IDX files: in a folder, in torchvision's folder `raw`, or beside the file of training images.
pub(super) struct IdxFiles;

impl DataFormat for IdxFiles {
    fn folder_content(&self) -> Option<&'static str> {
        Some("the four IDX files")
    }

    fn file_kind(&self) -> Option<&'static str> {
        Some("an IDX file of training images")
    }

    fn detect(&self, path: &Path) -> Result<bool, DatasetError> {
        Ok(IdxSet::find(path)?.is_some())
    }

    fn options(&self) -> &'static [FormatOption] {
        &[FormatOption::Transposed]
    }

    fn read(&self, path: &Path, options: &ReadOptions) -> Result<LoadedDataset, DatasetError> {
        if options.colour {
            let location = Location::whole(path.display().to_string());
            return Err(invalid(location, "colour images", "IDX files, which are grey"));
        }
        let Some(set) = IdxSet::find(path)? else {
            let location = Location::whole(path.display().to_string());
            return Err(invalid(location, "four IDX files", "others"));
        };
        // Check that all four exist before reading the large one.
        let [images, labels, test_images, test_labels] = set.files()?;
        let mut read = ReadSets::default();
        let training = read.split(&images, &labels, options)?;
        let test = read.split(&test_images, &test_labels, options)?;
        if set.is(QMNIST) && test.images.sizes[0] == QMNIST_TEST_IMAGES {
            let note = "QMNIST has 60,000 test images; the first 10,000 are those of MNIST (--test-images 10000)";
            read.conversions.push(note.to_string());
        }
        let mapping = set.folder().join(format!("{}mapping.txt", set.prefix));
        let ReadSets { source_files, conversions, scale } = read;
        let sets = LoadedSets::Both([training, test]);
        let loaded = LoadedDataset::from_arrays(sets, source_files);
        let loaded = loaded.with_class_names_of(set.folder())?;
        let class_names = match loaded.class_names {
            Some(names) => Some(names),
            None => mapping::read(&mapping)?,
        };
        let white_is_255 = scale.is_some_and(PixelScale::is_full);
        Ok(LoadedDataset { class_names, conversions, white_is_255, ..loaded })
    }
}

/// Descriptions of the files read so far.
#[derive(Default)]
struct ReadSets {
    source_files: Vec<SourceFile>,
    conversions: Vec<String>,
    /// Scale of the training images.
    scale: Option<PixelScale>,
}

impl ReadSets {
    fn split(
        &mut self,
        images: &Path,
        labels: &Path,
        options: &ReadOptions,
    ) -> Result<SplitData, DatasetError> {
        let mut describe = |path: &Path, array: &IdxArray| {
            let file = path.display().to_string();
            self.source_files.push(SourceFile { file, format: array.describe() });
        };
        // Labels are small: check them before reading the images.
        let label_array = IdxArray::open(labels, LABELS)?;
        let image_array = IdxArray::open(images, IMAGES)?;
        describe(images, &image_array);
        describe(labels, &label_array);
        if label_array.sizes.get(1).is_some_and(|&columns| columns > 1) {
            let labels = labels.display();
            self.conversions.push(format!("{labels}: the first of 8 columns is the label"));
        }
        let labels = label_array.labels()?;
        let scale = match self.scale {
            Some(scale) => {
                let location = || Location::whole(images.display().to_string());
                if scale == PixelScale::Rounded {
                    scale.check(image_array.range(), "the training images", location)?;
                }
                scale
            }
            None => {
                let scale = image_array.scale(options)?;
                self.conversions.extend(scale.conversion());
                self.scale = Some(scale);
                scale
            }
        };
        let images = upright(image_array.images(scale)?, images, options, &mut self.conversions);
        Ok(SplitData { images, labels })
    }
}

/// Reads the images of a file, `[count, height, width]`, upright. Also returns sentences on what was converted.
///
/// # Errors
/// Returns an error as [`read_images`] does, or if the file cannot be opened.
pub(super) fn open_images(
    path: &Path,
    options: &ReadOptions,
) -> Result<(ByteArray<3>, Vec<String>), DatasetError> {
    let mut conversions = Vec::new();
    let array = IdxArray::open(path, IMAGES)?;
    let scale = array.scale(options)?;
    conversions.extend(scale.conversion().map(|note| format!("{}: {note}", path.display())));
    let images = upright(array.images(scale)?, path, options, &mut conversions);
    Ok((images, conversions))
}

/// Returns images upright if the file stores them column by column. Adds a sentence on it.
fn upright(
    mut images: ByteArray<3>,
    path: &Path,
    options: &ReadOptions,
    conversions: &mut Vec<String>,
) -> ByteArray<3> {
    if options.are_transposed(path) {
        let [count, width, height] = images.sizes;
        columns_to_rows(&mut images.bytes, [height, width], 1);
        images.sizes = [count, height, width];
        conversions.push(options.transposed_note(path));
    }
    images
}

/// Reads images, `[count, height, width]`. `file` names them in errors.
///
/// # Errors
/// Returns [`DatasetError::Read`], [`DatasetError::Gzip`], [`DatasetError::Memory`] or [`DatasetError::Invalid`] if the
/// file is unreadable, damaged, too large or invalid.
pub fn read_images(reader: impl Read, file: &str) -> Result<ByteArray<3>, DatasetError> {
    let array = IdxArray::read(reader, file, IMAGES, None)?;
    let scale = array.scale(&ReadOptions::default())?;
    array.images(scale)
}

/// Reads labels, `[count]`. `file` names them in errors.
///
/// # Errors
/// Returns an error as [`read_images`] does.
pub fn read_labels(reader: impl Read, file: &str) -> Result<ByteArray<1>, DatasetError> {
    IdxArray::read(reader, file, LABELS, None)?.labels()
}
