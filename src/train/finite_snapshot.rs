//! Last networks with finite weights.

use std::time::{Duration, Instant};

use super::position::TrainPosition;
use crate::network::{Layer, Network};
use crate::simulation::SimulationState;

/// Interval between snapshots: the longest time to repeat.
const SNAPSHOT_EVERY: Duration = Duration::from_secs(10);

/// Last position at which all weights were finite.
pub(super) struct FiniteSnapshot {
    pub(super) position: TrainPosition,
    seen: Instant,
    /// Networks at this position; empty if they are too large.
    pub(super) networks: Vec<Network>,
    pub(super) states: Vec<SimulationState>,
}

impl FiniteSnapshot {
    /// Returns a snapshot with a position and no networks.
    pub(super) fn new(position: TrainPosition) -> Self {
        FiniteSnapshot { position, seen: Instant::now(), networks: Vec::new(), states: Vec::new() }
    }

    /// Whether the snapshot is older than 10 s or from another epoch.
    pub(super) fn is_stale(&self, now: &TrainPosition) -> bool {
        self.position.epoch != now.epoch || self.seen.elapsed() >= SNAPSHOT_EVERY
    }
}

/// Returns the first network with weights that are not finite, and the lowest such layer.
pub(super) fn find_nonfinite(networks: &[Network]) -> Option<(usize, usize)> {
    let is_nonfinite = |layer: &Layer| {
        let Layer { weights, feedback, apical_biases, event_feedback, .. } = layer;
        [weights, feedback, apical_biases, event_feedback]
            .into_iter()
            .any(|array| array.iter().any(|weight| !weight.is_finite()))
    };
    let layer = |network: &Network| network.layers.iter().position(is_nonfinite);
    networks.iter().enumerate().find_map(|(index, network)| Some((index, layer(network)?)))
}
