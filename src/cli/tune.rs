//! `apical tune`.

use std::ops::ControlFlow;
use std::path::PathBuf;

use clap::Args;
use clap::builder::RangedU64ValueParser;
use serde::Serialize;

use super::machine::{DataArgs, MachineArgs};
use super::output::{Output, tell};
use super::progress::{Estimate, Progress, time_left};
use super::replicas::{refuse_what_is_set, replica_count};
use super::settings::Settings;
use super::table::Table;
use super::train::{Plan, announce_device};
use super::{CliError, EXIT_CODES};
use crate::config::{Config, Sweep, VARIANTS_MAX};
use crate::dataset::Dataset;
use crate::evaluate::Spread;
use crate::layout::in_words;
use crate::record::replicas::in_words as setting_in_words;
use crate::schedule::Device;
use crate::train::Event;
use crate::trials::{TrialEvent, training_images};
use crate::tune::folder::BEST;
use crate::tune::{self, Folder, Rung, RungResult, Search, TuneEvent, Tuned};

/// Search settings on images held out of the training set
///
/// Every combination of the values of --search is a candidate. All candidates train a little; the best
/// third trains again, three times as long; and so on, until the last train for --epochs (successive
/// halving; --rungs 1 is a plain grid). They are judged by the last images of the training set, which
/// none trains on: the test set is never looked at. Networks train side by side. What was finished is
/// kept, and the same command goes on where it was broken off.
#[derive(Debug, Args)]
#[command(
    after_help = EXIT_CODES,
    mut_arg("validation", |argument| argument.help(VALIDATION_HELP).hide_default_value(true)),
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
    /// than --reduction]
    #[arg(long, value_name = "N")]
    rungs: Option<u32>,

    /// Of so many candidates of a rung one goes on to the next, which trains so many times as long
    #[arg(long, value_name = "N", default_value_t = 3)]
    reduction: usize,

    /// Networks that train side by side
    #[arg(
        long,
        value_name = "N",
        default_value_t = 8,
        value_parser = RangedU64ValueParser::<usize>::new().range(1..=VARIANTS_MAX as u64)
    )]
    together: usize,

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

const VALIDATION_HELP: &str = "Hold out the last N images of the training set, to judge the \
                               candidates by [default: one in six]";
const TESTED_HELP: &str = "Judge by the first N of the images held out; 0: all";
const EPOCHS_HELP: &str = "Times that every training image is shown on the last rung";
const SEED_HELP: &str = "Seed of every random draw; every candidate has the same";

pub(super) fn run(arguments: &TuneArgs) -> Result<(), CliError> {
    let TuneArgs { search: sweeps, replicas, reduction, .. } = arguments;
    refuse_what_is_set(&arguments.settings, sweeps, "searched")?;
    let dataset = arguments.data.open()?;
    let mut base = arguments.settings.resolve(|_| ())?;
    if base.validation == 0 {
        base.validation = tune::usual_validation(&dataset);
    }
    let mut search = Search {
        search: sweeps.clone(),
        replicas: *replicas,
        rungs: 1,
        reduction: *reduction,
        base,
    };
    search.rungs = match arguments.rungs {
        Some(rungs) => rungs,
        None => Search::usual_rungs(search.candidates()?.len() / replicas, *reduction),
    };
    let selection = arguments.machine.selection()?;
    tune::check(&search, &dataset)?;
    let (folder, mut trials) = Folder::open(&arguments.out, &search)?;
    let mut listener = Listener::new(arguments.json, &search, &dataset)?;
    let together = arguments.together;
    let mut failure = None;
    let tuned =
        tune::run(
            &search,
            &mut trials,
            &dataset,
            &selection,
            together,
            &mut |event| match listener.hear(event) {
                Ok(()) => ControlFlow::Continue(()),
                Err(error) => {
                    failure = Some(error);
                    ControlFlow::Break(())
                }
            },
        )?;
    listener.progress.clear();
    match (failure, tuned) {
        (Some(error), _) => Err(error),
        (None, Some(tuned)) => {
            // The result is told even where it cannot be written.
            let saved = folder.save(&search, &tuned);
            listener.finish(&tuned, &folder)?;
            Ok(saved?)
        }
        (None, None) => Ok(()),
    }
}

/// Tells everyone what happens.
struct Listener<'a> {
    json: bool,
    output: Output,
    progress: Progress,
    estimate: Estimate,
    search: &'a Search,
    dataset: &'a Dataset,
    /// The rung that trains.
    rung: Rung,
    /// Its networks, and those of them that are finished.
    networks: usize,
    finished: usize,
    /// Work of all that was trained here.
    done: f64,
    device: Option<Device>,
}

/// A line of JSON.
#[derive(Serialize)]
struct Line<'a, T> {
    event: &'static str,
    #[serde(flatten)]
    line: &'a T,
}

impl<'a> Listener<'a> {
    fn new(json: bool, search: &'a Search, dataset: &'a Dataset) -> Result<Self, CliError> {
        let rungs = search.plan(training_images(&search.base, dataset))?;
        let networks = search.networks()?;
        let work = |(rung, networks): (&Rung, &usize)| {
            *networks as f64 * network_work(rung, &search.base, dataset)
        };
        let estimate = Estimate::start(rungs.iter().zip(&networks).map(work).sum());
        let Plan { network, dataset: name, .. } = Plan::new(&search.base, dataset);
        tell(format_args!(
            "searching for {network} on {name}: the last {} of {} training images are held out",
            search.base.validation, dataset.training_count
        ));
        let (rung, device) = (rungs[0], None);
        let (output, progress) = (Output::default(), Progress::new());
        let (networks, finished, done) = (0, 0, 0.0);
        #[rustfmt::skip]
        return Ok(Listener {
            json, output, progress, estimate, search, dataset, rung, networks, finished, done, device,
        });
    }

    fn hear(&mut self, event: TuneEvent) -> Result<(), CliError> {
        match event {
            TuneEvent::Rung { rung, candidates, networks, finished } => {
                (self.rung, self.networks, self.finished) = (*rung, networks, finished);
                self.estimate.skip(finished as f64 * self.network_work());
                let known = match finished {
                    0 => String::new(),
                    _ => format!(" ({finished} trained before)"),
                };
                self.progress.tell(format_args!(
                    "{}: {candidates} candidates, {}{known}, {} x {} images each",
                    self.rung_in_words(),
                    in_words(networks),
                    rung.epochs,
                    rung.images
                ));
            }
            TuneEvent::Trial(TrialEvent::Device { device }) => {
                if self.device.as_ref() != Some(device) {
                    self.progress.aside(|| announce_device(device));
                    self.device = Some(device.clone());
                }
            }
            TuneEvent::Trial(TrialEvent::Progress { networks, progress }) => {
                self.show_progress(networks, progress);
            }
            TuneEvent::Trial(TrialEvent::Trained { trial, .. }) => {
                self.finished += 1;
                self.done += self.network_work();
                if self.json {
                    self.print_json("trial", trial)?;
                }
            }
            TuneEvent::RungDone(result) if self.json => self.print_json("rung", result)?,
            TuneEvent::RungDone(result) => {
                let table = self.table(result);
                let text = format!("{}\n{table}\n", self.rung_in_words());
                let Listener { progress, output, .. } = self;
                progress.aside(|| output.print(text))?;
            }
        }
        Ok(())
    }

    fn network_work(&self) -> f64 {
        network_work(&self.rung, &self.search.base, self.dataset)
    }

    fn rung_in_words(&self) -> String {
        format!("rung {}/{}", self.rung.rung, self.search.rungs)
    }

    fn show_progress(&mut self, networks: usize, progress: &Event) {
        if let &Event::Progress { epoch, images, of_images, images_per_second, .. } = progress {
            let epochs = f64::from(epoch - 1) + images as f64 / of_images as f64;
            let part = epochs / f64::from(self.rung.epochs);
            let here = part * networks as f64 * self.network_work();
            let left = time_left(self.estimate.left(self.done + here));
            let message = format!(
                "{} in training: {:.0} % done, {images_per_second:.0} images/s, {left}",
                in_words(networks),
                100.0 * part
            );
            let what = self.rung_in_words();
            self.progress.advance(what, self.finished, self.networks, message);
        }
    }

    /// The candidates of a rung, the best first.
    fn table(&self, result: &RungResult) -> String {
        let mut header = vec!["candidate"];
        let settings = result.candidates.first().map(|first| first.settings.keys());
        header.extend(settings.into_iter().flatten().map(String::as_str));
        header.extend(["networks", "validation error %", "sd", "training error %", ""]);
        let mut table = Table::new(&header);
        let kept = if self.rung.rung == self.search.rungs { "best" } else { "goes on" };
        for candidate in &result.candidates {
            let Spread { mean, sd, .. } = candidate.validation_error;
            let mut row = vec![candidate.candidate.to_string()];
            row.extend(candidate.settings.values().map(setting_in_words));
            row.extend([
                candidate.networks.to_string(),
                format!("{mean:.2}"),
                sd.map_or("-".to_string(), |sd| format!("{sd:.2}")),
                format!("{:.2}", candidate.train_error.mean),
                if candidate.is_kept { kept } else { "" }.to_string(),
            ]);
            table.push(row);
        }
        table.aligned()
    }

    fn print_json(&mut self, event: &'static str, line: &impl Serialize) -> Result<(), CliError> {
        let Listener { progress, output, .. } = self;
        progress.aside(|| output.print_json(&Line { event, line }))
    }

    fn finish(mut self, tuned: &Tuned, folder: &Folder) -> Result<(), CliError> {
        let Some(best) = tuned.best_candidate() else { return Ok(()) };
        if self.json {
            return self.print_json("best", best);
        }
        let settings = best.settings.iter();
        let settings = settings.map(|(key, value)| format!("{key} = {}", setting_in_words(value)));
        self.output.print(format_args!(
            "best        {}\nwritten     {}\ntrain it    apical train --config {}",
            settings.collect::<Vec<_>>().join(", "),
            folder.path().display(),
            folder.path().join(BEST).display()
        ))
    }
}

/// Simulated time, in ms, of a network on a rung.
fn network_work(rung: &Rung, base: &Config, dataset: &Dataset) -> f64 {
    Plan::new(&rung.config(base), dataset).work(rung.epochs, 0)
}
