//! Steps output neurons: dendrite from the filtered drive, soma by forward Euler under the teaching
//! current of the target phase, rate, spikes.
//!
//! `B = kappa * (W n) + b`; `C += -g_L C + g_D (B - C) + I`, `I = g_E (E_E - C) + g_I (E_I - C)`.

use multiversion::multiversion;
use multiversion::target::match_target;

use super::events::{Events, words_of};
use super::filter::{filtered, flushed, keep_history};
use super::neuron::SpikeTile;
use super::tile::{Span, Tile, WIDTH};
use super::vectors::{Portable, Vectors};
use crate::layout::compartment::{BASAL, MEAN_RATE, MEAN_SOMA, SOMA};
use crate::layout::{Constants, Lane, Minibatch, Part, Replica, STEPS_PER_WORD};
use crate::model::arithmetic::{Float, sigmoid};

/// Shapes as in [`super::soma::soma`].
#[multiversion(targets = "simd")]
#[allow(clippy::too_many_arguments)] // one for each binding of the shader
pub fn output(
    constants: &Constants,
    replica: &Replica,
    part: &Part,
    minibatch: &Minibatch,
    lane: &Lane,
    biases: &[Tile<f32>],
    drive: &mut Span<f32>,
    compartments: &mut Span<f32>,
    spikes: &mut Span<u32>,
    events: &mut Events,
) {
    let first = drive.first;
    let tiles = drive.each_mut().zip(compartments.each_mut()).zip(spikes.each_mut());
    for (index, ((drive, compartments), spikes)) in tiles.enumerate() {
        let tile = first + index;
        let drawn = SpikeTile::new(constants, replica, part, minibatch, lane, tile);
        let bias = &biases[tile];
        let teaching: [f32; WIDTH] = std::array::from_fn(|i| {
            let is_target = (tile * WIDTH + i) as u32 / constants.group == lane.label;
            if is_target { constants.teaching_excitation } else { constants.teaching_inhibition }
        });
        match_target! {
            "x86_64+avx512f" => step::<super::avx512::Avx512>(
                constants, replica, part, minibatch, lane, &drawn, bias, &teaching, drive, compartments,
                spikes, events
            ),
            _ => step::<Portable>(
                constants, replica, part, minibatch, lane, &drawn, bias, &teaching, drive, compartments,
                spikes, events
            ),
        }
    }
}

/// Steps one tile through the block.
#[inline(always)]
#[allow(clippy::too_many_arguments)]
fn step<V: Vectors>(
    constants: &Constants,
    replica: &Replica,
    part: &Part,
    minibatch: &Minibatch,
    lane: &Lane,
    drawn: &SpikeTile,
    bias: &Tile<f32>,
    teaching: &[f32; WIDTH],
    drive: &mut [Tile<f32>],
    compartments: &mut [Tile<f32>],
    spikes: &mut [Tile<u32>],
    events: &mut Events,
) {
    let end = lane.steps().min(part.first + part.steps);
    if end <= part.first {
        return;
    }
    if part.first == 0 {
        if minibatch.fresh == 1 {
            compartments.fill(Tile([0.0; WIDTH]));
        }
        compartments[MEAN_SOMA] = Tile([0.0; WIDTH]);
        compartments[MEAN_RATE] = Tile([0.0; WIDTH]);
    }
    let window = lane.steps_forward - lane.window_forward..lane.steps_forward;
    let target_window = lane.steps() - lane.window_target..lane.steps();
    let float = V::Floats::of;
    let bias = V::floats(bias);
    let teaching = V::floats(teaching);
    let mut basal = V::floats(&compartments[BASAL]);
    let mut soma = V::floats(&compartments[SOMA]);
    let mut mean = V::floats(&compartments[MEAN_SOMA]);
    let mut mean_rate = V::floats(&compartments[MEAN_RATE]);

    // Of the dendrite, then of the soma, at each step of a word.
    let mut voltages = [float(0.0); STEPS_PER_WORD as usize];
    for (_, steps) in words_of(&(part.first..end)) {
        let rows = steps.start - part.block_first..steps.end - part.block_first;
        filtered::<V>(constants, drive, rows, &mut voltages);
        for (voltage, step) in voltages.iter_mut().zip(steps.clone()) {
            basal = *voltage + bias;
            let before = flushed::<V>(soma, step);
            let is_taught = step >= lane.steps_forward;
            let (decay, current) = if is_taught {
                (constants.teaching_decay, teaching)
            } else {
                (constants.output_decay, float(0.0))
            };
            let taken_up = float(constants.output_input) * basal + current;
            soma = float(decay) * before + taken_up;
            *voltage = soma;
            if window.contains(&step) {
                mean = mean + soma;
            }
            if step + 1 == lane.steps_forward {
                mean = mean * float(lane.inverse_window_forward);
            }
            if target_window.contains(&step) {
                mean_rate = mean_rate + float(replica.phi_max) * sigmoid(soma);
            }
            if is_taught && step + 1 == lane.steps() {
                mean_rate = mean_rate * float(lane.inverse_window_target);
            }
        }
        if minibatch.draws == 1 {
            drawn.draw::<V>(steps, &voltages, spikes, events);
        }
    }

    V::store_floats(basal, &mut compartments[BASAL]);
    V::store_floats(soma, &mut compartments[SOMA]);
    V::store_floats(mean, &mut compartments[MEAN_SOMA]);
    V::store_floats(mean_rate, &mut compartments[MEAN_RATE]);
    if part.ends_block(lane) {
        keep_history(constants, drive, (end - part.block_first) as usize);
    }
}
