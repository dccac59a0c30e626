//! Runs of one kernel on both backends from equal arrays.

use apical::gpu::DEFAULT_WORKGROUP_SIZE;
use apical::interface::{ArrayId, Backend, BatchParams, Kernel, Launch, Sample, Shape};

use super::{Situation, support};

impl Situation {
    /// Returns the situation with its first network only, on a GPU that binds at most `max_weight_binding`
    /// bytes of weights at once.
    pub fn of_one_network(self, max_weight_binding: u64) -> Self {
        let shape = Shape { replicas: 1, ..self.shape };
        Situation { shape, configs: self.configs[..1].to_vec(), max_weight_binding, ..self }
    }

    /// Whether bursts are rates, not drawn from spikes.
    pub fn has_burst_rates(&self) -> bool {
        let model = &self.shape.model;
        model.has_bursts() && model.sends_rates()
    }

    /// Whether event feedback weights learn from spikes.
    pub fn learns_events_of_spikes(&self) -> bool {
        let model = &self.shape.model;
        model.draws_bursts() && model.learns_event_feedback()
    }

    pub fn check_layers(&self, kernel: Kernel) {
        for layer in 0..self.shape.layers() {
            self.check(kernel, layer);
        }
    }

    pub fn check_hidden(&self, kernel: Kernel) {
        for layer in 0..self.shape.layers() - 1 {
            self.check(kernel, layer);
        }
    }

    /// Runs one kernel on both backends from the same arrays, at the start of an image and within it. Each run is
    /// repeated without a reset of the state.
    pub fn check(&self, kernel: Kernel, layer: usize) {
        let (mut cpu, mut gpu) = self.backends();
        let samples = self.samples();
        let max_steps = samples.iter().map(Sample::steps).max().expect("there are samples");
        let block = self.shape.block_len(layer);
        let blocks = vec![0, block, 2 * block];
        let (steps, first_steps) = match kernel {
            // The first step of a block, one within it and its last.
            Kernel::HiddenStep | Kernel::OutputStep if self.shape.model.is_stepwise() => {
                (1, vec![0, block + 5, 2 * block - 1])
            }
            Kernel::SynapticInputSpikes
            | Kernel::SynapticInputRates
            | Kernel::HiddenStep
            | Kernel::OutputStep
            | Kernel::ApicalInputBursts
            | Kernel::ApicalInputEvents => (block, blocks),
            Kernel::ApicalStepSpikes | Kernel::ApicalStepRates => (1, vec![0, 1, 2]),
            Kernel::ApicalHistory => (0, vec![0]),
            // The range counts neurons of the next layer.
            Kernel::SymmetricFeedback => (16, vec![0, 16, 32]),
            // The first step, and some within the averaging windows.
            Kernel::EmitRates => (1, vec![0, 30, 80, 95]),
            _ => (max_steps, vec![0]),
        };
        // Phases may be shorter than these steps.
        let first_steps = first_steps.into_iter().filter(|&first| first < max_steps);
        for (update, first) in (1..).zip(first_steps) {
            for reset in [true, false] {
                let minibatches = self.minibatches(update, reset);
                // In the steady state an image is shorter than a block.
                let steps = match kernel {
                    Kernel::SymmetricFeedback => steps,
                    _ => steps.min(max_steps - first),
                };
                let launch = Launch { kernel, layer, first, count: steps };
                self.check_launch(cpu.as_mut(), gpu.as_mut(), &minibatches, &samples, &launch);
            }
        }
        // A launch of zero steps prepares an image's first step.
        if matches!(kernel, Kernel::ApicalStepSpikes | Kernel::ApicalStepRates) {
            for reset in [true, false] {
                let minibatches = self.minibatches(9, reset);
                let launch = Launch { kernel, layer, first: 0, count: 0 };
                self.check_launch(cpu.as_mut(), gpu.as_mut(), &minibatches, &samples, &launch);
            }
        }
    }

    /// Opens both backends with the same random arrays.
    pub fn backends(&self) -> (Box<dyn Backend>, Box<dyn Backend>) {
        let mut cpu = support::cpu_of_shape(&self.configs, &self.dataset, self.shape.clone(), 0);
        let mut device = support::device();
        device.limit_weight_binding(self.max_weight_binding);
        let shape = self.shape.clone();
        let mut gpu =
            support::gpu_on(device, &self.configs, &self.dataset, shape, DEFAULT_WORKGROUP_SIZE);
        let mut random = support::random(self.seed);
        for array in self.shape.arrays() {
            let values = match array {
                ArrayId::Images => continue,
                // The CPU packs it from the spikes, which are written before.
                ArrayId::SpikeMask(_) => cpu.read(array).expect("the CPU reads"),
                _ => self.random_values(array, &mut random),
            };
            cpu.write(array, (&values).into()).expect("the CPU writes");
            gpu.write(array, (&values).into()).expect("the GPU writes");
        }
        (cpu, gpu)
    }

    pub fn check_launch(
        &self,
        cpu: &mut dyn Backend,
        gpu: &mut dyn Backend,
        minibatches: &[BatchParams],
        samples: &[Sample],
        launch: &Launch,
    ) {
        let arrays = launch.writes();
        let before: Vec<_> =
            arrays.iter().map(|&array| cpu.read(array).expect("the CPU reads")).collect();
        cpu.run(minibatches, samples, &[*launch]).expect("the CPU runs");
        gpu.run(minibatches, samples, &[*launch]).expect("the GPU runs");
        let populations = &self.shape.populations;
        let mut changed = false;
        for (&array, before) in arrays.iter().zip(&before) {
            let (cpu, gpu) = (cpu.read(array), gpu.read(array));
            let (cpu, gpu) = (cpu.expect("the CPU reads"), gpu.expect("the GPU reads"));
            changed |= cpu != *before;
            support::assert_same_bits(
                &format!("{launch:?} on {} x {:?}: {array}", self.configs.len(), populations),
                &cpu,
                &gpu,
            );
        }
        // The other kernels can write the values that were there before.
        let repeats = matches!(
            launch.kernel,
            Kernel::Classify
                | Kernel::EncodeSpikes
                | Kernel::RecordedSpikes
                | Kernel::ApicalHistory
        ) || (launch.kernel == Kernel::SymmetricFeedback && launch.first > 0)
            || minibatches[0].reset_state == 0;
        assert!(changed || repeats, "{launch:?} wrote nothing");
    }
}
