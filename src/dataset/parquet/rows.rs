//! Reads the rows of a set: images are decoded in groups of rows.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parquet::data_type::ByteArray as EncodedImage;
use parquet::errors::ParquetError;
use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use rayon::prelude::*;

use super::super::array::ByteArray;
use super::super::conversions::{ConversionCounts, ImageConversion};
use super::super::error::{invalid, invalid_with_hint, list_few};
use super::super::image_file;
use super::super::loaded::SourceFile;
use super::super::location::Origin;
use super::super::read_options::ImageSize;
use super::super::{DatasetError, Location, ReadOptions, SplitData};
use super::columns::ImageColumns;
use super::footer::{self, damaged};
use super::pages::{MissingValues, PageFile};
use super::values::Column;
use crate::files;
use crate::text::plural;

/// Number of images that are decoded at once.
const GROUP: usize = 256;

/// A set as read from its files.
pub(super) struct ReadSet {
    pub split: SplitData,
    pub counts: ConversionCounts,
    pub source_file: SourceFile,
}

/// Reader of the sets of a data set, which share columns and size.
pub(super) struct SetReader<'a> {
    options: &'a ReadOptions,
    size: Option<ImageSize>,
    columns: Option<ImageColumns>,
}

/// Images and labels of a set that have been read.
#[derive(Default)]
struct Rows {
    images: Vec<u8>,
    labels: Vec<u8>,
    counts: ConversionCounts,
}

impl<'a> SetReader<'a> {
    pub fn new(options: &'a ReadOptions) -> Self {
        SetReader { options, size: options.size, columns: None }
    }

    /// Returns the size of the images, if one was read or it is given.
    pub fn size(&self) -> Option<ImageSize> {
        self.size
    }

    /// Returns a sentence on the columns that are not used, if there are any.
    pub fn unused_columns(&self, name: &str) -> Option<String> {
        let unused = &self.columns.as_ref()?.unused;
        (!unused.is_empty()).then(|| format!("{name}: columns not used: {}", list_few(unused)))
    }

    pub fn into_class_names(self) -> Option<Vec<String>> {
        self.columns.and_then(|columns| columns.class_names)
    }

    /// Reads the files of a set.
    ///
    /// # Errors
    /// Returns an error if a file or an image is damaged, or the files differ in their columns.
    pub fn read(&mut self, files: &[PathBuf]) -> Result<ReadSet, DatasetError> {
        let mut rows = Rows::default();
        for path in files {
            let file = path.display().to_string();
            // Checks prevent the known panics of the crate; another one becomes an error, too.
            let read = catch_unwind(AssertUnwindSafe(|| self.read_file(path, &file, &mut rows)));
            read.unwrap_or_else(|_| Err(damaged(&file)("a part cannot be decoded")))?;
        }
        let Rows { images, labels, counts } = rows;
        let name = files[0].display().to_string();
        let size = self.size.unwrap_or(ImageSize { width: 1, height: 1 });
        let sizes = [size.height, size.width * self.options.channels()];
        let (row_count, file_count) = (plural(labels.len(), "row"), plural(files.len(), "file"));
        let format = format!("Parquet, {row_count}, {file_count} of encoded images and labels");
        let origin = || Origin::Whole(name.clone());
        let split = SplitData {
            images: ByteArray::images(origin(), sizes, images)?,
            labels: ByteArray::labels(origin(), labels)?,
        };
        Ok(ReadSet { split, counts, source_file: SourceFile { file: name, format } })
    }

    fn read_file(&mut self, path: &Path, file: &str, rows: &mut Rows) -> Result<(), DatasetError> {
        let location = || Location::whole(file);
        let opened = files::open_regular(path).map_err(DatasetError::read(location()))?;
        let metadata = footer::read(&opened, file)?;
        let columns = ImageColumns::of(file, metadata.file_metadata())?;
        let first = self.columns.get_or_insert_with(|| columns.clone());
        if *first != columns {
            return Err(invalid(location(), "the columns and classes of the first file", "others"));
        }
        let length = opened.metadata().map_err(DatasetError::read(location()))?.len();
        check_row_counts(&metadata, length).map_err(damaged(file))?;
        let opened = Arc::new(PageFile(opened));
        let mut row = 0;
        for group in metadata.row_groups() {
            let end = row + group.num_rows() as usize;
            let [mut images, mut labels] =
                open_columns(&opened, group, &columns).map_err(damaged(file))?;
            while row < end {
                let count = GROUP.min(end - row);
                let encoded = images.bytes(count).map_err(invalid_images(file))?;
                let numbers = labels.integers(count).map_err(invalid_labels(file))?;
                for (index, number) in numbers.into_iter().enumerate() {
                    rows.labels.push(label(number, file, row + index)?);
                }
                self.decode(&encoded, |index| format!("{file}, row {}", row + index), rows)?;
                row += count;
            }
        }
        Ok(())
    }

    /// Decodes images. `name`: returns the name of an image, for messages.
    fn decode(
        &mut self,
        encoded: &[EncodedImage],
        name: impl Fn(usize) -> String + Sync,
        rows: &mut Rows,
    ) -> Result<(), DatasetError> {
        let size = match self.size {
            Some(size) => size,
            None => {
                let image = image_file::decode(encoded[0].data(), name(0))?.image;
                ImageSize::of_first(&name(0), image.width(), image.height())?
            }
        };
        self.size = Some(size);
        let length = encoded.len() * size.width * size.height * self.options.channels();
        files::check_memory((rows.images.len() + length) as u64, "the images")
            .map_err(DatasetError::memory(Location::whole(name(0))))?;
        let decode = |(index, bytes): (usize, &EncodedImage)| {
            image_file::decode(bytes.data(), name(index))?.bytes(size, self.options)
        };
        let decoded: Vec<Result<(Vec<u8>, ImageConversion), DatasetError>> =
            encoded.par_iter().enumerate().map(decode).collect();
        let mut errors = Vec::new();
        for image in decoded {
            match image {
                Ok((bytes, conversion)) => {
                    rows.images.extend_from_slice(&bytes);
                    rows.counts.add(&conversion);
                }
                Err(error) => errors.push(error),
            }
        }
        if errors.is_empty() { Ok(()) } else { Err(DatasetError::Images { errors }) }
    }
}

/// Opens the columns of images and of labels.
fn open_columns(
    file: &Arc<PageFile>,
    group: &RowGroupMetaData,
    columns: &ImageColumns,
) -> Result<[Column; 2], ParquetError> {
    let [images, labels] = [columns.image_index, columns.label_index];
    Ok([Column::open(file, group, images)?, Column::open(file, group, labels)?])
}

/// Checks that the groups have at most as many rows as the file has bytes, which bounds repeated values.
fn check_row_counts(metadata: &ParquetMetaData, length: u64) -> Result<(), &'static str> {
    let mut rows: u64 = 0;
    for group in metadata.row_groups() {
        let count =
            u64::try_from(group.num_rows()).map_err(|_| "a group has an invalid number of rows")?;
        rows = rows.saturating_add(count);
    }
    if rows <= length { Ok(()) } else { Err("there are more rows than bytes") }
}

/// Returns the label of a row.
fn label(number: i64, file: &str, row: usize) -> Result<u8, DatasetError> {
    u8::try_from(number).map_err(|_| {
        let location = Location::whole(format!("{file}, row {row}"));
        let expected = "a label from 0 to 255";
        if number != -1 {
            return invalid(location, expected, number);
        }
        let hint = "a label of -1 means that a row has none: remove such rows";
        invalid_with_hint(location, expected, number, hint)
    })
}

/// Returns the error for a column of images that cannot be read.
fn invalid_images(file: &str) -> impl FnOnce(ParquetError) -> DatasetError {
    move |error| match is_missing(&error) {
        true => {
            let hint = "store the images in the file, as datasets does in push_to_hub, not only their paths";
            let expected = "the bytes of an image in each row";
            invalid_with_hint(Location::whole(file), expected, "rows without", hint)
        }
        false => damaged(file)(error),
    }
}

/// Returns the error for a column of labels that cannot be read.
fn invalid_labels(file: &str) -> impl FnOnce(ParquetError) -> DatasetError {
    move |error| match is_missing(&error) {
        true => invalid(Location::whole(file), "a label in each row", "rows without"),
        false => damaged(file)(error),
    }
}

fn is_missing(error: &ParquetError) -> bool {
    matches!(error, ParquetError::External(source) if source.is::<MissingValues>())
}
