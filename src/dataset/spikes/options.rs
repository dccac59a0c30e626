//! Options for reading recorded spikes.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::model::events::EVENT_STEPS_MAX;
use crate::text::parse_pair;

/// Options for reading recorded spikes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpikeOptions {
    /// Part of a recording that the forward phase shows. `None`: all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forward: Option<TimeRange>,
    /// Part that the target phase shows. `None`: the forward part, continued from where the forward phase stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<TimeRange>,
    /// Part that a test shows. `None`: the forward part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<TimeRange>,
    /// Side of a square of sensor pixels that are one unit, at least 1; 0 stands for 1.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub pool: u16,
    /// Whether the channels of a sensor, such as both polarities, are one unit per pixel.
    #[serde(default, skip_serializing_if = "is_false")]
    pub merge_channels: bool,
    /// Whether a unit spikes at most once per step.
    #[serde(default, skip_serializing_if = "is_false")]
    pub single_spikes: bool,
}

fn is_zero(pool: &u16) -> bool {
    *pool == 0
}

fn is_false(value: &bool) -> bool {
    !value
}

/// Range of times in ms. `100-200` has the steps 100 to 199.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimeRange {
    /// First step.
    pub start: u32,
    /// Step after the last one.
    pub end: u32,
}

impl TimeRange {
    /// Whether the range has a step that recordings can have.
    pub(super) fn is_valid(self) -> bool {
        self.start < self.end && self.end <= EVENT_STEPS_MAX
    }
}

impl FromStr for TimeRange {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let range = parse_pair(text, '-').map(|(start, end)| TimeRange { start, end });
        range.filter(|range| range.is_valid()).ok_or_else(|| {
            format!(
                "invalid time range '{text}': expected START-END such as 0-100, in ms, of at most {EVENT_STEPS_MAX}"
            )
        })
    }
}

impl fmt::Display for TimeRange {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}-{}", self.start, self.end)
    }
}

impl SpikeOptions {
    /// Returns whether no option is set.
    pub(in crate::dataset) fn is_default(&self) -> bool {
        *self == SpikeOptions::default()
    }

    /// Returns the command-line arguments that set these options, each preceded by a space.
    pub(in crate::dataset) fn arguments(&self) -> String {
        let parts = [("forward", self.forward), ("target", self.target), ("test", self.test)];
        let parts = parts.into_iter().filter_map(|(phase, range)| Some((phase, range?)));
        let mut text: String =
            parts.map(|(phase, range)| format!(" --{phase}-part {range}")).collect();
        if self.pool > 0 {
            text += &format!(" --pool {}", self.pool);
        }
        for (is_set, flag) in
            [(self.merge_channels, "merge-channels"), (self.single_spikes, "single-spikes")]
        {
            if is_set {
                text += &format!(" --{flag}");
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_range_has_a_first_step_before_its_end() {
        let range = TimeRange { start: 100, end: 200 };
        assert_eq!("100-200".parse(), Ok(range));
        assert_eq!(range.to_string(), "100-200");
        for wrong in ["", "5", "5-5", "6-5", "-5", "0-65536", "0-1-2", "a-b"] {
            assert!(wrong.parse::<TimeRange>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn arguments_set_the_same_options() {
        assert_eq!(SpikeOptions::default().arguments(), "");
        let options = SpikeOptions {
            test: Some(TimeRange { start: 0, end: 300 }),
            pool: 2,
            single_spikes: true,
            ..SpikeOptions::default()
        };
        assert_eq!(options.arguments(), " --test-part 0-300 --pool 2 --single-spikes");
    }
}
