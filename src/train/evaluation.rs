//! Evaluations during training: partial, full after each epoch, and on request.

use std::ops::ControlFlow;
use std::time::Instant;

use super::event::{emit, or_break};
use super::position::TrainPosition;
use super::replica_group::{NetworkResult, PROGRESS_EVERY, ReplicaGroup};
use super::sampler::EpochSampler;
use super::stopwatch::Stopwatch;
use super::test_network::test_until;
use super::{Event, EventListener, TrainError};
use crate::config::Config;
use crate::interface::BackendError;
use crate::simulation::SampleResult;
use crate::test_results::Evaluation;

impl ReplicaGroup {
    pub(super) fn partial_eval(
        &mut self,
        listen: EventListener,
    ) -> Result<ControlFlow<()>, TrainError> {
        let test_images = self.configs[0].eval_images.clamp(1, self.dataset.test_count);
        let Some(evaluations) = self.evaluate(test_images, listen)? else {
            return self.stop(listen);
        };
        let TrainPosition { epoch, images, .. } = self.position;
        let event = |(&replica, evaluation): (&usize, &Evaluation)| {
            let test_error = evaluation.error();
            Event::PartialEval { replica, epoch, images, test_error, test_images }
        };
        let flow = emit(listen, self.replicas.iter().zip(&evaluations).map(event));
        if flow.is_break() {
            return Ok(or_break(flow, self.emit_checkpoints(false, true, listen)?));
        }
        Ok(flow)
    }

    /// Runs an evaluation on request. It changes no state, including the random draws of other tests.
    pub(super) fn requested_eval(
        &mut self,
        listen: EventListener,
    ) -> Result<ControlFlow<()>, TrainError> {
        let position = self.position;
        let states = self.simulation.save_state()?;
        let evaluations = self.evaluate(self.dataset.test_count, listen)?;
        self.simulation.load_state(&states.iter().collect::<Vec<_>>())?;
        self.position = position;
        // A stop ends the evaluation only: the caller keeps the trained weights.
        let Some(evaluations) = evaluations else { return Ok(ControlFlow::Break(())) };
        let TrainPosition { epoch, images, .. } = position;
        let event = |(&replica, evaluation): (&usize, &Evaluation)| {
            let test_error = evaluation.error();
            Event::RequestedEval { replica, epoch, images, test_error }
        };
        Ok(emit(listen, self.replicas.iter().zip(&evaluations).map(event)))
    }

    /// Runs the full evaluation after an epoch and ends the epoch. `images_per_second`: training speed, if known.
    pub(super) fn full_eval(
        &mut self,
        orders: &[EpochSampler],
        images_per_second: Option<f64>,
        listen: EventListener,
    ) -> Result<ControlFlow<()>, TrainError> {
        let TrainPosition { epoch, images: done, .. } = self.position;
        let outcomes = self.simulation.results(done)?;
        let train_errors = self.errors(orders, &outcomes);
        let firing_rates = match self.control.wants_networks_after_epochs() {
            true => self.simulation.mean_firing_rates()?,
            false => Vec::new(),
        };
        let mut stopwatch = Stopwatch::default();
        match stopwatch.time(|| self.evaluate(self.dataset.test_count, listen))? {
            Some(evaluations) => self.evaluations = evaluations,
            None => return self.stop(listen),
        }
        (self.position.epoch, self.position.images) = (epoch + 1, 0);
        let test_images_per_second = stopwatch.per_second(self.dataset.test_count);
        let event = |(((replica, _, evaluation), train_error), outcomes): (
            (NetworkResult, _),
            &Vec<SampleResult>,
        )| {
            let loss = outcomes.iter().map(|outcome| f64::from(outcome.loss)).sum::<f64>();
            Event::Epoch {
                replica,
                epoch,
                images: done,
                train_error,
                test_error: evaluation.error(),
                loss: loss / done as f64,
                images_per_second,
                test_images_per_second,
            }
        };
        let events = self.results().zip(train_errors).zip(&outcomes).map(event);
        let mut flow = emit(listen, events);
        let Config { weight_stats_every, epochs, feedback, .. } = self.configs[0];
        self.read_networks()?;
        if weight_stats_every > 0 && epoch.is_multiple_of(weight_stats_every) {
            let statistics = |(replica, network, _): NetworkResult| {
                let layers = network.statistics(feedback);
                Event::Weights { replica, epoch, layers }
            };
            flow = or_break(flow, emit(listen, self.results().map(statistics)));
        }
        if !firing_rates.is_empty() {
            flow = or_break(flow, self.emit_networks(epoch, done, firing_rates, listen)?);
        }
        let ends_interval =
            self.checkpoint_interval.is_some_and(|every| every.is_due_after_epoch(epoch));
        let is_due = ends_interval || flow.is_break() || epoch == epochs;
        Ok(or_break(flow, self.emit_epoch_checkpoints(is_due, listen)?))
    }

    /// Emits the checkpoints after an epoch, also if none is due: each epoch may have the lowest error, and a run of one
    /// epoch needs a checkpoint too.
    fn emit_epoch_checkpoints(
        &mut self,
        is_due: bool,
        listen: EventListener,
    ) -> Result<ControlFlow<()>, TrainError> {
        let flow = self.emit_checkpoints(true, is_due, listen)?;
        if flow.is_break() && !is_due {
            // The listener stopped at this checkpoint, which makes it due.
            return Ok(or_break(flow, self.emit_checkpoints(true, true, listen)?));
        }
        Ok(flow)
    }

    /// Evaluates on the first `count` test images, with new random draws. Returns `None` after a stop: the evaluation
    /// is then still due and repeats the same images with the same draws.
    fn evaluate(
        &mut self,
        count: usize,
        listen: EventListener,
    ) -> Result<Option<Vec<Evaluation>>, BackendError> {
        let TrainPosition { epoch, eval_images_shown: first, .. } = self.position;
        let mut last_progress = Instant::now();
        let mut progress = |done: usize| {
            if last_progress.elapsed() < PROGRESS_EVERY {
                return ControlFlow::Continue(());
            }
            last_progress = Instant::now();
            listen(&Event::TestProgress { epoch, test_images: done, total_test_images: count })
        };
        match test_until(&mut self.simulation, &self.dataset, count, first, &mut progress) {
            Err(BackendError::Stopped) => Ok(None),
            tested => {
                self.position.eval_images_shown = first.wrapping_add(count as u32);
                self.position.eval_pending = false;
                tested.map(Some)
            }
        }
    }
}
