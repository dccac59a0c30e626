//! One table: its columns, and the reading of its lines.

use std::path::Path;

use super::super::array::ByteArray;
use super::super::error::invalid;
use super::super::location::{Origin, Position};
use super::super::pixel_scale::PixelScale;
use super::super::transpose::columns_to_rows;
use super::super::{DatasetError, Location, ReadOptions, SourceFile, SplitData};
use super::columns::{Content, TableColumns};
use super::header;
use super::labels::Classes;
use super::preview::Preview;
use super::reader::TableReader;
use super::rows::{Role, RowContent, TableRows};
use crate::text::plural;

/// A table whose columns are known.
pub(super) struct Table<'a> {
    path: &'a Path,
    pub(super) file: String,
    preview: Preview,
    has_header: bool,
    pub(super) columns: TableColumns,
}

impl<'a> Table<'a> {
    /// Detects the columns of a table. `are_same`: whether the other table starts with the same line.
    ///
    /// # Errors
    /// Returns an error if the header or the columns are unclear.
    pub fn of(
        path: &'a Path,
        preview: Preview,
        are_same: bool,
        content: Content,
        options: &ReadOptions,
    ) -> Result<Table<'a>, DatasetError> {
        let file = path.display().to_string();
        let location =
            || Location { file: file.clone(), position: Position::Line(preview.first_line) };
        let has_header = header::is_header(&preview, are_same, options)
            .map_err(|ambiguous| ambiguous.error(location()))?;
        let columns = TableColumns::of(&preview, has_header, content, location)?;
        Ok(Table { path, file, preview, has_header, columns })
    }

    /// Returns the location of the first line.
    pub fn first_line(&self) -> Location {
        Location { file: self.file.clone(), position: Position::Line(self.preview.first_line) }
    }

    fn names(&self) -> Option<&[String]> {
        self.has_header.then_some(&self.preview.first[..])
    }

    /// Reads all lines. Returns their content and the first line.
    ///
    /// # Errors
    /// Returns an error if a line is invalid.
    pub fn read(&self, scale: PixelScale, role: Role) -> Result<(RowContent, u64), DatasetError> {
        let mut rows = TableRows {
            file: &self.file,
            columns: &self.columns,
            fields: self.preview.first.len(),
            header_line: self.names().map(|_| self.preview.first_line),
            scale,
            role,
            content: RowContent::default(),
        };
        let mut table = TableReader::open(self.path, self.preview.layout)?;
        if self.has_header {
            table.next()?;
        }
        while let Some((line, record)) = table.next()? {
            rows.add(line, record)?;
        }
        rows.finish()
    }

    /// Reads all lines on the scale of their pixels, or of `options`. Returns their content, the first line and the
    /// scale.
    ///
    /// # Errors
    /// Returns an error if a line is invalid, or the pixels are on no known scale.
    pub fn read_scaled(
        &self,
        role: Role,
        options: &ReadOptions,
    ) -> Result<(RowContent, u64, PixelScale), DatasetError> {
        let first = options.max_value.map_or(PixelScale::Bytes, PixelScale::MaxValue);
        let (content, line) = self.read(first, role)?;
        let whole = || Location::whole(self.file.clone());
        let scale = PixelScale::of(content.range, options.max_value, whole)?;
        if scale == first {
            return Ok((content, line, scale));
        }
        drop(content);
        let (content, line) = self.read(scale, role)?;
        Ok((content, line, scale))
    }

    /// Converts the content of all lines. Also returns the names of the classes, if the labels are names.
    ///
    /// # Errors
    /// Returns an error if the images have another size, or a label is no class of the training set.
    pub fn split(
        &self,
        (content, first_line): (RowContent, u64),
        classes: Classes,
        training: &str,
        options: &ReadOptions,
    ) -> Result<(SplitData, Option<Vec<String>>), DatasetError> {
        let location = |position| Location { file: self.file.clone(), position };
        let pixels = self.columns.pixels.len();
        let sizes = options.row_shape(location(Position::Line(first_line)), pixels)?;
        let RowContent { mut images, labels, lines, .. } = content;
        if options.are_transposed(self.path) {
            let [height, width] = sizes;
            columns_to_rows(&mut images, [height, width / options.channels()], options.channels());
        }
        let column = self.columns.label.map_or(1, |label| label + 1);
        let labels = labels.finish(classes).map_err(|(index, label)| {
            let line = lines.get(index).copied().unwrap_or(first_line);
            let expected = match classes {
                Classes::Named(_) => format!("a class of {training}"),
                _ => format!("an integer from 0 to 255 as in {training}"),
            };
            invalid(location(Position::Field { line, column }), expected, format!("'{label}'"))
        })?;
        let file = || self.file.clone();
        let set = SplitData {
            images: ByteArray::images(Origin::Whole(file()), sizes, images)?,
            labels: ByteArray::labels(Origin::Lines { file: file(), lines, column }, labels.bytes)?,
        };
        Ok((set, labels.names))
    }

    /// Describes the format, the columns and the values.
    pub fn source_file(&self, content: &RowContent) -> SourceFile {
        let compressed = if self.preview.is_compressed { "gzip, " } else { "" };
        let format = format!(
            "CSV, {compressed}{}, {}, {}; values {} to {}",
            self.preview.layout.describe(),
            plural(content.lines.len(), "line"),
            self.columns.describe(self.names()),
            content.range.least,
            content.range.largest
        );
        SourceFile { file: self.file.clone(), format }
    }

    /// Returns a sentence per column that is ignored or moved, and on transposed images.
    pub fn notes(&self, options: &ReadOptions) -> Vec<String> {
        let notes = self.columns.notes(self.names()).into_iter();
        let notes = notes.map(|note| format!("{}: {note}", self.file));
        let transposed = options.are_transposed(self.path);
        notes.chain(transposed.then(|| options.transposed_note(self.path))).collect()
    }
}
