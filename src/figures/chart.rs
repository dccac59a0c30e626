//! A chart of any kind with the numbers behind it.

use std::path::Path;

use super::{Figure, FigureError, Heatmap, ImageGrid, Render};
use crate::run_dir::StorageError;
use crate::run_dir::write::write_atomic;

/// A chart of one of three kinds.
#[derive(Clone, Debug, PartialEq)]
pub enum Chart {
    /// Series over axes.
    Figure(Figure),
    /// Numbers in rows and columns.
    Heatmap(Heatmap),
    /// Small images of numbers in rows.
    ImageGrid(ImageGrid),
}

/// The numbers behind a chart.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ChartData {
    /// One name per column.
    pub header: Vec<String>,
    /// Cells, `[rows][columns]`.
    pub rows: Vec<Vec<String>>,
}

impl Chart {
    /// Returns the chart as SVG.
    ///
    /// # Errors
    /// Returns an error if the chart cannot be drawn.
    pub fn svg(&self) -> Result<String, FigureError> {
        match self {
            Chart::Figure(figure) => figure.svg(),
            Chart::Heatmap(heatmap) => heatmap.svg(),
            Chart::ImageGrid(grid) => grid.svg(),
        }
    }

    /// Writes `NAME.svg`, `NAME.png` and `NAME.csv` into a folder, replacing existing files.
    ///
    /// # Errors
    /// Returns an error if the chart cannot be drawn or a file cannot be written.
    pub fn save(&self, data: &ChartData, folder: &Path, name: &str) -> Result<(), FigureError> {
        match self {
            Chart::Figure(figure) => figure.save(folder, name)?,
            Chart::Heatmap(heatmap) => heatmap.save(folder, name)?,
            Chart::ImageGrid(grid) => grid.save(folder, name)?,
        }
        let path = folder.join(format!("{name}.csv"));
        let table =
            data.csv().map_err(|source| StorageError::Csv { path: path.clone(), source })?;
        Ok(write_atomic(&path, &table)?)
    }
}

impl ChartData {
    /// Creates a table without rows.
    pub fn new<T: ToString>(header: &[T]) -> Self {
        ChartData { header: header.iter().map(ToString::to_string).collect(), rows: Vec::new() }
    }

    fn csv(&self) -> Result<Vec<u8>, csv::Error> {
        let mut table = csv::Writer::from_writer(Vec::new());
        table.write_record(&self.header)?;
        for row in &self.rows {
            table.write_record(row)?;
        }
        table.into_inner().map_err(|error| error.into_error().into())
    }
}
