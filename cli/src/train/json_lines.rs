//! JSON lines on standard output.

use std::ops::ControlFlow;

use serde::Serialize;
use serde_json::{Map, Value};

use super::Context;
use super::listener::{CONTINUE, Flow, Listener};
use super::results::{FinishedLine, FinishedNetwork, Results};
use crate::CliError;
use apical::run_dir::replica_summary::CombinationResult;
use apical::train::Event;

/// Prints one JSON object per evaluation, epoch and network, and with many networks a summary.
pub(super) struct JsonLines<'a>(pub(super) Context<'a>);

/// Line of a network's metrics. With many networks, starts with the network's index.
#[derive(Serialize)]
struct ReplicaLine<'a, T> {
    #[serde(skip_serializing_if = "Option::is_none")]
    replica: Option<usize>,
    #[serde(flatten)]
    line: &'a T,
}

/// Last line of a network's metrics. With many networks, ends with the network's seed and swept settings.
#[derive(Serialize)]
struct FinishedReplica<'a> {
    #[serde(flatten)]
    metrics: &'a FinishedLine<'a>,
    #[serde(flatten)]
    variant: Option<VariantKeys<'a>>,
}

#[derive(Serialize)]
struct VariantKeys<'a> {
    seed: u64,
    settings: &'a Map<String, Value>,
}

/// Summary of many networks, the last line.
#[derive(Serialize)]
struct SummaryLine<'a> {
    event: &'static str,
    networks: usize,
    seconds: f64,
    combinations: &'a [CombinationResult],
}

impl JsonLines<'_> {
    fn print(&self, replica: usize, line: &impl Serialize) -> Flow {
        let Context { job, variants, output, progress, .. } = self.0;
        let replica = job.info.is_of_many().then_some(variants[replica].index);
        progress.suspend(|| output.print_json(&ReplicaLine { replica, line }))?;
        // A closed pipe stops the training unless it writes files.
        let is_wanted = job.has_folder() || !output.is_closed();
        if is_wanted { CONTINUE } else { Ok(ControlFlow::Break(())) }
    }
}

impl Listener for JsonLines<'_> {
    fn on_event(&mut self, event: &Event) -> Flow {
        match event.replica() {
            Some(replica) if event.is_metric() => self.print(replica, event),
            _ => CONTINUE,
        }
    }

    fn on_trained(&mut self, trained: &FinishedNetwork) -> Flow {
        let FinishedNetwork { replica, variant, settings, metrics, .. } = trained;
        let keys = VariantKeys { seed: variant.config.seed, settings };
        let variant = self.0.job.info.is_of_many().then_some(keys);
        self.print(*replica, &FinishedReplica { metrics, variant })
    }

    fn on_done(&mut self, results: &Results) -> Result<(), CliError> {
        let Context { job, output, .. } = self.0;
        if !job.info.is_of_many() {
            return Ok(());
        }
        output.print_json(&SummaryLine {
            event: "summary",
            networks: results.summary.replicas.len(),
            seconds: results.seconds,
            combinations: &results.summary.combinations,
        })
    }
}
