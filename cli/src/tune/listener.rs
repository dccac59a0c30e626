//! Output of a search: progress lines, tables, JSON and files.

use serde::Serialize;

use crate::CliError;
use crate::output::{Output, eprint_line};
use crate::progress::{Progress, TimeEstimate, time_left};
use crate::train::{TrainingSize, print_device};
use apical::analysis::statistics::MeanSd;
use apical::config::Config;
use apical::dataset::Dataset;
use apical::device::DeviceInfo;
use apical::figures::Table;
use apical::run_dir::replica_summary::setting_text;
use apical::text::plural;
use apical::train::Event;
use apical::trial_cache::{TrialEvent, training_images};
use apical::tune::folder::BEST_CONFIG;
use apical::tune::{Rung, RungResult, Search, TuneEvent, TuneFolder, TuneResult};

/// Prints events to the terminal or as JSON, and writes files.
pub(super) struct SearchPrinter<'a> {
    json: bool,
    output: Output,
    progress: Progress,
    estimate: TimeEstimate,
    search: &'a Search,
    dataset: &'a Dataset,
    /// Current rung.
    rung: Rung,
    /// Number of networks of the rung.
    networks: usize,
    /// Number of finished networks of the rung.
    finished: usize,
    /// Work done by this process.
    work_done: f64,
    device: Option<DeviceInfo>,
}

/// JSON line of an event.
#[derive(Serialize)]
struct EventLine<'a, T> {
    event: &'static str,
    #[serde(flatten)]
    line: &'a T,
}

impl<'a> SearchPrinter<'a> {
    pub(super) fn new(
        json: bool,
        search: &'a Search,
        dataset: &'a Dataset,
    ) -> Result<Self, CliError> {
        let rungs = search.rung_lengths(training_images(&search.base, dataset))?;
        let networks = search.networks()?;
        let work = |(rung, networks): (&Rung, &usize)| {
            *networks as f64 * network_work(rung, &search.base, dataset)
        };
        let estimate = TimeEstimate::start(rungs.iter().zip(&networks).map(work).sum());
        let TrainingSize { network, dataset: name, .. } = TrainingSize::new(&search.base, dataset);
        let held_out = search.base.validation_images;
        let (of_all, which) = match dataset.validation_count() {
            0 => (dataset.training_count, "training images are held out"),
            count => (count, "validation images compare candidates"),
        };
        eprint_line(format_args!(
            "searching for {network} on {name}: {held_out} of {of_all} {which}"
        ));
        Ok(SearchPrinter {
            json,
            output: Output::default(),
            progress: Progress::new(),
            estimate,
            search,
            dataset,
            rung: rungs[0],
            networks: 0,
            finished: 0,
            work_done: 0.0,
            device: None,
        })
    }

    pub(super) fn on_event(&mut self, event: TuneEvent) -> Result<(), CliError> {
        match event {
            TuneEvent::RungStarted { rung, candidates, networks, finished } => {
                (self.rung, self.networks, self.finished) = (*rung, networks, finished);
                self.estimate.skip(finished as f64 * self.network_work());
                let known = match finished {
                    0 => String::new(),
                    _ => format!(" ({finished} trained before)"),
                };
                self.progress.print_line(format_args!(
                    "{}: {candidates} candidates, {}{known}, {} x {} images each",
                    self.rung_label(),
                    plural(networks, "network"),
                    rung.epochs,
                    rung.images
                ));
            }
            TuneEvent::Trial(TrialEvent::Device { device }) => {
                if self.device.as_ref() != Some(device) {
                    self.progress.suspend(|| print_device(device));
                    self.device = Some(device.clone());
                }
            }
            TuneEvent::Trial(TrialEvent::Progress { networks, progress }) => {
                self.show_progress(networks, progress);
            }
            TuneEvent::Trial(TrialEvent::Trained { trial, .. }) => {
                self.finished += 1;
                self.work_done += self.network_work();
                if self.json {
                    self.print_json("trial", trial)?;
                }
            }
            TuneEvent::RungFinished(result) if self.json => self.print_json("rung", result)?,
            TuneEvent::RungFinished(result) => {
                let table = self.table(result);
                let text = format!("{}\n{table}\n", self.rung_label());
                let SearchPrinter { progress, output, .. } = self;
                progress.suspend(|| output.print(text))?;
            }
        }
        Ok(())
    }

    fn network_work(&self) -> f64 {
        network_work(&self.rung, &self.search.base, self.dataset)
    }

    fn rung_label(&self) -> String {
        format!("rung {}/{}", self.rung.rung, self.search.rungs)
    }

    fn show_progress(&mut self, networks: usize, progress: &Event) {
        if let &Event::Progress { epoch, images, total_images, images_per_second, .. } = progress {
            let epochs = f64::from(epoch - 1) + images as f64 / total_images as f64;
            let part = epochs / f64::from(self.rung.epochs);
            let here = part * networks as f64 * self.network_work();
            let left = time_left(self.estimate.left(self.work_done + here));
            let message = format!(
                "{} in training: {:.0} % done, {images_per_second:.0} images/s, {left}",
                plural(networks, "network"),
                100.0 * part
            );
            let what = self.rung_label();
            self.progress.update(what, self.finished, self.networks, message);
        }
    }

    /// Returns the table of a rung's candidates, best first.
    fn table(&self, result: &RungResult) -> String {
        let mut header = vec!["candidate"];
        let settings = result.candidates.first().map(|first| first.settings.keys());
        header.extend(settings.into_iter().flatten().map(String::as_str));
        header.extend(["networks", "validation error %", "sd", "training error %", ""]);
        let mut table = Table::new(&header);
        let kept = if self.rung.rung == self.search.rungs { "best" } else { "kept" };
        for candidate in &result.candidates {
            let MeanSd { mean, sd, .. } = candidate.validation_error;
            let mut row = vec![candidate.candidate.to_string()];
            row.extend(candidate.settings.values().map(setting_text));
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
        let SearchPrinter { progress, output, .. } = self;
        progress.suspend(|| output.print_json(&EventLine { event, line }))
    }

    pub(super) fn finish(
        mut self,
        tuned: &TuneResult,
        folder: &TuneFolder,
    ) -> Result<(), CliError> {
        self.progress.clear();
        let Some(best) = tuned.best_candidate() else { return Ok(()) };
        if self.json {
            return self.print_json("best", best);
        }
        let settings = best.settings.iter();
        let settings = settings.map(|(key, value)| format!("{key} = {}", setting_text(value)));
        self.output.print(format_args!(
            "best        {}\nwritten     {}\ntrain it    apical train --config {}",
            settings.collect::<Vec<_>>().join(", "),
            folder.path().display(),
            folder.path().join(BEST_CONFIG).display()
        ))
    }
}

/// Returns the simulated time of a network on a rung, ms.
fn network_work(rung: &Rung, base: &Config, dataset: &Dataset) -> f64 {
    TrainingSize::new(&rung.config(base), dataset).work(rung.epochs, 0)
}
