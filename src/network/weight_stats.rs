//! Statistics of weights.

use serde::Serialize;

use super::Layer;

/// Statistics of a layer's weights.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct LayerStatistics {
    /// Statistics of the feed-forward weights, without the biases.
    pub weights: WeightStats,
    /// Statistics of the biases.
    pub biases: WeightStats,
    /// Statistics of the feedback weights, without apical biases. `None` for the output layer.
    pub feedback: Option<WeightStats>,
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

impl Layer {
    /// Returns the statistics of the weights, biases and feedback weights.
    ///
    /// # Panics
    /// If [`Layer::check`] fails.
    pub fn statistics(&self) -> LayerStatistics {
        LayerStatistics {
            weights: WeightStats::of(&self.weights[..self.n_pre * self.units]),
            biases: WeightStats::of(self.biases()),
            feedback: (self.n_feedback > 0).then(|| WeightStats::of(&self.feedback)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statistics_separate_weights_biases_and_feedback() {
        let layer = Layer::from_rows(2, 2, &[1.0, 2.0, 3.0, -6.0], &[5.0, 5.0], &[-1.0, 1.0]);
        let layer = layer.expect("the arrays fit");
        let LayerStatistics { weights, biases, feedback } = layer.statistics();
        // Squares of the differences from 0: 1, 4, 9, 36.
        assert_eq!((weights.mean, weights.sd, weights.largest), (0.0, 12.5f64.sqrt(), 6.0));
        assert_eq!((biases.mean, biases.sd, biases.largest), (5.0, 0.0, 5.0));
        assert_eq!(feedback, Some(WeightStats { mean: 0.0, sd: 1.0, largest: 1.0 }));
    }
}
