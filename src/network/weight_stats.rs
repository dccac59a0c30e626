//! Statistics of weights.

use serde::Serialize;

use super::{Layer, Network};
use crate::analysis::statistics::angle;
use crate::config::Feedback;

/// Statistics of a layer's weights.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct LayerStatistics {
    /// Statistics of the feed-forward weights, without the biases.
    pub weights: WeightStats,
    /// Statistics of the biases.
    pub biases: WeightStats,
    /// Statistics of the feedback weights, without apical biases. `None` for the output layer.
    pub feedback: Option<WeightStats>,
    /// Statistics of the event feedback weights. `None` unless they learn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_feedback: Option<WeightStats>,
    /// Angle between the feedback weights and those of symmetric feedback, degrees. `None` for the output layer, or if
    /// either are all 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub feedback_angle: Option<f64>,
}

/// Mean, standard deviation and maximum magnitude.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct WeightStats {
    /// Mean.
    pub mean: f64,
    /// Standard deviation.
    pub sd: f64,
    /// Largest magnitude.
    pub largest: f64,
}

impl WeightStats {
    fn of(values: &[f32]) -> Self {
        let count = values.len() as f64;
        let mean = values.iter().map(|&value| f64::from(value)).sum::<f64>() / count;
        let square = |&value: &f32| (f64::from(value) - mean) * (f64::from(value) - mean);
        let sd = (values.iter().map(square).sum::<f64>() / count).sqrt();
        let largest = values.iter().fold(0.0, |most: f64, &value| most.max(f64::from(value.abs())));
        WeightStats { mean, sd, largest }
    }
}

impl Network {
    /// Returns the statistics of each layer. `feedback`: population that feeds back.
    ///
    /// # Panics
    /// If [`Layer::check`] fails for a layer.
    pub fn statistics(&self, feedback: Feedback) -> Vec<LayerStatistics> {
        let statistics = |(layer, angle): (&Layer, Option<f64>)| LayerStatistics {
            weights: WeightStats::of(&layer.weights[..layer.n_pre * layer.units]),
            biases: WeightStats::of(layer.biases()),
            feedback: (layer.n_feedback > 0).then(|| WeightStats::of(&layer.feedback)),
            event_feedback: (!layer.event_feedback.is_empty())
                .then(|| WeightStats::of(&layer.event_feedback)),
            feedback_angle: angle.filter(|angle| angle.is_finite()),
        };
        let angles = self.feedback_angles(feedback).into_iter().map(Some).chain([None]);
        self.layers.iter().zip(angles).map(statistics).collect()
    }

    /// Returns the angle between each hidden layer's feedback weights and those of symmetric feedback: the transposed
    /// weights of the layer above, or for broadcast feedback the product of those of all layers above. Degrees; NaN if
    /// either are all 0.
    ///
    /// # Panics
    /// If [`Layer::check`] fails for a layer.
    pub fn feedback_angles(&self, feedback: Feedback) -> Vec<f64> {
        let hidden = self.layers.len().saturating_sub(1);
        let mut angles = vec![f64::NAN; hidden];
        let mut symmetric: Vec<f64> = Vec::new();
        for (index, layer) in self.layers[..hidden].iter().enumerate().rev() {
            let next = &self.layers[index + 1];
            let is_from_next = feedback == Feedback::Layerwise || index + 1 == hidden;
            let weight = |pre: usize, unit: usize| f64::from(next.weights[pre * next.units + unit]);
            let above = std::mem::take(&mut symmetric);
            for source in 0..layer.n_feedback {
                symmetric.extend((0..layer.units).map(|unit| {
                    if is_from_next {
                        return weight(unit, source);
                    }
                    let above = &above[source * next.units..][..next.units];
                    above.iter().enumerate().map(|(next, above)| weight(unit, next) * above).sum()
                }));
            }
            let weights: Vec<f64> = layer.feedback.iter().map(|&weight| weight.into()).collect();
            angles[index] = angle(&weights, &symmetric);
        }
        angles
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statistics_separate_weights_biases_and_feedback() {
        let layer = Layer::from_rows(2, 2, &[1.0, 2.0, 3.0, -6.0], &[5.0, 5.0], &[-1.0, 1.0]);
        let network = Network { layers: vec![layer.expect("the arrays fit")] };
        let LayerStatistics { weights, biases, feedback, feedback_angle, .. } =
            network.statistics(Feedback::Layerwise)[0];
        // Squares of the differences from 0: 1, 4, 9, 36.
        assert_eq!((weights.mean, weights.sd, weights.largest), (0.0, 12.5f64.sqrt(), 6.0));
        assert_eq!((biases.mean, biases.sd, biases.largest), (5.0, 0.0, 5.0));
        assert_eq!(feedback, Some(WeightStats { mean: 0.0, sd: 1.0, largest: 1.0 }));
        assert_eq!(feedback_angle, None, "no layer above");
    }

    #[test]
    fn feedback_angle_to_transpose_and_product_is_zero() {
        let layer = |units, n_pre, weights: &[f32], feedback: &[f32]| {
            Layer::from_rows(units, n_pre, weights, &vec![0.0; units], feedback)
        };
        // A row per neuron.
        let (upper, output) = ([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [1.0, 2.0, -1.0, 3.0, 4.0, 0.0]);
        let transpose = [1.0, 3.0, 2.0, 4.0, -1.0, 0.0];
        for (feedback, lower) in [
            (Feedback::Layerwise, &[1.0, 3.0, 5.0, 2.0, 4.0, 6.0][..]),
            // The product of both.
            (Feedback::Broadcast, &[2.0, 15.0, 4.0, 22.0]),
        ] {
            let layers = [
                layer(2, 1, &[1.0, 1.0], lower),
                layer(3, 2, &upper, &transpose),
                layer(2, 3, &output, &[]),
            ];
            let network = Network { layers: layers.map(|layer| layer.unwrap()).to_vec() };
            let angles = network.feedback_angles(feedback);
            assert!(angles.iter().all(|angle| angle.abs() < 1e-5), "{feedback:?}: {angles:?}");
            let mut other = network;
            other.layers[1].feedback.iter_mut().for_each(|weight| *weight = -*weight);
            let angles = other.feedback_angles(feedback);
            assert!((angles[1] - 180.0).abs() < 1e-5, "{feedback:?}: {angles:?}");
        }
    }
}
