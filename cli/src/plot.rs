//! `apical plot`.

use std::path::{Path, PathBuf};

use clap::Args;

use super::machine::{DataArgs, MachineArgs};
use super::output::{Output, eprint_line};
use super::run_data::{self, DataPolicy};
use super::{CliError, EXIT_CODES};
use apical::plots::{RunData, plot_run};
use apical::train::TrainError;

/// Draw a run: learning curves, confusion matrix, receptive fields, weights, a raster with voltages
///
/// Writes each picture as SVG and PNG, and the numbers behind it as CSV. Draws only the learning curves of a run that
/// is not done, and of a run of many networks.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(super) struct PlotArgs {
    /// The folder of a run
    folder: PathBuf,

    /// Folder of the pictures [default: plots, in the run's]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,

    /// Test on N images of the test set, as in training the first or of each class its share; 0: all [default: as trained]
    #[arg(long, value_name = "N")]
    test_images: Option<usize>,

    /// Print one array of JSON: the files
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    data: DataArgs,

    #[command(flatten)]
    machine: MachineArgs,
}

pub(super) fn run(arguments: &PlotArgs) -> Result<(), CliError> {
    let selection = arguments.machine.selection()?;
    let mut run = RunData::open(&arguments.folder)?;
    if let Some(note) = curves_only(&run, &arguments.folder) {
        eprint_line(note);
    }
    if let (Some(images), Some(saved)) = (arguments.test_images, &mut run.saved) {
        saved.config.test_images = images;
    }
    let mut dataset = None;
    if let Some(saved) = &run.saved {
        let data =
            run_data::open(saved, &arguments.folder, &arguments.data, DataPolicy::SameImages)?;
        let notes = data.dataset.subset_warnings(0, 0, saved.config.test_images);
        notes.map_err(TrainError::from)?.iter().for_each(eprint_line);
        dataset = Some(data.dataset);
    }
    let mut listen = |next| eprint_line(format_args!("{next} .."));
    let plots = plot_run(&run, dataset.as_ref(), &selection, &mut listen)?;
    let folder = arguments.out.clone().unwrap_or_else(|| arguments.folder.join("plots"));
    let mut files = Vec::new();
    for plot in plots {
        plot.save(&folder)?;
        let endings = ["svg", "png", "csv"].map(|ending| format!("{}.{ending}", plot.name));
        files.extend(endings.map(|name| folder.join(name).display().to_string()));
    }
    let mut output = Output::default();
    if arguments.json {
        return output.print_json(&files);
    }
    output.print(files.join("\n"))
}

/// Why only the learning curves are drawn.
fn curves_only(run: &RunData, folder: &Path) -> Option<String> {
    if run.networks.len() > 1 {
        let one = folder.join("replica-000");
        let count = run.networks.len();
        return Some(format!(
            "a run of {count} networks: learning curves only; 'apical plot {}' draws all of one",
            one.display()
        ));
    }
    let note = "the run is not done: learning curves only";
    run.saved.is_none().then(|| note.to_string())
}
