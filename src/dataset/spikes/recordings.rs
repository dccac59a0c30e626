//! Recordings in steps of 1 ms, as both backends read them.

use std::borrow::Cow;
use std::ops::Range;

use serde::Serialize;

use crate::model::events::{event_step, event_unit};

/// Part of a recording: consecutive steps, repeated if the phase that shows them is longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct RecordingPart {
    /// First step.
    pub first: u32,
    /// Number of steps, at least 1.
    pub len: u32,
}

/// Parts of a recording that the phases show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct RecordingParts {
    /// Part of the forward phase.
    pub forward: RecordingPart,
    /// Part of the target phase. `None`: the forward part, continued from the step at which the forward phase ended.
    pub target: Option<RecordingPart>,
    /// Part of a test.
    pub test: RecordingPart,
}

/// Recordings of a data set: the training set, then the test set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recordings {
    /// Index of the first event of each recording, then the number of events.
    starts: Vec<u32>,
    /// Events of each recording, packed, ascending; an event occurs once per spike, see [`crate::model::events`].
    events: Vec<u32>,
    /// Parts that the phases show.
    pub parts: RecordingParts,
}

impl Recordings {
    /// Joins recordings. `starts` and `events`: as in the struct, of valid recordings.
    pub(super) fn new(starts: Vec<u32>, events: Vec<u32>, parts: RecordingParts) -> Self {
        Recordings { starts, events, parts }
    }

    /// Returns the number of recordings.
    pub fn count(&self) -> usize {
        self.starts.len() - 1
    }

    /// Returns the number of events of all recordings.
    pub fn event_count(&self) -> usize {
        self.events.len()
    }

    /// Returns the events of a recording, packed, ascending.
    ///
    /// # Panics
    /// Panics unless `index` is below the number of recordings.
    pub fn events(&self, index: usize) -> &[u32] {
        &self.events[self.range(index)]
    }

    fn range(&self, index: usize) -> Range<usize> {
        self.starts[index] as usize..self.starts[index + 1] as usize
    }

    /// Returns all recordings as devices store them: the starts, then the events.
    pub fn packed(&self) -> Vec<u32> {
        [&self.starts[..], &self.events].concat()
    }

    /// Returns all words that determine what is shown: parts, starts and events.
    pub(in crate::dataset) fn words(&self) -> [Cow<'_, [u32]>; 3] {
        let RecordingParts { forward, target, test } = self.parts;
        let parts = [Some(forward), target, Some(test)].map(|part| match part {
            Some(RecordingPart { first, len }) => [first, len],
            None => [0, 0],
        });
        [parts.concat().into(), (&self.starts).into(), (&self.events).into()]
    }

    /// Returns the recordings with these indices.
    pub(in crate::dataset) fn select(&self, indices: impl Iterator<Item = usize>) -> Self {
        let (mut starts, mut events) = (vec![0], Vec::new());
        for index in indices {
            events.extend_from_slice(self.events(index));
            starts.push(events.len() as u32);
        }
        Recordings { starts, events, parts: self.parts }
    }

    /// Returns the number of spikes of each unit in a recording, at most 255, `[units]`: a picture of the recording.
    pub fn histogram(&self, index: usize, units: usize) -> Vec<u8> {
        let mut counts = vec![0_u8; units];
        for &event in self.events(index) {
            let count = &mut counts[event_unit(event) as usize];
            *count = count.saturating_add(1);
        }
        counts
    }

    /// Returns the mean number of spikes of each unit per step of the part that a test shows, `[units]`.
    pub fn test_rates(&self, index: usize, units: usize) -> Vec<f32> {
        let part = self.parts.test;
        let mut counts = vec![0_u32; units];
        for &event in self.events_of_part(index, part) {
            counts[event_unit(event) as usize] += 1;
        }
        counts.into_iter().map(|count| count as f32 / part.len as f32).collect()
    }

    /// Returns the mean number of spikes of a unit per step of the part that the forward phase shows, over all
    /// recordings. `units`: number of units.
    pub(crate) fn mean_rate(&self, units: usize) -> f64 {
        let part = self.parts.forward;
        let counts = (0..self.count()).map(|index| self.events_of_part(index, part).len());
        let unit_steps = (self.count() * units) as f64 * f64::from(part.len);
        counts.sum::<usize>() as f64 / unit_steps
    }

    /// Returns the events of a recording in a part, packed, ascending.
    pub(crate) fn events_of_part(&self, index: usize, part: RecordingPart) -> &[u32] {
        let events = self.events(index);
        let first_at = |step| events.partition_point(|&event| event_step(event) < step);
        &events[first_at(part.first)..first_at(part.first + part.len)]
    }
}

/// Checks recordings as [`Recordings::packed`] returns them, for shaders, which do not check bounds: a shader takes the
/// unit of an event to be in the range that it searched for, which is so only if the events ascend.
pub(crate) fn are_packed_recordings(words: &[u32], count: usize) -> bool {
    let Some((starts, events)) = words.split_at_checked(count + 1) else { return false };
    let ascends = |range: &[u32]| {
        let recording = events.get(range[0] as usize..range[1] as usize);
        recording.is_some_and(<[u32]>::is_sorted)
    };
    starts.first() == Some(&0)
        && starts.last() == Some(&(events.len() as u32))
        && starts.windows(2).all(ascends)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::events::pack_event;

    #[test]
    fn rates_count_the_events_of_their_part() {
        let forward = RecordingPart { first: 1, len: 2 };
        let test = RecordingPart { first: 0, len: 4 };
        let parts = RecordingParts { forward, target: None, test };
        let events = [(0, 1), (1, 0), (2, 1), (2, 1), (3, 1), (1, 1)];
        let events = events.map(|(step, unit)| pack_event(step, unit)).to_vec();
        let recordings = Recordings::new(vec![0, 5, 6], events, parts);
        // 3 and 1 of 2 recordings, 2 units and 2 steps.
        assert_eq!(recordings.mean_rate(2), 0.5);
        assert_eq!(recordings.test_rates(0, 2), [0.25, 1.0]);
    }

    #[test]
    fn packed_recordings_ascend() {
        // Two recordings: the events 5 and 7, then 2.
        assert!(are_packed_recordings(&[0, 2, 3, 5, 7, 2], 2));
        for wrong in [
            &[0, 2][..],
            &[0, 2, 3, 7, 5, 2],
            &[0, 2, 2, 5, 7, 2],
            &[0, 4, 3, 5, 7, 2],
            &[1, 2, 3, 5, 7, 2],
        ] {
            assert!(!are_packed_recordings(wrong, 2), "{wrong:?}");
        }
    }
}
