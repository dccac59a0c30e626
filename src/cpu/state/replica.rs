//! Arrays of one replica.

use crate::cpu::state::weight_matrix::WeightMatrix;
use crate::interface::{ArrayId, Shape};

/// Arrays of one replica that its samples share.
pub struct ReplicaState {
    pub thresholds: Vec<u32>,
    pub input_rates: Vec<f32>,
    pub weights: Vec<WeightMatrix>,
    pub first_moments: Vec<WeightMatrix>,
    pub second_moments: Vec<WeightMatrix>,
    pub gradients: Vec<WeightMatrix>,
    pub feedback: Vec<WeightMatrix>,
    pub results: Vec<u32>,
}

impl ReplicaState {
    pub fn new(shape: &Shape) -> Self {
        let columns = |array: fn(usize) -> ArrayId, parts: usize| -> Vec<WeightMatrix> {
            (0..shape.layers())
                .map(|layer| {
                    let [columns, units] = shape.dims(array(layer));
                    WeightMatrix::new(columns / parts, units)
                })
                .collect()
        };
        ReplicaState {
            thresholds: vec![0; shape.len_per_copy(ArrayId::InputCdf)],
            input_rates: vec![0.0; shape.len_per_copy(ArrayId::InputRates)],
            weights: columns(ArrayId::Weights, 1),
            first_moments: columns(ArrayId::Moments, 2),
            second_moments: columns(ArrayId::Moments, 2),
            gradients: columns(ArrayId::Gradient, 1),
            feedback: columns(ArrayId::Feedback, 1),
            results: vec![0; shape.len_per_copy(ArrayId::Results)],
        }
    }

    /// Returns the words of a shared array; empty for per-sample arrays.
    pub fn words(&self, array: ArrayId) -> Vec<u32> {
        match array {
            ArrayId::InputCdf => self.thresholds.clone(),
            ArrayId::InputRates => bytemuck::cast_slice(&self.input_rates).to_vec(),
            ArrayId::Weights(layer) => self.weights[layer].words(),
            ArrayId::Moments(layer) => {
                let moments = [&self.first_moments[layer], &self.second_moments[layer]];
                let [first, second] = moments.map(WeightMatrix::words);
                let units = units_of(moments[0], first.len());
                let columns = first.chunks(units).zip(second.chunks(units));
                columns.flat_map(|(first, second)| [first, second].concat()).collect()
            }
            ArrayId::Gradient(layer) => self.gradients[layer].words(),
            ArrayId::Feedback(layer) => self.feedback[layer].words(),
            ArrayId::Results => self.results.clone(),
            _ => Vec::new(),
        }
    }

    /// Replaces the words of a shared array; same length as [`ReplicaState::words`].
    pub fn set_words(&mut self, array: ArrayId, words: &[u32]) {
        match array {
            ArrayId::InputCdf => self.thresholds.copy_from_slice(words),
            ArrayId::InputRates => {
                self.input_rates.copy_from_slice(bytemuck::cast_slice(words));
            }
            ArrayId::Weights(layer) => self.weights[layer].set_words(words),
            ArrayId::Moments(layer) => {
                let rows = words.chunks(units_of(&self.first_moments[layer], words.len() / 2));
                let rows_from = |first| rows.clone().skip(first).step_by(2).flatten().copied();
                self.first_moments[layer].set_words(&rows_from(0).collect::<Vec<_>>());
                self.second_moments[layer].set_words(&rows_from(1).collect::<Vec<_>>());
            }
            ArrayId::Gradient(layer) => self.gradients[layer].set_words(words),
            ArrayId::Feedback(layer) => self.feedback[layer].set_words(words),
            ArrayId::Results => self.results.copy_from_slice(words),
            _ => {}
        }
    }
}

/// Returns the number of neurons of a layer whose matrix has `words` words; 1 if it is empty.
fn units_of(matrix: &WeightMatrix, words: usize) -> usize {
    (words * matrix.stride()).checked_div(matrix.tiles().len()).unwrap_or(1)
}
