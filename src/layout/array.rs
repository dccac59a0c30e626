//! The arrays that kernels read and write: one name, one shape, the same on every backend.

use std::fmt;

use super::{STEPS_PER_WORD, UNITS_PER_WORD, compartment, plateau, raster, result, trace};
use crate::model::spikes::{LEVELS, THRESHOLDS};

/// What the words of an array are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    Integer,
    Float,
}

/// An array of 4-byte words. Layers count from 0 (the lowest), populations from 0 (the input). "lanes"
/// in a shape are those of all replicas, replica by replica.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Array {
    /// Pixels as bytes, four a word: `[images, pixels]`, training set first.
    Images,
    /// Spike thresholds of every byte value, `[replicas, 256, 16]`.
    Thresholds,
    /// Spike counts of a population, `[lanes, past words + words, units]`, 8 steps a word: the steps
    /// just before the image, then the image's.
    Spikes(usize),
    /// Who of a population spikes at each step, as [`Array::Spikes`] says too: bits `[lanes, past steps +
    /// steps, 2, words of 32 units]`, rows [`raster`]. Kept of populations that something hears; the CPU
    /// backend makes it where it is read.
    Raster(usize),
    /// Rates of the input by the bytes of its images, `[replicas, 1, 256]`, where it sends rates.
    InputRates,
    /// Rates that a population sends, `[lanes, history + steps, units]`: those of the steps just before the
    /// image, then the image's. Where it sends rates to anyone.
    Rates(usize),
    /// Averages of a population's filtered spike trains, `[lanes, rows, units]`, rows [`trace`].
    Traces(usize),
    /// Weights of a layer, `[replicas, below + 1, units]`: a column for each neuron below, then the biases.
    Weights(usize),
    /// Adam's two moments of a layer's weights, `[replicas, below + 1, 2, units]`: both of a column together,
    /// so that a run of columns is one of words.
    Moments(usize),
    /// The last minibatch's gradient of a layer's weights, `[replicas, below + 1, units]`, where it is
    /// kept.
    Gradient(usize),
    /// Feedback weights of a hidden layer, `[replicas, columns, units]`: a column for each neuron that is
    /// heard and, where there are any, the apical biases.
    Feedback(usize),
    /// Summed weights of spiking neurons below, `[lanes, history + block, units]`, see [`Shape::block_of`].
    Drive(usize),
    /// Summed feedback weights, `[lanes, history + 1, units]`, where the apical voltage is stepped.
    ApicalDrive(usize),
    /// Voltages of a layer and their means, `[lanes, 5, units]`, rows [`compartment`].
    Compartments(usize),
    /// Plateau potentials of a layer, `[lanes, 2, units]`, rows [`plateau`].
    Plateaus(usize),
    /// Errors of a layer's neurons, `[lanes, units]`.
    Errors(usize),
    /// Class and loss of every image, `[replicas, slots, 2]`, words [`result`].
    Results,
}

impl Array {
    pub fn word(self) -> Word {
        match self {
            Array::Images
            | Array::Thresholds
            | Array::Spikes(_)
            | Array::Raster(_)
            | Array::Results => Word::Integer,
            _ => Word::Float,
        }
    }
}

impl fmt::Display for Array {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Array::Images => write!(f, "the images"),
            Array::Thresholds => write!(f, "the spike thresholds"),
            Array::InputRates => write!(f, "the input's rates by pixel"),
            Array::Rates(0) => write!(f, "the input's rates"),
            Array::Rates(p) => write!(f, "layer {}'s rates", p - 1),
            Array::Spikes(0) => write!(f, "the input's spikes"),
            Array::Spikes(p) => write!(f, "layer {}'s spikes", p - 1),
            Array::Raster(0) => write!(f, "the input's raster"),
            Array::Raster(p) => write!(f, "layer {}'s raster", p - 1),
            Array::Traces(0) => write!(f, "the input's traces"),
            Array::Traces(p) => write!(f, "layer {}'s traces", p - 1),
            Array::Weights(m) => write!(f, "layer {m}'s weights"),
            Array::Moments(m) => write!(f, "layer {m}'s moments"),
            Array::Gradient(m) => write!(f, "layer {m}'s gradient"),
            Array::Feedback(m) => write!(f, "layer {m}'s feedback weights"),
            Array::Drive(m) => write!(f, "layer {m}'s drive"),
            Array::ApicalDrive(m) => write!(f, "layer {m}'s apical drive"),
            Array::Compartments(m) => write!(f, "layer {m}'s voltages"),
            Array::Plateaus(m) => write!(f, "layer {m}'s plateaus"),
            Array::Errors(m) => write!(f, "layer {m}'s errors"),
            Array::Results => write!(f, "the results"),
        }
    }
}

/// The sizes from which every array's length follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Neurons of each population: the input's pixels first, the output last.
    pub populations: Vec<usize>,
    /// Every hidden layer hears the output; otherwise each hears the next.
    pub broadcast: bool,
    /// Feedback weights follow the feed-forward ones.
    pub is_symmetric: bool,
    /// Feedback weights learn.
    pub learns_feedback: bool,
    /// Apical dendrites have biases.
    pub has_apical_biases: bool,
    /// Hidden errors are backpropagated.
    pub backpropagates: bool,
    /// Neurons send rates, not spikes, to the layer above.
    pub sends_rates: bool,
    /// Feedback comes as rates.
    pub feedback_rates: bool,
    /// Most steps by which plateau potentials come before the ends of phases.
    pub earliest_plateau: u32,
    /// Networks simulated side by side.
    pub replicas: usize,
    /// Most images that each replica is shown side by side.
    pub lanes: usize,
    /// Longest run of steps on one image.
    pub steps: u32,
    /// Steps of drive held at once, see [`Shape::block_of`].
    pub block: u32,
    /// Taps of the synaptic kernel; 0 for the kernel without a cut.
    pub taps: u32,
    /// Images in the data set.
    pub images: usize,
    /// Images whose results are kept for each replica.
    pub slots: usize,
    /// Apical voltages are stepped.
    pub steps_apical: bool,
    /// The optimiser has moments.
    pub has_moments: bool,
    /// Updates also write the gradient.
    pub keeps_gradient: bool,
    /// The arrays of each lane can be read and written between launches. A GPU keeps them anyway; the CPU
    /// backend is faster if it need not, and a run of launches is then a whole minibatch.
    pub keeps_lanes: bool,
}

impl Shape {
    /// Number of layers, the output included.
    pub fn layers(&self) -> usize {
        self.populations.len() - 1
    }

    pub fn units(&self, layer: usize) -> usize {
        self.populations[layer + 1]
    }

    pub fn below(&self, layer: usize) -> usize {
        self.populations[layer]
    }

    pub fn is_output(&self, layer: usize) -> bool {
        layer + 1 == self.layers()
    }

    /// The population whose spikes reach the apical dendrites of a hidden layer.
    pub fn source(&self, layer: usize) -> usize {
        if self.broadcast { self.layers() } else { layer + 2 }
    }

    /// Number of neurons that a hidden layer's apical dendrites hear; 0 for the output.
    pub fn sources(&self, layer: usize) -> usize {
        if self.is_output(layer) { 0 } else { self.populations[self.source(layer)] }
    }

    /// Columns of a layer's feedback weights; 0 for the output.
    pub fn feedback_columns(&self, layer: usize) -> usize {
        match self.sources(layer) {
            0 => 0,
            sources => sources + usize::from(self.has_apical_biases),
        }
    }

    /// Whether all layers go through a step before the next: what a hidden layer sends is known only then.
    pub fn goes_by_steps(&self) -> bool {
        self.steps_apical || self.sends_rates
    }

    /// Whether a population sends rates to anyone.
    pub fn has_rates(&self, population: usize) -> bool {
        let upward = self.sends_rates && population < self.layers();
        upward || (self.feedback_rates && self.is_source(population))
    }

    /// Rows of [`Array::Rates`].
    pub fn rate_rows(&self) -> usize {
        (self.history() + self.steps) as usize
    }

    /// Steps of a layer's drive held at once. Where apical voltages are stepped, the spikes of a hidden
    /// layer hang on the step before: only the input can be drawn, and heard, ahead of the others.
    pub fn block_of(&self, layer: usize) -> u32 {
        if self.goes_by_steps() && layer > 0 { 1 } else { self.block }
    }

    /// Rows of [`Array::Traces`].
    pub fn trace_rows(&self) -> usize {
        trace::ROWS + 2 * self.earliest_plateau as usize
    }

    /// Whether apical dendrites hear a population.
    pub fn is_source(&self, population: usize) -> bool {
        (0..self.layers() - 1).any(|layer| self.source(layer) == population)
    }

    /// Rows of drive kept before the block: K - 1 past drives, or two traces.
    pub fn history(&self) -> u32 {
        match self.taps {
            0 => 2,
            taps => taps - 1,
        }
    }

    /// Words for the spikes of the K - 1 steps before an image.
    pub fn past_words(&self) -> u32 {
        self.taps.saturating_sub(1).div_ceil(STEPS_PER_WORD)
    }

    /// Words of spike counts a neuron has.
    pub fn spike_words(&self) -> u32 {
        self.past_words() + self.steps.div_ceil(STEPS_PER_WORD)
    }

    /// Whether a population's spikes are heard while an image is shown.
    pub fn has_raster(&self, population: usize) -> bool {
        let upward = !self.sends_rates && population < self.layers();
        upward || (self.steps_apical && self.is_source(population))
    }

    /// Words of bits for the neurons of a population.
    pub fn raster_words(&self, population: usize) -> usize {
        self.populations[population].div_ceil(UNITS_PER_WORD as usize)
    }

    /// Rows and columns of one copy of an array, see [`Shape::copies`].
    pub fn rows_and_columns(&self, array: Array) -> [usize; 2] {
        match array {
            Array::Images => [1, (self.images * self.populations[0]).div_ceil(4)],
            Array::Thresholds => [LEVELS, THRESHOLDS],
            Array::Spikes(p) => [self.spike_words() as usize, self.populations[p]],
            Array::Raster(p) if self.has_raster(p) => {
                let steps = (self.spike_words() * STEPS_PER_WORD) as usize;
                [steps * raster::ROWS, self.raster_words(p)]
            }
            Array::Raster(_) => [0, 0],
            Array::InputRates => [usize::from(self.sends_rates), LEVELS],
            Array::Rates(p) if self.has_rates(p) => [self.rate_rows(), self.populations[p]],
            Array::Rates(_) => [0, 0],
            Array::Traces(p) => [self.trace_rows(), self.populations[p]],
            Array::Weights(m) => [self.below(m) + 1, self.units(m)],
            Array::Moments(m) if self.has_moments => [2 * (self.below(m) + 1), self.units(m)],
            Array::Gradient(m) if self.keeps_gradient => [self.below(m) + 1, self.units(m)],
            Array::Moments(_) | Array::Gradient(_) => [0, 0],
            Array::Feedback(m) => [self.feedback_columns(m), self.units(m)],
            Array::Drive(m) => [(self.history() + self.block_of(m)) as usize, self.units(m)],
            Array::ApicalDrive(m) if self.steps_apical && !self.is_output(m) => {
                [self.history() as usize + 1, self.units(m)]
            }
            Array::ApicalDrive(_) => [0, 0],
            Array::Compartments(m) => [compartment::ROWS, self.units(m)],
            Array::Plateaus(m) => [plateau::ROWS, self.units(m)],
            Array::Errors(m) => [1, self.units(m)],
            Array::Results => [self.slots, result::ROWS],
        }
    }

    /// Whether each lane has its own copy of an array.
    pub fn has_lanes(&self, array: Array) -> bool {
        matches!(
            array,
            Array::Spikes(_)
                | Array::Raster(_)
                | Array::Rates(_)
                | Array::Traces(_)
                | Array::Drive(_)
                | Array::ApicalDrive(_)
                | Array::Compartments(_)
                | Array::Plateaus(_)
                | Array::Errors(_)
        )
    }

    /// Copies that an array is made of: one for each lane, one for each replica, or one that all read.
    pub fn copies(&self, array: Array) -> usize {
        match array {
            Array::Images => 1,
            _ if self.has_lanes(array) => self.replicas * self.lanes,
            _ => self.replicas,
        }
    }

    /// Words of one copy of an array.
    pub fn copy_length(&self, array: Array) -> usize {
        let [rows, columns] = self.rows_and_columns(array);
        rows * columns
    }

    /// Words of an array.
    pub fn length(&self, array: Array) -> usize {
        self.length_of_lanes(array, self.replicas * self.lanes)
    }

    /// Words of an array's first `lanes` lanes; of the whole array, where it has no lanes.
    pub fn length_of_lanes(&self, array: Array, lanes: usize) -> usize {
        self.copy_length(array) * if self.has_lanes(array) { lanes } else { self.copies(array) }
    }

    /// Bytes of an array.
    pub fn bytes_of(&self, array: Array) -> u64 {
        4 * self.length(array) as u64
    }

    /// Bytes of all arrays.
    pub fn bytes(&self) -> u64 {
        self.arrays().into_iter().map(|array| self.bytes_of(array)).sum()
    }

    /// Every array of this shape.
    pub fn arrays(&self) -> Vec<Array> {
        let mut arrays = vec![Array::Images, Array::Thresholds, Array::InputRates, Array::Results];
        for population in 0..self.populations.len() {
            arrays.extend([
                Array::Spikes(population),
                Array::Raster(population),
                Array::Rates(population),
                Array::Traces(population),
            ]);
        }
        for layer in 0..self.layers() {
            arrays.extend([
                Array::Weights(layer),
                Array::Moments(layer),
                Array::Gradient(layer),
                Array::Feedback(layer),
                Array::Drive(layer),
                Array::ApicalDrive(layer),
                Array::Compartments(layer),
                Array::Plateaus(layer),
                Array::Errors(layer),
            ]);
        }
        arrays
    }
}
