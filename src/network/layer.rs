//! Weights of one layer.

use thiserror::Error;

use crate::model::exact_math::flush_weight;

/// Weights of one layer, stored by column, as the kernels read them.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    /// Number of neurons of the layer.
    pub units: usize,
    /// Number of neurons of the population below; for the lowest layer, pixels of an image.
    pub n_pre: usize,
    /// Feed-forward weights, one column per neuron below, then the biases, `[n_pre + 1, units]`.
    pub weights: Vec<f32>,
    /// Number of neurons whose spikes reach the apical dendrites; 0 for the output.
    pub n_feedback: usize,
    /// Feedback weights, `[n_feedback, units]`.
    pub feedback: Vec<f32>,
    /// Biases of the apical dendrites, `[units]`; empty if there are none.
    pub apical_biases: Vec<f32>,
    /// Weights of the events that feed back, `[n_feedback, units]`; empty unless they learn.
    pub event_feedback: Vec<f32>,
}

impl Layer {
    /// Creates a layer from matrices stored row by row: weights `[units, n_pre]`, biases `[units]`, feedback
    /// `[units, n_feedback]` (empty for the output). Values too small for a device become zero, see [`flush_weight`].
    ///
    /// # Errors
    /// Returns a [`LayerError`] if the layer has no neurons, or an array has the wrong length.
    pub fn from_rows(
        units: usize,
        n_pre: usize,
        weights: &[f32],
        biases: &[f32],
        feedback: &[f32],
    ) -> Result<Self, LayerError> {
        let n_feedback = feedback.len().checked_div(units).ok_or(LayerError::NoNeurons)?;
        for (array, got, expected) in [
            ("weights", weights.len(), units.checked_mul(n_pre)),
            ("biases", biases.len(), Some(units)),
            ("feedback weights", feedback.len(), units.checked_mul(n_feedback)),
        ] {
            if Some(got) != expected {
                return Err(LayerError::Length { array, got, units });
            }
        }
        let mut columns = transpose(weights, units, n_pre);
        columns.extend_from_slice(biases);
        let mut layer = Layer {
            units,
            n_pre,
            weights: columns,
            n_feedback,
            feedback: transpose(feedback, units, n_feedback),
            apical_biases: Vec::new(),
            event_feedback: Vec::new(),
        };
        for weight in layer.weights.iter_mut().chain(&mut layer.feedback) {
            *weight = flush_weight(*weight);
        }
        Ok(layer)
    }

    /// Returns the layer with event feedback weights, stored row by row, `[units, n_feedback]`, or empty.
    ///
    /// # Errors
    /// Returns a [`LayerError`] if the array has the wrong length.
    pub fn with_event_feedback(mut self, rows: &[f32]) -> Result<Self, LayerError> {
        if !rows.is_empty() && rows.len() != self.feedback.len() {
            let (array, units) = ("event feedback weights", self.units);
            return Err(LayerError::Length { array, got: rows.len(), units });
        }
        let columns = if rows.is_empty() { 0 } else { self.n_feedback };
        self.event_feedback = transpose(rows, self.units, columns);
        self.event_feedback.iter_mut().for_each(|weight| *weight = flush_weight(*weight));
        Ok(self)
    }

    /// Checks that the lengths of the arrays match `units`, `n_pre` and `n_feedback`.
    ///
    /// # Errors
    /// Returns a [`LayerError`] if the layer has no neurons, or an array has the wrong length.
    pub fn check(&self) -> Result<(), LayerError> {
        let units = self.units;
        if units == 0 {
            return Err(LayerError::NoNeurons);
        }
        let columns = self.n_pre.checked_add(1);
        for (array, got, expected) in [
            ("weights", self.weights.len(), columns.and_then(|columns| columns.checked_mul(units))),
            ("feedback weights", self.feedback.len(), self.n_feedback.checked_mul(units)),
        ] {
            if Some(got) != expected {
                return Err(LayerError::Length { array, got, units });
            }
        }
        for (array, got, expected) in [
            ("apical biases", self.apical_biases.len(), units),
            ("event feedback weights", self.event_feedback.len(), self.feedback.len()),
        ] {
            if got != 0 && got != expected {
                return Err(LayerError::Length { array, got, units });
            }
        }
        Ok(())
    }

    /// Returns the weights row by row, `[units, n_pre]`.
    ///
    /// # Panics
    /// If [`Layer::check`] fails.
    pub fn weight_rows(&self) -> Vec<f32> {
        transpose(&self.weights[..self.n_pre * self.units], self.n_pre, self.units)
    }

    /// Returns the biases, `[units]`.
    ///
    /// # Panics
    /// If [`Layer::check`] fails.
    pub fn biases(&self) -> &[f32] {
        &self.weights[self.n_pre * self.units..]
    }

    /// Returns the feedback weights row by row, `[units, n_feedback]`.
    ///
    /// # Panics
    /// If [`Layer::check`] fails.
    pub fn feedback_rows(&self) -> Vec<f32> {
        transpose(&self.feedback, self.n_feedback, self.units)
    }

    /// Returns the event feedback weights row by row, `[units, n_feedback]`; empty if there are none.
    ///
    /// # Panics
    /// If [`Layer::check`] fails.
    pub fn event_feedback_rows(&self) -> Vec<f32> {
        match self.event_feedback.is_empty() {
            true => Vec::new(),
            false => transpose(&self.event_feedback, self.n_feedback, self.units),
        }
    }
}

/// Error for arrays that do not form a layer.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[expect(missing_docs, reason = "each message says what it is")]
pub enum LayerError {
    #[error("a layer has at least one neuron")]
    NoNeurons,
    #[error("{got} {array} of {units} neurons: not as many for each")]
    Length { array: &'static str, got: usize, units: usize },
}

/// Returns the transpose of a matrix `[rows, columns]` stored row by row.
pub(super) fn transpose(matrix: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    let mut result = Vec::with_capacity(matrix.len());
    for column in 0..columns {
        result.extend((0..rows).map(|row| matrix[row * columns + column]));
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_too_small_for_a_device_become_zero() {
        let layer = Layer::from_rows(1, 2, &[1e-40, 1.0], &[-1e-16], &[-0.0, 1e-15]).unwrap();
        let bits = |values: &[f32]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&layer.weights), bits(&[0.0, 1.0, 0.0]));
        assert_eq!(bits(&layer.feedback), bits(&[0.0, 1e-15]));
    }

    #[test]
    fn layer_check_refuses_arrays_of_another_length() {
        let layer = Layer::from_rows(2, 1, &[1.0, 2.0], &[0.0, 0.5], &[0.1, 0.2]).unwrap();
        assert_eq!(layer.check(), Ok(()));
        let short = Layer { weights: vec![0.0; 3], ..layer.clone() };
        let error = LayerError::Length { array: "weights", got: 3, units: 2 };
        assert_eq!(short.check(), Err(error));
        let long = Layer { n_feedback: usize::MAX, ..layer.clone() };
        assert!(long.check().is_err());
        assert!(Layer { n_pre: usize::MAX, ..layer.clone() }.check().is_err());
        assert!(Layer { apical_biases: vec![0.0], ..layer.clone() }.check().is_err());
        assert!(Layer { event_feedback: vec![0.0], ..layer.clone() }.check().is_err());
        assert_eq!(Layer { units: 0, ..layer }.check(), Err(LayerError::NoNeurons));
    }

    #[test]
    fn arrays_that_make_no_layer_are_refused() {
        let layer = |units, weights: &[f32], biases: &[f32], feedback: &[f32]| {
            Layer::from_rows(units, 2, weights, biases, feedback).map(|_| ())
        };
        assert_eq!(layer(0, &[], &[], &[]), Err(LayerError::NoNeurons));
        assert_eq!(layer(2, &[0.0; 4], &[0.0; 2], &[]), Ok(()));
        for (array, got, result) in [
            ("weights", 3, layer(2, &[0.0; 3], &[0.0; 2], &[])),
            ("biases", 1, layer(2, &[0.0; 4], &[0.0; 1], &[])),
            ("feedback weights", 3, layer(2, &[0.0; 4], &[0.0; 2], &[0.0; 3])),
        ] {
            assert_eq!(result, Err(LayerError::Length { array, got, units: 2 }));
        }
    }
}
