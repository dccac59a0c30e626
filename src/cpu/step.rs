//! Steps a layer through a block, one group of tiles at a time: synaptic input, then neurons. The input of a group is
//! then still in the core's cache when its neurons read it, and threads that share a layer synchronise only once.

use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use super::neuron_block::StepContext;
use super::spike_list::StepRange;
use super::spike_mask::NEURONS_PER_GROUP;
use super::state::{BatchInputs, SampleState};
use super::timer::KernelTimer;
use super::{hidden_step, is_stopped, output_step, synaptic_input_spikes};
use crate::interface::{Kernel, KernelTimes, Launch, LaunchParams, STEPS_PER_WORD, Sample, Stop};

impl SampleState {
    /// Runs launches on this sample, wide layers on up to `threads` threads. Returns whether all ran.
    #[allow(clippy::too_many_arguments)] // the sample, its inputs and the schedule
    pub fn run_launches(
        &mut self,
        stop: Option<&Stop>,
        inputs: &BatchInputs,
        launches: &[(Launch, LaunchParams)],
        lane: &Sample,
        image: &[u8],
        threads: usize,
        timer: &mut KernelTimer,
    ) -> bool {
        let mut left = launches;
        while let [(launch, part), others @ ..] = left {
            if is_stopped(stop) {
                return false;
            }
            left = others;
            match others {
                [(neurons, neurons_part), others @ ..] if can_fuse(launch, neurons) => {
                    left = others;
                    let drive = Some(part);
                    self.step_layer(inputs, drive, neurons, neurons_part, lane, threads, timer);
                }
                _ if steps_neurons(launch) => {
                    self.step_layer(inputs, None, launch, part, lane, threads, timer);
                }
                _ => {
                    let threads_used = self.run(inputs, launch, part, lane, image, threads);
                    timer.lap(launch.kernel, threads_used, &mut self.times);
                }
            }
        }
        true
    }

    /// Runs the kernel of a layer's neurons on up to `threads` threads. If the parameters of a synaptic-input launch
    /// over the same steps are given, runs it first, group by group.
    #[allow(clippy::too_many_arguments)] // the sample, its inputs and the schedule
    fn step_layer(
        &mut self,
        inputs: &BatchInputs,
        drive_part: Option<&LaunchParams>,
        launch: &Launch,
        part: &LaunchParams,
        lane: &Sample,
        threads: usize,
        timer: &mut KernelTimer,
    ) {
        let BatchInputs { constants, replica, spike_tables, minibatch, replica_state } = *inputs;
        let SampleState { spikes, traces, layers, spike_mask, spike_list, times, .. } = self;
        let index = launch.layer;
        if let Some(drive_part) = drive_part {
            let range = StepRange::new(constants, drive_part, minibatch, lane);
            spike_list[index].build(range, &spike_mask[index], &spikes[index]);
            timer.lap(Kernel::SynapticInputSpikes, 1, times);
        }
        let (spike_list, traces, weights) =
            (&spike_list[index], &traces[index], &replica_state.weights[index]);
        let biases = weights.column(part.n_pre as usize);
        let block = StepContext { constants, replica, spike_tables, part, minibatch, lane, biases };
        let neurons = if launch.kernel == Kernel::HiddenStep {
            hidden_step::hidden_step
        } else {
            output_step::output_step
        };

        let (layer, spike_mask) = (&mut layers[index], &mut spike_mask[index + 1]);
        // The input of a few steps fits in the cache; splitting into groups only adds overhead.
        let count = match part.step_count {
            ..=STEPS_PER_WORD => threads,
            _ => (part.units as usize).div_ceil(NEURONS_PER_GROUP),
        };
        let drives = layer.drive.all_tiles().split(count).into_iter();
        let compartments = layer.compartments.all_tiles().split(count);
        let spikes = spikes[index + 1].all_tiles().split(count);
        let groups = drives
            .zip(compartments)
            .zip(spikes)
            .zip(spike_mask.reserve_steps(&block.steps(), count));
        let is_profiled = timer.is_on();
        let group_times = Mutex::new(KernelTimes::default());
        let step = |(((mut drive, mut compartments), mut spikes), spike_mask)| {
            let mut timer = KernelTimer::start(is_profiled);
            if let Some(part) = drive_part {
                synaptic_input_spikes::synaptic_input_spikes(
                    constants, part, minibatch, lane, spike_list, traces, weights, &mut drive,
                );
                timer.lap_into(Kernel::SynapticInputSpikes, &group_times);
            }
            neurons(&block, &mut drive, &mut compartments, &mut spikes, spike_mask);
            timer.lap_into(launch.kernel, &group_times);
        };
        if threads == 1 {
            groups.for_each(step);
        } else {
            let groups: Vec<_> = groups.collect();
            let each = groups.len().div_ceil(threads);
            groups.into_par_iter().with_min_len(each.max(1)).for_each(step);
        }
        if is_profiled {
            timer.skip();
            times.merge(&group_times.into_inner().unwrap_or_else(PoisonError::into_inner));
        }
        if minibatch.draws_spikes == 0 {
            spike_mask.clear();
        }
    }
}

/// Returns whether the kernel steps a layer's neurons.
fn steps_neurons(launch: &Launch) -> bool {
    matches!(launch.kernel, Kernel::HiddenStep | Kernel::OutputStep)
}

/// Returns whether `launch` computes the synaptic input of `next` over the same steps.
fn can_fuse(launch: &Launch, next: &Launch) -> bool {
    let drive = Launch { kernel: Kernel::SynapticInputSpikes, ..*next };
    steps_neurons(next) && *launch == drive
}
