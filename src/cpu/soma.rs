//! Steps hidden neurons: basal voltage from the filtered drive, soma by forward Euler, spikes.
//!
//! `B = kappa * (W n) + b`; `C += -g_L C + g_B (B - C) + g_A (A - C)`.

use multiversion::multiversion;
use multiversion::target::match_target;

use super::events::{Events, words_of};
use super::filter::{filtered, flushed, keep_history};
use super::neuron::SpikeTile;
use super::tile::{Span, Tile, WIDTH};
use super::vectors::{Portable, Vectors};
use crate::layout::compartment::{APICAL, BASAL, MEAN_SOMA, SOMA};
use crate::layout::{Constants, Lane, Minibatch, Part, Replica, STEPS_PER_WORD};
use crate::model::arithmetic::Float;

/// `biases`: `[units]`, the last column of the shader's weights; `drive`: `[history + block,
/// units]`; `compartments`: `[5, units]`; `spikes`: this layer's, `[past words + words, units]`;
/// `events`: lists of the same, which are begun.
#[multiversion(targets = "simd")]
#[allow(clippy::too_many_arguments)] // one for each binding of the shader
pub fn soma(
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
        match_target! {
            "x86_64+avx512f" => step::<super::avx512::Avx512>(
                constants, replica, part, minibatch, lane, &drawn, bias, drive, compartments, spikes, events
            ),
            _ => step::<Portable>(
                constants, replica, part, minibatch, lane, &drawn, bias, drive, compartments, spikes, events
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
    }
    let window = lane.steps_forward - lane.window_forward..lane.steps_forward;
    let float = V::Floats::of;
    let from_apical = float(replica.hidden_apical) * V::floats(&compartments[APICAL]);
    let bias = V::floats(bias);
    let mut basal = V::floats(&compartments[BASAL]);
    let mut soma = V::floats(&compartments[SOMA]);
    let mut mean = V::floats(&compartments[MEAN_SOMA]);

    // Of the dendrite, then of the soma, at each step of a word.
    let mut voltages = [float(0.0); STEPS_PER_WORD as usize];
    for (_, steps) in words_of(&(part.first..end)) {
        let rows = steps.start - part.block_first..steps.end - part.block_first;
        filtered::<V>(constants, drive, rows, &mut voltages);
        for (voltage, step) in voltages.iter_mut().zip(steps.clone()) {
            basal = *voltage + bias;
            let taken_up = float(replica.hidden_input) * basal + from_apical;
            soma = float(replica.hidden_decay) * flushed::<V>(soma, step) + taken_up;
            *voltage = soma;
            if window.contains(&step) {
                mean = mean + soma;
            }
            if step + 1 == lane.steps_forward {
                mean = mean * float(lane.inverse_window_forward);
            }
        }
        if minibatch.draws == 1 {
            drawn.draw::<V>(steps, &voltages, spikes, events);
        }
    }

    V::store_floats(basal, &mut compartments[BASAL]);
    V::store_floats(soma, &mut compartments[SOMA]);
    V::store_floats(mean, &mut compartments[MEAN_SOMA]);
    if part.ends_block(lane) {
        keep_history(constants, drive, (end - part.block_first) as usize);
    }
}
