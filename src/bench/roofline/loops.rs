//! Loops timed on a CPU, compiled for its vector instructions.

use crate::cpu::simd::Simd;
use crate::cpu::simd::width::simd_versions;

use super::workload::{COLUMNS, SPIKES, STEPS_PER_IMAGE, UNITS};

/// Number of floats in enough registers to hide the latency of an addition.
pub const LANES: usize = 64;

/// Number of additions of [`add`] per round.
pub const ADDITIONS: usize = LANES;

simd_versions! {
    /// Adds `increment` to all sums, `rounds` times.
    pub fn add(rounds: usize, sums: [f32; LANES], increment: f32) -> [f32; LANES] = add_all;
    /// Returns sums over `set`, with a length that is a multiple of [`LANES`].
    pub fn read(set: &[f32]) -> [f32; LANES] = read_all;
    /// Sums some columns of `weights` for each step of an image, the inner loop of `synaptic_input_spikes`. Keeps 64
    /// neurons at a time in registers through all steps. `weights`: `[COLUMNS, STRIDE]`; `sums`: `[steps, UNITS]`.
    pub fn sum_columns_64(steps: &[u32], weights: &[f32], sums: &mut [f32]) = sum_columns, 64;
    /// Sums the same with 128 neurons at a time.
    pub fn sum_columns_128(steps: &[u32], weights: &[f32], sums: &mut [f32]) = sum_columns, 128;
}

#[inline(always)]
fn add_all<V: Simd>(rounds: usize, mut sums: [f32; LANES], increment: f32) -> [f32; LANES] {
    for _ in 0..rounds {
        for sum in &mut sums {
            *sum += increment;
        }
    }
    sums
}

#[inline(always)]
fn read_all<V: Simd>(set: &[f32]) -> [f32; LANES] {
    let mut sums = [0.0; LANES];
    for chunk in set.as_chunks::<LANES>().0 {
        for i in 0..LANES {
            sums[i] += chunk[i];
        }
    }
    sums
}

/// Number of floats from one column to the next: an odd number of whole cache lines, so that equal rows of different
/// columns do not compete for the same cache sets.
pub const STRIDE: usize = 16 * (UNITS.div_ceil(16) | 1);

#[inline(always)]
fn sum_columns<V: Simd, const N: usize>(steps: &[u32], weights: &[f32], sums: &mut [f32]) {
    let last = UNITS - N;
    let mut start = 0;
    loop {
        for (columns, row) in steps.chunks_exact(SPIKES).zip(sums.chunks_exact_mut(UNITS)) {
            let mut tile = [0.0; N];
            for &column in columns {
                let column = &weights[column as usize + start..][..N];
                for i in 0..N {
                    tile[i] += column[i];
                }
            }
            row[start..start + N].copy_from_slice(&tile);
        }
        if start == last {
            break;
        }
        start = (start + N).min(last);
    }
}

/// Number of additions of [`sum_columns`] per image.
pub const IMAGE_ADDITIONS: usize = STEPS_PER_IMAGE * SPIKES * UNITS;

/// Number of floats of the matrix.
pub const WEIGHTS: usize = COLUMNS * STRIDE;

#[cfg(test)]
mod tests {
    use super::super::workload::random_steps;
    use super::*;

    #[test]
    fn sum_columns_sums_the_columns_of_each_step() {
        let weights: Vec<f32> = (0..WEIGHTS).map(|index| (index % 97) as f32 - 48.0).collect();
        let steps = &random_steps(STRIDE)[..STEPS_PER_IMAGE * SPIKES];
        let expected: Vec<f32> = steps
            .chunks(SPIKES)
            .flat_map(|columns| {
                (0..UNITS)
                    .map(|unit| columns.iter().map(|&c| weights[c as usize + unit]).sum::<f32>())
            })
            .collect();
        for sum in [sum_columns_64, sum_columns_128] {
            let mut sums = vec![f32::NAN; STEPS_PER_IMAGE * UNITS];
            sum(steps, &weights, &mut sums);
            assert_eq!(sums, expected);
        }
    }

    #[test]
    fn read_and_add_cover_the_set_and_all_rounds() {
        let set: Vec<f32> = (0..4 * LANES).map(|index| index as f32).collect();
        assert_eq!(read(&set).iter().sum::<f32>(), set.iter().sum::<f32>());
        assert_eq!(add(5, [1.0; LANES], 2.0), [11.0; LANES]);
    }
}
