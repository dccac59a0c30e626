//! Operands of the dense form.

use super::layer_size::LayerSize;

/// Spike counts of a minibatch and the weights that they multiply.
#[derive(Clone, Copy, Debug)]
pub struct Operands<'a> {
    /// Layer.
    pub size: LayerSize,
    /// Number of steps per image.
    pub steps: usize,
    /// Spike counts, `[samples, steps, n_pre]`.
    pub counts: &'a [f32],
    /// Weights, `[n_pre, units]`.
    pub weights: &'a [f32],
}

impl Operands<'_> {
    /// Returns the number of rows of the product: one per sample and step.
    pub fn rows(&self) -> usize {
        self.counts.len() / self.size.n_pre
    }
}
