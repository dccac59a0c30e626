//! Comparison of CPU and GPU: runs the same training on both, launch by launch, and compares every word that each
//! kernel writes.

use std::sync::Arc;

use serde::Serialize;

use crate::config::Config;
use crate::dataset::Dataset;
use crate::device::{self, Device, DeviceOptions};
use crate::gpu::self_test::SelfTestResult;
use crate::interface::{
    ArrayId, Backend, BackendError, BatchParams, ElementType, Kernel, Launch, LaunchParams,
    STEPS_PER_WORD, Sample, Shape, Stop, Stoppable, UNITS_PER_WORD, compartment, plateau,
    spike_mask, window_mean,
};
use crate::network::Network;
use crate::simulation::Simulation;
use crate::train::{TrainError, order, test};

/// Options of a comparison.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Last kernel to compute on the CPU for both backends; its arrays are copied to the GPU. The first kernel with
    /// which the rest agrees is the faulty one.
    pub cpu_through: Option<Kernel>,
}

/// Progress of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ComparisonProgress {
    /// Number of minibatches trained on both backends, including the one with a difference.
    pub minibatches: usize,
    /// Number of minibatches of all epochs.
    pub total_minibatches: usize,
    /// Number of 4-byte words compared.
    pub values: u64,
}

/// First difference between two backends.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// Name of the kernel that wrote the difference, see [`Kernel::name`].
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
    /// Column of the array: the neuron; in a raster, the first whose bits differ. In results, 0 is the class and 1 the
    /// loss.
    pub unit: usize,
    /// Word on the CPU: the float, or the unsigned integer.
    pub cpu: f64,
    /// Word on the GPU.
    pub gpu: f64,
    /// Number of words of this array that differ.
    pub differing: usize,
}

/// Result of a comparison.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// GPU compared with the CPU.
    pub device: Device,
    /// Progress at the end of the comparison.
    pub compared: ComparisonProgress,
    /// Number of training images per epoch.
    pub images: usize,
    /// Number of images tested at the end, if no difference was found before.
    pub test_images: usize,
    /// Whether the device passes the self-test of its arithmetic.
    pub self_test: SelfTestResult,
    /// First word that differs; `None` if all bits agree.
    pub difference: Option<Difference>,
}

/// Trains on two backends side by side and stops at the first difference.
///
/// # Errors
/// Returns an error if a setting is invalid, there is no GPU, or the device fails.
pub fn compare(
    config: Config,
    dataset: Dataset,
    selection: &DeviceOptions,
    options: &Options,
    listen: &mut dyn FnMut(&ComparisonProgress),
) -> Result<Comparison, TrainError> {
    config.validate(dataset.pixels(), dataset.classes)?;
    let dataset = Arc::new(dataset.subset(
        config.validation_images,
        config.train_images,
        config.test_images,
    )?);
    let network = Network::initial(&config, dataset.pixels());
    let pair = device::open_both(selection, &config, &dataset)?;
    let mut cpu = Simulation::new(pair.cpu, &config, &dataset, &network)?;
    let mut gpu = Simulation::new(pair.gpu, &config, &dataset, &network)?;
    cpu.stop_on(&selection.stop);
    gpu.stop_on(&selection.stop);
    let minibatches_each = dataset.training_count.div_ceil(config.batch_size);
    let mut compared = ComparisonProgress {
        minibatches: 0,
        total_minibatches: minibatches_each * config.epochs as usize,
        values: 0,
    };
    let mut difference = None;
    'epochs: for epoch in 1..=config.epochs {
        for images in order(&config, &dataset, epoch).chunks(config.batch_size) {
            let work = cpu.prepare_training(images);
            let _ = gpu.prepare_training(images);
            let (cpu, gpu) = (cpu.backend(), gpu.backend());
            let step = Step {
                minibatches: &work.0,
                lanes: &work.1,
                launches: &work.2,
                stop: &selection.stop,
            };
            difference = step.compare(cpu, gpu, options, &mut compared)?;
            compared.minibatches += 1;
            listen(&compared);
            if difference.is_some() {
                break 'epochs;
            }
        }
    }
    if difference.is_none() {
        difference = compare_tests(&mut cpu, &mut gpu, &dataset, &mut compared)?;
    }
    Ok(Comparison {
        device: pair.device,
        compared,
        images: dataset.training_count,
        test_images: dataset.test_count,
        self_test: pair.self_test,
        difference: difference
            .map(|difference| Difference { minibatch: compared.minibatches, ..difference }),
    })
}

/// Tests both networks and compares the results.
fn compare_tests(
    cpu: &mut Simulation,
    gpu: &mut Simulation,
    dataset: &Dataset,
    compared: &mut ComparisonProgress,
) -> Result<Option<Difference>, BackendError> {
    for simulation in [&mut *cpu, &mut *gpu] {
        test(simulation, dataset, dataset.test_count, 0)?;
    }
    let (cpu, gpu) = (cpu.backend(), gpu.backend());
    let shape = cpu.shape().clone();
    let score = Launch { kernel: Kernel::Classify, layer: shape.layers() - 1, first: 0, steps: 0 };
    let (cpu, gpu) = (cpu.read(ArrayId::Results)?, gpu.read(ArrayId::Results)?);
    compared.values += cpu.len() as u64;
    Ok(first_difference(&shape, &score, ArrayId::Results, &cpu, &gpu, &[]))
}

/// Minibatch on both backends.
struct Step<'a> {
    minibatches: &'a [BatchParams],
    lanes: &'a [Sample],
    launches: &'a [Launch],
    stop: &'a Stop,
}

impl Step<'_> {
    /// Runs every launch on both backends and compares the written arrays.
    fn compare(
        &self,
        cpu: &mut dyn Backend,
        gpu: &mut dyn Backend,
        options: &Options,
        compared: &mut ComparisonProgress,
    ) -> Result<Option<Difference>, BackendError> {
        let last_cpu_launch = match options.cpu_through {
            Some(kernel) => self.launches.iter().rposition(|launch| launch.kernel == kernel),
            None => None,
        };
        for (index, launch) in self.launches.iter().enumerate() {
            let all = Stoppable::All;
            cpu.run_until(self.stop, all, self.minibatches, self.lanes, &[*launch])?;
            let shape = cpu.shape().clone();
            if last_cpu_launch.is_some_and(|last| index <= last) {
                for array in launch.writes() {
                    let words = cpu.read(array)?;
                    gpu.write(array, &words)?;
                }
                continue;
            }
            gpu.run_until(self.stop, all, self.minibatches, self.lanes, &[*launch])?;
            for array in launch.writes() {
                let (cpu, gpu) = (cpu.read(array)?, gpu.read(array)?);
                let used = if shape.is_per_sample(array) {
                    self.lanes.len() * shape.len_per_copy(array)
                } else {
                    cpu.len()
                };
                let (cpu, gpu) = (&cpu[..used], &gpu[..used]);
                compared.values += used as u64;
                let difference = first_difference(&shape, launch, array, cpu, gpu, self.lanes);
                if difference.is_some() {
                    return Ok(difference);
                }
            }
        }
        Ok(None)
    }
}

/// Returns the first word that differs, and its position.
fn first_difference(
    shape: &Shape,
    launch: &Launch,
    array: ArrayId,
    cpu: &[u32],
    gpu: &[u32],
    lanes: &[Sample],
) -> Option<Difference> {
    let len_per_copy = shape.len_per_copy(array);
    let written = written_length(shape, launch, array);
    let pairs = || cpu.iter().zip(gpu).enumerate();
    let differs =
        |&(index, (cpu, gpu)): &(usize, (&u32, &u32))| cpu != gpu && index % len_per_copy < written;
    let (index, _) = pairs().find(differs)?;
    let differing = pairs().filter(differs).count();
    let lane = shape.is_per_sample(array).then_some(index / len_per_copy);
    let [_, columns] = shape.dims(array);
    let (row, column) = (index % len_per_copy / columns, index % columns);
    let (cpu, gpu) = (cpu[index], gpu[index]);
    let unit = match array {
        ArrayId::SpikeMask(_) => {
            column * UNITS_PER_WORD as usize + (cpu ^ gpu).trailing_zeros() as usize
        }
        _ => column,
    };
    let value = |word: u32| match array.element_type() {
        ElementType::Integer => f64::from(word),
        ElementType::Float => f64::from(f32::from_bits(word)),
    };
    Some(Difference {
        kernel: launch.kernel.name(),
        layer: launch.layer,
        array: format!("{array}{}", row_name(array, row)),
        minibatch: 0,
        sample: lane,
        image: lane.and_then(|lane| lanes.get(lane)).map(|lane| lane.image),
        step: step_of(shape, launch, array, row, cpu ^ gpu),
        unit,
        cpu: value(cpu),
        gpu: value(gpu),
        differing,
    })
}

/// Returns the length of the comparable prefix of an array's copy after a launch, words.
///
/// A GPU's raster has old bits after the launch's last step.
fn written_length(shape: &Shape, launch: &Launch, array: ArrayId) -> usize {
    if !matches!(array, ArrayId::SpikeMask(_)) {
        return shape.len_per_copy(array);
    }
    let steps = shape.history_words() * STEPS_PER_WORD + launch.first + launch.steps;
    let [_, columns] = shape.dims(array);
    (steps as usize * spike_mask::ROWS * columns).min(shape.len_per_copy(array))
}

/// Returns the step of a row, if rows are steps. `bits`: bits in which the words differ.
fn step_of(shape: &Shape, launch: &Launch, array: ArrayId, row: usize, bits: u32) -> Option<u32> {
    let row = row as u32;
    let past = shape.history_words() * STEPS_PER_WORD;
    match array {
        ArrayId::Spikes(_) => {
            let slot = bits.trailing_zeros() / crate::interface::COUNT_BITS;
            (row * STEPS_PER_WORD + slot).checked_sub(past)
        }
        ArrayId::SpikeMask(_) => (row / spike_mask::ROWS as u32).checked_sub(past),
        ArrayId::SynapticInput(_) => {
            (LaunchParams::new(launch, shape).block_start + row).checked_sub(shape.history_rows())
        }
        ArrayId::Compartments(_) | ArrayId::ApicalInput(_) => {
            (launch.first + launch.steps).checked_sub(1)
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
