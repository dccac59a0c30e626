//! SONATA files: spikes in `/spikes`, voltages in `/report`, images in `/images`. Populations are `input`, `layer0`,
//! `layer1` and so on.
//!
//! Images follow one another on the axis of time, each with its recorded steps of 1 ms. A report has a row per step, and a
//! column per neuron and compartment. Spikes of a step have the time of its row. Several spikes of a neuron in one step
//! are repeated.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::iter::repeat_n;

use serde_json::json;

use super::format_writer::{Description, FormatWriter};
use super::hdf5::{Attribute, Chunked, Hdf5File, Type};
use crate::monitor::{ArrayInfo, Quantity, RecordedArray, RecordedImages};

/// Recorded compartments in the order of a neuron's columns.
const COMPARTMENTS: [Quantity; 3] = [Quantity::Soma, Quantity::Basal, Quantity::Apical];
/// Unit of time.
const TIME_UNIT: &str = "ms";
/// Unit of voltages: arbitrary, as in the paper.
const VOLTAGE_UNIT: &str = "a.u.";
/// Orders of spikes by their values in the file.
const SORTING: Type = Type::Names(&["none", "by_id", "by_time"]);
/// Value of `by_time`.
const BY_TIME: u8 = 2;
/// Place of each compartment along its section: the middle.
const MIDDLE: f32 = 0.5;
/// Number of spikes per chunk.
const CHUNK: usize = 1 << 14;
/// Number that marks a SONATA file, and its version.
const MAGIC: u32 = 0x0a7a;
const VERSION: [u32; 2] = [0, 1];

/// Returns whether a quantity has a place in a SONATA file.
pub(super) fn has_place(quantity: Quantity) -> bool {
    quantity == Quantity::Spikes || COMPARTMENTS.contains(&quantity)
}

/// SONATA file under construction.
pub(super) struct SonataWriter {
    file: Hdf5File,
    images: RecordedImages,
    /// Identity of the data set as JSON.
    data: Option<String>,
    /// By population.
    spikes: BTreeMap<usize, Spikes>,
    reports: BTreeMap<usize, Report>,
    /// Number of images and of steps written.
    written: usize,
    step: u64,
}

/// Spikes of a population.
struct Spikes {
    /// Index of the array of the recording.
    array: usize,
    times: Chunked,
    neurons: Chunked,
}

/// Voltages of a population.
struct Report {
    /// Index of the array of the recording and id of the element, per compartment.
    compartments: Vec<(usize, u32)>,
    first_unit: usize,
    units: usize,
    /// Address of the elements.
    start: u64,
}

impl SonataWriter {
    pub(super) fn begin(file: File, description: Description) -> io::Result<Self> {
        let Description { images, arrays, data } = description;
        let frames: u64 = images.steps.iter().map(|&steps| u64::from(steps)).sum();
        let mut writer = SonataWriter {
            file: Hdf5File::new(file),
            images,
            data: data.map(|data| json!(data).to_string()),
            spikes: BTreeMap::new(),
            reports: BTreeMap::new(),
            written: 0,
            step: 0,
        };
        for (index, array) in arrays.iter().enumerate() {
            writer.add_array(index, array);
        }
        for report in writer.reports.values_mut() {
            report.compartments.sort_by_key(|&(_, element)| element);
            let columns = (report.units * report.compartments.len()) as u64;
            report.start = writer.file.reserve(frames * columns * Type::F32.bytes() as u64);
        }
        Ok(writer)
    }

    fn add_array(&mut self, index: usize, array: &ArrayInfo) {
        let Some((quantity, population)) = Quantity::of_array(&array.name) else { return };
        if quantity == Quantity::Spikes {
            let [times, neurons] =
                [Type::F64, Type::U64].map(|element| Chunked::new(element, CHUNK));
            self.spikes.insert(population, Spikes { array: index, times, neurons });
        }
        if let Some(element) = COMPARTMENTS.iter().position(|&known| known == quantity) {
            let (first_unit, units) = (array.first_index[2], array.shape[2]);
            let new = || Report { compartments: Vec::new(), first_unit, units, start: 0 };
            let report = self.reports.entry(population).or_insert_with(new);
            report.compartments.push((index, element as u32));
        }
    }

    /// Appends the spikes of an image of `steps` steps, ordered by time, then by neuron.
    fn add_spikes(
        &mut self,
        arrays: &[&RecordedArray],
        image: usize,
        steps: usize,
    ) -> io::Result<()> {
        let SonataWriter { file, spikes, step: start, .. } = self;
        for Spikes { array, times, neurons } in spikes.values_mut() {
            let array = arrays[*array];
            let units = array.shape[2].max(1);
            for (step, counts) in array.image(image).chunks(units).take(steps).enumerate() {
                let time = (*start + step as u64) as f64;
                for (unit, &count) in counts.iter().enumerate() {
                    for _ in 0..count as u32 {
                        file.push(times, time.to_le_bytes())?;
                        let neuron = (array.first_index[2] + unit) as u64;
                        file.push(neurons, neuron.to_le_bytes())?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Writes the voltages of an image of `steps` steps.
    fn add_voltages(
        &mut self,
        arrays: &[&RecordedArray],
        image: usize,
        steps: usize,
    ) -> io::Result<()> {
        for report in self.reports.values() {
            let elements = report.compartments.len();
            let columns = report.units * elements;
            let mut rows = vec![0; steps * columns * Type::F32.bytes()];
            for (element, &(array, _)) in report.compartments.iter().enumerate() {
                let values = &arrays[array].image(image)[..steps * report.units];
                let places = rows.as_chunks_mut::<4>().0.iter_mut();
                for (place, value) in places.skip(element).step_by(elements).zip(values) {
                    *place = value.to_le_bytes();
                }
            }
            let row = (columns * Type::F32.bytes()) as u64;
            self.file.write_at(report.start + self.step * row, &rows)?;
        }
        Ok(())
    }

    /// Writes the spikes. Returns the address of their group.
    fn finish_spikes(&mut self) -> io::Result<u64> {
        let mut populations = Vec::new();
        for (population, spikes) in std::mem::take(&mut self.spikes) {
            let units = Attribute::text("units", TIME_UNIT);
            let times = self.file.chunked(spikes.times, &[units])?;
            let neurons = self.file.chunked(spikes.neurons, &[])?;
            let sorting = Attribute::byte("sorting", SORTING, BY_TIME);
            let members = [("node_ids", neurons), ("timestamps", times)];
            populations.push((name(population), self.file.group(&members, &[sorting])?));
        }
        self.group_of(&populations)
    }

    /// Writes the reports. Returns the address of their group.
    fn finish_reports(&mut self) -> io::Result<u64> {
        let mut populations = Vec::new();
        for (population, report) in std::mem::take(&mut self.reports) {
            let mapping = self.mapping(&report)?;
            let columns = (report.units * report.compartments.len()) as u64;
            let units = Attribute::text("units", VOLTAGE_UNIT);
            let shape = [self.step, columns];
            let data = self.file.placed(Type::F32, &shape, report.start, &[units])?;
            let members = [("data", data), ("mapping", mapping)];
            populations.push((name(population), self.file.group(&members, &[])?));
        }
        self.group_of(&populations)
    }

    /// Writes the group that assigns neurons, compartments and times to the values of a report. Returns its address.
    ///
    /// The pointers have two names, since libsonata requires one and bmtk the other.
    fn mapping(&mut self, report: &Report) -> io::Result<u64> {
        let Report { compartments, first_unit, units, .. } = report;
        let neurons = (*first_unit..first_unit + units).map(|unit| unit as u64);
        let pointers = (0..=*units).map(|unit| (unit * compartments.len()) as u64);
        let elements = (0..*units).flat_map(|_| compartments.iter().map(|&(_, element)| element));
        let positions = repeat_n(MIDDLE, units * compartments.len());
        let sorted = Attribute::byte("sorted", Type::U8, 1);
        let neurons = self.file.small(Type::U64, &bytes(neurons, u64::to_le_bytes), &[sorted])?;
        let pointers = bytes(pointers, u64::to_le_bytes);
        let of_bmtk = self.file.small(Type::U64, &pointers, &[])?;
        let pointers = self.file.small(Type::U64, &pointers, &[])?;
        let elements = self.file.small(Type::U32, &bytes(elements, u32::to_le_bytes), &[])?;
        let positions = self.file.small(Type::F32, &bytes(positions, f32::to_le_bytes), &[])?;
        // First time, end and interval.
        let times = bytes([0.0, self.step as f64, 1.0], f64::to_le_bytes);
        let unit = Attribute::text("units", TIME_UNIT);
        let time = self.file.small(Type::F64, &times, &[unit])?;
        let members = [
            ("element_ids", elements),
            ("element_pos", positions),
            ("index_pointer", of_bmtk),
            ("index_pointers", pointers),
            ("node_ids", neurons),
            ("time", time),
        ];
        self.file.group(&members, &[])
    }

    /// Writes the group of images. Returns its address.
    fn finish_images(&mut self, predicted: &[u8]) -> io::Result<u64> {
        let RecordedImages { indices, labels, steps } = std::mem::take(&mut self.images);
        let mut start = 0;
        let starts = steps.iter().map(|&steps| {
            start += u64::from(steps);
            (start - u64::from(steps)) as f64
        });
        let starts = bytes(starts, f64::to_le_bytes);
        let unit = || [Attribute::text("units", TIME_UNIT)];
        let members = [
            ("index", self.file.small(Type::U32, &bytes(indices, u32::to_le_bytes), &[])?),
            ("label", self.file.small(Type::U8, &labels, &[])?),
            ("predicted", self.file.small(Type::U8, predicted, &[])?),
            ("start", self.file.small(Type::F64, &starts, &unit())?),
            ("steps", self.file.small(Type::U32, &bytes(steps, u32::to_le_bytes), &[])?),
        ];
        let data = self.data.take().map(|data| Attribute::text("data", &data));
        self.file.group(&members, data.as_slice())
    }

    fn group_of(&mut self, populations: &[(String, u64)]) -> io::Result<u64> {
        let members = populations.iter().map(|(name, address)| (name.as_str(), *address));
        self.file.group(&members.collect::<Vec<_>>(), &[])
    }
}

impl FormatWriter for SonataWriter {
    fn append(&mut self, arrays: &[&RecordedArray]) -> io::Result<()> {
        for image in 0..arrays.first().map_or(0, |array| array.shape[0]) {
            let steps = self.images.steps.get(self.written).copied().unwrap_or(0);
            self.add_spikes(arrays, image, steps as usize)?;
            self.add_voltages(arrays, image, steps as usize)?;
            self.step += u64::from(steps);
            self.written += 1;
        }
        Ok(())
    }

    fn finish(&mut self, predicted: &[u8], _arrays: &[&RecordedArray]) -> io::Result<()> {
        let (has_spikes, has_reports) = (!self.spikes.is_empty(), !self.reports.is_empty());
        let mut members = vec![("images", self.finish_images(predicted)?)];
        if has_reports {
            members.push(("report", self.finish_reports()?));
        }
        if has_spikes {
            members.push(("spikes", self.finish_spikes()?));
        }
        let marks = [
            Attribute::numbers("magic", &[], &[MAGIC]),
            Attribute::numbers("version", &[2], &VERSION),
        ];
        let root = self.file.group(&members, &marks)?;
        self.file.finish(root)
    }
}

/// Returns the name of a population.
fn name(population: usize) -> String {
    population.checked_sub(1).map_or("input".to_string(), |layer| format!("layer{layer}"))
}

/// Returns numbers as little-endian bytes.
fn bytes<T, const N: usize>(
    numbers: impl IntoIterator<Item = T>,
    to_bytes: fn(T) -> [u8; N],
) -> Vec<u8> {
    numbers.into_iter().flat_map(to_bytes).collect()
}
