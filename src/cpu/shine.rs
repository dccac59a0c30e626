//! Turns an image into rates: `phi_max * pixel` at every step.

use super::tile::Tiled;
use crate::layout::{Constants, Lane, Part};

/// `input_rates`: `[256]`; `image`: bytes, `[units]`; `rates`: `[history + steps, units]`.
pub fn shine(
    constants: &Constants,
    part: &Part,
    lane: &Lane,
    input_rates: &[f32],
    image: &[u8],
    rates: &mut Tiled<f32>,
) {
    let steps = part.first..lane.steps().min(part.first + part.steps);
    for (unit, &level) in image.iter().enumerate() {
        let rate = input_rates[usize::from(level)];
        for step in steps.clone() {
            rates.set((constants.history + step) as usize, unit, rate);
        }
    }
}
