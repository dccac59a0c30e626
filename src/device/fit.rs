//! Number of networks that fit on a device at once, computed before anything starts.

use super::DeviceOptions;
use super::shapes::{cpu_shape, gpu_shape};
use crate::config::Config;
use crate::cpu::{self, Threads};
use crate::dataset::Dataset;
use crate::gpu;
use crate::gpu::adapter::{AdapterInfo, AdapterQuery, find};
use crate::interface::{ArrayId, BackendError, Shape};
use crate::memory::usable_bytes;
use crate::plan::copies_weights;

/// Number of networks that fit at once.
#[derive(Debug)]
pub struct Fit {
    /// Number of networks, at least 1.
    pub replicas: usize,
    /// Reason for the limit; `None` if all networks fit.
    pub limited_by: Option<BackendError>,
}

/// Returns how many of `count` networks of the shape of `config` fit on the device selected by `selection`.
///
/// # Errors
/// Returns an error if there is no such device, or it cannot hold one network.
pub fn max_replicas(
    selection: &DeviceOptions,
    config: &Config,
    dataset: &Dataset,
    count: usize,
) -> Result<Fit, BackendError> {
    let on_cpu = |_| {
        let memory = memory(selection);
        let shape = |n| cpu_shape(selection, config, dataset, n);
        largest_fitting(count, |n| check_cpu_shape(&shape(n), dataset, selection, memory))
    };
    let on_gpu = |query: &AdapterQuery| {
        let info = find(query)?;
        let memory = gpu_memory_budget(&info, selection);
        largest_fitting(count, |n| {
            check_gpu_shape(&gpu_shape(selection, config, dataset, n, &info), &info, memory)
        })
    };
    selection.choose(on_gpu, on_cpu)
}

/// Returns the largest number up to `count` for which the check passes. If it fails for a number, it fails for all larger
/// ones.
fn largest_fitting(
    count: usize,
    check: impl Fn(usize) -> Result<u64, BackendError>,
) -> Result<Fit, BackendError> {
    check(1)?;
    let mut replicas = 1;
    // Smallest number that is known not to fit.
    let mut limit: Option<(usize, BackendError)> = None;
    while limit.as_ref().map_or(count, |(n, _)| n - 1) > replicas {
        let n = match &limit {
            None => count.min(2 * replicas),
            Some((n, _)) => replicas.midpoint(*n),
        };
        match check(n) {
            Ok(_) => replicas = n,
            Err(error) => limit = Some((n, error)),
        }
    }
    Ok(Fit { replicas, limited_by: limit.map(|(_, error)| error) })
}

/// Returns the memory of `replicas` networks in parallel on the CPU backend, bytes.
///
/// # Errors
/// Returns an error if it exceeds the memory budget.
pub fn check_cpu(
    selection: &DeviceOptions,
    config: &Config,
    dataset: &Dataset,
    replicas: usize,
) -> Result<u64, BackendError> {
    let shape = cpu_shape(selection, config, dataset, replicas);
    check_cpu_shape(&shape, dataset, selection, memory(selection))
}

/// Returns the memory of `replicas` networks in parallel on a GPU, bytes. The memory of a real GPU is unknown until
/// allocation.
///
/// # Errors
/// Returns an error if it exceeds the limits of the GPU or the memory budget.
pub fn check_gpu(
    selection: &DeviceOptions,
    info: &AdapterInfo,
    config: &Config,
    dataset: &Dataset,
    replicas: usize,
) -> Result<u64, BackendError> {
    let shape = gpu_shape(selection, config, dataset, replicas, info);
    check_gpu_shape(&shape, info, gpu_memory_budget(info, selection))
}

/// Returns the memory budget on this machine, bytes.
pub(super) fn memory(selection: &DeviceOptions) -> u64 {
    selection.memory.or_else(usable_bytes).unwrap_or(u64::MAX)
}

/// Returns the memory budget on a GPU, bytes. wgpu does not report the memory of a GPU.
pub(super) fn gpu_memory_budget(info: &AdapterInfo, selection: &DeviceOptions) -> u64 {
    if info.is_software { memory(selection) } else { selection.memory.unwrap_or(u64::MAX) }
}

/// Returns the memory of the CPU backend's arrays and of the host's copies of each network, bytes, if it fits into
/// `memory`.
pub(super) fn check_cpu_shape(
    shape: &Shape,
    dataset: &Dataset,
    selection: &DeviceOptions,
    memory: u64,
) -> Result<u64, BackendError> {
    // Copies of the networks as last read, and the order of each network's images.
    let weights = (0..shape.layers()).map(|layer| {
        let arrays = [ArrayId::Weights, ArrayId::Feedback, ArrayId::EventFeedback];
        arrays.map(|array| shape.len(array(layer))).iter().sum::<usize>()
    });
    let words = weights.sum::<usize>() + shape.replicas * dataset.training_count;
    let threads = Threads::choose(selection.threads).count;
    let bytes =
        cpu::required_bytes(shape, threads) + 4 * words as u64 + transient_bytes(shape, threads);
    check_fits(shape, bytes, memory)
}

/// Returns the temporary memory of the host: the initial weights in double precision, or the copy for undoing a long
/// minibatch, bytes.
fn transient_bytes(shape: &Shape, threads: usize) -> u64 {
    let weights = |layer| shape.len_per_copy(ArrayId::Weights(layer));
    let largest = (0..shape.layers()).map(weights).max().unwrap_or(0);
    // One double and one reordered float per weight.
    let initial = 12 * largest * threads.min(shape.replicas);
    let kept = |array: ArrayId| match array {
        ArrayId::Weights(_)
        | ArrayId::Moments(_)
        | ArrayId::Feedback(_)
        | ArrayId::EventFeedback(_) => {
            if copies_weights(shape.samples_per_replica) {
                shape.len(array)
            } else {
                0
            }
        }
        array => shape.persistent_len(array) * shape.copies(array),
    };
    let undo = 4 * shape.arrays().into_iter().map(kept).sum::<usize>();
    initial.max(undo) as u64
}

/// Returns the memory of a GPU's arrays if it fits into the GPU's limits and `memory`, bytes.
pub(super) fn check_gpu_shape(
    shape: &Shape,
    info: &AdapterInfo,
    memory: u64,
) -> Result<u64, BackendError> {
    gpu::check_limits(info, shape)?;
    check_fits(shape, shape.bytes(), memory)
}

/// Returns `bytes`, the memory of all arrays of `shape`, if they fit into `memory`.
///
/// # Errors
/// Returns an error if they do not.
fn check_fits(shape: &Shape, bytes: u64, memory: u64) -> Result<u64, BackendError> {
    if bytes <= memory {
        return Ok(bytes);
    }
    let layers: Vec<String> = shape.populations[1..].iter().map(usize::to_string).collect();
    let (networks, samples, layers) = (shape.replicas, shape.samples_per_replica, layers.join(","));
    Err(BackendError::TooMuchMemory { networks, layers, samples, bytes, memory })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::network_model::{NetworkModel, UpdateRule};

    #[test]
    fn largest_fitting_number_is_found() {
        for most in [1, 2, 3, 4, 5, 1000, 1 << 40] {
            let check = |n: usize| match n <= most {
                true => Ok(0),
                false => Err(BackendError::InvalidNetworks(n.to_string())),
            };
            for count in [0, 1, 2, 3, 7, 1000, usize::MAX] {
                let fit = largest_fitting(count, check).unwrap();
                assert_eq!(fit.replicas, count.clamp(1, most), "{count} of {most}");
                let limit = fit.limited_by.map(|error| error.to_string());
                let expected = BackendError::InvalidNetworks((most + 1).to_string()).to_string();
                assert_eq!(limit, (count > most).then_some(expected));
            }
        }
    }

    #[test]
    fn shape_beyond_memory_is_refused_with_sizes() {
        let shape = |replicas| Shape {
            replicas,
            samples_per_replica: 2,
            steps: 8,
            block: 8,
            taps: 0,
            images: 0,
            result_slots: 0,
            model: NetworkModel { update_rule: UpdateRule::Adaptive, ..NetworkModel::default() },
            ..Shape::minimal(vec![30, 20, 10])
        };
        let bytes = 3 << 20;
        assert_eq!(check_fits(&shape(1), bytes, bytes).unwrap(), bytes);
        let error = check_fits(&shape(1), bytes, 1 << 20).unwrap_err().to_string();
        let expected = "the arrays of 1 network of layers 20,10 with 2 images in parallel need 3.00 MiB, \
                        more than the 1.00 MiB of available memory";
        assert_eq!(error, expected);
        let error = check_fits(&shape(7), bytes, bytes - 1).unwrap_err().to_string();
        assert!(error.contains("the arrays of 7 networks of layers 20,10"), "{error}");
    }
}
