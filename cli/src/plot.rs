//! `apical plot`: plots a run.

use std::path::{Path, PathBuf};

use clap::Args;

use super::output::{Output, eprint_line};
use super::run_data::{self, DataPolicy};
use super::shared_args::SimulationArgs;
use super::{CliError, EXIT_CODES};
use apical::plots::{PlotData, plot_run};
use apical::train::TrainError;

/// Plot a run: learning curves, confusion matrix, receptive fields, weights, spike raster with voltages
///
/// Writes each figure as SVG and PNG, and its data as CSV. Of an unfinished run or a run of many networks, only the
/// learning curves are plotted.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(super) struct PlotArgs {
    /// Folder of a run
    folder: PathBuf,

    /// Folder for the figures [default: plots in the folder of the run]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,

    /// Number of test images (0: all), chosen as in training [default: as trained]
    #[arg(long, value_name = "N")]
    test_images: Option<usize>,

    /// Print the paths of the files as one JSON array
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    simulation: SimulationArgs,
}

pub(super) fn run(arguments: &PlotArgs) -> Result<(), CliError> {
    let device_options = arguments.simulation.machine.device_options()?;
    let mut run = PlotData::open(&arguments.folder)?;
    if let Some(note) = curves_only(&run, &arguments.folder) {
        eprint_line(note);
    }
    if let (Some(images), Some(saved)) = (arguments.test_images, &mut run.saved) {
        saved.config.test_images = images;
    }
    let mut dataset = None;
    if let Some(saved) = &run.saved {
        let data = &arguments.simulation.data;
        let data = run_data::open(saved, &arguments.folder, data, DataPolicy::SameImages)?;
        let notes = data.dataset.subset_warnings(0, 0, saved.config.test_images);
        notes.map_err(TrainError::from)?.iter().for_each(eprint_line);
        dataset = Some(data.dataset);
    }
    let mut listen = |next| eprint_line(format_args!("{next} .."));
    let plots = plot_run(&run, dataset.as_ref(), &device_options, &mut listen)?;
    let folder = arguments.out.clone().unwrap_or_else(|| arguments.folder.join("plots"));
    let mut files = Vec::new();
    for plot in plots {
        plot.save(&folder)?;
        let endings = ["svg", "png", "csv"].map(|ending| format!("{}.{ending}", plot.name));
        files.extend(endings.map(|name| folder.join(name).display().to_string()));
    }
    let output = Output::default();
    if arguments.json {
        return output.print_json(&files);
    }
    output.print(files.join("\n"))
}

/// Returns a note if only the learning curves are plotted.
fn curves_only(run: &PlotData, folder: &Path) -> Option<String> {
    if run.networks.len() > 1 {
        let one = folder.join("replica-000");
        let count = run.networks.len();
        return Some(format!(
            "plotting learning curves only: the run has {count} networks; plot one with 'apical plot {}'",
            one.display()
        ));
    }
    let note = "plotting learning curves only: the run is not finished";
    run.saved.is_none().then(|| note.to_string())
}
