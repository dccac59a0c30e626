//! Construction of the parameters of a launch.

use bytemuck::Zeroable;

use super::definition::Columns;
use crate::interface::{Launch, LaunchParams, Shape};

impl LaunchParams {
    /// Returns the parameters of a launch on networks of a shape, with all columns bound.
    pub fn new(launch: &Launch, shape: &Shape) -> Self {
        let layer = launch.layer;
        let is_population = launch.kernel.takes_population();
        let population = if is_population { layer } else { layer + 1 };
        let columns = launch.columns();
        // Feedback is summed one step at a time.
        let block = match columns {
            Columns::Feedback | Columns::ApicalBiases => 1,
            _ => shape.block_len(layer),
        };
        let n_pre = if population == 0 { 0 } else { shape.populations[population - 1] as u32 };
        let [n_feedback, feedback_columns] = match is_population {
            true => [0, 0],
            false => [shape.n_feedback(layer), shape.feedback_columns(layer)].map(|n| n as u32),
        };
        let range = [launch.first, launch.count];
        let ([first_step, step_count], [first_next, next_count]) =
            if launch.kernel.takes_steps() { (range, [0, 0]) } else { ([0, 0], range) };
        LaunchParams {
            units: shape.populations[population] as u32,
            n_pre,
            n_feedback,
            population: population as u32,
            first_step,
            step_count,
            block_len: block,
            block_start: first_step - first_step % block,
            is_output: u32::from(population == shape.layers()),
            keeps_gradient: u32::from(shape.keeps_gradient),
            feeds_back_spikes: u32::from(
                shape.feeds_back(population) && !shape.model.feedback_is_rates(),
            ),
            feeds_back_rates: u32::from(
                shape.feeds_back(population) && shape.model.feedback_is_rates(),
            ),
            col_offset: 0,
            col_count: columns.count(launch, shape) as u32,
            n_next: shape.populations.get(population + 1).map_or(0, |&n_next| n_next as u32),
            feedback_is_next_layer: u32::from(
                !is_population && shape.feedback_population(layer) == population + 1,
            ),
            is_last_hidden: u32::from(population + 1 == shape.layers()),
            feedback_columns,
            sends_rates: u32::from(shape.model.sends_rates()),
            first_next,
            next_count,
            ..LaunchParams::zeroed()
        }
    }
}
