//! Draws the input's spikes from an image: counts with mean `phi_max * pixel`.

use multiversion::multiversion;

use super::tile::{Tile, WIDTH, load};
use crate::layout::{COUNT_BITS, Constants, Lane, Minibatch, Part, Replica, STEPS_PER_WORD};
use crate::model::spikes::THRESHOLDS;
use crate::random::{Purpose, counter_head, philox_units};

/// `thresholds`: `[256, 16]`; `image`: bytes `[units]`; `spikes`: `[past words + words,
/// units]`.
#[multiversion(targets = "simd")]
#[allow(clippy::too_many_arguments)] // one for each binding of the shader
pub fn input(
    constants: &Constants,
    replica: &Replica,
    part: &Part,
    minibatch: &Minibatch,
    lane: &Lane,
    thresholds: &[u32],
    image: &[u8],
    spikes: &mut [u32],
) {
    if minibatch.draws == 0 {
        return;
    }
    let units = part.units as usize;
    let spikes = &mut spikes[constants.past_words as usize * units..];
    let steps = lane.steps().min(part.first + part.steps);
    let head = counter_head(Purpose::Spikes, 0, minibatch.source);

    let words = (part.first / STEPS_PER_WORD) as usize..steps.div_ceil(STEPS_PER_WORD) as usize;
    spikes[words.start * units..words.end * units].fill(0);

    // Black pixels never spike; the others are drawn a tile at a time.
    let lit: Vec<u32> = (0..part.units).filter(|&unit| image[unit as usize] > 0).collect();
    for tile_units in lit.chunks(WIDTH) {
        let pixels: Tile<u32> = load(tile_units, 0);
        let mut limits = [[0; WIDTH]; THRESHOLDS - 1];
        for (i, &unit) in tile_units.iter().enumerate() {
            let level = usize::from(image[unit as usize]) * THRESHOLDS;
            for (k, limit) in limits.iter_mut().enumerate() {
                limit[i] = thresholds[level + k];
            }
        }

        for word in words.clone() {
            let mut counts = [0; WIDTH];
            for quad in 0..STEPS_PER_WORD / 4 {
                let index = word as u32 * (STEPS_PER_WORD / 4) + quad;
                let random = philox_units(head, lane.position, &pixels, index, replica.seed);
                for (step, draws) in random.iter().enumerate() {
                    let shift = COUNT_BITS * (4 * quad + step as u32);
                    // Thresholds fall, so most tiles are done after the first or the second.
                    for limit in &limits {
                        let mut any = 0;
                        for i in 0..WIDTH {
                            let more = u32::from(draws[i] < limit[i]);
                            counts[i] += more << shift;
                            any |= more;
                        }
                        if any == 0 {
                            break;
                        }
                    }
                }
            }
            let beyond = (word as u32 + 1) * STEPS_PER_WORD;
            let counts = counts.map(|count| count & in_trial(beyond, steps));
            for (i, &unit) in tile_units.iter().enumerate() {
                spikes[word * units + unit as usize] = counts[i];
            }
        }
    }
}

/// Mask of the counts in a word that ends before step `beyond`, for an image of `steps` steps.
#[inline(always)]
fn in_trial(beyond: u32, steps: u32) -> u32 {
    u32::MAX >> (COUNT_BITS * beyond.saturating_sub(steps))
}
