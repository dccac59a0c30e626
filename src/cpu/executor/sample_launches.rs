//! Launches of one sample.
//!
//! Synaptic input and neurons of a layer run together, one group of tiles at a time. So the input of a group is still
//! in the core's cache when its neurons read it, and threads that share a layer synchronise only once.

use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use super::timer::KernelTimer;
use crate::cpu::kernels::definition::{
    CpuFunction, NeuronFunction, PreparedLaunch, SampleContext, StepContext,
};
use crate::cpu::kernels::synaptic_input_spikes::synaptic_input_spikes;
use crate::cpu::spikes::mask::NEURONS_PER_GROUP;
use crate::cpu::spikes::steps::StepRange;
use crate::cpu::state::SampleState;
use crate::interface::{Kernel, KernelTimes, Launch, LaunchParams, STEPS_PER_WORD, Stop};

/// Runs launches on one sample and returns whether all ran.
pub fn run_launches(
    state: &mut SampleState,
    stop: &Stop,
    context: &SampleContext,
    launches: &[PreparedLaunch],
    timer: &mut KernelTimer,
) -> bool {
    let mut rest = launches;
    while let Some((input, prepared, after)) = next_work(rest) {
        if stop.is_requested() {
            return false;
        }
        rest = after;
        let kernel = prepared.launch.kernel;
        match kernel.definition().cpu {
            CpuFunction::Neurons(advance) => {
                step_layer(state, context, input, prepared, advance, timer);
            }
            CpuFunction::Sample(run) => {
                run(state, context, prepared);
                timer.lap(kernel, 1, &mut state.times);
            }
            CpuFunction::SplitSample(run) => {
                let threads_used = run(state, context, prepared);
                timer.lap(kernel, threads_used, &mut state.times);
            }
            CpuFunction::BeforeSamples(_) | CpuFunction::AfterSamples(_) | CpuFunction::OnRead => {}
        }
    }
    true
}

/// Launch of synaptic input that runs with a launch of neurons, the launch, and the launches after it.
type Work<'a> = (Option<&'a PreparedLaunch>, &'a PreparedLaunch, &'a [PreparedLaunch]);

/// Returns the next launch, for neurons with the launch of their synaptic input. `None` at the end of the list.
fn next_work(launches: &[PreparedLaunch]) -> Option<Work<'_>> {
    match launches {
        [input, neurons, rest @ ..] if is_input_of(&input.launch, &neurons.launch) => {
            Some((Some(input), neurons, rest))
        }
        [prepared, rest @ ..] => Some((None, prepared, rest)),
        [] => None,
    }
}

/// Whether `launch` sums the synaptic input of the neurons that `next` advances, over the same steps.
fn is_input_of(launch: &Launch, next: &Launch) -> bool {
    *launch == Launch { kernel: Kernel::SynapticInputSpikes, ..*next }
        && matches!(next.kernel.definition().cpu, CpuFunction::Neurons(_))
}

/// Runs the kernel of a layer's neurons on up to `context.threads` threads. `input`: launch of their synaptic input,
/// which runs first in each group.
fn step_layer(
    state: &mut SampleState,
    context: &SampleContext,
    input: Option<&PreparedLaunch>,
    neurons: &PreparedLaunch,
    advance: NeuronFunction,
    timer: &mut KernelTimer,
) {
    let SampleContext { constants, replica, spike_tables, minibatch, sample, .. } = *context;
    let (Launch { layer: layer_index, kernel, .. }, params) = (neurons.launch, &neurons.params);
    let SampleState { spikes, window_means, layers, spike_mask, spike_list, times, .. } = state;
    if let Some(input) = input {
        let range = StepRange::new(constants, &input.params, minibatch, sample);
        spike_list[layer_index].build(range, &spike_mask[layer_index], &spikes[layer_index]);
        timer.lap(Kernel::SynapticInputSpikes, 1, times);
    }
    let (spike_list, window_means) = (&spike_list[layer_index], &window_means[layer_index]);
    let weights = &context.replica_state.weights[layer_index];
    let biases = weights.column(params.n_pre as usize);
    let step_context =
        StepContext { constants, replica, spike_tables, params, minibatch, sample, biases };
    let (layer, spike_mask) = (&mut layers[layer_index], &mut spike_mask[layer_index + 1]);
    let count = group_count(params, context.threads);
    // Empty, without groups, unless bursts are drawn from spikes.
    let mut somata = layer.somata.all_tiles().split(count).into_iter();
    let somata = std::iter::from_fn(|| Some(somata.next()));
    let groups = layer
        .synaptic_input
        .all_tiles()
        .split(count)
        .into_iter()
        .zip(layer.compartments.all_tiles().split(count))
        .zip(spikes[layer_index + 1].all_tiles().split(count))
        .zip(spike_mask.reserve_steps(&step_context.steps(), count))
        .zip(somata);
    let is_profiled = timer.is_on();
    let group_times = Mutex::new(KernelTimes::default());
    let step_group =
        |((((mut synaptic_input, mut compartments), mut spikes), spike_mask), somata)| {
            let mut group_timer = KernelTimer::start(is_profiled);
            if let Some(input) = input {
                synaptic_input_spikes(
                    constants,
                    &input.params,
                    minibatch,
                    sample,
                    spike_list,
                    window_means,
                    weights,
                    &mut synaptic_input,
                );
                group_timer.lap_into(Kernel::SynapticInputSpikes, &group_times);
            }
            advance(
                &step_context,
                &mut synaptic_input,
                &mut compartments,
                &mut spikes,
                spike_mask,
                somata,
            );
            group_timer.lap_into(kernel, &group_times);
        };
    for_each_group(groups, context.threads, step_group);
    if is_profiled {
        timer.skip();
        times.merge(&group_times.into_inner().unwrap_or_else(PoisonError::into_inner));
    }
    if minibatch.draws_spikes == 0 {
        spike_mask.clear();
    }
}

/// Returns the number of groups of tiles that a launch steps one after the other, so that their input stays in the cache.
fn group_count(params: &LaunchParams, threads: usize) -> usize {
    match params.step_count {
        // The input of a few steps fits in the cache, so splitting into more groups only adds overhead.
        ..=STEPS_PER_WORD => threads,
        _ => (params.units as usize).div_ceil(NEURONS_PER_GROUP),
    }
}

/// Calls `work` on each group, on up to `threads` threads.
#[inline]
fn for_each_group<G: Send>(
    groups: impl Iterator<Item = G>,
    threads: usize,
    work: impl Fn(G) + Send + Sync,
) {
    if threads == 1 {
        groups.for_each(work);
        return;
    }
    let groups: Vec<G> = groups.collect();
    let each = groups.len().div_ceil(threads);
    groups.into_par_iter().with_min_len(each.max(1)).for_each(work);
}
