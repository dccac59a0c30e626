//! Steps a layer through a block, drive and neurons, a group of tiles at a time. What drives a group is then
//! still in the core's cache when its neurons take it up, and threads that share a layer meet once.

use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use super::block::Block;
use super::drawn::NEURONS;
use super::events::Heard;
use super::spans::Clock;
use super::state::{Inputs, LaneState};
use super::{drive, is_stopped, output, soma};
use crate::layout::{Kernel, KernelTimes, Lane, Launch, Part, STEPS_PER_WORD, Stop};

impl LaneState {
    /// Runs kernels on this lane, the wide ones on up to `threads` threads. Returns whether all ran.
    #[allow(clippy::too_many_arguments)] // what a lane is run with
    pub fn run_all(
        &mut self,
        stop: Option<&Stop>,
        inputs: &Inputs,
        launches: &[(Launch, Part)],
        lane: &Lane,
        image: &[u8],
        threads: usize,
        clock: &mut Clock,
    ) -> bool {
        let mut left = launches;
        while let [(launch, part), others @ ..] = left {
            if is_stopped(stop) {
                return false;
            }
            left = others;
            match others {
                [(neurons, neurons_part), others @ ..] if drives(launch, neurons) => {
                    left = others;
                    let drive = Some(part);
                    self.step_layer(inputs, drive, neurons, neurons_part, lane, threads, clock);
                }
                _ if is_of_neurons(launch) => {
                    self.step_layer(inputs, None, launch, part, lane, threads, clock);
                }
                _ => {
                    let held = self.run(inputs, launch, part, lane, image, threads);
                    clock.read(launch.kernel, held, &mut self.times);
                }
            }
        }
        true
    }

    /// Runs the kernel of a layer's neurons on up to `threads` threads. Before it, where `drive_part` is given,
    /// that of their drive over the same steps.
    #[allow(clippy::too_many_arguments)] // what a lane is run with
    fn step_layer(
        &mut self,
        inputs: &Inputs,
        drive_part: Option<&Part>,
        launch: &Launch,
        part: &Part,
        lane: &Lane,
        threads: usize,
        clock: &mut Clock,
    ) {
        let Inputs { constants, replica, bounds, minibatch, shared } = *inputs;
        let LaneState { spikes, traces, layers, drawn, events, times, .. } = self;
        let index = launch.layer;
        if let Some(drive_part) = drive_part {
            let heard = Heard::new(constants, drive_part, minibatch, lane);
            events[index].ensure(heard, &drawn[index], &spikes[index]);
            clock.read(Kernel::Drive, 1, times);
        }
        let (events, traces, weights) = (&events[index], &traces[index], &shared.weights[index]);
        let biases = weights.column(part.below as usize);
        let block = Block { constants, replica, bounds, part, minibatch, lane, biases };
        let neurons = if launch.kernel == Kernel::Soma { soma::soma } else { output::output };

        let (layer, drawn) = (&mut layers[index], &mut drawn[index + 1]);
        // What drives them through a few steps stays in the cache anyway, and groups have a price.
        let count = match part.steps {
            ..=STEPS_PER_WORD => threads,
            _ => (part.units as usize).div_ceil(NEURONS),
        };
        let drives = layer.drive.span().cut(count).into_iter();
        let compartments = layer.compartments.span().cut(count);
        let spikes = spikes[index + 1].span().cut(count);
        let groups = drives.zip(compartments).zip(spikes).zip(drawn.begin(&block.steps(), count));
        let is_profiled = clock.is_on();
        let of_groups = Mutex::new(KernelTimes::default());
        let step = |(((mut drive, mut compartments), mut spikes), drawn)| {
            let mut clock = Clock::start(is_profiled);
            if let Some(part) = drive_part {
                drive::drive(constants, part, minibatch, lane, events, traces, weights, &mut drive);
                clock.read_into(Kernel::Drive, &of_groups);
            }
            neurons(&block, &mut drive, &mut compartments, &mut spikes, drawn);
            clock.read_into(launch.kernel, &of_groups);
        };
        if threads == 1 {
            groups.for_each(step);
        } else {
            let groups: Vec<_> = groups.collect();
            let each = groups.len().div_ceil(threads);
            groups.into_par_iter().with_min_len(each.max(1)).for_each(step);
        }
        if is_profiled {
            clock.skip();
            times.merge(&of_groups.into_inner().unwrap_or_else(PoisonError::into_inner));
        }
        if minibatch.draws == 0 {
            drawn.forget();
        }
    }
}

fn is_of_neurons(launch: &Launch) -> bool {
    matches!(launch.kernel, Kernel::Soma | Kernel::Output)
}

/// Whether `launch` drives the neurons of `next` through all of its steps.
fn drives(launch: &Launch, next: &Launch) -> bool {
    let drive = Launch { kernel: Kernel::Drive, ..*next };
    is_of_neurons(next) && *launch == drive
}
