//! What was measured, for people: tables, and figures that are readable at a glance, in colours that
//! colour-blind people tell apart, as SVG and as PNG.

mod axis;
mod canvas;
mod colour;
mod draw;
mod drawing;
mod figure;
mod findings;
mod legend;
mod markdown;
mod marks;
mod matrix;
mod mosaic;
mod page;
mod picture;
mod result;
mod results;
mod table;
mod text;
mod tile;

use std::path::PathBuf;

use thiserror::Error;

pub use axis::{Axis, Scale};
pub use drawing::{Data, Drawing};
pub use figure::{Figure, Mark, Panel, Point, Reference, Series};
pub use findings::findings;
pub use matrix::{Colours, Matrix};
pub use mosaic::Mosaic;
pub use page::{page, save_page};
pub use picture::Picture;
pub use result::{ExperimentResult, Finding, Measured, NO_DEVICE, Plot, RESULT};
pub use results::{refuse_other_data, results};
pub use table::Table;
pub(crate) use text::labels;
pub use tile::Tile;

use crate::dataset::DataIdentity;
use crate::record::RecordError;

/// Why a figure cannot be drawn.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "each message says what it is")]
pub enum ReportError {
    #[error("the figure '{title}' cannot be drawn: {reason}")]
    Draw { title: String, reason: String },
    #[error("cannot report {}: there is no such folder", .folder.display())]
    NoFolder { folder: PathBuf },
    #[error("cannot report {}: there is no experiment in it", .folder.display())]
    NoResults { folder: PathBuf },
    #[error("{}: this is no result of an experiment", .path.display())]
    Result { path: PathBuf, source: serde_json::Error },
    #[error("{}: cannot put experiments on different data into one folder: this one is on {}, the next on {}", .path.display(), .others[0], .others[1])]
    OtherData { path: PathBuf, others: Box<[DataIdentity; 2]> },
    #[error("{}: this is no SVG", .path.display())]
    NoDrawing { path: PathBuf },
    #[error(transparent)]
    Record(#[from] RecordError),
}
