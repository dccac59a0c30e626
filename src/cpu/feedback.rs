//! Feedback weights that follow the feed-forward ones: the transpose of the weights of the layer above, times its own
//! feedback weights if both hear the output. Each transpose has noise of its own, drawn anew per minibatch.

use super::state::Shared;
use super::tile::WIDTH;
use crate::layout::{Minibatch, Part, Replica};
use crate::model::exact_math::flush_weight;
use crate::random::{RngStream, Split, approx_normal, counter0};

/// Renews the feedback weights of a replica's hidden layer, or continues sums over the layer above.
pub fn of_replica(
    replica: &Replica,
    minibatch: &Minibatch,
    layer: usize,
    part: &Part,
    shared: &mut Shared,
) {
    let sources = part.sources as usize;
    let above = part.first as usize..(part.first + part.steps).min(part.above) as usize;
    let weights_above = &shared.weights[layer + 1];
    let (feedback, feedback_above) = shared.feedback.split_at_mut(layer + 1);
    // `[above, sources]`: what all sums over the layer above read in order.
    let mut heard_above = vec![0.0; above.len() * sources];
    if part.hears_above == 0 {
        for source in 0..sources {
            let column = feedback_above[0].column(source);
            for (heard, j) in heard_above.chunks_exact_mut(sources).zip(above.clone()) {
                heard[source] = column[j / WIDTH][j % WIDTH];
            }
        }
    }
    // A test uses the noise of the training minibatch that follows it.
    let head = counter0(RngStream::FeedbackNoise, part.population, Split::Training as u32);
    let mut weights = vec![0.0; sources];
    for unit in 0..part.units as usize {
        let column = weights_above.column(unit);
        let factor = |above: usize| {
            let weight = column[above / WIDTH][above % WIDTH];
            if replica.feedback_noise == 0.0 {
                return weight;
            }
            let counter = [head, minibatch.update, unit as u32, 3 * above as u32];
            flush_weight(weight + replica.feedback_noise * approx_normal(counter, replica.seed))
        };
        let place = |source: usize| (source, unit / WIDTH, unit % WIDTH);
        for (source, weight) in weights.iter_mut().enumerate() {
            let (column, tile, i) = place(source);
            *weight = if part.hears_above == 1 {
                factor(source)
            } else if part.first == 0 {
                0.0
            } else {
                feedback[layer].column(column)[tile][i]
            };
        }
        if part.hears_above == 0 {
            for (heard, j) in heard_above.chunks_exact(sources).zip(above.clone()) {
                add(&mut weights, factor(j), heard);
            }
        }
        for (source, weight) in weights.iter().enumerate() {
            let (column, tile, i) = place(source);
            feedback[layer].column_mut(column)[tile][i] = flush_weight(*weight);
        }
    }
}

/// Adds `factor` times `values` to `sums`.
fn add(sums: &mut [f32], factor: f32, values: &[f32]) {
    for (sum, value) in sums.iter_mut().zip(values) {
        *sum += factor * value;
    }
}
