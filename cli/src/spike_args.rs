//! Arguments for recorded spikes.

use clap::Args;
use clap::builder::RangedU64ValueParser;

use apical::dataset::spikes::{SpikeOptions, TimeRange};

/// Options for reading recorded spikes.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct SpikeArgs {
    /// Recorded spikes: part that the forward phase shows (ms), repeated if the phase is longer [default: all]
    #[arg(long, value_name = "START-END", requires = "data")]
    forward_part: Option<TimeRange>,

    /// Recorded spikes: part that the target phase shows (ms) [default: the forward part, continued]
    #[arg(long, value_name = "START-END", requires = "data")]
    target_part: Option<TimeRange>,

    /// Recorded spikes: part that a test shows (ms) [default: the forward part]
    #[arg(long, value_name = "START-END", requires = "data")]
    test_part: Option<TimeRange>,

    /// Recorded spikes: side of the square of sensor pixels that are one unit [default: 1]
    #[arg(long, value_name = "N", requires = "data", value_parser = RangedU64ValueParser::<u16>::new().range(1..))]
    pool: Option<u16>,

    /// Recorded spikes: one unit for all channels of a pixel, such as both polarities
    #[arg(long, requires = "data")]
    merge_channels: bool,

    /// Recorded spikes: at most one spike of a unit per step
    #[arg(long, requires = "data")]
    single_spikes: bool,
}

impl SpikeArgs {
    /// Returns the options.
    pub(super) fn options(&self) -> SpikeOptions {
        let &SpikeArgs { forward_part: forward, target_part: target, test_part: test, .. } = self;
        let SpikeArgs { pool, merge_channels, single_spikes, .. } = *self;
        SpikeOptions {
            forward,
            target,
            test,
            pool: pool.unwrap_or(0),
            merge_channels,
            single_spikes,
        }
    }

    /// Returns these arguments, with `options` for those that are not set.
    pub(super) fn with_defaults(&self, options: &SpikeOptions) -> Self {
        SpikeArgs {
            forward_part: self.forward_part.or(options.forward),
            target_part: self.target_part.or(options.target),
            test_part: self.test_part.or(options.test),
            pool: self.pool.or((options.pool > 0).then_some(options.pool)),
            merge_channels: self.merge_channels || options.merge_channels,
            single_spikes: self.single_spikes || options.single_spikes,
        }
    }
}
