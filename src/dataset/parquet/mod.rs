//! Reads Parquet files of image sets as Hugging Face stores them: a column of encoded images, `{bytes, path}`, and a
//! column of labels. A file is a part of a set: `train-00000-of-00002.parquet`.

#[cfg(feature = "parquet")]
mod columns;
#[cfg(feature = "parquet")]
mod footer;
#[cfg(feature = "parquet")]
mod pages;
mod parts;
#[cfg(feature = "parquet")]
mod rows;
#[cfg(feature = "parquet")]
mod sets;
#[cfg(feature = "parquet")]
mod thrift;
#[cfg(feature = "parquet")]
mod values;

use std::path::Path;

use self::parts::{ENDING, SetParts};
use super::file_pair::has_ending;
use super::format::DataFormat;
use super::{DatasetError, LoadedDataset, ReadOptions};

/// Files of encoded images and labels.
pub(super) struct ParquetImages;

impl DataFormat for ParquetImages {
    fn folder_content(&self) -> Option<&'static str> {
        Some("train-*.parquet and test-*.parquet")
    }

    fn file_kind(&self) -> Option<&'static str> {
        Some("a .parquet file")
    }

    fn detect(&self, path: &Path) -> Result<bool, DatasetError> {
        Ok(match path.is_dir() {
            true => SetParts::folder_in(path)?.is_some(),
            false => has_ending(path, ENDING),
        })
    }

    #[cfg(feature = "parquet")]
    fn read(&self, path: &Path, options: &ReadOptions) -> Result<LoadedDataset, DatasetError> {
        sets::read(SetParts::of(path)?, path, options)
    }

    #[cfg(not(feature = "parquet"))]
    fn read(&self, path: &Path, _options: &ReadOptions) -> Result<LoadedDataset, DatasetError> {
        use super::Location;
        use super::error::invalid_with_hint;

        let SetParts { training, .. } = SetParts::of(path)?;
        let location = Location::whole(training[0].display().to_string());
        let expected = "a build that reads Parquet files";
        let found = "one without the cargo feature parquet";
        let hint = "build with `--features parquet`, or store the images as .npz or as folders of PNG files";
        Err(invalid_with_hint(location, expected, found, hint))
    }
}
