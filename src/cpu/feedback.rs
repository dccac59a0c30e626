//! Feedback weights that follow the feed-forward ones: the transpose of the weights of the layer above, times
//! its own feedback weights where both hear the output; and noise, drawn anew for each minibatch.

use super::state::Shared;
use super::tile::WIDTH;
use crate::layout::{Minibatch, Part, Replica};
use crate::model::arithmetic::{SMALLEST_VOLTAGE, flush};
use crate::random::{Purpose, counter_head, normal};

/// Renews the feedback weights of a replica's hidden layer.
pub fn of_replica(
    replica: &Replica,
    minibatch: &Minibatch,
    layer: usize,
    part: &Part,
    shared: &mut Shared,
) {
    let (sources, above) = (part.sources as usize, part.above as usize);
    let weights_above = &shared.weights[layer + 1];
    let (feedback, feedback_above) = shared.feedback.split_at_mut(layer + 1);
    // `[above, sources]`: what all sums over the layer above read in order.
    let mut heard_above = vec![0.0; above * sources];
    if part.hears_above == 0 {
        for source in 0..sources {
            let column = feedback_above[0].column(source);
            for j in 0..above {
                heard_above[j * sources + source] = column[j / WIDTH][j % WIDTH];
            }
        }
    }
    let head = counter_head(Purpose::FeedbackNoise, part.population, minibatch.source);
    let mut weights = vec![0.0; sources];
    for unit in 0..part.units as usize {
        let column = weights_above.column(unit);
        weights.fill(0.0);
        if part.hears_above == 1 {
            for (source, weight) in weights.iter_mut().enumerate() {
                *weight = column[source / WIDTH][source % WIDTH];
            }
        } else {
            for (j, heard) in heard_above.chunks_exact(sources).enumerate() {
                add(&mut weights, column[j / WIDTH][j % WIDTH], heard);
            }
        }
        for (source, weight) in weights.iter_mut().enumerate() {
            if replica.feedback_noise != 0.0 {
                let counter = [head, minibatch.update, unit as u32, 3 * source as u32];
                *weight += replica.feedback_noise * normal(counter, replica.seed);
            }
            let place = &mut feedback[layer].column_mut(source)[unit / WIDTH];
            place[unit % WIDTH] = flush(*weight, SMALLEST_VOLTAGE);
        }
    }
}

/// Adds `factor` times `values` to `sums`.
fn add(sums: &mut [f32], factor: f32, values: &[f32]) {
    for (sum, value) in sums.iter_mut().zip(values) {
        *sum += factor * value;
    }
}
