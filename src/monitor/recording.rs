//! Recorded arrays with names and axes.

use crate::dataset::DataIdentity;
use crate::plan::Presentation;

/// Axis of a recorded array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArrayAxis {
    /// Images in the order of [`Recording::images`].
    Image,
    /// Steps of an image, 1 ms each.
    Step,
    /// Neurons of a layer, or pixels of the input.
    Unit,
    /// The forward and the target phase.
    Phase,
    /// Presynaptic neurons, and at last the bias.
    Below,
    /// Output neurons.
    Output,
}

impl ArrayAxis {
    /// Returns its name in files, such as `image`.
    pub fn name(self) -> &'static str {
        match self {
            ArrayAxis::Image => "image",
            ArrayAxis::Step => "step",
            ArrayAxis::Unit => "unit",
            ArrayAxis::Phase => "phase",
            ArrayAxis::Below => "below",
            ArrayAxis::Output => "output",
        }
    }
}

/// Recorded array.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordedArray {
    /// Name, such as `soma0`.
    pub name: String,
    /// Axes, the slowest first.
    pub axes: Vec<ArrayAxis>,
    /// Length of each axis.
    pub shape: Vec<usize>,
    /// Index of the first element along each axis, such as step 30 if earlier steps were not recorded.
    pub first_index: Vec<usize>,
    /// Values in row-major order; NaN after the last step of an image.
    pub values: Vec<f32>,
}

/// Recording of a sequence of images.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recording {
    /// Index of each image in the data set, in which test images follow training images.
    pub images: Vec<u32>,
    /// Label of each image.
    pub labels: Vec<u8>,
    /// Predicted class of each image.
    pub predicted: Vec<u8>,
    /// Identity of the data set, if known.
    pub data: Option<DataIdentity>,
    /// An array per quantity and, for quantities of layers, per layer.
    pub arrays: Vec<RecordedArray>,
}

impl Recording {
    /// Returns the array of this name.
    pub fn get(&self, name: &str) -> Option<&RecordedArray> {
        self.arrays.iter().find(|array| array.name == name)
    }

    /// Returns the values of an array; empty if it was not recorded.
    pub fn values(&self, name: &str) -> &[f32] {
        self.get(name).map_or(&[], |array| &array.values)
    }

    /// Returns the values of an array in double precision.
    pub fn values_f64(&self, name: &str) -> Vec<f64> {
        self.values(name).iter().map(|&value| f64::from(value)).collect()
    }

    /// Removes the steps after the longest image.
    pub(super) fn trim_steps(&mut self) {
        for array in &mut self.arrays {
            let Some(axis) = array.axes.iter().position(|&axis| axis == ArrayAxis::Step) else {
                continue;
            };
            let [steps, units] = [array.shape[axis], array.shape[axis + 1]];
            let last = array.values.iter().enumerate().filter(|(_, value)| !value.is_nan());
            let used = last.map(|(index, _)| index / units % steps + 1).max().unwrap_or(0);
            // In place, since a recording may take most of the memory.
            let (whole, kept) = (steps * units, used * units);
            for image in 0..array.values.len() / whole.max(1) {
                array.values.copy_within(image * whole..image * whole + kept, image * kept);
            }
            array.values.truncate(array.values.len() / whole.max(1) * kept);
            array.shape[axis] = used;
        }
    }

    /// Appends the arrays of further images. `total`: final number of images, for which memory is reserved.
    pub(super) fn append(
        &mut self,
        images: &[Presentation],
        arrays: Vec<RecordedArray>,
        total: usize,
    ) {
        self.images.extend(images.iter().map(|image| image.index as u32));
        self.labels.extend(images.iter().map(|image| image.label));
        for mut array in arrays {
            match self.arrays.iter_mut().find(|own| own.name == array.name) {
                Some(own) => {
                    own.shape[0] += array.shape[0];
                    own.values.extend(array.values);
                }
                None => {
                    let rest = array.values.len() / images.len().max(1) * (total - images.len());
                    array.values.reserve_exact(rest);
                    self.arrays.push(array);
                }
            }
        }
    }
}

impl RecordedArray {
    /// Returns the values of one image: of the element `index` of the first axis.
    pub fn image(&self, index: usize) -> &[f32] {
        let length = self.shape[1..].iter().product::<usize>();
        &self.values[index * length..(index + 1) * length]
    }

    /// Returns the values of a neuron at all steps of an image. The array has shape `[images, steps, units]`.
    pub fn time_series(&self, image: usize, unit: usize) -> Vec<f64> {
        let units = self.shape[2];
        let values = self.image(image).iter().skip(unit - self.first_index[2]).step_by(units);
        values.take_while(|value| !value.is_nan()).map(|&value| f64::from(value)).collect()
    }
}
