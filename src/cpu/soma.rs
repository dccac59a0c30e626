//! Steps hidden neurons: basal voltage from the filtered drive, soma by forward Euler, spikes.
//!
//! `B = kappa * (W n) + b`; `C += -g_L C + g_B (B - C) + g_A (A - C)`.

use multiversion::multiversion;

use super::events::words_of;
use super::filter::{filtered, keep_history};
use super::neuron::{SpikeTile, flushed};
use super::tile::{Tile, WIDTH, load, store};
use crate::layout::compartment::{APICAL, BASAL, MEAN_SOMA, SOMA};
use crate::layout::{Constants, Lane, Minibatch, Part, Replica, STEPS_PER_WORD};

/// `biases`: `[units]`, the last column of the shader's weights; `drive`: `[history + block,
/// units]`; `compartments`: `[5, units]`; `spikes`: this layer's, `[words, units]`.
#[multiversion(targets = "simd")]
#[allow(clippy::too_many_arguments)] // one for each binding of the shader
pub fn soma(
    constants: &Constants,
    replica: &Replica,
    part: &Part,
    minibatch: &Minibatch,
    lane: &Lane,
    biases: &[f32],
    drive: &mut [f32],
    compartments: &mut [f32],
    spikes: &mut [u32],
) {
    let units = part.units as usize;
    let end = lane.steps().min(part.first + part.steps);
    if end <= part.first {
        return;
    }
    let is_first = part.first == 0;
    if is_first && minibatch.fresh == 1 {
        compartments.fill(0.0);
    }
    if is_first {
        compartments[MEAN_SOMA * units..][..units].fill(0.0);
    }
    let window = lane.steps_forward - lane.window_forward..lane.steps_forward;

    for start in (0..units).step_by(WIDTH) {
        let bias: Tile<f32> = load(biases, start);
        let row = |row: usize| load(&compartments[row * units..][..units], start);
        let from_apical = row(APICAL).map(|voltage| replica.hidden_apical * voltage);
        let mut basal = row(BASAL);
        let mut soma = row(SOMA);
        let mut mean = row(MEAN_SOMA);
        let drawn = SpikeTile::new(constants, replica, part, minibatch, lane, start);

        for (_, steps) in words_of(&(part.first..end)) {
            let rows = steps.start - part.first..steps.end - part.first;
            let mut voltages = filtered(constants, units, drive, rows, start);
            if steps.start.is_multiple_of(STEPS_PER_WORD) {
                soma = flushed(&soma);
            }
            for (voltage, step) in voltages.iter_mut().zip(steps.clone()) {
                for i in 0..WIDTH {
                    basal[i] = voltage[i] + bias[i];
                    let taken_up = replica.hidden_input * basal[i] + from_apical[i];
                    soma[i] = replica.hidden_decay * soma[i] + taken_up;
                }
                *voltage = soma;
                if window.contains(&step) {
                    for i in 0..WIDTH {
                        mean[i] += soma[i];
                    }
                }
                if step + 1 == lane.steps_forward {
                    mean = mean.map(|sum| sum * lane.inverse_window_forward);
                }
            }
            if minibatch.draws == 1 {
                drawn.draw_word(steps, &voltages, spikes);
            }
        }

        for (row, tile) in [(BASAL, &basal), (SOMA, &soma), (MEAN_SOMA, &mean)] {
            store(&mut compartments[row * units..][..units], start, tile);
        }
    }
    keep_history(constants, units, drive, (end - part.first) as usize);
}
