//! Bins events to steps of 1 ms.
//!
//! An event at time t, in ms, is in step floor(t): an event on a border between two steps is in the later one. Events
//! before time 0, after the last step that a recording can have, or outside all parts that the phases show are left
//! out and counted. Several events of one unit in one step are several spikes, at most [`COUNT_MAX`]; more are left out
//! and counted. With [`SpikeOptions::single_spikes`] they are one spike.

use std::ops::Range;

use super::options::{SpikeOptions, TimeRange};
use crate::model::events::{EVENT_STEPS_MAX, pack_event};
use crate::model::spikes::COUNT_MAX;
use crate::text::plural;

/// Microseconds per step.
const STEP_US: i64 = 1000;

/// Returns the step of an event at an integer time in µs.
pub(super) fn step_of_us(time: i64) -> i64 {
    time.div_euclid(STEP_US)
}

/// Returns the step of an event at a finite time in ms. Times beyond 64 bits saturate.
pub(super) fn step_of_ms(time: f64) -> i64 {
    time.floor() as i64
}

/// Units of a sensor `[channels, height, width]` after pooling and merging.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct UnitLayout {
    sensor: [usize; 3],
    pool: usize,
    merge: bool,
}

impl UnitLayout {
    pub fn new(sensor: [usize; 3], options: &SpikeOptions) -> Self {
        let pool = usize::from(options.pool).max(1);
        UnitLayout { sensor, pool, merge: options.merge_channels }
    }

    /// Returns `[channels, height, width]` of the units. Pixels at the right and the lower edge that fill no whole
    /// square have a unit, too.
    pub fn sizes(&self) -> [usize; 3] {
        let [channels, height, width] = self.sensor;
        let channels = if self.merge { 1 } else { channels };
        [channels, height.div_ceil(self.pool), width.div_ceil(self.pool)]
    }

    /// Returns the number of sensor pixels of all channels.
    pub fn sensor_units(&self) -> usize {
        self.sensor.iter().product()
    }

    /// Returns the unit of a pixel, `(channel * height + y) * width + x` of the sensor.
    fn unit(&self, pixel: usize) -> usize {
        let [_, sensor_height, sensor_width] = self.sensor;
        let [_, height, width] = self.sizes();
        let (row, x) = (pixel / sensor_width, pixel % sensor_width);
        let channel = if self.merge { 0 } else { row / sensor_height };
        (channel * height + row % sensor_height / self.pool) * width + x / self.pool
    }
}

/// Numbers of events that binning leaves out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct LeftOut {
    pub before: u64,
    pub after: u64,
    pub outside: u64,
    pub many: u64,
}

impl LeftOut {
    /// Returns the sum of two.
    pub fn plus(self, other: Self) -> Self {
        LeftOut {
            before: self.before + other.before,
            after: self.after + other.after,
            outside: self.outside + other.outside,
            many: self.many + other.many,
        }
    }

    /// Returns one sentence per reason.
    pub fn sentences(self) -> Vec<String> {
        let last = EVENT_STEPS_MAX;
        let reasons = [
            (self.before, "before time 0".to_string()),
            (self.after, format!("at or after {last} ms")),
            (self.outside, "outside the parts that the phases show".to_string()),
            (self.many, format!("beyond {COUNT_MAX} of one unit in one step")),
        ];
        let found = reasons.into_iter().filter(|(count, _)| *count > 0);
        found
            .map(|(count, reason)| format!("{} {reason} left out", plural(count as usize, "event")))
            .collect()
    }
}

/// Bins the events of one recording after the other.
pub(super) struct Binner {
    pub layout: UnitLayout,
    single: bool,
    /// Steps that a phase shows.
    shown: Vec<Range<u32>>,
    /// As in [`super::Recordings`].
    pub starts: Vec<u32>,
    pub events: Vec<u32>,
    /// Number of steps up to the last event, whether or not a phase shows it.
    pub steps: u32,
    pub left_out: LeftOut,
}

impl Binner {
    pub fn new(layout: UnitLayout, options: &SpikeOptions) -> Self {
        Binner {
            layout,
            single: options.single_spikes,
            shown: shown_parts(options),
            starts: vec![0],
            events: Vec::new(),
            steps: 0,
            left_out: LeftOut::default(),
        }
    }

    /// Adds an event of the current recording, in any order. `pixel`: below the number of sensor pixels.
    pub fn add(&mut self, step: i64, pixel: usize) {
        let step = match u32::try_from(step) {
            Ok(step) if step < EVENT_STEPS_MAX => step,
            _ if step < 0 => return self.left_out.before += 1,
            _ => return self.left_out.after += 1,
        };
        self.steps = self.steps.max(step + 1);
        if self.shown.iter().any(|part| part.contains(&step)) {
            self.events.push(pack_event(step, self.layout.unit(pixel) as u32));
        } else {
            self.left_out.outside += 1;
        }
    }

    /// Ends the current recording.
    ///
    /// # Errors
    /// Returns an error if there are more events than an index of 32 bits counts.
    pub fn end_recording(&mut self) -> Result<(), TooManyEvents> {
        let start = self.starts.last().map_or(0, |&start| start as usize);
        self.events[start..].sort_unstable();
        let most = if self.single { 1 } else { COUNT_MAX };
        let (mut end, mut count) = (start, 0);
        for index in start..self.events.len() {
            let event = self.events[index];
            count = if end > start && self.events[end - 1] == event { count + 1 } else { 1 };
            if count <= most {
                self.events[end] = event;
                end += 1;
            } else {
                self.left_out.many += u64::from(!self.single);
            }
        }
        self.events.truncate(end);
        self.starts.push(u32::try_from(end).map_err(|_| TooManyEvents)?);
        Ok(())
    }

    /// Moves the recordings with `is_test` into a binner of their own, the second. The first keeps the numbers of events
    /// left out.
    pub fn split(self, is_test: &[bool]) -> [Binner; 2] {
        let empty = |left_out| Binner {
            shown: self.shown.clone(),
            starts: vec![0],
            events: Vec::new(),
            left_out,
            ..self
        };
        let mut parts = [empty(self.left_out), empty(LeftOut::default())];
        for (ends, &is_test) in self.starts.windows(2).zip(is_test) {
            let Binner { starts, events, .. } = &mut parts[usize::from(is_test)];
            events.extend_from_slice(&self.events[ends[0] as usize..ends[1] as usize]);
            // At most the number of events of all recordings.
            starts.push(events.len() as u32);
        }
        parts
    }
}

/// More events than an index of 32 bits counts.
#[derive(Clone, Copy, Debug)]
pub(super) struct TooManyEvents;

/// Returns the parts that the phases show.
fn shown_parts(options: &SpikeOptions) -> Vec<Range<u32>> {
    // Without a part of its own, the forward phase shows the whole recording.
    let forward = options.forward.unwrap_or(TimeRange { start: 0, end: EVENT_STEPS_MAX });
    let parts = [Some(forward), options.target, options.test].into_iter().flatten();
    parts.map(|TimeRange { start, end }| start..end).collect()
}

#[cfg(test)]
mod tests;
