//! Writes the input rates of an image: `phi_max * pixel` at every step.

use super::tiled::TiledArray;
use crate::interface::{LaunchParams, RATE_HISTORY, Sample};

/// `input_rates`: `[256]`; `image`: pixels, `[units]`; `rates`: `[1 + steps, units]`.
pub fn encode_rates(
    part: &LaunchParams,
    lane: &Sample,
    input_rates: &[f32],
    image: &[u8],
    rates: &mut TiledArray<f32>,
) {
    let steps = part.first_step..lane.steps().min(part.first_step + part.step_count);
    for (unit, &level) in image.iter().enumerate() {
        let rate = input_rates[usize::from(level)];
        for step in steps.clone() {
            rates.set((RATE_HISTORY + step) as usize, unit, rate);
        }
    }
}
