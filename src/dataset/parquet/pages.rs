//! Pages of a column, checked before the crate decodes them: it allocates announced sizes and panics on missing bytes.

use std::fmt;
use std::fs::File;
use std::io::{Cursor, Read};
use std::sync::Arc;

use bytes::Bytes;
use parquet::basic::{Compression, Encoding, Type as PhysicalType};
use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::{ColumnChunkMetaData, RowGroupMetaData};
use parquet::file::reader::{ChunkReader, Length};
use parquet::file::serialized_reader::SerializedPageReader;

use super::thrift;
use crate::files;

/// Largest header of a page, bytes. Writers leave out statistics of long values.
const MAX_HEADER: u64 = 64 << 10;
/// Size of the length before levels and before each array of bytes.
const LENGTH: usize = 4;

/// A file whose page headers are checked when they are read.
pub(super) struct PageFile(pub File);

impl Length for PageFile {
    fn len(&self) -> u64 {
        self.0.len()
    }
}

impl ChunkReader for PageFile {
    type T = Cursor<Vec<u8>>;

    /// Returns the header of the page at `start`, and more bytes.
    fn get_read(&self, start: u64) -> Result<Cursor<Vec<u8>>> {
        const DATA_VERSION_2: i64 = 3;
        let mut bytes = Vec::new();
        self.0.get_read(start)?.take(MAX_HEADER).read_to_end(&mut bytes)?;
        let header = thrift::page_header(&bytes).ok_or_else(|| error("invalid page header"))?;
        if header.kind == DATA_VERSION_2 {
            let hint = "write the file with data_page_version=\"1.0\", the default of pyarrow";
            return Err(error(format!("data pages of version 2 are not read: {hint}")));
        }
        let size = |bytes: i64| u64::try_from(bytes).map_err(|_| error("invalid page size"));
        files::check_expansion(size(header.packed)?, size(header.unpacked)?)?;
        files::check_memory(size(header.unpacked)?, "a page")?;
        Ok(Cursor::new(bytes))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        self.0.get_bytes(start, length)
    }
}

/// Error for rows without a value in a column.
#[derive(Debug)]
pub(super) struct MissingValues;

impl fmt::Display for MissingValues {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a column has rows without a value")
    }
}

impl std::error::Error for MissingValues {}

/// Reader of the pages of a column.
pub(super) struct CheckedPages {
    pages: SerializedPageReader<PageFile>,
    /// Size of a value, bytes. `None` for arrays of bytes.
    width: Option<usize>,
    /// Whether pages begin with levels.
    has_levels: bool,
    has_dictionary: bool,
    /// Number of rows of the group.
    rows: usize,
}

impl CheckedPages {
    /// Opens a column of a group of rows.
    ///
    /// # Errors
    /// Returns an error if its place, compression or number of rows is impossible.
    pub fn open(
        file: &Arc<PageFile>,
        group: &RowGroupMetaData,
        column: usize,
    ) -> Result<CheckedPages> {
        let rows = usize::try_from(group.num_rows())?;
        let column = group.columns().get(column).ok_or_else(|| error("a column is missing"))?;
        check_place(file.len(), column)?;
        if !matches!(column.compression(), Compression::UNCOMPRESSED | Compression::SNAPPY) {
            let hint = "write the file with compression=\"snappy\", the default of pyarrow";
            let compression = column.compression();
            return Err(error(format!("compression by {compression} is not read: {hint}")));
        }
        if column.num_values() != group.num_rows() {
            return Err(error("a column has another number of rows than its group"));
        }
        let width = match column.column_type() {
            PhysicalType::INT32 => Some(4),
            PhysicalType::INT64 => Some(8),
            _ => None,
        };
        let pages = SerializedPageReader::new(Arc::clone(file), column, rows, None)?;
        let has_levels = column.column_descr().max_def_level() > 0;
        Ok(CheckedPages { pages, width, has_levels, has_dictionary: false, rows })
    }

    fn check(&mut self, page: &Page) -> Result<()> {
        match page {
            Page::DictionaryPage { buf, num_values, encoding, .. } => {
                self.has_dictionary = true;
                // The older name means plain values here.
                let is_plain = matches!(encoding, Encoding::PLAIN | Encoding::PLAIN_DICTIONARY);
                match is_plain && self.has_values(buf, *num_values) {
                    true => Ok(()),
                    false => Err(error("invalid dictionary of values")),
                }
            }
            Page::DataPage { buf, num_values, encoding, def_level_encoding, .. } => {
                if *num_values as usize > self.rows {
                    return Err(error("a page has more rows than its group"));
                }
                let values = match self.has_levels {
                    true => after_levels(buf, *def_level_encoding)?,
                    false => buf,
                };
                self.check_values(values, *num_values, *encoding)
            }
            Page::DataPageV2 { .. } => Err(error("data pages of version 2 are not read")),
        }
    }

    /// Checks that a page has as many values as it announces.
    fn check_values(&self, values: &[u8], count: u32, encoding: Encoding) -> Result<()> {
        match encoding {
            Encoding::PLAIN if self.has_values(values, count) => Ok(()),
            Encoding::PLAIN => Err(ParquetError::External(Box::new(MissingValues))),
            Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY if self.has_dictionary => Ok(()),
            Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY => {
                Err(error("a page needs a dictionary, which is missing"))
            }
            other => Err(error(format!("values encoded by {other} are not read"))),
        }
    }

    /// Returns whether plain values are complete.
    fn has_values(&self, values: &[u8], count: u32) -> bool {
        let count = count as usize;
        match self.width {
            Some(width) => values.len() / width >= count,
            None => arrays(values, count) == count,
        }
    }
}

/// Returns the number of complete arrays of bytes at the start, at most `most`. Each has its length before it.
fn arrays(mut values: &[u8], most: usize) -> usize {
    let mut count = 0;
    while count < most
        && let Some((length, rest)) = values.split_first_chunk::<LENGTH>()
        && let Some(rest) = rest.get(u32::from_le_bytes(*length) as usize..)
    {
        values = rest;
        count += 1;
    }
    count
}

/// Returns the bytes of a page after the levels, which have their length before them.
fn after_levels(page: &[u8], encoding: Encoding) -> Result<&[u8]> {
    let levels = page.split_first_chunk::<LENGTH>().filter(|_| encoding == Encoding::RLE);
    let values = levels.and_then(|(length, rest)| rest.get(u32::from_le_bytes(*length) as usize..));
    values.ok_or_else(|| error("invalid levels of a page"))
}

/// Checks that a column lies in the file, since the crate panics on a negative place.
fn check_place(file_length: u64, column: &ColumnChunkMetaData) -> Result<()> {
    let start = column.dictionary_page_offset().unwrap_or(column.data_page_offset());
    let end = start.checked_add(column.compressed_size());
    let is_in_file = start >= 0
        && column.compressed_size() >= 0
        && end.is_some_and(|end| end as u64 <= file_length);
    if is_in_file { Ok(()) } else { Err(error("a column lies outside of the file")) }
}

pub(super) fn error(text: impl Into<String>) -> ParquetError {
    ParquetError::General(text.into())
}

impl Iterator for CheckedPages {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Result<Page>> {
        self.get_next_page().transpose()
    }
}

impl PageReader for CheckedPages {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        let page = self.pages.get_next_page()?;
        if let Some(page) = &page {
            self.check(page)?;
        }
        Ok(page)
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        self.pages.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.pages.skip_next_page()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_are_counted_up_to_the_first_cut_one() {
        let values = [2, 0, 0, 0, 7, 7, 0, 0, 0, 0, 1, 0, 0, 0, 9];
        assert_eq!(arrays(&values, 9), 3);
        assert_eq!(arrays(&values, 2), 2);
        assert_eq!(arrays(&values[..14], 9), 2);
        assert_eq!(arrays(&values[..5], 9), 0);
    }
}
