//! JSON lines of many networks.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::train::Finished;
use apical::run_dir::replicas::CombinationResult;

/// Line of a network's metrics with the network's index.
#[derive(Serialize)]
pub(super) struct ReplicaLine<'a, T> {
    pub(super) replica: usize,
    #[serde(flatten)]
    pub(super) line: &'a T,
}

/// Last line of a network's metrics with its seed and swept settings.
#[derive(Serialize)]
pub(super) struct FinishedReplica<'a> {
    #[serde(flatten)]
    pub(super) finished: &'a Finished<'a>,
    pub(super) seed: u64,
    pub(super) settings: &'a Map<String, Value>,
}

/// Summary of all networks, the last line.
#[derive(Serialize)]
pub(super) struct SummaryLine<'a> {
    pub(super) event: &'static str,
    pub(super) networks: usize,
    pub(super) seconds: f64,
    pub(super) combinations: &'a [CombinationResult],
}
