//! Rule by which `auto` chooses between a GPU and the CPU: from the time of the GPU's launches alone, and an estimate of
//! the CPU's time.
//!
//! A GPU runs the launches of a minibatch one after another, so it takes at least their number times the time of a launch
//! that computes next to nothing, which is measured. The estimate for the CPU is that of one thread of an AVX2 processor.
//! Both favour the GPU, as does [`MARGIN`]: the CPU is chosen only if the GPU cannot be faster.

use crate::config::Config;
use crate::dataset::Dataset;
use crate::interface::Shape;
use crate::plan::{kernel_sequence, largest_batch};

/// The CPU is chosen if the GPU's launches alone take more than this many times the CPU's estimated time.
const MARGIN: f64 = 2.0;

// Times of one thread of an AMD EPYC (Zen 3, AVX2): shares of the kernels in 0.525 ms per image of 784-500-10, minibatches
// of 32 (`benches/compare`, before the kernels of today for AVX2).
/// Time of a step of a neuron, s.
const NEURON_STEP: f64 = 5.0e-9;
/// Time of a step of a pixel, s.
const PIXEL_STEP: f64 = 0.71e-9;
/// Time to add one weight to a synaptic input, s.
const ADDITION: f64 = 0.1e-9;
/// Time to sum the gradient of one weight over one image, s.
const WEIGHT_IMAGE: f64 = 0.08e-9;
/// Time to update one weight, s.
const WEIGHT_UPDATE: f64 = 0.5e-9;

/// Estimated times of a training minibatch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Estimate {
    /// Number of launches on the GPU.
    launches: usize,
    /// Time of the GPU without its computations, s.
    gpu_seconds: f64,
    /// Time of one thread of the CPU, s.
    cpu_seconds: f64,
}

impl Estimate {
    /// Estimates the times for networks of `shape`. `launch_seconds`: measured time of a launch on the GPU.
    pub(super) fn new(
        shape: &Shape,
        config: &Config,
        dataset: &Dataset,
        launch_seconds: f64,
    ) -> Self {
        let steps = 2 * config.timing().phase_ms;
        let launches = kernel_sequence(shape, steps, true).len();
        let input_rate = match dataset.recordings() {
            Some(recordings) => recordings.mean_rate(dataset.pixels()),
            None => config.phi_max * mean_pixel(dataset),
        };
        let image = f64::from(steps) * step_seconds(shape, config.phi_max, input_rate);
        let weights: usize = (0..shape.layers()).map(|at| shape.units(at) * shape.n_pre(at)).sum();
        let images = largest_batch(config, dataset) as f64;
        let update = weights as f64 * (images * WEIGHT_IMAGE + WEIGHT_UPDATE);
        Estimate {
            launches,
            gpu_seconds: launches as f64 * launch_seconds,
            cpu_seconds: shape.replicas as f64 * (images * image + update),
        }
    }

    /// Whether the CPU is faster for certain.
    pub(super) fn is_cpu_faster(&self) -> bool {
        self.gpu_seconds > MARGIN * self.cpu_seconds
    }

    /// Describes the choice. `gpu`: name of the GPU. `is_cpu`: whether the CPU is chosen.
    pub(super) fn note(&self, gpu: &str, is_cpu: bool) -> String {
        let chosen = if is_cpu { "CPU" } else { "GPU" };
        let [gpu_ms, cpu_ms] = [self.gpu_seconds, self.cpu_seconds].map(|seconds| 1e3 * seconds);
        format!(
            "computing on the {chosen}: for a minibatch, {gpu} needs at least {gpu_ms:.3} ms ({} launches), \
             and one CPU thread about {cpu_ms:.3} ms",
            self.launches
        )
    }
}

/// Returns the mean pixel, from 0 to 1; half if it is not known.
fn mean_pixel(dataset: &Dataset) -> f64 {
    dataset.rules.mean.map_or(0.5, |mean| f64::from(mean) / f64::from(dataset.max_pixel))
}

/// Returns the time of a step of one image on one thread, s. `input_rate`: mean rate of the input. Neurons are taken to
/// spike at half of their maximum rate `phi_max`. Both in spikes per ms.
fn step_seconds(shape: &Shape, phi_max: f64, input_rate: f64) -> f64 {
    let spikes = |population: usize| {
        let rate = if population == 0 { input_rate } else { 0.5 * phi_max };
        shape.populations[population] as f64 * rate
    };
    let (mut additions, mut neurons) = (0.0, 0);
    for layer in 0..shape.layers() {
        let units = shape.units(layer);
        neurons += units;
        let senders = match shape.model.sends_rates() {
            true => shape.n_pre(layer) as f64,
            false => spikes(layer),
        };
        additions += senders * units as f64;
        if shape.model.steps_apical() && !shape.is_output(layer) {
            neurons += units;
            let senders = match shape.model.feedback_is_rates() {
                true => shape.n_feedback(layer) as f64,
                false => spikes(shape.feedback_population(layer)),
            };
            additions += senders * units as f64;
        }
    }
    shape.populations[0] as f64 * PIXEL_STEP + neurons as f64 * NEURON_STEP + additions * ADDITION
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::DeviceOptions;
    use crate::device::shapes::cpu_shape;

    /// Time of a launch on a GPU, s.
    const LAUNCH: f64 = 5e-6;

    fn estimate(layers: &[usize], batch_size: usize, g_apical: f64) -> Estimate {
        let config = Config { layers: layers.to_vec(), batch_size, g_apical, ..Config::default() };
        // Mean pixel of MNIST.
        let images: Vec<u8> = (0..784 * 32).map(|at| if at % 100 < 13 { 255 } else { 0 }).collect();
        let labels: Vec<u8> = (0..32).map(|at| at % 10).collect();
        let test = (images[..784].to_vec(), labels[..1].to_vec());
        let dataset = Dataset::from_parts("own", 28, 28, (images, labels), test).unwrap();
        let shape = cpu_shape(&DeviceOptions::default(), &config, &dataset, 1);
        Estimate::new(&shape, &config, &dataset, LAUNCH)
    }

    #[test]
    fn cpu_seconds_match_the_measured_time() {
        let ms = 1e3 * estimate(&[500, 10], 32, 0.0).cpu_seconds;
        assert!((0.8 * 16.8..1.2 * 16.8).contains(&ms), "{ms} ms");
    }

    #[test]
    fn gpu_is_kept_unless_its_launches_take_too_long() {
        assert!(!estimate(&[500, 10], 32, 0.0).is_cpu_faster());
        assert!(!estimate(&[500, 10], 1, 0.0).is_cpu_faster());
        assert!(!estimate(&[500, 10], 32, 0.6).is_cpu_faster());
        assert!(estimate(&[500, 10], 1, 0.6).is_cpu_faster());
        let equal = Estimate { launches: 1, gpu_seconds: 2.0, cpu_seconds: 1.0 };
        assert!(!equal.is_cpu_faster());
        assert!(Estimate { gpu_seconds: 2.1, ..equal }.is_cpu_faster());
    }

    #[test]
    fn note_names_choice_and_reason() {
        let estimate = Estimate { launches: 639, gpu_seconds: 3.2e-3, cpu_seconds: 0.5e-3 };
        assert_eq!(
            estimate.note("Arc", true),
            "computing on the CPU: for a minibatch, Arc needs at least 3.200 ms (639 launches), and one CPU thread \
             about 0.500 ms"
        );
        let note = estimate.note("Arc", false);
        assert!(note.starts_with("computing on the GPU: "), "{note}");
    }
}
