//! Pictures of a run: how it learned, what it takes for what, and what is in its neurons.

mod confusion;
mod contact_sheet;
mod curves;
mod raster;
pub mod receptive_fields;
mod run_data;
mod tensorboard;
mod weights;

pub use contact_sheet::save_contact_sheet;
pub use run_data::{PlotError, RunData};
pub use tensorboard::TensorBoard;

use std::path::Path;

use crate::dataset::Dataset;
use crate::figures::{Chart, ChartData, FigureError};
use crate::schedule::Selection;

/// A picture with its name.
#[derive(Clone, Debug, PartialEq)]
pub struct Plot {
    /// The name of its files, without their endings.
    pub name: &'static str,
    /// What is drawn.
    pub chart: Chart,
    /// The numbers behind it.
    pub data: ChartData,
}

impl Plot {
    /// Writes it as SVG and PNG, and the numbers behind it as CSV.
    ///
    /// # Errors
    /// When it cannot be drawn or a file cannot be written.
    pub fn save(&self, folder: &Path) -> Result<(), FigureError> {
        self.chart.save(&self.data, folder, self.name)
    }
}

/// All pictures of a run on its data set; without one, and of a folder of many networks, how they learned. `listen` hears what
/// comes next.
///
/// # Errors
/// When a file of the run cannot be read, the data set is another, or no device works.
pub fn plot_run(
    run: &RunData,
    dataset: Option<&Dataset>,
    selection: &Selection,
    listen: &mut dyn FnMut(&'static str),
) -> Result<Vec<Plot>, PlotError> {
    listen("curves");
    let mut plots = vec![curves::plot(&run.networks)];
    let (Some(saved), Some(dataset)) = (&run.saved, dataset) else { return Ok(plots) };
    saved.check_fits(dataset)?;
    plots.extend(weights::fields(saved));
    plots.push(weights::histograms(saved));
    listen("confusion");
    plots.push(confusion::plot(saved, dataset, selection)?);
    listen("raster");
    plots.push(raster::plot(saved, dataset, selection)?);
    Ok(plots)
}
