//! Recorded arrays with names and axes.

use crate::dataset::DataIdentity;

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
    /// Without a teacher, and with it.
    Teacher,
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
            ArrayAxis::Teacher => "teacher",
            ArrayAxis::Below => "below",
            ArrayAxis::Output => "output",
        }
    }
}

/// Name, axes and shape of a recorded array.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArrayInfo {
    /// Name, such as `soma0`.
    pub name: String,
    /// Axes, the slowest first.
    pub axes: Vec<ArrayAxis>,
    /// Length of each axis.
    pub shape: Vec<usize>,
    /// Index of the first element along each axis, such as step 30 if earlier steps were not recorded.
    pub first_index: Vec<usize>,
}

impl ArrayInfo {
    /// Returns whether the array has an element per image.
    pub(super) fn is_per_image(&self) -> bool {
        self.axes.first() == Some(&ArrayAxis::Image)
    }

    /// Returns the number of values.
    pub(super) fn len(&self) -> usize {
        self.shape.iter().product()
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
    /// Number of recorded steps of each image.
    pub steps: Vec<u32>,
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
}

impl RecordedArray {
    /// Returns its name, axes and shape.
    pub fn info(&self) -> ArrayInfo {
        ArrayInfo {
            name: self.name.clone(),
            axes: self.axes.clone(),
            shape: self.shape.clone(),
            first_index: self.first_index.clone(),
        }
    }

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
