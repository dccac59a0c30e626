//! Events of each network of a group: checkpoints and requested networks.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::checkpoint::{Checkpoint, TrainPosition};
use super::replica_group::{NetworkResult, ReplicaGroup};
use super::{Event, EventSink, TrainError};
use crate::simulation::State;

impl ReplicaGroup {
    /// Stops the training at its current position.
    pub(super) fn stop(&mut self, listen: EventSink) -> Result<ControlFlow<()>, TrainError> {
        // Answer pending requests first.
        if self.control.take_network_request() {
            let TrainPosition { epoch, images, .. } = self.position;
            let rates = self.simulation.mean_firing_rates()?;
            // The training stops anyway: ignore a further stop.
            let _ = self.emit_networks(epoch, images, rates, listen)?;
        }
        let _ = self.emit_checkpoints(false, true, listen)?;
        Ok(ControlFlow::Break(()))
    }

    /// Sends each network's checkpoint, if checkpoints are requested.
    pub(super) fn emit_checkpoints(
        &mut self,
        ends_epoch: bool,
        is_due: bool,
        listen: EventSink,
    ) -> Result<ControlFlow<()>, TrainError> {
        if self.checkpoint_interval.is_none() {
            return Ok(ControlFlow::Continue(()));
        }
        self.read_networks()?;
        let position = TrainPosition { seconds: self.seconds(), ..self.position };
        let states = self.simulation.save_state()?;
        let event = |((replica, network, evaluation), state): (NetworkResult, State)| {
            let evaluation = ends_epoch.then(|| evaluation.clone());
            let network = network.clone();
            let checkpoint = Checkpoint { position, network, state, evaluation, is_due };
            Event::Checkpoint { replica, checkpoint: Arc::new(checkpoint) }
        };
        Ok(emit(listen, self.results().zip(states).map(event)))
    }

    /// Sends the current networks and their rates, `[networks]` by layers.
    pub(super) fn emit_networks(
        &mut self,
        epoch: u32,
        images: usize,
        rates: Vec<Vec<f64>>,
        listen: EventSink,
    ) -> Result<ControlFlow<()>, TrainError> {
        self.read_networks()?;
        let event = |((replica, network, _), rates): (NetworkResult, Vec<f64>)| {
            let network = Arc::new(network.clone());
            Event::Network { replica, epoch, images, network, rates }
        };
        Ok(emit(listen, self.results().zip(rates).map(event)))
    }
}

/// Emits the event of each network; breaks if any call of the listener did.
pub(super) fn emit(listen: EventSink, events: impl Iterator<Item = Event>) -> ControlFlow<()> {
    let mut flow = ControlFlow::Continue(());
    for event in events {
        flow = or_break(flow, listen(&event));
    }
    flow
}

/// Breaks if either argument does.
pub(super) fn or_break(one: ControlFlow<()>, other: ControlFlow<()>) -> ControlFlow<()> {
    if one.is_break() { one } else { other }
}
