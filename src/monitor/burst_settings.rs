//! Settings from which quantities of bursts are computed.

use crate::config::Config;

/// Settings of the burst rule.
pub(super) struct BurstSettings {
    pub(super) phi_max: f64,
    pub(super) baseline: f64,
    pub(super) slope: f64,
    pub(super) seed: u64,
}

impl BurstSettings {
    pub(super) fn new(config: &Config) -> Self {
        let Config { phi_max, burst_baseline: baseline, burst_slope: slope, seed, .. } = *config;
        BurstSettings { phi_max, baseline, slope, seed }
    }
}
