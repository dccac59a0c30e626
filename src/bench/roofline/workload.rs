//! Work of the measurements: column sums of the size of the paper's network, and working sets of reads.

use crate::random::{PhiloxRng, RngStream};

/// Number of columns of the matrix of the column sums: inputs of the paper's network with one hidden layer.
pub const COLUMNS: usize = 784;
/// Number of rows of the matrix: hidden neurons of that network.
pub const UNITS: usize = 500;
/// Number of columns summed per step: about the number of inputs that spike on MNIST.
pub const SPIKES: usize = 20;
/// Number of steps per image.
pub const STEPS_PER_IMAGE: usize = 105;
/// Number of different steps.
pub const STEPS: usize = 40 * STEPS_PER_IMAGE;

/// Sizes of the working sets, bytes.
pub const WORKING_SETS: [usize; 14] = {
    let mut sets = [32 << 10; 14];
    let mut index = 1;
    while index < sets.len() {
        sets[index] = 2 * sets[index - 1];
        index += 1;
    }
    sets
};

/// Returns the columns to sum in each of [`STEPS`] steps, ascending, times `stride`, `[STEPS, SPIKES]`.
pub fn random_steps(stride: usize) -> Vec<u32> {
    let mut random = PhiloxRng::new(1, RngStream::Order, 0, 0);
    let mut steps: Vec<u32> =
        (0..STEPS * SPIKES).map(|_| rand::Rng::next_u32(&mut random) % COLUMNS as u32).collect();
    for step in steps.chunks_mut(SPIKES) {
        step.sort_unstable();
        step.iter_mut().for_each(|column| *column *= stride as u32);
    }
    steps
}
