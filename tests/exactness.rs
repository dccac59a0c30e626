//! Proves: on the GPU of this machine every kernel writes the CPU's bits, for random shapes, arrays
//! and settings, for one to three replicas with settings of their own, and for weights that are bound a few
//! columns at a time; that which steps whole networks also for any size of workgroup and number of dispatches.
//!
//! Does not prove: that other GPUs keep IEEE rounding (`apical devices` and `apical compare` tell),
//! that whole trainings agree (see `trainings.rs`), or that what is computed is right (see
//! `golden.rs`).

#[path = "exactness/networks.rs"]
mod networks;
#[path = "exactness/raster.rs"]
mod raster;
#[path = "exactness/shown.rs"]
mod shown;
#[path = "exactness/situations.rs"]
mod situations;
#[path = "exactness/windows.rs"]
mod windows;
#[path = "exactness/words.rs"]
mod words;

use std::sync::Arc;

use apical::config::Config;
use apical::dataset::Dataset;
use apical::interface::{ArrayId, Backend, BatchParams, Kernel, Launch, Sample, Shape};
use situations::situations;

use crate::support;

const CLASSES: usize = 10;
/// Lanes in use of each replica; it has one more.
const LANES: usize = 3;
/// Images of an epoch.
const IMAGES: usize = 12;

#[test]
fn case_encode_spikes() {
    each_situation(|situation| situation.check(Kernel::EncodeSpikes, 0));
}

#[test]
fn case_pack_spike_mask() {
    each_situation(Situation::check_rasters);
}

#[test]
fn case_synaptic_input_spikes() {
    each_situation(|situation| {
        if !situation.shape.sends_rates {
            situation.check_layers(Kernel::SynapticInputSpikes);
        }
    });
}

#[test]
fn case_hidden_step() {
    each_situation(|situation| situation.check_hidden(Kernel::HiddenStep));
}

#[test]
fn case_output_step() {
    each_situation(|situation| situation.check(Kernel::OutputStep, situation.shape.layers() - 1));
}

#[test]
fn case_encode_rates() {
    each_situation(|situation| {
        if situation.shape.sends_rates {
            situation.check(Kernel::EncodeRates, 0);
        }
    });
}

#[test]
fn case_synaptic_input_rates() {
    each_situation(|situation| {
        if situation.shape.sends_rates {
            situation.check_layers(Kernel::SynapticInputRates);
        }
    });
}

#[test]
fn case_emit_rates() {
    each_situation(|situation| {
        let shape = &situation.shape;
        for layer in (0..shape.layers()).filter(|layer| shape.emits_rates(layer + 1)) {
            situation.check(Kernel::EmitRates, layer);
        }
    });
}

#[test]
fn case_window_mean_rates() {
    each_situation(|situation| {
        let shape = &situation.shape;
        for population in (0..=shape.layers()).filter(|&p| shape.emits_rates(p)) {
            situation.check(Kernel::WindowMeanRates, population);
        }
    });
}

#[test]
fn case_apical_step_spikes() {
    each_situation(|situation| {
        if situation.shape.steps_apical_spikes() {
            situation.check_hidden(Kernel::ApicalStepSpikes);
        }
    });
}

#[test]
fn case_apical_history() {
    each_situation(|situation| {
        if situation.shape.steps_apical_spikes() {
            situation.check_hidden(Kernel::ApicalHistory);
        }
    });
}

#[test]
fn case_apical_step_rates() {
    each_situation(|situation| {
        if situation.shape.steps_apical_rates() {
            situation.check_hidden(Kernel::ApicalStepRates);
        }
    });
}

#[test]
fn case_window_mean_spikes() {
    each_situation(|situation| {
        for population in 0..situation.shape.populations.len() {
            // Where rates are sent, spikes are not averaged.
            if !situation.shape.emits_rates(population) {
                situation.check(Kernel::WindowMeanSpikes, population);
            }
        }
    });
}

#[test]
fn case_plateau() {
    each_situation(|situation| situation.check_hidden(Kernel::Plateau));
}

#[test]
fn case_local_error() {
    each_situation(|situation| situation.check_layers(Kernel::LocalError));
}

#[test]
fn case_classify() {
    each_situation(|situation| situation.check(Kernel::Classify, situation.shape.layers() - 1));
}

#[test]
fn case_weight_update() {
    each_situation(|situation| situation.check_layers(Kernel::WeightUpdate));
}

#[test]
fn case_tie_feedback() {
    each_situation(|situation| {
        if situation.shape.symmetric_feedback {
            situation.check_hidden(Kernel::TieFeedback);
        }
    });
}

#[test]
fn case_feedback_update() {
    each_situation(|situation| {
        if situation.shape.learns_feedback {
            situation.check_hidden(Kernel::FeedbackUpdate);
        }
    });
}

#[test]
fn case_backprop_error() {
    each_situation(|situation| {
        if situation.shape.backpropagates {
            situation.check_hidden(Kernel::BackpropError);
        }
    });
}

/// A shape, settings of each replica and arrays full of random numbers.
struct Situation {
    shape: Shape,
    configs: Vec<Config>,
    dataset: Arc<Dataset>,
    seed: u64,
    /// Bytes of weights that the GPU binds at once.
    max_weight_binding: u64,
    /// Threads of its workgroups.
    workgroup: u32,
    /// Rounds of loops in a dispatch; without it, those of the device.
    max_loop_iterations: Option<u64>,
}

fn each_situation(check: impl Fn(&Situation)) {
    situations().iter().for_each(check);
}

impl Situation {
    /// The first network alone, on a GPU that binds no more than `max_weight_binding` bytes of weights at once.
    fn of_one_network(self, max_weight_binding: u64) -> Self {
        let shape = Shape { replicas: 1, ..self.shape };
        Situation { shape, configs: self.configs[..1].to_vec(), max_weight_binding, ..self }
    }

    fn check_layers(&self, kernel: Kernel) {
        for layer in 0..self.shape.layers() {
            self.check(kernel, layer);
        }
    }

    fn check_hidden(&self, kernel: Kernel) {
        for layer in 0..self.shape.layers() - 1 {
            self.check(kernel, layer);
        }
    }

    /// Runs one kernel on both backends, from the same arrays, as a fresh and as a continued
    /// minibatch, at the start and within an image.
    fn check(&self, kernel: Kernel, layer: usize) {
        let (mut cpu, mut gpu) = self.backends();
        let shown = self.lanes();
        let longest = shown.iter().map(Sample::steps).max().expect("there are lanes");
        let block = self.shape.block_len(layer);
        let blocks = vec![0, block, 2 * block];
        let (steps, begins) = match kernel {
            // The first step of a block, one within and the last.
            Kernel::HiddenStep | Kernel::OutputStep if self.shape.is_stepwise() => {
                (1, vec![0, block + 5, 2 * block - 1])
            }
            Kernel::SynapticInputSpikes
            | Kernel::SynapticInputRates
            | Kernel::HiddenStep
            | Kernel::OutputStep => (block, blocks),
            Kernel::ApicalStepSpikes | Kernel::ApicalStepRates => (1, vec![0, 1, 2]),
            Kernel::ApicalHistory => (0, vec![0]),
            // Runs of neurons of the layer above.
            Kernel::TieFeedback => (16, vec![0, 16, 32]),
            // The first step, and some within the windows.
            Kernel::EmitRates => (1, vec![0, 30, 80, 95]),
            _ => (longest, vec![0]),
        };
        // Phases may be short.
        let begins = begins.into_iter().filter(|&first| first < longest);
        for (update, first) in (1..).zip(begins) {
            for fresh in [true, false] {
                let minibatches = self.minibatches(update, fresh);
                // Steady states have images shorter than a block.
                let steps = match kernel {
                    Kernel::TieFeedback => steps,
                    _ => steps.min(longest - first),
                };
                let launch = Launch { kernel, layer, first, steps };
                self.check_launch(cpu.as_mut(), gpu.as_mut(), &minibatches, &shown, &launch);
            }
        }
        // What comes before an image's first step.
        if matches!(kernel, Kernel::ApicalStepSpikes | Kernel::ApicalStepRates) {
            for fresh in [true, false] {
                let minibatches = self.minibatches(9, fresh);
                let launch = Launch { kernel, layer, first: 0, steps: 0 };
                self.check_launch(cpu.as_mut(), gpu.as_mut(), &minibatches, &shown, &launch);
            }
        }
    }

    /// Both backends with the same random arrays.
    fn backends(&self) -> (Box<dyn Backend>, Box<dyn Backend>) {
        let mut cpu = support::cpu_of_shape(&self.configs, &self.dataset, self.shape.clone(), 0);
        let mut device = support::device();
        device.limit_weight_binding(self.max_weight_binding);
        if let Some(rounds) = self.max_loop_iterations {
            device.limit_loop_iterations(rounds);
        }
        let shape = self.shape.clone();
        let mut gpu = support::gpu_on(device, &self.configs, &self.dataset, shape, self.workgroup);
        let mut random = support::random(self.seed);
        for array in self.shape.arrays() {
            let words = match array {
                ArrayId::Images => continue,
                // Says what the spikes say, which come before.
                ArrayId::SpikeMask(_) => cpu.read(array).expect("the CPU reads"),
                _ => self.random_words(array, &mut random),
            };
            cpu.write(array, &words).expect("the CPU takes it");
            gpu.write(array, &words).expect("the GPU takes it");
        }
        (cpu, gpu)
    }

    fn check_launch(
        &self,
        cpu: &mut dyn Backend,
        gpu: &mut dyn Backend,
        minibatches: &[BatchParams],
        lanes: &[Sample],
        launch: &Launch,
    ) {
        let arrays = launch.writes(&self.shape);
        let before: Vec<_> =
            arrays.iter().map(|&array| cpu.read(array).expect("the CPU reads")).collect();
        cpu.run(minibatches, lanes, &[*launch]).expect("the CPU runs");
        gpu.run(minibatches, lanes, &[*launch]).expect("the GPU runs");
        let populations = &self.shape.populations;
        let mut changed = false;
        for (&array, before) in arrays.iter().zip(&before) {
            let (cpu, gpu) = (cpu.read(array), gpu.read(array));
            let (cpu, gpu) = (cpu.expect("the CPU reads"), gpu.expect("the GPU reads"));
            changed |= cpu != *before;
            support::same_bits(
                &format!("{launch:?} on {} x {:?}: {array}", self.configs.len(), populations),
                &cpu,
                &gpu,
            );
        }
        // Some results can stand again by chance: only kernels that cannot are held to a change.
        let repeats = matches!(
            launch.kernel,
            Kernel::Classify | Kernel::EncodeSpikes | Kernel::ApicalHistory
        ) || (launch.kernel == Kernel::TieFeedback && launch.first > 0)
            || minibatches[0].reset_state == 0;
        assert!(changed || repeats, "{launch:?} wrote nothing");
    }
}
