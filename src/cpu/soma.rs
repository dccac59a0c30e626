//! Steps hidden neurons: basal voltage from the filtered drive, soma by forward Euler, spikes.
//!
//! `B = kappa * (W n) + b`; `C += -g_L C + g_B (B - C) + g_A (A - C)`.

use multiversion::multiversion;
use multiversion::target::match_target;

use super::block::{Block, Neurons, go_through};
use super::drawn::DrawnPart;
use super::events::words_of;
use super::filter::{arriving, keep_history};
use super::neuron::WORD;
use super::tile::{Span, Tile, WIDTH};
use super::vectors::{Portable, Vectors};
use super::window::Window;
use crate::layout::compartment::{APICAL, BASAL, MEAN_RATE, MEAN_SOMA, SOMA};
use crate::model::exact_math::{Float, SMALLEST_VOLTAGE};

/// `drive`: `[history + block, units]`; `compartments`: `[5, units]`; `spikes`: this layer's,
/// `[past words + words, units]`; `drawn`: the same of the block's steps, for which it has room.
#[multiversion(targets = "simd")]
pub fn soma(
    block: &Block,
    drive: &mut Span<f32>,
    compartments: &mut Span<f32>,
    spikes: &mut Span<u32>,
    drawn: DrawnPart,
) {
    let hidden = Hidden(block);
    match_target! {
        "x86_64+avx512f" => go_through::<super::avx512::Avx512>(
            block, &hidden, drive, compartments, spikes, drawn
        ),
        _ => go_through::<Portable>(block, &hidden, drive, compartments, spikes, drawn),
    }
}

struct Hidden<'a>(&'a Block<'a>);

impl Neurons for Hidden<'_> {
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
        }
        let forward = Window::forward(lane);
        let float = V::Floats::splat;
        let from_apical = float(replica.hidden_apical) * V::floats(&compartments[APICAL]);
        let bias = V::floats(&biases[tile]);
        let mut basal = V::floats(&compartments[BASAL]);
        let mut voltage = V::floats(&compartments[SOMA]);
        let mut mean = V::floats(&compartments[MEAN_SOMA]);

        for (_, of_word) in words_of(&steps) {
            let row = (of_word.start - steps.start) as usize;
            let of_block = (of_word.start - part.block_first) as usize;
            // Not in a closure: compilers leave a larger one out of line, without the vectors of the machine.
            // Nearly all words are whole: their number of steps is known to the compiler.
            let from = [bias, from_apical];
            let (last_basal, voltages) = if of_word.len() == WORD {
                euler::<V>(self.0, drive, of_block, WORD, from, voltage)
            } else {
                euler::<V>(self.0, drive, of_block, of_word.len(), from, voltage)
            };
            basal = last_basal;
            voltage = voltages[of_word.len() - 1];
            forward.add::<V>(&of_word, &voltages, &mut mean);
            let soma = &mut soma[row..][..of_word.len()];
            for step in 0..of_word.len() {
                V::store_floats(voltages[step], &mut soma[step]);
            }
        }

        V::store_floats(basal, &mut compartments[BASAL]);
        V::store_floats(voltage, &mut compartments[SOMA]);
        V::store_floats(mean, &mut compartments[MEAN_SOMA]);
        if part.sends_rates == 0 && part.ends_block(lane) {
            keep_history(constants, drive, (steps.end - part.block_first) as usize);
        }
    }
}

/// The somatic voltages of `count` steps from `row` of the block on, and the basal voltage of the last.
#[inline(always)]
fn euler<V: Vectors>(
    block: &Block,
    drive: &mut [Tile<f32>],
    row: usize,
    count: usize,
    [bias, from_apical]: [V::Floats; 2],
    mut soma: V::Floats,
) -> (V::Floats, [V::Floats; WORD]) {
    let float = V::Floats::splat;
    let &Block { constants, replica, part, .. } = block;
    let mut voltages = arriving::<V>(constants, part, drive, row, count);
    let mut basal = float(0.0);
    for voltage in &mut voltages[..count] {
        basal = *voltage + bias;
        let taken_up = float(replica.hidden_input) * basal + from_apical;
        soma = V::flush(float(replica.hidden_decay) * soma + taken_up, SMALLEST_VOLTAGE);
        *voltage = soma;
    }
    (basal, voltages)
}
