//! Dense form on the CPU: a matrix product in blocks of registers. Each thread computes one sample at a time.

use std::hint::black_box;
use std::sync::{Mutex, PoisonError};

use rayon::ThreadPoolBuilder;

use super::operands::Operands;
use crate::bench::repetition::Repetition;
use crate::cpu::simd::Simd;
use crate::cpu::simd::tiled::{LANES, Tile};
use crate::cpu::simd::width::simd_versions;
use crate::interface::BackendError;
use crate::model::exact_math::Float;

/// Number of presynaptic neurons whose weights to a tile stay in the L1 cache through all rows of a sample.
const DEPTH: usize = 512;

/// Function that multiplies the counts of a sample with the weights. Arguments as in [`multiply_sample`].
type Multiply = fn(&[f32], &[Tile<f32>], usize, &mut [Tile<f32>]);

/// Number of rows whose sums stay in registers, one tile of neurons each. The best one depends on the width of vectors.
#[derive(Clone, Copy)]
struct Block {
    rows: usize,
    multiply: Multiply,
}

/// Blocks to try: the first is the best with AVX-512 and AVX2, the second with the 16 short registers of SSE2. Blocks of
/// several tiles were not faster: 6 x 4, 8 x 3 and 8 x 2 on an AMD EPYC (Zen 4).
const BLOCKS: [Block; 2] =
    [Block { rows: 4, multiply: multiply_4 }, Block { rows: 2, multiply: multiply_2 }];

simd_versions! {
    fn multiply_4(counts: &[f32], weights: &[Tile<f32>], n_pre: usize, sums: &mut [Tile<f32>])
        = multiply_sample, 4;
    fn multiply_2(counts: &[f32], weights: &[Tile<f32>], n_pre: usize, sums: &mut [Tile<f32>])
        = multiply_sample, 2;
}

/// Multiplies the counts of a sample with the weights. `counts`: `[rows / ROWS, n_pre, ROWS]`; `weights`:
/// `[tiles, n_pre]`; `sums`: `[tiles, rows]`.
///
/// Each sum adds its terms in ascending order of the presynaptic neurons, as the event-driven form does.
#[inline(always)]
fn multiply_sample<V: Simd, const ROWS: usize>(
    counts: &[f32],
    weights: &[Tile<f32>],
    n_pre: usize,
    sums: &mut [Tile<f32>],
) {
    let rows = counts.len() / n_pre;
    for start in (0..n_pre).step_by(DEPTH) {
        let depth = DEPTH.min(n_pre - start);
        for (weights, sums) in weights.chunks_exact(n_pre).zip(sums.chunks_exact_mut(rows)) {
            let weights = &weights[start..][..depth];
            let blocks = counts.chunks_exact(n_pre * ROWS);
            for (counts, sums) in blocks.zip(sums.as_chunks_mut::<ROWS>().0) {
                let counts = &counts[start * ROWS..][..depth * ROWS];
                multiply_block::<V, ROWS>(counts, weights, sums, start == 0);
            }
        }
    }
}

/// Computes the sums of a block, or adds to them unless `is_first`.
#[inline(always)]
fn multiply_block<V: Simd, const ROWS: usize>(
    counts: &[f32],
    weights: &[Tile<f32>],
    sums: &mut [Tile<f32>; ROWS],
    is_first: bool,
) {
    let mut sum = [V::Floats::splat(0.0); ROWS];
    if !is_first {
        for r in 0..ROWS {
            sum[r] = V::load_f32(&sums[r]);
        }
    }
    for (counts, weights) in counts.as_chunks::<ROWS>().0.iter().zip(weights) {
        let weights = V::load_f32(weights);
        for r in 0..ROWS {
            sum[r] = sum[r] + V::Floats::splat(counts[r]) * weights;
        }
    }
    for r in 0..ROWS {
        V::store_f32(sum[r], &mut sums[r]);
    }
}

/// Product with its operands in the order in which the kernel reads them.
struct CpuProduct {
    block: Block,
    n_pre: usize,
    /// Number of rows per sample, with padding.
    rows: usize,
    /// `[samples, rows / block.rows, n_pre, block.rows]`
    counts: Vec<f32>,
    /// `[tiles, n_pre]`
    weights: Vec<Tile<f32>>,
}

impl CpuProduct {
    fn new(operands: &Operands, block: Block) -> Self {
        let Operands { size, steps, counts, weights } = *operands;
        CpuProduct {
            block,
            n_pre: size.n_pre,
            rows: steps.next_multiple_of(block.rows),
            counts: arrange_counts(counts, size.n_pre, steps, block.rows),
            weights: arrange_weights(weights, size.units),
        }
    }

    /// Returns memory for the sums of a sample, `[tiles, rows]`.
    fn new_sums(&self) -> Vec<Tile<f32>> {
        vec![Tile([0.0; LANES]); self.weights.len() / self.n_pre * self.rows]
    }

    /// Computes the sums of a sample, `[tiles, rows]`. Samples after the last repeat the first ones.
    fn multiply(&self, sample: usize, sums: &mut [Tile<f32>]) {
        let length = self.rows * self.n_pre;
        let sample = sample % (self.counts.len() / length);
        let counts = &self.counts[sample * length..][..length];
        (self.block.multiply)(counts, &self.weights, self.n_pre, sums);
    }
}

/// Returns the time of a sample on one of `threads` threads that all compute samples, s, with the faster block.
///
/// # Errors
/// Returns an error if the threads cannot be started.
pub fn sample_seconds(
    operands: &Operands,
    threads: usize,
    repetition: Repetition,
) -> Result<f64, BackendError> {
    let pool = ThreadPoolBuilder::new().num_threads(threads).build();
    let pool = pool.map_err(|error| BackendError::Threads(error.to_string()))?;
    let mut best = 0.0f64;
    for block in BLOCKS {
        let product = CpuProduct::new(operands, block);
        let sums: Vec<_> = (0..threads).map(|_| Mutex::new(product.new_sums())).collect();
        let rate = repetition.best_rate(|count| {
            pool.broadcast(|thread| {
                let sums = &sums[thread.index()];
                let mut sums = sums.lock().unwrap_or_else(PoisonError::into_inner);
                for sample in 0..count {
                    product.multiply(sample, black_box(&mut sums[..]));
                }
            });
            Ok(())
        })?;
        best = best.max(rate);
    }
    Ok(1.0 / best)
}

/// Returns the product by each block, `[samples, steps, units]`.
pub fn products(operands: &Operands) -> Vec<Vec<f32>> {
    let Operands { size, steps, .. } = *operands;
    let values = |block| {
        let product = CpuProduct::new(operands, block);
        let mut sums = product.new_sums();
        let mut values = vec![0.0; operands.rows() * size.units];
        for (sample, values) in values.chunks_exact_mut(steps * size.units).enumerate() {
            product.multiply(sample, &mut sums);
            for (row, values) in values.chunks_exact_mut(size.units).enumerate() {
                for (tile, values) in values.chunks_mut(LANES).enumerate() {
                    values.copy_from_slice(&sums[tile * product.rows + row][..values.len()]);
                }
            }
        }
        values
    };
    BLOCKS.map(values).to_vec()
}

/// Reorders counts from `[samples, steps, n_pre]` to blocks of `block` rows, padded with zeros.
fn arrange_counts(counts: &[f32], n_pre: usize, steps: usize, block: usize) -> Vec<f32> {
    let rows = steps.next_multiple_of(block);
    let samples = counts.len() / (steps * n_pre);
    let mut arranged = vec![0.0; samples * rows * n_pre];
    for (index, counts) in counts.chunks_exact(n_pre).enumerate() {
        let row = index / steps * rows + index % steps;
        let arranged = &mut arranged[row / block * n_pre * block..];
        for (pre, &count) in counts.iter().enumerate() {
            arranged[pre * block + row % block] = count;
        }
    }
    arranged
}

/// Reorders weights from `[n_pre, units]` to `[tiles, n_pre]`. The last tile is padded with zeros.
fn arrange_weights(weights: &[f32], units: usize) -> Vec<Tile<f32>> {
    let n_pre = weights.len() / units;
    let mut arranged = vec![Tile([0.0; LANES]); units.div_ceil(LANES) * n_pre];
    for (pre, weights) in weights.chunks_exact(units).enumerate() {
        for (tile, weights) in weights.chunks(LANES).enumerate() {
            arranged[tile * n_pre + pre][..weights.len()].copy_from_slice(weights);
        }
    }
    arranged
}
