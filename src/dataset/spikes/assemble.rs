//! Joins the recordings of both sets to a data set.

use super::binning::{Binner, LeftOut};
use super::options::{SpikeOptions, TimeRange};
use super::recordings::{RecordingPart, RecordingParts, Recordings};
use crate::dataset::array::ByteArray;
use crate::dataset::error::{invalid, invalid_with_hint};
use crate::dataset::loaded::class_count;
use crate::dataset::{
    DataSource, Dataset, DatasetError, Location, PixelRules, ReadOptions, TestFraction, class_names,
};
use crate::model::events::EVENT_UNITS_MAX;
use crate::text::plural;

/// Binned recordings of one set, and their labels.
pub(in crate::dataset) struct SpikeSplit {
    binner: Binner,
    labels: ByteArray<1>,
}

impl SpikeSplit {
    /// Joins recordings and labels, one per recording.
    pub(super) fn new(binner: Binner, labels: ByteArray<1>) -> Result<Self, DatasetError> {
        let recordings = binner.starts.len() - 1;
        if labels.sizes != [recordings] {
            let expected = format!("{recordings} labels, one per recording");
            return Err(invalid(labels.origin.at_size(0), expected, labels.sizes[0]));
        }
        Ok(SpikeSplit { binner, labels })
    }

    /// Returns the file of the labels.
    pub(super) fn file(&self) -> String {
        self.labels.origin.file().to_string()
    }

    /// Splits recordings into training and test set, both in the order of the recordings. Also returns a sentence on it.
    ///
    /// # Errors
    /// Returns an error if no class has two recordings.
    pub(super) fn split(
        self,
        fraction: TestFraction,
    ) -> Result<([SpikeSplit; 2], String), DatasetError> {
        let SpikeSplit { binner, labels } = self;
        let (is_test, told) = fraction.choose(&labels.bytes, labels.origin.file(), "recording")?;
        let part = |wanted: bool, binner: Binner| {
            let chosen = labels.bytes.iter().zip(&is_test);
            let chosen = chosen.filter(|&(_, &is_test)| is_test == wanted).map(|(&label, _)| label);
            SpikeSplit::new(binner, ByteArray::labels(labels.origin.clone(), chosen.collect())?)
        };
        let [training, test] = binner.split(&is_test);
        Ok(([part(false, training)?, part(true, test)?], told))
    }
}

/// Sets of recordings of a data set.
pub(super) struct SpikeSets {
    pub training: SpikeSplit,
    pub test: SpikeSplit,
    /// Own validation set, see [`crate::dataset::Dataset::validation_count`].
    pub validation: Option<SpikeSplit>,
}

/// Joins all sets. `classes`: number of classes; `None`: as many as the training labels have.
///
/// # Errors
/// Returns an error if the sets do not fit each other, there are too many units, or the training set has no event or
/// only one class.
pub(super) fn assemble(
    name: String,
    sets: SpikeSets,
    classes: Option<usize>,
    options: &SpikeOptions,
) -> Result<Dataset, DatasetError> {
    let training = &sets.training;
    let others: Vec<&SpikeSplit> = [&sets.test].into_iter().chain(&sets.validation).collect();
    let sizes = training.binner.layout.sizes();
    let whole = |name: &str| Location::whole(name.to_string());
    for other in &others {
        if other.binner.layout != training.binner.layout {
            let expected = format!("a sensor as in {}", training.labels.origin.file());
            let location = whole(other.labels.origin.file());
            return Err(invalid(location, expected, format_sizes(other.binner.layout.sizes())));
        }
    }
    let units: usize = sizes.iter().product();
    if !(1..=EVENT_UNITS_MAX).contains(&units) {
        let hint = "--pool N makes one unit of N x N pixels, --merge-channels one of all channels";
        let expected = format!("1 to {EVENT_UNITS_MAX} units");
        return Err(invalid_with_hint(whole(&name), expected, format_sizes(sizes), hint));
    }
    let steps = others.iter().fold(training.binner.steps, |steps, set| steps.max(set.binner.steps));
    let parts = phase_parts(&name, steps, options)?;
    if training.binner.events.is_empty() {
        let hint = "--forward-part START-END chooses the part of a recording that is shown, in ms";
        return Err(invalid_with_hint(whole(&name), "events in the training set", "none", hint));
    }
    let other_labels: Vec<&ByteArray<1>> = others.iter().map(|set| &set.labels).collect();
    let classes = class_count(&training.labels, &other_labels, classes)?;
    let SpikeSets { training, test, validation } = sets;
    let [training_count, test_count] = [&training, &test].map(|set| set.labels.sizes[0]);
    let validation_count = validation.as_ref().map_or(0, |set| set.labels.sizes[0]);
    let (mut labels, mut binners, mut left_out) = (Vec::new(), Vec::new(), LeftOut::default());
    for set in [training, test].into_iter().chain(validation) {
        labels.extend_from_slice(&set.labels.bytes);
        left_out = left_out.plus(set.binner.left_out);
        binners.push(set.binner);
    }
    let recordings = join(&name, binners, parts)?;
    let conversions = describe(&recordings, sizes, options, left_out);
    let mut warnings = empty_recordings(&name, &recordings, [training_count, test_count]);
    warnings.extend(empty_steps(&name, parts, steps));
    let [channels, height, width] = sizes;
    Ok(Dataset {
        conversions,
        warnings,
        name,
        // The channels are shown one above the other.
        height: channels * height,
        width,
        channels: 1,
        classes,
        class_names: class_names::numeric(classes),
        max_pixel: 1,
        training_count,
        test_count,
        validation_count,
        source: DataSource::Memory,
        read_options: ReadOptions { spikes: *options, ..ReadOptions::default() },
        source_files: Vec::new(),
        rules: PixelRules::default(),
        images: Vec::new(),
        recordings: Some(recordings),
        labels,
    })
}

/// Returns the parts of the phases. `steps`: number of steps up to the last event.
fn phase_parts(
    name: &str,
    steps: u32,
    options: &SpikeOptions,
) -> Result<RecordingParts, DatasetError> {
    let part = |range: Option<TimeRange>| match range {
        None => Ok(RecordingPart { first: 0, len: steps.max(1) }),
        Some(range) if range.is_valid() && (range.start < steps || steps == 0) => {
            Ok(RecordingPart { first: range.start, len: range.end - range.start })
        }
        Some(range) => {
            let expected = format!("parts that begin before {steps} ms, the end of the recordings");
            Err(invalid(Location::whole(name.to_string()), expected, format!("{range} ms")))
        }
    };
    let forward = part(options.forward)?;
    let target = options.target.map(|range| part(Some(range))).transpose()?;
    let test = if options.test.is_some() { part(options.test)? } else { forward };
    Ok(RecordingParts { forward, target, test })
}

/// Joins the recordings of all sets.
fn join(
    name: &str,
    binners: Vec<Binner>,
    parts: RecordingParts,
) -> Result<Recordings, DatasetError> {
    let (mut starts, mut events) = (vec![0], Vec::new());
    for binner in binners {
        let first = events.len() as u64;
        if events.is_empty() {
            events = binner.events;
        } else {
            events.extend_from_slice(&binner.events);
        }
        if events.len() > u32::MAX as usize {
            let location = Location::whole(name.to_string());
            return Err(invalid(location, "fewer than 4,294,967,296 events", events.len()));
        }
        starts.extend(binner.starts[1..].iter().map(|&start| (first + u64::from(start)) as u32));
    }
    Ok(Recordings::new(starts, events, parts))
}

/// Describes how the events were read, one sentence each.
fn describe(
    recordings: &Recordings,
    sizes: [usize; 3],
    options: &SpikeOptions,
    left_out: LeftOut,
) -> Vec<String> {
    let [channels, height, width] = sizes;
    let mut sentences = vec![format!(
        "{} in steps of 1 ms: an event at t ms is in step floor(t); {}",
        plural(recordings.event_count(), "event"),
        match options.single_spikes {
            true => "a unit spikes at most once per step",
            false => "several of one unit in one step are several spikes",
        }
    )];
    let pooled = match options.pool {
        0 | 1 => String::new(),
        pool => format!(", each of {pool} x {pool} pixels"),
    };
    let order = match channels {
        1 => "",
        _ => ", in the order (channel * height + y) * width + x",
    };
    sentences.push(format!(
        "{} of {height} x {width} units{pooled}{order}",
        plural(channels, "channel")
    ));
    let RecordingParts { forward, target, test } = recordings.parts;
    let part = |RecordingPart { first, len }| format!("ms {first} to {}", first + len - 1);
    sentences.push(format!(
        "forward phase: {}; target phase: {}; test: {}; a longer phase repeats its part",
        part(forward),
        target.map_or("the forward part continued".to_string(), part),
        part(test)
    ));
    sentences.extend(left_out.sentences());
    sentences
}

/// Returns a warning per set that has recordings without events. `counts`: numbers of training and test recordings.
fn empty_recordings(
    name: &str,
    recordings: &Recordings,
    [training, test]: [usize; 2],
) -> Vec<String> {
    let is_empty = |index: &usize| recordings.events(*index).is_empty();
    let tested = training + test;
    let sets = [
        ("training", 0..training),
        ("test", training..tested),
        ("validation", tested..recordings.count()),
    ];
    let counts = sets.map(|(set, indices)| (set, indices.filter(is_empty).count()));
    let found = counts.into_iter().filter(|&(_, count)| count > 0);
    found
        .map(|(set, count)| {
            format!("{name}: {} without events", plural(count, &format!("{set} recording")))
        })
        .collect()
}

/// Returns a warning per phase whose part ends after the last event of all recordings, at step `steps` - 1.
fn empty_steps(name: &str, parts: RecordingParts, steps: u32) -> Vec<String> {
    let RecordingParts { forward, target, test } = parts;
    let test = Some(test).filter(|&test| test != forward);
    let phases = [("forward phase", Some(forward)), ("target phase", target), ("test", test)];
    let reaches_beyond = |(phase, part): (&str, Option<RecordingPart>)| {
        let RecordingPart { first, len } = part?;
        let empty = (first + len).saturating_sub(steps);
        (empty > 0).then(|| {
            format!(
                "{name}: {phase}: {empty} of the {} of its part are empty: no recording has an event after ms {}",
                plural(len as usize, "step"),
                steps.saturating_sub(1)
            )
        })
    };
    phases.into_iter().filter_map(reaches_beyond).collect()
}

fn format_sizes([channels, height, width]: [usize; 3]) -> String {
    format!("{channels} x {height} x {width}")
}
