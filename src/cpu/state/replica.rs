//! Arrays of one replica.

use crate::cpu::state::weight_matrix::WeightMatrix;
use crate::interface::{ArrayId, Shape, Values, ValuesRef};

/// Arrays of one replica that its samples share.
pub struct ReplicaState {
    /// Thresholds of the spike count of each pixel value, `[256, 16]`.
    pub input_thresholds: Vec<u32>,
    /// Rates of each pixel value, `[256]`, spikes per ms; empty unless the input sends rates.
    pub input_rates: Vec<f32>,
    /// Weights of each layer, `[n_pre + 1, units]`.
    pub weights: Vec<WeightMatrix>,
    /// First moments of each layer's weights, `[n_pre + 1, units]`; empty unless the update rule has moments.
    pub first_moments: Vec<WeightMatrix>,
    /// Second moments of each layer's weights, as `first_moments`.
    pub second_moments: Vec<WeightMatrix>,
    /// Gradient of each layer's weights, `[n_pre + 1, units]`; empty unless it is kept.
    pub gradients: Vec<WeightMatrix>,
    /// Feedback weights of each layer, `[columns, units]`; empty for the output.
    pub feedback: Vec<WeightMatrix>,
    /// Event feedback weights of each layer, `[n_feedback, units]`; empty for the output, or if they do not learn.
    pub event_feedback: Vec<WeightMatrix>,
    /// Predicted class of each result slot, `[result slots]`.
    pub classes: Vec<u32>,
    /// Loss of each result slot, `[result slots]`.
    pub losses: Vec<f32>,
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
            input_thresholds: vec![0; shape.len_per_copy(ArrayId::InputThresholds)],
            input_rates: vec![0.0; shape.len_per_copy(ArrayId::InputRates)],
            weights: columns(ArrayId::Weights, 1),
            first_moments: columns(ArrayId::Moments, 2),
            second_moments: columns(ArrayId::Moments, 2),
            gradients: columns(ArrayId::Gradient, 1),
            feedback: columns(ArrayId::Feedback, 1),
            event_feedback: columns(ArrayId::EventFeedback, 1),
            classes: vec![0; shape.len_per_copy(ArrayId::Classes)],
            losses: vec![0.0; shape.len_per_copy(ArrayId::Losses)],
        }
    }

    /// Appends the values of a shared array; nothing for per-sample arrays.
    pub fn append_values(&self, array: ArrayId, values: &mut Values) {
        match (array, values) {
            (ArrayId::InputThresholds, Values::U32(values)) => {
                values.extend(&self.input_thresholds)
            }
            (ArrayId::InputRates, Values::F32(values)) => values.extend(&self.input_rates),
            (ArrayId::Weights(layer), Values::F32(values)) => {
                values.extend(self.weights[layer].columns().flatten());
            }
            (ArrayId::Moments(layer), Values::F32(values)) => {
                let first = self.first_moments[layer].columns();
                for (first, second) in first.zip(self.second_moments[layer].columns()) {
                    values.extend(first.chain(second));
                }
            }
            (ArrayId::Gradient(layer), Values::F32(values)) => {
                values.extend(self.gradients[layer].columns().flatten());
            }
            (ArrayId::Feedback(layer), Values::F32(values)) => {
                values.extend(self.feedback[layer].columns().flatten());
            }
            (ArrayId::EventFeedback(layer), Values::F32(values)) => {
                values.extend(self.event_feedback[layer].columns().flatten());
            }
            (ArrayId::Classes, Values::U32(values)) => values.extend(&self.classes),
            (ArrayId::Losses, Values::F32(values)) => values.extend(&self.losses),
            _ => {}
        }
    }

    /// Replaces the values of a shared array; the number that [`ReplicaState::append_values`] appends.
    pub fn set_values(&mut self, array: ArrayId, values: ValuesRef) {
        match (array, values) {
            (ArrayId::InputThresholds, ValuesRef::U32(values)) => {
                self.input_thresholds.copy_from_slice(values)
            }
            (ArrayId::InputRates, ValuesRef::F32(values)) => {
                self.input_rates.copy_from_slice(values);
            }
            (ArrayId::Weights(layer), ValuesRef::F32(values)) => {
                self.weights[layer].set_values(values);
            }
            (ArrayId::Moments(layer), ValuesRef::F32(values)) => {
                let columns = values.chunks(self.first_moments[layer].column_len());
                self.first_moments[layer].set_columns(columns.clone().step_by(2));
                self.second_moments[layer].set_columns(columns.skip(1).step_by(2));
            }
            (ArrayId::Gradient(layer), ValuesRef::F32(values)) => {
                self.gradients[layer].set_values(values);
            }
            (ArrayId::Feedback(layer), ValuesRef::F32(values)) => {
                self.feedback[layer].set_values(values);
            }
            (ArrayId::EventFeedback(layer), ValuesRef::F32(values)) => {
                self.event_feedback[layer].set_values(values);
            }
            (ArrayId::Classes, ValuesRef::U32(values)) => self.classes.copy_from_slice(values),
            (ArrayId::Losses, ValuesRef::F32(values)) => self.losses.copy_from_slice(values),
            _ => {}
        }
    }
}
