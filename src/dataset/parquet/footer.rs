//! Metadata at the end of a file, checked before the crate decodes it.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use parquet::file::metadata::{
    ParquetMetaData, ParquetMetaDataOptions, ParquetMetaDataReader, ParquetStatisticsPolicy,
};

use super::super::error::invalid;
use super::super::{DatasetError, Location};
use super::thrift;
use crate::files;

/// Last bytes of a file.
const MAGIC: [u8; 4] = *b"PAR1";
/// Length of the metadata and magic bytes after it.
const TAIL: u64 = 8;

/// Reads the metadata of a file. `name`: its path, for messages.
///
/// # Errors
/// Returns an error if the file is no Parquet file, or its metadata are invalid.
pub(super) fn read(mut file: &File, name: &str) -> Result<ParquetMetaData, DatasetError> {
    let location = || Location::whole(name);
    let Some(metadata) = last_bytes(&mut file).map_err(DatasetError::read(location()))? else {
        let mut start = Vec::new();
        let read = file
            .rewind()
            .and_then(|()| file.take(files::KIND_START as u64).read_to_end(&mut start));
        read.map_err(DatasetError::read(location()))?;
        let found = match files::kind_of_bytes(&start) {
            Some("a Parquet file") => "a part of one",
            found => found.unwrap_or("something else"),
        };
        return Err(invalid(location(), "a Parquet file", found));
    };
    if !thrift::has_valid_schema(&metadata) {
        return Err(damaged(name)("the schema is invalid"));
    }
    let options = ParquetMetaDataOptions::default()
        .with_column_stats_policy(ParquetStatisticsPolicy::SkipAll);
    ParquetMetaDataReader::decode_metadata_with_options(&metadata, Some(&options))
        .map_err(damaged(name))
}

/// Returns the encoded metadata, `None` if the file does not end with them.
fn last_bytes(file: &mut &File) -> io::Result<Option<Vec<u8>>> {
    let length = file.metadata()?.len();
    let Some(end) = length.checked_sub(TAIL) else { return Ok(None) };
    file.seek(SeekFrom::Start(end))?;
    let mut tail = [[0; 4]; 2];
    file.read_exact(tail.as_flattened_mut())?;
    let [size, magic] = tail;
    let Some(start) = end.checked_sub(u64::from(u32::from_le_bytes(size))) else {
        return Ok(None);
    };
    if magic != MAGIC {
        return Ok(None);
    }
    file.seek(SeekFrom::Start(start))?;
    let mut metadata = Vec::new();
    file.take(end - start).read_to_end(&mut metadata)?;
    Ok(Some(metadata))
}

/// Wraps the reason why a file cannot be read.
pub(super) fn damaged<E: ToString>(file: &str) -> impl FnOnce(E) -> DatasetError {
    move |error| {
        let (location, source) = (Location::whole(file), error.to_string().into());
        DatasetError::Parquet { location, source }
    }
}
