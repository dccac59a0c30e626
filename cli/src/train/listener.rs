//! Listeners of a training's events: terminal, JSON and files.

use std::ops::ControlFlow;

use super::TrainingSize;
use super::job::TrainJob;
use super::json_lines::JsonLines;
use super::results::{FinishedNetwork, Results};
use super::run_folder::RunFolder;
use super::text_result::TextResult;
use crate::output::Output;
use crate::progress::Progress;
use crate::{CliError, ExitStatus};
use apical::config::Variant;
use apical::device::DeviceInfo;
use apical::run_dir::replica_summary::{ReplicaResult, ReplicaSummary};
use apical::run_dir::{ImageSpec, RunDir};
use apical::train::{Event, TrainError, TrainingSummary};

/// Whether the training continues, or the error that stops it.
pub(crate) type Flow = Result<ControlFlow<()>, CliError>;

/// Flow of a listener that does not stop the training.
pub(crate) const CONTINUE: Flow = Ok(ControlFlow::Continue(()));

/// Listener of a training's events.
pub(crate) trait Listener {
    /// Receives an event, except the end of a network.
    fn on_event(&mut self, event: &Event) -> Flow;

    /// Receives a network after its last epoch.
    fn on_trained(&mut self, _: &FinishedNetwork) -> Flow {
        CONTINUE
    }

    /// Receives the results of all networks after the last one.
    fn on_done(&mut self, _: &Results) -> Result<(), CliError> {
        Ok(())
    }
}

/// Data that all listeners of a training share.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) job: &'a TrainJob,
    /// Networks that this process trains.
    pub(super) variants: &'a [Variant],
    /// Size of each network's training.
    pub(super) sizes: &'a [TrainingSize],
    pub(super) images: &'a ImageSpec,
    pub(super) output: &'a Output,
    pub(super) progress: &'a Progress,
    /// Whether results are printed as JSON.
    pub(super) json: bool,
}

impl Context<'_> {
    /// Ends a training: prints and saves its results, or prints how to resume it if it was stopped or failed.
    ///
    /// # Errors
    /// Returns the error of the training or of a listener.
    pub(super) fn end(
        self,
        mut listeners: Listeners,
        trained: Result<TrainingSummary, TrainError>,
    ) -> Result<ExitStatus, CliError> {
        let outcome = listeners.outcome(trained);
        if let Ok(TrainingSummary { stopped: false, seconds, .. }) = outcome {
            return self.finish(listeners, seconds).map(|()| ExitStatus::Done);
        }
        // Closes the dashboard and the bar before the last messages.
        drop(listeners);
        self.progress.clear();
        outcome.inspect_err(|_| self.job.report_failed())?;
        Ok(self.job.report_stopped(self.output))
    }

    /// Prints and saves the results of all networks. `seconds`: time of the training.
    ///
    /// # Errors
    /// Returns an error if the results cannot be printed or saved.
    pub(super) fn finish(self, listeners: Listeners, seconds: f64) -> Result<(), CliError> {
        self.progress.clear();
        listeners.finish(seconds)?;
        self.job.report_part_done();
        match self.job.result_path() {
            Some(path) if !self.json => {
                self.output.print(format_args!("written     {}", path.display()))
            }
            _ => Ok(()),
        }
    }
}

/// Listeners of a training, with the results so far.
pub(super) struct Listeners<'a> {
    listeners: Vec<Box<dyn Listener + 'a>>,
    variants: &'a [Variant],
    /// Device of the current group; `None` before the first.
    device: Option<DeviceInfo>,
    /// Training error of each network in its last epoch, percent; NaN before the first.
    train_errors: Vec<f64>,
    results: Vec<ReplicaResult>,
    /// First error of a listener.
    failure: Option<CliError>,
}

impl<'a> Listeners<'a> {
    /// Lists the listeners in the order in which they receive an event: files and JSON lines, then `others`, then text.
    ///
    /// # Errors
    /// Returns an error if swept settings cannot be converted to JSON.
    pub(super) fn of_results(
        context: Context<'a>,
        runs: Vec<RunDir>,
        others: Vec<Box<dyn Listener + 'a>>,
    ) -> Result<Self, CliError> {
        let variants = context.variants;
        let finished = |(variant, run)| ReplicaResult::of_finished(variant, run);
        let finished = variants.iter().zip(&runs).map(finished);
        let results = finished.filter_map(Result::transpose).collect::<Result<_, _>>()?;
        let train_error = |replica: usize| runs.get(replica).and_then(RunDir::train_error);
        let train_errors =
            (0..variants.len()).map(|replica| train_error(replica).unwrap_or(f64::NAN)).collect();
        let mut listeners: Vec<Box<dyn Listener + 'a>> = Vec::new();
        if !runs.is_empty() {
            listeners.push(Box::new(RunFolder { context, runs }));
        }
        if context.json {
            listeners.push(Box::new(JsonLines(context)));
        }
        listeners.extend(others);
        if !context.json {
            listeners.push(Box::new(TextResult(context)));
        }
        Ok(Listeners { listeners, variants, device: None, train_errors, results, failure: None })
    }

    /// Passes an event to every listener. Breaks if a listener stops the training or fails.
    pub(super) fn on_event(&mut self, event: &Event) -> ControlFlow<()> {
        match event {
            Event::GroupStarted { device, .. } => self.device = Some(device.clone()),
            &Event::Epoch { replica, train_error, .. } => self.train_errors[replica] = train_error,
            // A stopped network only has a checkpoint.
            Event::Finished { stopped: true, .. } => return ControlFlow::Continue(()),
            Event::Finished { .. } => return self.on_finished(event),
            _ => {}
        }
        self.pass(|listener| listener.on_event(event))
    }

    /// Passes the result of a network to every listener.
    fn on_finished(&mut self, event: &Event) -> ControlFlow<()> {
        let device = self.device.clone();
        match FinishedNetwork::new(event, self.variants, device.as_ref()) {
            Ok(Some(trained)) => {
                let flow = self.pass(|listener| listener.on_trained(&trained));
                let train_error = self.train_errors[trained.replica];
                self.results.push(trained.result(train_error));
                flow
            }
            Ok(None) => ControlFlow::Continue(()),
            Err(error) => self.fail(error.into()),
        }
    }

    fn pass(&mut self, mut receive: impl FnMut(&mut dyn Listener) -> Flow) -> ControlFlow<()> {
        let mut flow = ControlFlow::Continue(());
        for index in 0..self.listeners.len() {
            match receive(self.listeners[index].as_mut()) {
                Ok(ControlFlow::Continue(())) => {}
                Ok(stopped) => flow = stopped,
                Err(error) => flow = self.fail(error),
            }
        }
        flow
    }

    /// Stores the first error and stops the training.
    fn fail(&mut self, error: CliError) -> ControlFlow<()> {
        self.failure.get_or_insert(error);
        ControlFlow::Break(())
    }

    /// Returns the result of a training, or the first error of a listener.
    ///
    /// # Errors
    /// Returns the error of a listener or of the training.
    fn outcome(
        &mut self,
        trained: Result<TrainingSummary, TrainError>,
    ) -> Result<TrainingSummary, CliError> {
        self.failure.take().map_or(trained.map_err(CliError::from), Err)
    }

    /// Passes the results of all networks to every listener, also after an error: the result is printed even if saving
    /// fails.
    ///
    /// # Errors
    /// Returns the first error of a listener.
    pub(super) fn finish(mut self, seconds: f64) -> Result<(), CliError> {
        let summary = ReplicaSummary::new(self.results);
        let results = Results { summary, seconds, device: self.device };
        let done: Vec<_> =
            self.listeners.iter_mut().map(|listener| listener.on_done(&results)).collect();
        done.into_iter().collect()
    }
}
