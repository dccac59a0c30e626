//! Steps output neurons: dendrite from the filtered drive, soma by forward Euler under the teaching
//! current of the target phase, rate, spikes.
//!
//! `B = kappa * (W n) + b`; `C += -g_L C + g_D (B - C) + I`, `I = g_E (E_E - C) + g_I (E_I - C)`.

use multiversion::multiversion;
use multiversion::target::match_target;

use super::block::{Block, Neurons, go_through};
use super::drawn::DrawnPart;
use super::events::words_of;
use super::filter::{arriving, keep_history};
use super::tile::{Span, Tile, WIDTH};
use super::vectors::{Portable, Vectors};
use super::window::Window;
use crate::layout::compartment::{BASAL, MEAN_RATE, MEAN_SOMA, SOMA};
use crate::model::exact_math::{Float, SMALLEST_VOLTAGE, sigmoid};

/// Shapes as in [`super::soma::soma`].
#[multiversion(targets = "simd")]
pub fn output(
    block: &Block,
    drive: &mut Span<f32>,
    compartments: &mut Span<f32>,
    spikes: &mut Span<u32>,
    drawn: DrawnPart,
) {
    let output = Output(block);
    match_target! {
        "x86_64+avx512f" => go_through::<super::avx512::Avx512>(
            block, &output, drive, compartments, spikes, drawn
        ),
        _ => go_through::<Portable>(block, &output, drive, compartments, spikes, drawn),
    }
}

struct Output<'a>(&'a Block<'a>);

impl Output<'_> {
    /// The teaching current `g E` of each neuron of a tile.
    #[inline(always)]
    fn teaching(&self, tile: usize) -> [f32; WIDTH] {
        let Block { constants, lane, .. } = self.0;
        let mut teaching = [constants.teaching_inhibition; WIDTH];
        for (i, current) in teaching.iter_mut().enumerate() {
            if (tile * WIDTH + i) as u32 / constants.group == lane.label {
                *current = constants.teaching_excitation;
            }
        }
        teaching
    }
}

impl Neurons for Output<'_> {
    #[inline(always)]
    fn step<V: Vectors>(
        &self,
        tile: usize,
        drive: &mut [Tile<f32>],
        compartments: &mut [Tile<f32>],
        soma: &mut [Tile<f32>],
    ) {
        let &Block { constants, replica, part, minibatch, lane, biases, .. } = self.0;
        let steps = self.0.steps();
        if steps.start == 0 {
            if minibatch.fresh == 1 {
                // The apical voltage is set before, see `apical`.
                for row in [BASAL, SOMA, MEAN_RATE] {
                    compartments[row] = Tile([0.0; WIDTH]);
                }
            }
            compartments[MEAN_SOMA] = Tile([0.0; WIDTH]);
            compartments[MEAN_RATE] = Tile([0.0; WIDTH]);
        }
        let (forward, target) = (Window::forward(lane), Window::target(lane));
        let float = V::Floats::splat;
        let bias = V::floats(&biases[tile]);
        let teaching = V::floats(&self.teaching(tile));
        let mut basal = V::floats(&compartments[BASAL]);
        let mut voltage = V::floats(&compartments[SOMA]);
        let mut mean = V::floats(&compartments[MEAN_SOMA]);
        let mut mean_rate = V::floats(&compartments[MEAN_RATE]);

        for (_, of_word) in words_of(&steps) {
            let row = (of_word.start - steps.start) as usize;
            let of_block = (of_word.start - part.block_first) as usize;
            // Of the dendrite, then of the soma.
            let mut voltages = arriving::<V>(constants, part, drive, of_block, of_word.len());
            for (filtered, step) in voltages.iter_mut().zip(of_word.clone()) {
                basal = *filtered + bias;
                let (decay, input, current) = if step >= lane.steps_forward {
                    (constants.teaching_decay, constants.teaching_input, teaching)
                } else {
                    (constants.output_decay, constants.output_input, float(0.0))
                };
                let taken_up = float(input) * basal + current;
                voltage = V::flush(float(decay) * voltage + taken_up, SMALLEST_VOLTAGE);
                *filtered = voltage;
            }
            forward.add::<V>(&of_word, &voltages, &mut mean);
            if target.meets(&of_word) {
                let mut rates = voltages;
                for rate in &mut rates {
                    *rate = float(replica.phi_max) * sigmoid(*rate);
                }
                target.add::<V>(&of_word, &rates, &mut mean_rate);
            }
            for (voltage, soma) in voltages.iter().zip(&mut soma[row..]) {
                V::store_floats(*voltage, soma);
            }
        }

        V::store_floats(basal, &mut compartments[BASAL]);
        V::store_floats(voltage, &mut compartments[SOMA]);
        V::store_floats(mean, &mut compartments[MEAN_SOMA]);
        V::store_floats(mean_rate, &mut compartments[MEAN_RATE]);
        if part.sends_rates == 0 && part.ends_block(lane) {
            keep_history(constants, drive, (steps.end - part.block_first) as usize);
        }
    }
}
