//! Chart of a run, with its numbers.

use std::path::Path;

use crate::figures::{Chart, ChartData, FigureError};

/// Chart with its name and numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Plot {
    /// File name without extension.
    pub name: &'static str,
    /// Chart.
    pub chart: Chart,
    /// Numbers of the chart.
    pub data: ChartData,
}

impl Plot {
    /// Writes the chart as SVG and PNG, and its numbers as CSV.
    ///
    /// # Errors
    /// Returns an error if drawing fails or a file cannot be written.
    pub fn save(&self, folder: &Path) -> Result<(), FigureError> {
        self.chart.save(&self.data, folder, self.name)
    }
}
