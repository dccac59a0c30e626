//! `apical tune`.

mod listener;

use std::ops::ControlFlow;
use std::path::PathBuf;

use clap::Args;

use super::machine::{DataArgs, MachineArgs};
use super::output::eprint_line;
use super::replicas::{reject_explicit_settings, replica_count};
use super::settings::Settings;
use super::train::print_warnings;
use super::{CliError, EXIT_CODES, ExitStatus, run_data, signals};
use apical::config::{Config, Sweep};
use apical::dataset::DataIdentity;
use apical::train::TrainError;
use apical::tune::{self, Search, TuneEvent, TuneFolder};
use listener::Listener;

/// Search settings on images held out of the training set
///
/// Every combination of the values of --search is a candidate. All candidates train a little; the best
/// third trains again, three times as long; and so on, until the last train for --epochs (successive
/// halving; --rungs 1 is a plain grid). They are judged by images of the training set, its last ones or, if it is
/// sorted by class, of each class its share, which none trains on: the test set is never looked at. Networks train
/// side by side. The same command goes on where it was stopped, in the middle of a training too.
#[derive(Debug, Args)]
#[command(
    after_help = EXIT_CODES,
    mut_arg("validation_images", |argument| argument.help(VALIDATION_HELP).hide_default_value(true)),
    mut_arg("test_images", |argument| argument.help(TESTED_HELP)),
    mut_arg("epochs", |argument| argument.help(EPOCHS_HELP)),
    mut_arg("seed", |argument| argument.help(SEED_HELP)),
)]
pub(super) struct TuneArgs {
    /// Folder for tune.toml, trials.jsonl, rungs.csv, rungs.svg, rungs.png and best.toml; one that holds
    /// this search already goes on with it
    #[arg(long, value_name = "DIR")]
    out: PathBuf,

    /// Try these values of a setting, a key of config.toml (any but layers); given several times, every
    /// combination. A list, as one learning rate for each layer, is written with colons:
    /// eta=0.2:0.1,0.4:0.2
    #[arg(long, value_name = "KEY=V1,V2,..", required = true)]
    search: Vec<Sweep>,

    /// Networks of each candidate, with the seeds SEED, SEED + 1 and so on: their mean counts
    #[arg(long, value_name = "R", default_value_t = 1, value_parser = replica_count())]
    replicas: usize,

    /// Rungs, the last with the full training [default: as many as leave no more candidates to the last
    /// than --reduction-factor]
    #[arg(long, value_name = "N")]
    rungs: Option<u32>,

    /// Of so many candidates of a rung one goes on to the next, which trains so many times as long
    #[arg(long, value_name = "N", default_value_t = 3)]
    reduction_factor: usize,

    /// Networks that train side by side
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = replica_count())]
    parallel: usize,

    /// Print JSON lines: an object for each finished training and each rung, and one at the end
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    data: DataArgs,

    #[command(flatten)]
    settings: Settings,

    #[command(flatten)]
    machine: MachineArgs,
}

const VALIDATION_HELP: &str = "Hold out N images of the training set, to judge the \
                               candidates by [default: one in six]";
const TESTED_HELP: &str = "Judge by the first N of the images held out; 0: all";
const EPOCHS_HELP: &str = "Times that every training image is shown on the last rung";
const SEED_HELP: &str = "Seed of every random draw; every candidate has the same";

pub(super) fn run(arguments: &TuneArgs) -> Result<ExitStatus, CliError> {
    let TuneArgs { search: sweeps, replicas, reduction_factor: reduction, .. } = arguments;
    reject_explicit_settings(&arguments.settings, sweeps, "searched")?;
    let dataset = arguments.data.open()?;
    let mut base = arguments.settings.resolve(|_| ())?;
    if base.validation_images == 0 {
        base.validation_images = tune::default_validation(&dataset);
    }
    let data = DataIdentity::of(&dataset);
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
    let selection = arguments.machine.selection()?;
    tune::check(&search, &dataset)?;
    print_warnings(search.candidates()?.iter().map(|candidate| &candidate.config));
    run_data::print_dataset(&dataset, &arguments.data, arguments.settings.file());
    let Config { validation_images: validation, train_images: images, test_images, .. } =
        search.base;
    let notes =
        dataset.subset_warnings(validation, images, test_images).map_err(TrainError::from)?;
    notes.iter().for_each(eprint_line);
    let _held = signals::defer(true)?;
    let (folder, mut trials) = TuneFolder::open(&arguments.out, &search)?;
    folder.notice().into_iter().chain(trials.notice()).for_each(eprint_line);
    let mut listener = Listener::new(arguments.json, &search, &dataset)?;
    let mut failure = None;
    let mut listen = |event: TuneEvent| match listener.on_event(event) {
        Ok(()) => ControlFlow::Continue(()),
        Err(error) => {
            failure = Some(error);
            ControlFlow::Break(())
        }
    };
    let together = arguments.parallel;
    let tuned = tune::run(&search, &mut trials, &dataset, &selection, together, &mut listen)?;
    match (failure, tuned) {
        (Some(error), _) => Err(error),
        (None, Some(tuned)) => {
            // The result is told even where it cannot be written.
            let saved = folder.save(&search, &tuned);
            listener.finish(&tuned, &folder)?;
            saved?;
            Ok(ExitStatus::Done)
        }
        (None, None) => {
            drop(listener);
            eprint_line("stopped; the same command goes on from here");
            Ok(signals::signal().map_or(ExitStatus::Done, ExitStatus::Stopped))
        }
    }
}
