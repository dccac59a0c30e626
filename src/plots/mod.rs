//! Charts of a run: learning curves, confusion matrix, receptive fields, weights and spikes.

mod confusion;
mod contact_sheet;
mod curves;
mod plot;
mod raster;
pub mod receptive_fields;
mod run_data;
mod tensorboard;
mod weights;

pub use contact_sheet::save_contact_sheet;
pub use plot::Plot;
pub use raster::recording_raster;
pub use run_data::{LearningCurve, PlotData, PlotError};
pub use tensorboard::TensorBoard;

use crate::dataset::Dataset;
use crate::device::DeviceOptions;
use crate::run_dir::SavedNetwork;

/// Returns the charts of a network: receptive fields, if they are images, and histograms of the weights.
pub fn plot_network(saved: &SavedNetwork) -> Vec<Plot> {
    let mut plots: Vec<Plot> = weights::fields(saved).into_iter().collect();
    plots.push(weights::histograms(saved));
    plots
}

/// Returns the learning curves of one network. It has at least one epoch.
pub fn plot_curve(curve: LearningCurve) -> Plot {
    curves::plot(&[curve])
}

/// Returns all charts of a run on its data set; only the learning curves if `dataset` is `None` or the folder has
/// many networks. `listen` receives the name of the next chart.
///
/// # Errors
/// Returns an error if a file of the run is unreadable, the data set is another, or no device works.
pub fn plot_run(
    run: &PlotData,
    dataset: Option<&Dataset>,
    selection: &DeviceOptions,
    listen: &mut dyn FnMut(&'static str),
) -> Result<Vec<Plot>, PlotError> {
    listen("curves");
    let mut plots = vec![curves::plot(&run.networks)];
    let (Some(saved), Some(dataset)) = (&run.saved, dataset) else { return Ok(plots) };
    saved.check_fits(dataset)?;
    plots.extend(plot_network(saved));
    listen("confusion");
    plots.push(confusion::plot(saved, dataset, selection)?);
    listen("raster");
    plots.push(raster::plot(saved, dataset, selection)?);
    Ok(plots)
}
