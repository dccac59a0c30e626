//! `apical tune`: searches for settings.

mod listener;

use std::ops::ControlFlow;
use std::path::PathBuf;

use clap::Args;

use super::output::eprint_line;
use super::settings::Settings;
use super::shared_args::{SimulationArgs, StopArgs};
use super::train::{print_warnings, reject_explicit_settings, replica_count};
use super::{CliError, EXIT_CODES, ExitStatus, run_data, signals};
use apical::config::{Config, Sweep};
use apical::dataset::{DataIdentity, Dataset};
use apical::train::TrainError;
use apical::tune::{self, Search, TuneEvent, TuneFolder};
use listener::SearchPrinter;

/// Search for settings with images held out of the training set
///
/// Every combination of the values of --search is a candidate. Successive halving: all candidates train briefly, the
/// best third trains three times longer, and so on, until the last candidates train for --epochs (--rungs 1: grid
/// search). Candidates are compared on the data set's own validation images or on held-out training images, never on
/// the test set.
/// Repeating the command resumes a stopped search.
#[derive(Debug, Args)]
#[command(
    after_help = EXIT_CODES,
    mut_arg("validation_images", |argument| argument.help(VALIDATION_HELP).hide_default_value(true)),
    mut_arg("test_images", |argument| argument.help(TESTED_HELP)),
    mut_arg("epochs", |argument| argument.help(EPOCHS_HELP)),
    mut_arg("seed", |argument| argument.help(SEED_HELP)),
)]
pub(super) struct TuneArgs {
    /// Folder for tune.toml, trials.jsonl, rungs.csv, rungs.svg, rungs.png and best.toml; resumes the search if the folder
    /// contains it
    #[arg(long, value_name = "DIR")]
    out: PathBuf,

    /// Values to try of a setting, by its key in config.toml (any except layers). Repeat the flag to try all combinations.
    /// Separate the elements of a list with colons: eta=0.2:0.1,0.4:0.2
    #[arg(long, value_name = "KEY=V1,V2,..", required = true)]
    search: Vec<Sweep>,

    /// Number of networks per candidate, with seeds SEED, SEED + 1, ..; their mean error counts
    #[arg(long, value_name = "R", default_value_t = 1, value_parser = replica_count())]
    replicas: usize,

    /// Number of rungs, the last with the full training [default: enough to leave at most --reduction-factor candidates on
    /// the last rung]
    #[arg(long, value_name = "N")]
    rungs: Option<u32>,

    /// Keep 1/N of the candidates per rung and train them N times longer
    #[arg(long, value_name = "N", default_value_t = 3)]
    reduction_factor: usize,

    /// Largest number of networks trained in parallel
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = replica_count())]
    parallel: usize,

    /// Print one JSON object per finished training and rung, and one at the end
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    stop: StopArgs,

    #[command(flatten)]
    simulation: SimulationArgs,

    #[command(flatten)]
    settings: Settings,
}

const VALIDATION_HELP: &str = "Number of images to compare candidates on: of the data set's own \
                               validation set [default: all], or held out of the training images \
                               [default: one in six]";
const TESTED_HELP: &str = "Number of held-out images to compare candidates on (0: all)";
const EPOCHS_HELP: &str = "Number of passes over the training images on the last rung";
const SEED_HELP: &str = "Seed of all random numbers, equal for all candidates";

/// Returns the search that the arguments describe.
fn search(arguments: &TuneArgs, dataset: &Dataset) -> Result<Search, CliError> {
    let TuneArgs { search: sweeps, replicas, reduction_factor: reduction, .. } = arguments;
    let mut base = arguments.settings.resolve(|_| ())?;
    if base.validation_images == 0 {
        base.validation_images = tune::default_validation(dataset);
    }
    let data = DataIdentity::of(dataset);
    let mut search = Search {
        search: sweeps.clone(),
        replicas: *replicas,
        rungs: 1,
        reduction_factor: *reduction,
        dataset: data.name,
        dataset_sha256: data.sha256,
        base,
    };
    search.rungs = match arguments.rungs {
        Some(rungs) => rungs,
        None => Search::default_rungs(search.candidates()?.len() / replicas, *reduction),
    };
    Ok(search)
}

pub(super) fn run(arguments: &TuneArgs) -> Result<ExitStatus, CliError> {
    arguments.stop.start();
    reject_explicit_settings(&arguments.settings, &arguments.search, "searched")?;
    let dataset = arguments.simulation.data.open()?;
    let search = search(arguments, &dataset)?;
    let device_options = arguments.simulation.machine.device_options()?;
    tune::check(&search, &dataset)?;
    print_warnings(search.candidates()?.iter().map(|candidate| &candidate.config));
    run_data::print_dataset(&dataset, &arguments.simulation.data, arguments.settings.file());
    let Config { validation_images: validation, train_images: images, test_images, .. } =
        search.base;
    let notes =
        dataset.subset_warnings(validation, images, test_images).map_err(TrainError::from)?;
    notes.iter().for_each(eprint_line);
    let _held = signals::defer(true)?;
    let (folder, mut trials) = TuneFolder::open(&arguments.out, &search)?;
    folder.warning().into_iter().chain(trials.warning()).for_each(eprint_line);
    let mut listener = SearchPrinter::new(arguments.json, &search, &dataset)?;
    let mut failure = None;
    let mut listen = |event: TuneEvent| match listener.on_event(event) {
        Ok(()) => ControlFlow::Continue(()),
        Err(error) => {
            failure = Some(error);
            ControlFlow::Break(())
        }
    };
    let parallel = arguments.parallel;
    let tuned = tune::run(&search, &mut trials, &dataset, &device_options, parallel, &mut listen)?;
    match (failure, tuned) {
        (Some(error), _) => Err(error),
        (None, Some(tuned)) => {
            // Print the result even if saving fails.
            let saved = folder.save(&search, &tuned);
            listener.finish(&tuned, &folder)?;
            saved?;
            Ok(ExitStatus::Done)
        }
        (None, None) => {
            drop(listener);
            eprint_line("stopped; repeat the command to resume");
            Ok(signals::stop_status().unwrap_or(ExitStatus::Done))
        }
    }
}
