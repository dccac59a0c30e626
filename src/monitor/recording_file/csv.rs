//! Tables with one line per value and one column per axis, empty if the array lacks the axis. NaN are skipped.

use std::fs::File;
use std::io::{self, BufWriter};

use super::format_writer::{Description, FormatWriter};
use crate::monitor::{ArrayAxis, RecordedArray};

const AXES: [ArrayAxis; 7] = [
    ArrayAxis::Image,
    ArrayAxis::Step,
    ArrayAxis::Phase,
    ArrayAxis::Unit,
    ArrayAxis::Below,
    ArrayAxis::Output,
    ArrayAxis::Teacher,
];

/// Table of a recording, ordered by images.
pub(super) struct CsvWriter {
    table: csv::Writer<BufWriter<File>>,
    /// Index of each image in the data set.
    images: Vec<u32>,
    /// Number of images written.
    written: usize,
}

impl CsvWriter {
    pub(super) fn begin(file: File, description: Description) -> io::Result<Self> {
        let mut table = csv::Writer::from_writer(BufWriter::new(file));
        let mut header = vec!["array"];
        header.extend(AXES.map(ArrayAxis::name));
        header.push("value");
        table.write_record(&header)?;
        Ok(CsvWriter { table, images: description.images.indices, written: 0 })
    }

    /// Writes the values of an array, or of one image. `shape`: lengths of the axes of `values`, the last of the array's.
    fn write(
        &mut self,
        array: &RecordedArray,
        image: Option<u32>,
        shape: &[usize],
        values: &[f32],
    ) -> io::Result<()> {
        let skipped = array.axes.len() - shape.len();
        let mut indices = vec![0; array.axes.len()];
        for (index, value) in values.iter().enumerate().filter(|(_, value)| !value.is_nan()) {
            let mut rest = index;
            for (axis, &size) in shape.iter().enumerate().rev() {
                indices[skipped + axis] = array.first_index[skipped + axis] + rest % size;
                rest /= size;
            }
            self.table.write_field(&array.name)?;
            for axis in AXES {
                let index = array.axes.iter().position(|&own| own == axis).map(|at| indices[at]);
                self.table.write_field(
                    match (axis, index) {
                        (ArrayAxis::Image, _) => image.map(|image| image.to_string()),
                        (_, index) => index.map(|index| index.to_string()),
                    }
                    .unwrap_or_default(),
                )?;
            }
            self.table.write_field(value.to_string())?;
            self.table.write_record(None::<&[u8]>)?;
        }
        Ok(())
    }
}

impl FormatWriter for CsvWriter {
    fn append(&mut self, arrays: &[&RecordedArray]) -> io::Result<()> {
        let count = arrays.first().map_or(0, |array| array.shape[0]);
        for index in 0..count {
            let image = self.images.get(self.written).copied();
            for array in arrays {
                self.write(array, image, &array.shape[1..], array.image(index))?;
            }
            self.written += 1;
        }
        Ok(())
    }

    fn finish(&mut self, _predicted: &[u8], arrays: &[&RecordedArray]) -> io::Result<()> {
        for array in arrays {
            self.write(array, None, &array.shape, &array.values)?;
        }
        self.table.flush()
    }
}
