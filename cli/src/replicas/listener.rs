//! Listener of the training of many networks: progress lines, JSON, and the files of each run.

use std::ops::ControlFlow;

use serde::Serialize;

use super::lines::{FinishedReplica, ReplicaLine, SummaryLine};
use super::tables;
use crate::CliError;
use crate::output::Output;
use crate::progress::{Progress, TimeEstimate};
use crate::train::{Finished, Plan};
use apical::config::Variant;
use apical::device::Device;
use apical::plots::TensorBoard;
use apical::run_dir::replicas::{ReplicaResult, ReplicaSummary, swept_settings};
use apical::run_dir::{ImageSpec, ReplicaRunDirs};
use apical::train::{Event, ResumeFrom};

/// Writes events to the terminal, JSON and files.
pub(super) struct Listener<'a> {
    runs: Option<ReplicaRunDirs>,
    /// One per network, or empty.
    pub(super) tensorboards: Vec<TensorBoard>,
    pub(super) output: Output,
    json: bool,
    pub(super) progress: Progress,
    pub(super) estimate: TimeEstimate,
    pub(super) variants: &'a [Variant],
    pub(super) plans: &'a [Plan],
    images: ImageSpec,
    /// Device of the last group; `None` before the first.
    device: Option<Device>,
    /// Indices of the networks in training.
    pub(super) group: Vec<usize>,
    pub(super) is_last_group: bool,
    /// Finished epochs of the group, and images of the next epoch.
    pub(super) work: (u32, usize),
    /// Work of the finished groups.
    pub(super) finished_work: f64,
    /// Evaluation events of the group, shown when all networks have sent one.
    tests: Vec<Event>,
    results: Vec<ReplicaResult>,
    /// Training error of each network in its last epoch, percent.
    train_errors: Vec<f64>,
}

impl<'a> Listener<'a> {
    pub(super) fn new(
        json: bool,
        images: ImageSpec,
        variants: &'a [Variant],
        plans: &'a [Plan],
    ) -> Self {
        Listener {
            runs: None,
            tensorboards: Vec::new(),
            output: Output::default(),
            json,
            progress: Progress::new(),
            estimate: TimeEstimate::start(plans.iter().map(|plan| plan.work(plan.epochs, 0)).sum()),
            variants,
            plans,
            images,
            device: None,
            group: Vec::new(),
            is_last_group: true,
            work: (0, 0),
            finished_work: 0.0,
            tests: Vec::new(),
            results: Vec::new(),
            train_errors: vec![f64::NAN; variants.len()],
        }
    }

    /// Sets where each network starts.
    pub(super) fn resume_from(
        &mut self,
        runs: Option<ReplicaRunDirs>,
        starts: &[ResumeFrom],
    ) -> Result<(), CliError> {
        let mut work = 0.0;
        for (replica, start) in starts.iter().enumerate() {
            let plan = &self.plans[replica];
            let finished = match &runs {
                Some(runs) => runs.finished(replica, &self.variants[replica])?,
                None => None,
            };
            work += match (start, finished) {
                (ResumeFrom::Finished, Some(result)) => {
                    self.results.push(result);
                    plan.work(plan.epochs, 0)
                }
                (ResumeFrom::Checkpoint(checkpoint), _) => plan.work_before(&checkpoint.position),
                _ => 0.0,
            };
            if let Some(error) = runs.as_ref().and_then(|runs| runs.train_error(replica)) {
                self.train_errors[replica] = error;
            }
            if let ResumeFrom::Finished = start {
                self.finished_work += plan.work(plan.epochs, 0);
            }
        }
        self.estimate.resume_at(work);
        self.runs = runs;
        Ok(())
    }

    pub(super) fn on_event(&mut self, event: &Event) -> Result<ControlFlow<()>, CliError> {
        match event {
            &Event::GroupStarted {
                group,
                total_groups,
                ref replicas,
                ref limited_by,
                ref device,
            } => {
                self.device = Some(device.clone());
                self.group = replicas.clone();
                self.is_last_group = group == total_groups;
                if total_groups > 1 {
                    self.show_group(group, total_groups, limited_by.as_deref());
                }
            }
            Event::Progress { .. } | Event::TestProgress { .. } => self.show_progress(event),
            &Event::Checkpoint { replica, ref checkpoint } => {
                let config = &self.variants[replica].config;
                if let Some(runs) = &mut self.runs {
                    runs.run(replica).save_checkpoint(checkpoint, config, &self.images)?;
                }
            }
            &Event::PartialEval { replica, .. }
            | &Event::Weights { replica, .. }
            | &Event::Network { replica, .. }
            | &Event::RequestedEval { replica, .. }
            | &Event::Epoch { replica, .. } => {
                if let Event::Epoch { train_error, .. } = event {
                    self.train_errors[replica] = *train_error;
                }
                // Write the metrics first: a checkpoint contains them.
                let is_recorded = !matches!(event, Event::Network { .. });
                if is_recorded {
                    self.record(replica, event, event)?;
                }
                if let Some(tensorboard) = self.tensorboards.get(replica) {
                    tensorboard.write_event(event)?;
                }
                if !is_recorded {
                    return Ok(ControlFlow::Continue(()));
                }
                self.tests.push(event.clone());
                if self.tests.len() == self.group.len() {
                    let tests = std::mem::take(&mut self.tests);
                    self.show_tests(&tests);
                }
            }
            // A stopped network only has a checkpoint.
            Event::Finished { stopped: true, .. } => {}
            &Event::Finished { replica, ref network, ref evaluation, seconds, .. } => {
                let plan = &self.plans[replica];
                self.finished_work += plan.work(plan.epochs, 0);
                let Some(device) = self.device.clone() else { return Ok(ControlFlow::Break(())) };
                let finished = Finished::new(evaluation, seconds, network, &device);
                let config = &self.variants[replica].config;
                let settings = swept_settings(&self.variants[replica])?;
                // Save the weights first. Print the result even if saving fails.
                let run = self.runs.as_mut().map(|runs| runs.run(replica));
                let saved = run.map(|run| run.save(network, config, &self.images)).transpose();
                let line =
                    FinishedReplica { finished: &finished, seed: config.seed, settings: &settings };
                let written = self.runs.as_mut().map(|runs| runs.run(replica).finish(&finished));
                self.print_json(replica, &line)?;
                self.results.push(ReplicaResult {
                    replica,
                    seed: config.seed,
                    settings,
                    test_error: finished.test_error,
                    train_error: self.train_errors[replica],
                    weights_sha256: finished.weights_sha256,
                });
                saved?;
                written.transpose()?;
            }
        }
        // A closed pipe stops the training unless it writes files.
        let is_wanted = self.runs.is_some() || !self.output.is_closed();
        Ok(if is_wanted { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
    }

    /// Writes `line` to the network's metrics, and `printed` to JSON output.
    fn record(
        &mut self,
        replica: usize,
        line: &impl Serialize,
        printed: &impl Serialize,
    ) -> Result<(), CliError> {
        if let Some(runs) = &mut self.runs {
            runs.run(replica).append(line)?;
        }
        self.print_json(replica, printed)
    }

    fn print_json(&mut self, replica: usize, printed: &impl Serialize) -> Result<(), CliError> {
        if self.json {
            let Listener { progress, output, .. } = self;
            progress.suspend(|| output.print_json(&ReplicaLine { replica, line: printed }))?;
        }
        Ok(())
    }

    pub(super) fn finish(mut self, seconds: f64) -> Result<(), CliError> {
        self.progress.clear();
        self.results.sort_by_key(|result| result.replica);
        let results = ReplicaSummary::new(self.variants, std::mem::take(&mut self.results));
        // Print the result even if saving fails.
        let saved = self.runs.as_ref().map(|runs| runs.save_summary(&results)).transpose();
        if self.json {
            self.output.print_json(&SummaryLine {
                event: "summary",
                networks: results.replicas.len(),
                seconds,
                combinations: &results.combinations,
            })?;
        } else {
            let (backend, name) = match &self.device {
                Some(Device { backend, name, .. }) => (*backend, name.as_str()),
                None => ("none", "none: all networks were already trained"),
            };
            let eval_set = self.plans[0].eval_set;
            self.output.print(format_args!(
                "{}\n\n{}\n\n\
                 time        {seconds:.1} s\n\
                 backend     {backend}\n\
                 device      {name}",
                tables::networks(&results.replicas, eval_set),
                tables::combinations(&results.combinations, eval_set),
            ))?;
        }
        match saved? {
            Some(path) if !self.json => {
                self.output.print(format_args!("written     {}", path.display()))
            }
            _ => Ok(()),
        }
    }
}
