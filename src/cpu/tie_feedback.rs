//! Computes symmetric feedback weights: the transpose of the next layer's weights and, with broadcast feedback, times
//! the next layer's feedback weights. Each transpose has its own noise, drawn anew per minibatch.

use super::state::ReplicaState;
use super::tiled::LANES;
use crate::interface::{BatchParams, LaunchParams, ReplicaParams};
use crate::model::exact_math::flush_weight;
use crate::random::{RngStream, Split, approx_normal, counter0};

/// Recomputes the feedback weights of a replica's hidden layer, or continues the sums over the next layer.
pub fn run(
    replica: &ReplicaParams,
    minibatch: &BatchParams,
    layer: usize,
    part: &LaunchParams,
    replica_state: &mut ReplicaState,
) {
    let sources = part.n_feedback as usize;
    let above =
        part.first_step as usize..(part.first_step + part.step_count).min(part.n_next) as usize;
    let weights_above = &replica_state.weights[layer + 1];
    let (feedback, feedback_above) = replica_state.feedback.split_at_mut(layer + 1);
    // Feedback weights of the next layer, `[n_next, n_feedback]`, in the order of the sums.
    let mut feedback_rows = vec![0.0; above.len() * sources];
    if part.feedback_is_next_layer == 0 {
        for source in 0..sources {
            let column = feedback_above[0].column(source);
            for (row, j) in feedback_rows.chunks_exact_mut(sources).zip(above.clone()) {
                row[source] = column[j / LANES][j % LANES];
            }
        }
    }
    // A test uses the noise of the training minibatch after it.
    let word0 = counter0(RngStream::FeedbackNoise, part.population, Split::Training as u32);
    let mut weights = vec![0.0; sources];
    for unit in 0..part.units as usize {
        let column = weights_above.column(unit);
        let factor = |above: usize| {
            let weight = column[above / LANES][above % LANES];
            if replica.feedback_noise_sd == 0.0 {
                return weight;
            }
            let counter = [word0, minibatch.update_index, unit as u32, 3 * above as u32];
            flush_weight(weight + replica.feedback_noise_sd * approx_normal(counter, replica.seed))
        };
        let place = |source: usize| (source, unit / LANES, unit % LANES);
        for (source, weight) in weights.iter_mut().enumerate() {
            let (column, tile, i) = place(source);
            *weight = if part.feedback_is_next_layer == 1 {
                factor(source)
            } else if part.first_step == 0 {
                0.0
            } else {
                feedback[layer].column(column)[tile][i]
            };
        }
        if part.feedback_is_next_layer == 0 {
            for (row, j) in feedback_rows.chunks_exact(sources).zip(above.clone()) {
                add(&mut weights, factor(j), row);
            }
        }
        for (source, weight) in weights.iter().enumerate() {
            let (column, tile, i) = place(source);
            feedback[layer].column_mut(column)[tile][i] = flush_weight(*weight);
        }
    }
}

/// Adds `factor * values` to `sums`.
fn add(sums: &mut [f32], factor: f32, values: &[f32]) {
    for (sum, value) in sums.iter_mut().zip(values) {
        *sum += factor * value;
    }
}
