//! The hidden error by exact backpropagation, in place of the plateaus': `E = (W_above^T E_above) k_B phi_max
//! sigma'(C)`, with the factors P of both updates; C is the forward phase's mean.

use super::columns::Columns;
use super::tile::{Tile, Tiled, WIDTH};
use crate::layout::{Part, Replica, compartment};
use crate::model::exact_math::{SMALLEST_GRADIENT, flush, sigmoid, sigmoid_slope};

/// `compartments`: `[5, units]`; `weights_above`: `[units + 1, above]`; `errors_above`: `[1, above]`;
/// `errors`: `[1, units]`.
pub fn backward(
    replica: &Replica,
    part: &Part,
    compartments: &Tiled<f32>,
    weights_above: &Columns,
    errors_above: &Tiled<f32>,
    errors: &mut Tiled<f32>,
) {
    // Below the output, P of this layer is `phi_max` times that of the layer above.
    let gain = match part.is_below_output {
        1 => replica.phi_max * replica.backward_gain,
        _ => replica.backward_gain,
    };
    let units = part.units as usize;
    for (tile, errors) in errors.each_mut().enumerate() {
        let first = tile * WIDTH;
        let count = WIDTH.min(units - first);
        // Sums of several neurons take turns: each waits for its own last.
        let mut sums = [0.0; WIDTH];
        for (place, above) in errors_above.row().iter().enumerate() {
            let used = WIDTH.min(part.above as usize - place * WIDTH);
            let columns = sums[..count].iter_mut().enumerate();
            for (sum, column) in columns.map(|(i, sum)| (sum, weights_above.column(first + i))) {
                for j in 0..used {
                    *sum += column[place][j] * above[j];
                }
            }
        }
        // What fills the last tile learns nothing.
        let mut error = Tile([0.0; WIDTH]);
        let means = &compartments.of(tile)[compartment::MEAN_SOMA];
        for i in 0..count {
            let slope = sigmoid_slope(sigmoid(means[i]));
            error[i] = flush(sums[i] * gain * slope, SMALLEST_GRADIENT);
        }
        errors[0] = error;
    }
}
