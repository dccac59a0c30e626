//! What was measured, for people: tables, and figures that are readable at a glance, in colours that
//! colour-blind people tell apart, as SVG and as PNG.

mod axis;
mod draw;
mod figure;
mod result;
mod table;

use std::fs;
use std::io::Cursor;
use std::path::Path;

use thiserror::Error;

pub use axis::{Axis, Scale};
pub use figure::{Figure, Mark, Panel, Point, Reference, Series};
pub use result::{ExperimentResult, Finding, Measured, Plot, RESULT};
pub use table::Table;

use crate::record::RecordError;
use crate::record::file::write_whole;

/// Why a figure cannot be drawn.
#[derive(Debug, Error)]
pub enum ReportError {
    #[error("the figure '{title}' cannot be drawn: {reason}")]
    Draw { title: String, reason: String },
    #[error(transparent)]
    Record(#[from] RecordError),
}

impl Figure {
    /// Writes `NAME.svg` and `NAME.png` into a folder; files of these names are replaced.
    ///
    /// # Errors
    /// When the figure cannot be drawn or a file cannot be written.
    pub fn save(&self, folder: &Path, name: &str) -> Result<(), ReportError> {
        fs::create_dir_all(folder).map_err(RecordError::io("created", folder))?;
        write_whole(&folder.join(format!("{name}.svg")), self.svg()?.as_bytes())?;
        write_whole(&folder.join(format!("{name}.png")), &self.png()?)?;
        Ok(())
    }

    /// The figure as SVG.
    ///
    /// # Errors
    /// When it cannot be drawn.
    pub fn svg(&self) -> Result<String, ReportError> {
        draw::svg(self).map_err(|reason| self.error(reason))
    }

    /// The figure as PNG, two pixels for each of the SVG's.
    ///
    /// # Errors
    /// When it cannot be drawn.
    pub fn png(&self) -> Result<Vec<u8>, ReportError> {
        let (pixels, width, height) = draw::pixels(self).map_err(|reason| self.error(reason))?;
        let image = image::RgbImage::from_raw(width, height, pixels)
            .ok_or_else(|| self.error("pixels are missing".to_string()))?;
        let mut bytes = Cursor::new(Vec::new());
        let written = image.write_to(&mut bytes, image::ImageFormat::Png);
        written.map_err(|error| self.error(error.to_string()))?;
        Ok(bytes.into_inner())
    }

    fn error(&self, reason: String) -> ReportError {
        ReportError::Draw { title: self.title.clone(), reason }
    }
}
