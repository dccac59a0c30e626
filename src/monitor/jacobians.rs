//! Jacobians of the feed-forward function from the last hidden layer to the output, and of the feedback function from
//! the output to the last hidden layer.
//!
//! `Jb = phi_max sigma'(Cf_out) o (k_D W_out)` and `Jg = sigma'(Y phi_max sigma(Cf_out) + c) o Y`, each the mean over
//! images; `c` are the apical biases, if any. If `Jb Jg` is near the identity, the feedback function approximates the
//! inverse of the feed-forward function.

use super::sigma::sigma;
use super::{ArrayAxis, Quantity, RecordedArray};
use crate::analysis::eigen::largest_eigenvalue;
use crate::model::neuron::k_dendrite;

/// Sums of both Jacobians over images.
pub(super) struct Jacobians {
    outputs: usize,
    hidden: usize,
    images: usize,
    /// Sum of Jb, `[outputs, hidden]`.
    forward: Vec<f64>,
    /// Sum of Jg, `[hidden, outputs]`.
    feedback: Vec<f64>,
}

impl Jacobians {
    pub(super) fn new([outputs, hidden]: [usize; 2]) -> Self {
        let zeros = vec![0.0; outputs * hidden];
        Jacobians { outputs, hidden, images: 0, forward: zeros.clone(), feedback: zeros }
    }

    /// Adds the Jacobians of an image. `voltages`: mean somatic voltages of the output in the forward phase. `weights`:
    /// `[hidden + 1, outputs]`, biases in the last row. `feedback`: `[outputs, hidden]`, then the apical biases, if any.
    pub(super) fn add(
        &mut self,
        phi_max: f64,
        voltages: &[f32],
        weights: &[f32],
        feedback: &[f32],
    ) {
        let &mut Jacobians { outputs, hidden, .. } = self;
        let sigmas: Vec<f64> = voltages.iter().map(|&voltage| sigma(voltage)).collect();
        for unit in 0..hidden {
            let apical = (0..outputs).map(|output| {
                f64::from(feedback[output * hidden + unit]) * phi_max * sigmas[output]
            });
            let bias = feedback.get(outputs * hidden + unit).map_or(0.0, |&bias| f64::from(bias));
            let slope = slope(sigma(apical.sum::<f64>() + bias));
            for output in 0..outputs {
                let weight = f64::from(weights[unit * outputs + output]);
                self.forward[output * hidden + unit] +=
                    phi_max * self::slope(sigmas[output]) * k_dendrite() * weight;
                let weight = f64::from(feedback[output * hidden + unit]);
                self.feedback[unit * outputs + output] += slope * weight;
            }
        }
        self.images += 1;
    }

    /// Returns the product of the mean Jacobians, and the largest eigenvalue of `(I - Jb Jg)^T (I - Jb Jg)`.
    pub(super) fn arrays(&self) -> Vec<RecordedArray> {
        let &Jacobians { outputs, hidden, images, ref forward, ref feedback } = self;
        let square = (images * images) as f64;
        let product = |row: usize, column: usize| {
            let terms = (0..hidden)
                .map(|unit| forward[row * hidden + unit] * feedback[unit * outputs + column]);
            terms.sum::<f64>() / square
        };
        let indices = || (0..outputs).flat_map(|row| (0..outputs).map(move |column| (row, column)));
        let products: Vec<f64> = indices().map(|(row, column)| product(row, column)).collect();
        // I - Jb Jg
        let residual = |row: usize, column: usize| {
            f64::from(u8::from(row == column)) - products[row * outputs + column]
        };
        let squares: Vec<f64> = indices()
            .map(|(row, column)| (0..outputs).map(|k| residual(k, row) * residual(k, column)).sum())
            .collect();
        let eigenvalue = largest_eigenvalue(&squares, outputs);
        let recorded = |name: &str, axes: Vec<ArrayAxis>, values: Vec<f64>| RecordedArray {
            name: name.to_string(),
            shape: axes.iter().map(|_| outputs).collect(),
            first_index: vec![0; axes.len()],
            axes,
            values: values.into_iter().map(|value| value as f32).collect(),
        };
        vec![
            recorded(Quantity::Jacobians.name(), vec![ArrayAxis::Output; 2], products),
            recorded("eigenvalue", Vec::new(), vec![eigenvalue]),
        ]
    }
}

/// Returns the derivative of the logistic function where its value is `sigma`.
fn slope(sigma: f64) -> f64 {
    sigma * (1.0 - sigma)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jacobians_use_apical_biases_in_feedback_slope() {
        let (phi_max, voltage, weight, back) = (0.2, 0.5f32, 1.5f32, 2.0f32);
        let sigma_output = 1.0 / (1.0 + (-0.5f64).exp());
        for (bias, feedback) in [(0.0, vec![back]), (1.25, vec![back, 1.25])] {
            let mut jacobians = Jacobians::new([1, 1]);
            jacobians.add(phi_max, &[voltage], &[weight, 0.0], &feedback);
            let plateau = 1.0 / (1.0 + (-(2.0 * 0.2 * sigma_output + bias)).exp());
            let forward = 0.2 * sigma_output * (1.0 - sigma_output) * (0.6 / 0.7) * 1.5;
            let expected = forward * plateau * (1.0 - plateau) * 2.0;
            let found = jacobians.arrays();
            assert!((f64::from(found[0].values[0]) - expected).abs() < 1e-7);
            let residual_square = (1.0 - expected) * (1.0 - expected);
            assert!((f64::from(found[1].values[0]) - residual_square).abs() < 1e-6);
        }
    }
}
