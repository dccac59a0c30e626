//! Steps output neurons: dendrite from the filtered drive, soma by forward Euler under the teaching
//! current of the target phase, rate, spikes.
//!
//! `B = kappa * (W n) + b`; `C += -g_L C + g_D (B - C) + I`, `I = g_E (E_E - C) + g_I (E_I - C)`.

use multiversion::multiversion;

use super::events::words_of;
use super::filter::{filtered, keep_history};
use super::neuron::{SpikeTile, flushed};
use super::tile::{Tile, WIDTH, load, store};
use crate::layout::compartment::{BASAL, MEAN_RATE, MEAN_SOMA, SOMA};
use crate::layout::{Constants, Lane, Minibatch, Part, Replica, STEPS_PER_WORD};
use crate::model::arithmetic::sigmoid;

/// Shapes as in [`super::soma::soma`].
#[multiversion(targets = "simd")]
#[allow(clippy::too_many_arguments)] // one for each binding of the shader
pub fn output(
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
        compartments[MEAN_RATE * units..][..units].fill(0.0);
    }
    let window = lane.steps_forward - lane.window_forward..lane.steps_forward;
    let target_window = lane.steps() - lane.window_target..lane.steps();

    for start in (0..units).step_by(WIDTH) {
        let bias: Tile<f32> = load(biases, start);
        let row = |row: usize| load(&compartments[row * units..][..units], start);
        let mut basal = row(BASAL);
        let mut soma = row(SOMA);
        let mut mean = row(MEAN_SOMA);
        let mut mean_rate = row(MEAN_RATE);
        let drawn = SpikeTile::new(constants, replica, part, minibatch, lane, start);
        let current: [f32; WIDTH] = std::array::from_fn(|i| {
            let is_target = (start + i) as u32 / constants.group == lane.label;
            if is_target { constants.teaching_excitation } else { constants.teaching_inhibition }
        });

        for (_, steps) in words_of(&(part.first..end)) {
            let rows = steps.start - part.first..steps.end - part.first;
            let mut voltages = filtered(constants, units, drive, rows, start);
            if steps.start.is_multiple_of(STEPS_PER_WORD) {
                soma = flushed(&soma);
            }
            for (voltage, step) in voltages.iter_mut().zip(steps.clone()) {
                let is_taught = step >= lane.steps_forward;
                let decay =
                    if is_taught { constants.teaching_decay } else { constants.output_decay };
                for i in 0..WIDTH {
                    basal[i] = voltage[i] + bias[i];
                    let current = if is_taught { current[i] } else { 0.0 };
                    let taken_up = constants.output_input * basal[i] + current;
                    soma[i] = decay * soma[i] + taken_up;
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
                if target_window.contains(&step) {
                    for i in 0..WIDTH {
                        mean_rate[i] += replica.phi_max * sigmoid(soma[i]);
                    }
                }
                if is_taught && step + 1 == lane.steps() {
                    mean_rate = mean_rate.map(|sum| sum * lane.inverse_window_target);
                }
            }
            if minibatch.draws == 1 {
                drawn.draw_word(steps, &voltages, spikes);
            }
        }

        let rows = [(BASAL, &basal), (SOMA, &soma), (MEAN_SOMA, &mean), (MEAN_RATE, &mean_rate)];
        for (row, tile) in rows {
            store(&mut compartments[row * units..][..units], start, tile);
        }
    }
    keep_history(constants, units, drive, (end - part.first) as usize);
}
