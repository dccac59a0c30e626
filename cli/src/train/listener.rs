//! Listener of a training: progress lines, JSON, and the files of the run.

use std::ops::ControlFlow;

use serde::Serialize;

use super::job::TrainJob;
use super::plan::Plan;
use crate::CliError;
use crate::output::Output;
use crate::progress::{Progress, TimeEstimate, time_left};
use crate::tui::Dashboard;
use apical::device::Device;
use apical::evaluate::Evaluation;
use apical::network::Network;
use apical::plots::TensorBoard;
use apical::run_dir::{ImageSpec, RunDir, weights_sha256};
use apical::train::{Event, Training};

/// Writes events to the terminal, JSON and files.
pub(super) struct Listener<'a> {
    pub(super) run: Option<RunDir>,
    pub(super) tensorboard: Option<TensorBoard>,
    pub(super) output: Output,
    pub(super) json: bool,
    pub(super) progress: Progress,
    /// Shown instead of the progress.
    pub(super) dashboard: Option<Dashboard>,
    pub(super) estimate: TimeEstimate,
    pub(super) plan: &'a Plan,
    pub(super) job: &'a TrainJob,
    pub(super) images: ImageSpec,
    /// Last evaluation and time of the finished training.
    pub(super) finished: Option<(Evaluation, f64)>,
    /// Work done at the last training progress.
    pub(super) work: f64,
}

/// Last line of a run's metrics.
#[derive(Serialize)]
pub(crate) struct Finished<'a> {
    event: &'static str,
    pub(crate) test_error: f64,
    seconds: f64,
    backend: &'static str,
    device: &'a str,
    pub(crate) weights_sha256: String,
}

impl<'a> Finished<'a> {
    pub(crate) fn new(
        evaluation: &Evaluation,
        seconds: f64,
        network: &Network,
        device: &'a Device,
    ) -> Self {
        Finished {
            event: "finished",
            test_error: evaluation.error(),
            seconds,
            backend: device.backend,
            device: &device.name,
            weights_sha256: weights_sha256(network),
        }
    }
}

impl Listener<'_> {
    pub(super) fn on_event(&mut self, event: &Event) -> Result<ControlFlow<()>, CliError> {
        if self.dashboard.is_none() {
            self.show(event);
        }
        // Write the metrics first: a checkpoint contains them.
        match event {
            Event::Progress { .. }
            | Event::TestProgress { .. }
            | Event::Network { .. }
            | Event::RequestedEval { .. } => {}
            Event::GroupStarted { .. } => return Ok(ControlFlow::Continue(())),
            Event::Finished { evaluation, seconds, .. } => {
                self.finished = Some((evaluation.clone(), *seconds));
                return Ok(ControlFlow::Continue(()));
            }
            Event::Checkpoint { checkpoint, .. } => {
                if let Some(run) = &mut self.run {
                    run.save_checkpoint(checkpoint, &self.job.info.config, &self.images)?;
                }
            }
            event => self.record(event)?,
        }
        if let Some(tensorboard) = &self.tensorboard {
            tensorboard.write_event(event)?;
        }
        // Last, because it may wait for a key.
        let flow =
            self.dashboard.as_mut().map_or(ControlFlow::Continue(()), |it| it.on_event(event));
        // A closed pipe stops the training unless it writes files.
        let is_wanted = self.run.is_some() || !self.output.is_closed();
        Ok(if is_wanted { flow } else { ControlFlow::Break(()) })
    }

    /// Writes a line to the metrics and to JSON output.
    fn record(&mut self, line: &impl Serialize) -> Result<(), CliError> {
        if let Some(run) = &mut self.run {
            run.append(line)?;
        }
        self.print_json(line)
    }

    fn print_json(&mut self, line: &impl Serialize) -> Result<(), CliError> {
        if self.json {
            let Listener { progress, output, .. } = self;
            progress.suspend(|| output.print_json(line))?;
        }
        Ok(())
    }

    fn show(&mut self, event: &Event) {
        let Plan { epochs: of, eval_set, .. } = self.plan;
        match event {
            Event::Progress { epoch, images, total_images, train_error, images_per_second } => {
                self.work = self.plan.work(epoch - 1, *images);
                let left = time_left(self.estimate.left(self.work));
                let message = format!(
                    "{images_per_second:.0} images/s, training error {train_error:.2} %, {left}"
                );
                let what = format_args!("epoch {epoch}/{of}");
                self.progress.update(what, *images, *total_images, message);
            }
            Event::TestProgress { epoch, test_images, total_test_images } => {
                let done = self.work + self.plan.test_work(*test_images);
                let left = time_left(self.estimate.left(done));
                let what = format_args!("epoch {epoch}/{of}, {eval_set} images");
                self.progress.update(what, *test_images, *total_test_images, left);
            }
            Event::PartialEval { epoch, images, test_error, test_images, .. } => {
                self.progress.print_line(format_args!(
                    "epoch {epoch}/{of}, {images} images: {eval_set} error {test_error:.2} % of the first \
                     {test_images} {eval_set} images"
                ));
            }
            // Only written to files.
            Event::GroupStarted { .. }
            | Event::Finished { .. }
            | Event::Weights { .. }
            | Event::Checkpoint { .. }
            | Event::Network { .. }
            | Event::RequestedEval { .. } => {}
            Event::Epoch { epoch, train_error, test_error, images_per_second, .. } => {
                let left = match self.estimate.left(self.plan.work(*epoch, 0)) {
                    left if epoch < of => format!(", {}", time_left(left)),
                    _ => String::new(),
                };
                self.progress.print_line(format_args!(
                    "epoch {epoch}/{of}: training error {train_error:.2} %, {eval_set} error \
                     {test_error:.2} %, {images_per_second:.0} images/s{left}"
                ));
            }
        }
    }

    pub(super) fn finish(mut self, training: &Training) -> Result<(), CliError> {
        self.clear();
        let network = &training.networks()[0];
        let Some((evaluation, seconds)) = self.finished.take() else { return Ok(()) };
        let finished = Finished::new(&evaluation, seconds, network, training.device());
        // Save the weights first. Print the result even if saving fails.
        let run = self.run.as_ref();
        let saved =
            run.map(|run| run.save(network, &self.job.info.config, &self.images)).transpose();
        let written = self.run.as_mut().map_or(Ok(()), |run| run.finish(&finished));
        self.print_json(&finished)?;
        if !self.json {
            self.print(&finished, evaluation.images())?;
        }
        written?;
        match saved? {
            Some(path) if !self.json => {
                self.output.print(format_args!("written     {}", path.display()))
            }
            _ => Ok(()),
        }
    }

    /// Restores the terminal.
    pub(super) fn clear(&mut self) {
        self.progress.clear();
        self.dashboard = None;
    }

    fn print(&mut self, finished: &Finished, count: u32) -> Result<(), CliError> {
        let Plan { epochs, images, eval_set, .. } = self.plan;
        let Finished { test_error, seconds, backend, device, weights_sha256, .. } = finished;
        self.output.print(format_args!(
            "{what:<11} {test_error:.2} % of {count} {eval_set} images\n\
             time        {seconds:.1} s\n\
             images      {epochs} x {images}\n\
             backend     {backend}\n\
             device      {device}\n\
             weights     sha256 {weights_sha256}",
            what = format!("{eval_set} error"),
        ))
    }
}
