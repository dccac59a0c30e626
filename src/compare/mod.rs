//! Comparison of CPU and GPU: runs the same training on both, launch by launch, and compares every word that each
//! kernel writes.

mod difference;

use std::sync::Arc;

pub use difference::Difference;
use difference::first_difference;

use crate::config::Config;
use crate::dataset::Dataset;
use crate::device::{self, DeviceInfo, DeviceOptions};
use crate::gpu::self_test::SelfTestResult;
use crate::interface::{BackendError, Kernel, Launch, ValuesRef};
use crate::network::Network;
use crate::simulation::{Batch, Simulation};
use crate::train::{TrainError, order, test};

/// Options of a comparison.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ComparisonOptions {
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

/// Result of a comparison.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// GPU compared with the CPU.
    pub device: DeviceInfo,
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
    options: &ComparisonOptions,
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
            let batch = cpu.prepare_training(images);
            // The GPU runs the same launches; its simulation only counts the update.
            let _ = gpu.prepare_training(images);
            difference = compare_batch(&batch, &mut cpu, &mut gpu, options, &mut compared)?;
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
    let score = Launch { kernel: Kernel::Classify, layer: shape.layers() - 1, first: 0, count: 0 };
    for array in score.writes() {
        let (cpu, gpu) = (cpu.read(array)?, gpu.read(array)?);
        compared.values += cpu.len() as u64;
        let difference = first_difference(&shape, &score, array, (&cpu).into(), (&gpu).into(), &[]);
        if difference.is_some() {
            return Ok(difference);
        }
    }
    Ok(None)
}

/// Runs each launch of a minibatch on both backends and compares the arrays that it writes.
fn compare_batch(
    (minibatches, samples, launches): &Batch,
    cpu: &mut Simulation,
    gpu: &mut Simulation,
    options: &ComparisonOptions,
    compared: &mut ComparisonProgress,
) -> Result<Option<Difference>, BackendError> {
    let last_cpu_launch = match options.cpu_through {
        Some(kernel) => launches.iter().rposition(|launch| launch.kernel == kernel),
        None => None,
    };
    let shape = cpu.backend().shape().clone();
    for (index, launch) in launches.iter().enumerate() {
        cpu.run(minibatches, samples, &[*launch])?;
        if last_cpu_launch.is_some_and(|last| index <= last) {
            for array in launch.writes() {
                let values = cpu.backend().read(array)?;
                gpu.backend().write(array, (&values).into())?;
            }
            continue;
        }
        gpu.run(minibatches, samples, &[*launch])?;
        for array in launch.writes() {
            let [cpu, gpu] = [&mut *cpu, &mut *gpu].map(|side| side.backend().read(array));
            let (cpu, gpu) = (cpu?, gpu?);
            let used = match shape.is_per_sample(array) {
                true => samples.len() * shape.len_per_copy(array),
                false => cpu.len(),
            };
            compared.values += used as u64;
            let [cpu, gpu] = [&cpu, &gpu].map(|values| ValuesRef::from(values).range(0..used));
            let difference = first_difference(&shape, launch, array, cpu, gpu, samples);
            if difference.is_some() {
                return Ok(difference);
            }
        }
    }
    Ok(None)
}
