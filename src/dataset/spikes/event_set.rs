//! Events in memory, and their binning.

use super::assemble::{SpikeSets, SpikeSplit, assemble};
use super::binning::{Binner, UnitLayout, step_of_ms, step_of_us};
use super::options::SpikeOptions;
use crate::dataset::array::ByteArray;
use crate::dataset::error::invalid;
use crate::dataset::location::Origin;
use crate::dataset::{Dataset, DatasetError};

/// Times of events.
#[derive(Clone, Debug, PartialEq)]
pub enum EventTimes {
    /// In ms.
    Milliseconds(Vec<f64>),
    /// In µs.
    Microseconds(Vec<i64>),
}

/// Labelled recordings of a training or a test set.
#[derive(Clone, Debug, PartialEq)]
pub struct EventSet {
    /// Times of all events, `[events]`, recording by recording, in any order within a recording.
    pub times: EventTimes,
    /// Units of the events, `[events]`: `(channel * height + y) * width + x`.
    pub units: Vec<u32>,
    /// Index of the first event of each recording, then the number of events, `[recordings + 1]`.
    pub offsets: Vec<u64>,
    /// Class of each recording, `[recordings]`.
    pub labels: Vec<u8>,
}

/// Labelled recordings in memory.
#[derive(Clone, Debug, PartialEq)]
pub struct SpikeDataset {
    /// Name of the data set.
    pub name: String,
    /// Size of the sensor, `[channels, height, width]`.
    pub sensor: [usize; 3],
    /// Training set.
    pub training: EventSet,
    /// Test set.
    pub test: EventSet,
}

/// Names of the parts of a set in error messages.
pub(super) struct EventOrigins {
    pub times: Origin,
    pub units: Origin,
    pub offsets: Origin,
    pub labels: Origin,
}

impl SpikeDataset {
    /// Bins the events to steps of 1 ms, and returns the data set for training and tests.
    ///
    /// An event at time t, in ms, is in step floor(t), so an event on a border is in the later step. Several events of
    /// one unit in one step are several spikes, at most 15. Events before time 0, at or after 65,535 ms, or outside all
    /// parts that the phases show are left out. [`Dataset::conversions`] reports their number.
    ///
    /// # Errors
    /// Returns an error if the arrays do not fit each other, a time is not finite, or the options leave nothing.
    ///
    /// ```
    /// use apical::dataset::spikes::{EventSet, EventTimes, SpikeDataset, SpikeOptions};
    ///
    /// let set = EventSet {
    ///     times: EventTimes::Milliseconds(vec![0.0, 1.5, 0.25]),
    ///     units: vec![2, 0, 1],
    ///     offsets: vec![0, 2, 3],
    ///     labels: vec![0, 1],
    /// };
    /// let (training, test) = (set.clone(), set);
    /// let recordings = SpikeDataset { name: "three".to_string(), sensor: [1, 1, 3], training, test };
    /// let dataset = recordings.bin(&SpikeOptions::default())?;
    /// assert_eq!((dataset.pixels(), dataset.classes), (3, 2));
    /// assert_eq!(dataset.recording(0), [2, 1 << 16]); // unit 2 in step 0, unit 0 in step 1
    /// # Ok::<(), apical::dataset::DatasetError>(())
    /// ```
    pub fn bin(&self, options: &SpikeOptions) -> Result<Dataset, DatasetError> {
        let part =
            |name: &str, array: &str| Origin::Memory(format!("{} ({name} {array})", self.name));
        let split = |name: &str, set: &EventSet| {
            let origins = EventOrigins {
                times: part(name, "times"),
                units: part(name, "units"),
                offsets: part(name, "offsets"),
                labels: part(name, "labels"),
            };
            bin_set(set, self.sensor, options, origins)
        };
        let training = split("training", &self.training)?;
        let test = split("test", &self.test)?;
        let sets = SpikeSets { training, test, validation: None };
        assemble(self.name.clone(), sets, None, options)
    }
}

/// Bins one set.
pub(super) fn bin_set(
    set: &EventSet,
    sensor: [usize; 3],
    options: &SpikeOptions,
    origins: EventOrigins,
) -> Result<SpikeSplit, DatasetError> {
    let EventSet { times, units, offsets, labels } = set;
    let count = units.len();
    let time_count = match times {
        EventTimes::Milliseconds(times) => times.len(),
        EventTimes::Microseconds(times) => times.len(),
    };
    if time_count != count {
        let expected = format!("{count} times, one per unit");
        return Err(invalid(origins.times.at_size(0), expected, time_count));
    }
    check_offsets(offsets, labels.len(), count, &origins.offsets)?;
    let layout = UnitLayout::new(sensor, options);
    let sensor_units = layout.sensor_units();
    if let Some(index) = units.iter().position(|&unit| unit as usize >= sensor_units) {
        let expected = format!("units below {sensor_units}, the size of the sensor");
        return Err(invalid(origins.units.at_element(index), expected, units[index]));
    }
    let mut binner = Binner::new(layout, options);
    for recording in offsets.windows(2) {
        for index in recording[0] as usize..recording[1] as usize {
            let step = match times {
                EventTimes::Microseconds(times) => step_of_us(times[index]),
                EventTimes::Milliseconds(times) if times[index].is_finite() => {
                    step_of_ms(times[index])
                }
                EventTimes::Milliseconds(times) => {
                    let location = origins.times.at_element(index);
                    return Err(invalid(location, "a finite time", times[index]));
                }
            };
            binner.add(step, units[index] as usize);
        }
        binner.end_recording().map_err(|_| {
            invalid(origins.units.at_size(0), "fewer than 4,294,967,296 events", "more")
        })?;
    }
    let labels = ByteArray::labels(origins.labels, labels.clone())?;
    SpikeSplit::new(binner, labels)
}

/// Checks that offsets ascend from 0 to the number of events.
fn check_offsets(
    offsets: &[u64],
    recordings: usize,
    events: usize,
    origin: &Origin,
) -> Result<(), DatasetError> {
    if offsets.len() != recordings + 1 {
        let expected =
            format!("{} offsets: one per label, and the number of events", recordings + 1);
        return Err(invalid(origin.at_size(0), expected, offsets.len()));
    }
    if offsets[0] != 0 {
        return Err(invalid(origin.at_element(0), "0 as the first offset", offsets[0]));
    }
    if let Some(index) = offsets.windows(2).position(|pair| pair[0] > pair[1]) {
        let expected = format!("an offset of at least {}, the one before", offsets[index]);
        return Err(invalid(origin.at_element(index + 1), expected, offsets[index + 1]));
    }
    if offsets[recordings] != events as u64 {
        let expected = format!("{events} as the last offset, the number of events");
        return Err(invalid(origin.at_element(recordings), expected, offsets[recordings]));
    }
    Ok(())
}
