//! What was recorded: arrays with names and axes.

use crate::dataset::DataIdentity;
use crate::schedule::Image;

/// What the places along an axis are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Axis {
    /// Images, in the order of [`Recording::images`].
    Image,
    /// Steps of an image, of 1 ms each.
    Step,
    /// Neurons of a layer, or pixels of the input.
    Unit,
    /// The forward and the target phase.
    Phase,
    /// Neurons below, and behind them the bias.
    Below,
    /// Output neurons, of which something goes out.
    Output,
}

impl Axis {
    /// Its name in files, in lower case: `image`, `step` and so on.
    pub fn name(self) -> &'static str {
        match self {
            Axis::Image => "image",
            Axis::Step => "step",
            Axis::Unit => "unit",
            Axis::Phase => "phase",
            Axis::Below => "below",
            Axis::Output => "output",
        }
    }
}

/// One array.
#[derive(Clone, Debug, PartialEq)]
pub struct Recorded {
    /// Such as `soma0`.
    pub name: String,
    /// What each axis is; the places along the last lie side by side in `values`.
    pub axes: Vec<Axis>,
    /// Places along each axis.
    pub shape: Vec<usize>,
    /// What the first place along each axis is: the step 30, say, where only later steps were recorded.
    pub first: Vec<usize>,
    /// Row by row; not a number behind an image's last step.
    pub values: Vec<f32>,
}

/// All that was recorded of some images.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recording {
    /// Their indices in the data set, training images first, in the order of the arrays' axis of images.
    pub images: Vec<u32>,
    /// Their classes in the data set.
    pub labels: Vec<u8>,
    /// The classes that the network found.
    pub found: Vec<u8>,
    /// The data set of the images, if it was named.
    pub data: Option<DataIdentity>,
    /// What was asked for: an array for each quantity and, where it has them, each layer.
    pub arrays: Vec<Recorded>,
}

impl Recording {
    /// The array of a name.
    pub fn get(&self, name: &str) -> Option<&Recorded> {
        self.arrays.iter().find(|array| array.name == name)
    }

    /// The values of an array; none where it was not recorded.
    pub fn values(&self, name: &str) -> &[f32] {
        self.get(name).map_or(&[], |array| &array.values)
    }

    /// The values of an array in double precision.
    pub fn numbers(&self, name: &str) -> Vec<f64> {
        self.values(name).iter().map(|&value| f64::from(value)).collect()
    }

    /// Takes away the steps that no image has.
    pub(super) fn trim(&mut self) {
        for array in &mut self.arrays {
            let Some(axis) = array.axes.iter().position(|&axis| axis == Axis::Step) else {
                continue;
            };
            let [steps, units] = [array.shape[axis], array.shape[axis + 1]];
            let last = array.values.iter().enumerate().filter(|(_, value)| !value.is_nan());
            let used = last.map(|(index, _)| index / units % steps + 1).max().unwrap_or(0);
            // In place: a recording may take most of the memory.
            let (whole, kept) = (steps * units, used * units);
            for image in 0..array.values.len() / whole.max(1) {
                array.values.copy_within(image * whole..image * whole + kept, image * kept);
            }
            array.values.truncate(array.values.len() / whole.max(1) * kept);
            array.shape[axis] = used;
        }
    }

    /// Adds what was recorded of further images, of `all` images in the end.
    pub(super) fn append(&mut self, images: &[Image], arrays: Vec<Recorded>, all: usize) {
        self.images.extend(images.iter().map(|image| image.index as u32));
        self.labels.extend(images.iter().map(|image| image.label));
        for mut array in arrays {
            match self.arrays.iter_mut().find(|own| own.name == array.name) {
                Some(own) => {
                    own.shape[0] += array.shape[0];
                    own.values.extend(array.values);
                }
                None => {
                    let rest = array.values.len() / images.len().max(1) * (all - images.len());
                    array.values.reserve_exact(rest);
                    self.arrays.push(array);
                }
            }
        }
    }
}

impl Recorded {
    /// The values of one place along the first axis.
    pub fn of(&self, index: usize) -> &[f32] {
        let length = self.shape[1..].iter().product::<usize>();
        &self.values[index * length..(index + 1) * length]
    }

    /// Of an array `[images, steps, units]`: the course of one neuron's value, as long as the image lasts.
    pub fn course(&self, image: usize, unit: usize) -> Vec<f64> {
        let units = self.shape[2];
        let values = self.of(image).iter().skip(unit - self.first[2]).step_by(units);
        values.take_while(|value| !value.is_nan()).map(|&value| f64::from(value)).collect()
    }
}
