//! The first difference between the arrays of two backends, and its position.

use serde::Serialize;

use crate::interface::{
    ArrayId, COUNT_BITS, Launch, LaunchParams, STEPS_PER_WORD, Sample, Shape, UNITS_PER_WORD,
    ValuesRef, compartment, plateau, spike_mask, window_mean,
};

/// First difference between two backends.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// Name of the kernel that wrote the difference, see [`Kernel::name`](crate::interface::Kernel::name).
    pub kernel: &'static str,
    /// Index of the kernel's layer, 0 the lowest; for kernels of populations, of the population, 0 the input.
    pub layer: usize,
    /// Description of the array, such as "layer 0's voltages, somatic voltage".
    pub array: String,
    /// Number of the minibatch, from 1.
    pub minibatch: usize,
    /// Index of the sample in the minibatch, if each sample has its own copy of the array.
    pub sample: Option<usize>,
    /// Index of the sample's image in the data set, training images first.
    pub image: Option<u32>,
    /// Step within the image, if the array has steps.
    pub step: Option<u32>,
    /// Column of the array: the neuron; in a spike mask, the first whose bits differ. In classes and losses, the result
    /// slot.
    pub unit: usize,
    /// Word on the CPU: the float, or the unsigned integer.
    pub cpu: f64,
    /// Word on the GPU.
    pub gpu: f64,
    /// Number of words of this array that differ.
    pub differing: usize,
}

/// Returns the first word that differs, and its position.
pub(super) fn first_difference(
    shape: &Shape,
    launch: &Launch,
    array: ArrayId,
    cpu: ValuesRef,
    gpu: ValuesRef,
    samples: &[Sample],
) -> Option<Difference> {
    let len_per_copy = shape.len_per_copy(array);
    let written = written_length(shape, launch, array);
    let pairs = || cpu.bits().iter().zip(gpu.bits()).enumerate();
    let differs =
        |&(index, (cpu, gpu)): &(usize, (&u32, &u32))| cpu != gpu && index % len_per_copy < written;
    let (index, _) = pairs().find(differs)?;
    let differing = pairs().filter(differs).count();
    let sample = shape.is_per_sample(array).then_some(index / len_per_copy);
    let [_, columns] = shape.dims(array);
    let (row, column) = (index % len_per_copy / columns, index % columns);
    let differing_bits = cpu.bits()[index] ^ gpu.bits()[index];
    let unit = match array {
        ArrayId::SpikeMask(_) => {
            column * UNITS_PER_WORD as usize + differing_bits.trailing_zeros() as usize
        }
        _ => column,
    };
    let value = |values: ValuesRef| match values {
        ValuesRef::U32(values) => f64::from(values[index]),
        ValuesRef::F32(values) => f64::from(values[index]),
    };
    Some(Difference {
        kernel: launch.kernel.name(),
        layer: launch.layer,
        array: format!("{array}{}", row_name(array, row)),
        minibatch: 0,
        sample,
        image: sample.and_then(|index| samples.get(index)).map(|sample| sample.image),
        step: step_of(shape, launch, array, row, differing_bits),
        unit,
        cpu: value(cpu),
        gpu: value(gpu),
        differing,
    })
}

/// Returns the length of the comparable prefix of an array's copy after a launch, words.
///
/// A GPU's spike mask has old bits after the launch's last step.
fn written_length(shape: &Shape, launch: &Launch, array: ArrayId) -> usize {
    if !matches!(array, ArrayId::SpikeMask(_)) {
        return shape.len_per_copy(array);
    }
    let steps = shape.history_words() * STEPS_PER_WORD + launch.first + launch.count;
    let [_, columns] = shape.dims(array);
    (steps as usize * spike_mask::ROWS * columns).min(shape.len_per_copy(array))
}

/// Returns the step of a row, if rows are steps. `bits`: bits in which the words differ.
fn step_of(shape: &Shape, launch: &Launch, array: ArrayId, row: usize, bits: u32) -> Option<u32> {
    let row = row as u32;
    let past = shape.history_words() * STEPS_PER_WORD;
    match array {
        ArrayId::Spikes(_) => {
            let slot = bits.trailing_zeros() / COUNT_BITS;
            (row * STEPS_PER_WORD + slot).checked_sub(past)
        }
        ArrayId::SpikeMask(_) => (row / spike_mask::ROWS as u32).checked_sub(past),
        ArrayId::SynapticInput(_) => {
            (LaunchParams::new(launch, shape).block_start + row).checked_sub(shape.history_rows())
        }
        ArrayId::Compartments(_) | ArrayId::ApicalInput(_) => {
            (launch.first + launch.count).checked_sub(1)
        }
        _ => None,
    }
}

/// Returns the name of a row of an array.
fn row_name(array: ArrayId, row: usize) -> &'static str {
    match (array, row) {
        (ArrayId::Compartments(_), compartment::BASAL) => ", basal voltage",
        (ArrayId::Compartments(_), compartment::APICAL) => ", apical voltage",
        (ArrayId::Compartments(_), compartment::SOMA) => ", somatic voltage",
        (ArrayId::Compartments(_), compartment::MEAN_SOMA) => ", mean somatic voltage",
        (ArrayId::Compartments(_), compartment::MEAN_RATE) => ", mean rate",
        (ArrayId::WindowMeans(_), window_mean::FORWARD) => ", forward mean",
        (ArrayId::WindowMeans(_), window_mean::FEEDBACK_FORWARD) => {
            ", forward mean of the feedback"
        }
        (ArrayId::WindowMeans(_), window_mean::FEEDBACK_TARGET) => ", target mean of the feedback",
        (ArrayId::WindowMeans(_), window_mean::SLOW) => ", slow exponential trace",
        (ArrayId::WindowMeans(_), window_mean::FAST) => ", fast exponential trace",
        (ArrayId::SpikeMask(_), row) if row % spike_mask::ROWS == spike_mask::GE2 => {
            ", more than once"
        }
        (ArrayId::Plateaus(_), plateau::FORWARD) => ", forward phase",
        (ArrayId::Plateaus(_), plateau::TARGET) => ", target phase",
        _ => "",
    }
}
