//! Results of a training: of one network, and of all.

use serde::Serialize;
use serde_json::{Map, Value};

use apical::config::Variant;
use apical::device::DeviceInfo;
use apical::network::Network;
use apical::run_dir::replica_summary::{ReplicaResult, ReplicaSummary, swept_settings};
use apical::run_dir::{FINISHED_EVENT, weights_sha256};
use apical::train::Event;

/// A network after its last epoch.
pub(crate) struct FinishedNetwork<'a> {
    /// Index among the networks of this process.
    pub(super) replica: usize,
    pub(super) variant: &'a Variant,
    pub(super) network: &'a Network,
    /// Number of images of the last evaluation.
    pub(super) eval_images: u32,
    /// The swept settings.
    pub(super) settings: Map<String, Value>,
    pub(super) metrics: FinishedLine<'a>,
}

/// Last line of a run's metrics.
#[derive(Serialize)]
pub(super) struct FinishedLine<'a> {
    event: &'static str,
    pub(super) test_error: f64,
    pub(super) seconds: f64,
    pub(super) backend: &'static str,
    pub(super) device: &'a str,
    /// Whether the device passed the self-test of its arithmetic.
    bit_exact: bool,
    pub(super) weights_sha256: String,
}

/// Results of all networks.
pub(crate) struct Results {
    pub(super) summary: ReplicaSummary,
    /// Time of the training, s.
    pub(super) seconds: f64,
    /// Device of the last group; `None` if all networks were trained before.
    pub(super) device: Option<DeviceInfo>,
}

impl<'a> FinishedNetwork<'a> {
    /// Returns the network of [`Event::Finished`]; `None` for other events.
    ///
    /// # Errors
    /// Returns an error if its settings cannot be converted to JSON.
    pub(super) fn new(
        event: &'a Event,
        variants: &'a [Variant],
        device: Option<&'a DeviceInfo>,
    ) -> Result<Option<Self>, serde_json::Error> {
        let (&Event::Finished { replica, ref network, ref evaluation, seconds, .. }, Some(device)) =
            (event, device)
        else {
            return Ok(None);
        };
        let variant = &variants[replica];
        Ok(Some(FinishedNetwork {
            replica,
            variant,
            network,
            eval_images: evaluation.images(),
            settings: swept_settings(variant)?,
            metrics: FinishedLine {
                event: FINISHED_EVENT,
                test_error: evaluation.error(),
                seconds,
                backend: device.backend,
                device: &device.name,
                bit_exact: device.bit_exact,
                weights_sha256: weights_sha256(network),
            },
        }))
    }

    /// Returns the network's entry of the summary.
    pub(super) fn result(self, train_error: f64) -> ReplicaResult {
        let FinishedLine { test_error, weights_sha256, .. } = self.metrics;
        ReplicaResult {
            replica: self.variant.index,
            combination: self.variant.combination,
            seed: self.variant.config.seed,
            settings: self.settings,
            test_error,
            train_error,
            weights_sha256,
        }
    }
}
