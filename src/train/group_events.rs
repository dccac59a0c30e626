//! Events of a group during an epoch: progress, checkpoints and requested networks.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::checkpoint::Checkpoint;
use super::event::emit;
use super::position::TrainPosition;
use super::replica_group::{NetworkResult, ReplicaGroup};
use super::sampler::EpochSampler;
use super::stopwatch::Stopwatch;
use super::{Event, EventListener, TrainError};
use crate::simulation::SimulationState;

impl ReplicaGroup {
    /// Sends each network at the end of the group's training. `stopped`: whether a stop ended it before the last epoch.
    pub(super) fn emit_finished(&self, stopped: bool, listen: EventListener) -> ControlFlow<()> {
        let seconds = self.seconds();
        let event = |(replica, network, evaluation): NetworkResult| Event::Finished {
            replica,
            network: Arc::new(network.clone()),
            evaluation: evaluation.clone(),
            seconds,
            stopped,
        };
        emit(listen, self.results().map(event))
    }

    /// Stops the training at its current position.
    pub(super) fn stop(&mut self, listen: EventListener) -> Result<ControlFlow<()>, TrainError> {
        // Answer pending requests first. The training stops anyway: ignore a further stop.
        let _ = self.emit_requested_networks(listen)?;
        let _ = self.emit_checkpoints(false, true, listen)?;
        Ok(ControlFlow::Break(()))
    }

    /// Sends the progress of the epoch. `begun`: images of the epoch at which `training` started.
    pub(super) fn emit_progress(
        &mut self,
        orders: &[EpochSampler],
        begun: usize,
        training: &mut Stopwatch,
        listen: EventListener,
    ) -> Result<ControlFlow<()>, TrainError> {
        let TrainPosition { epoch, images, .. } = self.position;
        let outcomes = training.time(|| self.simulation.results(images))?;
        let errors = self.errors(orders, &outcomes).into_iter();
        Ok(listen(&Event::Progress {
            epoch,
            images,
            total_images: self.dataset.training_count,
            train_error: errors.sum::<f64>() / orders.len() as f64,
            images_per_second: training.per_second((images - begun) * orders.len()),
        }))
    }

    /// Sends each network's checkpoint, if checkpoints are requested.
    pub(super) fn emit_checkpoints(
        &mut self,
        ends_epoch: bool,
        is_due: bool,
        listen: EventListener,
    ) -> Result<ControlFlow<()>, TrainError> {
        if self.checkpoint_interval.is_none() {
            return Ok(ControlFlow::Continue(()));
        }
        self.read_networks()?;
        let position = TrainPosition { seconds: self.seconds(), ..self.position };
        let states = self.simulation.save_state()?;
        let event = |((replica, network, evaluation), state): (NetworkResult, SimulationState)| {
            let evaluation = ends_epoch.then(|| evaluation.clone());
            let network = network.clone();
            let checkpoint = Checkpoint { position, network, state, evaluation, is_due };
            Event::Checkpoint { replica, checkpoint: Arc::new(checkpoint) }
        };
        Ok(emit(listen, self.results().zip(states).map(event)))
    }

    /// Sends the current networks if they were requested since the last call.
    pub(super) fn emit_requested_networks(
        &mut self,
        listen: EventListener,
    ) -> Result<ControlFlow<()>, TrainError> {
        if !self.control.take_network_request() {
            return Ok(ControlFlow::Continue(()));
        }
        let TrainPosition { epoch, images, .. } = self.position;
        let firing_rates = self.simulation.mean_firing_rates()?;
        self.emit_networks(epoch, images, firing_rates, listen)
    }

    /// Sends the current networks and their rates, `[networks]` by layers.
    pub(super) fn emit_networks(
        &mut self,
        epoch: u32,
        images: usize,
        firing_rates: Vec<Vec<f64>>,
        listen: EventListener,
    ) -> Result<ControlFlow<()>, TrainError> {
        self.read_networks()?;
        let event = |((replica, network, _), rates): (NetworkResult, Vec<f64>)| {
            let network = Arc::new(network.clone());
            Event::Network { replica, epoch, images, network, rates }
        };
        Ok(emit(listen, self.results().zip(firing_rates).map(event)))
    }
}
