//! Values of a column.

use std::sync::Arc;

use parquet::column::reader::{ColumnReader, ColumnReaderImpl, get_column_reader};
use parquet::data_type::{ByteArray, DataType};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::RowGroupMetaData;

use super::pages::{CheckedPages, MissingValues, PageFile, error};

/// Column of a group of rows.
pub(super) struct Column(ColumnReader);

impl Column {
    /// Opens the column with an index.
    ///
    /// # Errors
    /// Returns an error if its place, compression or number of rows is impossible.
    pub fn open(file: &Arc<PageFile>, group: &RowGroupMetaData, index: usize) -> Result<Column> {
        let pages = CheckedPages::open(file, group, index)?;
        let description = group.column(index).column_descr_ptr();
        Ok(Column(get_column_reader(description, Box::new(pages))))
    }

    /// Reads the next arrays of bytes.
    ///
    /// # Errors
    /// Returns an error if there are fewer, or the column has others.
    pub fn bytes(&mut self, count: usize) -> Result<Vec<ByteArray>> {
        match &mut self.0 {
            ColumnReader::ByteArrayColumnReader(reader) => read(reader, count),
            _ => Err(error("a column has no arrays of bytes")),
        }
    }

    /// Reads the next integers.
    ///
    /// # Errors
    /// Returns an error if there are fewer, or the column has others.
    pub fn integers(&mut self, count: usize) -> Result<Vec<i64>> {
        match &mut self.0 {
            ColumnReader::Int32ColumnReader(reader) => {
                Ok(read(reader, count)?.into_iter().map(i64::from).collect())
            }
            ColumnReader::Int64ColumnReader(reader) => read(reader, count),
            _ => Err(error("a column has no integers")),
        }
    }
}

fn read<T: DataType>(reader: &mut ColumnReaderImpl<T>, count: usize) -> Result<Vec<T::T>> {
    let (mut values, mut levels) = (Vec::new(), Vec::new());
    let (rows, found, _) = reader.read_records(count, Some(&mut levels), None, &mut values)?;
    if found < rows {
        return Err(ParquetError::External(Box::new(MissingValues)));
    }
    if rows < count {
        return Err(error("a column has fewer rows than its group"));
    }
    Ok(values)
}
