//! Tables, figures and the HTML report, as SVG and PNG. The colours are distinguishable by colour-blind readers.

mod axis;
mod canvas;
mod chart;
mod claims_table;
mod colour;
mod colour_bar;
mod draw;
mod experiment_result;
mod figure;
mod heatmap;
mod html_page;
mod image_grid;
mod legend;
mod markdown;
mod marks;
mod number_image;
mod png;
mod render;
mod result_folders;
mod table;
mod text;

use std::path::PathBuf;

use thiserror::Error;

pub use axis::{Axis, Scale};
pub use chart::{Chart, ChartData};
pub use claims_table::claims_table;
pub use experiment_result::{
    ExperimentResult, Finding, Measured, NO_DEVICE, RESULT, SavedPlot, TrainingRecord, folder_name,
};
pub use figure::{Figure, Mark, Panel, Point, Reference, Series};
pub use heatmap::{Colours, Heatmap};
pub use html_page::save_html_page;
pub use image_grid::ImageGrid;
pub use number_image::NumberImage;
pub use render::Render;
pub use result_folders::ensure_same_data;
pub use table::Table;
pub(crate) use text::labels;

use crate::dataset::DataIdentity;
use crate::run_dir::StorageError;

/// An error while drawing a figure or writing a report.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "each message says what it is")]
pub enum FigureError {
    #[error("cannot draw the figure '{title}': {reason}")]
    Draw { title: String, reason: String },
    #[error("cannot report {}: no such folder", .folder.display())]
    NoFolder { folder: PathBuf },
    #[error("cannot report {}: no experiment in this folder", .folder.display())]
    NoResults { folder: PathBuf },
    #[error("{}: invalid result of an experiment", .path.display())]
    Result { path: PathBuf, source: serde_json::Error },
    #[error("{}: cannot put experiments on different data into one folder: this one uses {}, the next {}", .path.display(), .others[0], .others[1])]
    OtherData { path: PathBuf, others: Box<[DataIdentity; 2]> },
    #[error("{}: expected an SVG", .path.display())]
    NoDrawing { path: PathBuf },
    #[error(transparent)]
    Storage(#[from] StorageError),
}
