//! Writes the input rates of an image: `phi_max * pixel` at every step.

use super::tiled::TiledArray;
use crate::interface::{Lane, Part, RATE_HISTORY};

/// `input_rates`: `[256]`; `image`: pixels, `[units]`; `rates`: `[1 + steps, units]`.
pub fn encode_rates(
    part: &Part,
    lane: &Lane,
    input_rates: &[f32],
    image: &[u8],
    rates: &mut TiledArray<f32>,
) {
    let steps = part.first..lane.steps().min(part.first + part.steps);
    for (unit, &level) in image.iter().enumerate() {
        let rate = input_rates[usize::from(level)];
        for step in steps.clone() {
            rates.set((RATE_HISTORY + step) as usize, unit, rate);
        }
    }
}
