//! Dense form on a GPU: a matrix product in tiles of workgroup memory.

use wgpu::Buffer;

use super::operands::Operands;
use crate::bench::gpu_probe::{GpuProbe, Probe};
use crate::interface::BackendError;

/// Number of rows and of neurons per workgroup.
const TILE: usize = 64;
/// Number of presynaptic neurons whose counts and weights are in workgroup memory at once.
const DEPTH: usize = 16;

/// Name of the shader.
const NAME: &str = "dense_product";

/// Returns the name and the complete text of the shader.
pub fn shader() -> (&'static str, String) {
    let text = include_str!("../../../shaders/roofline/dense_product.wgsl");
    (NAME, format!("const TILE: u32 = {TILE}u;\nconst DEPTH: u32 = {DEPTH}u;\n{text}"))
}

/// Product with its operands on the GPU.
pub struct GpuProduct {
    gpu: GpuProbe,
    probe: Probe,
    sums: Buffer,
    units: usize,
    rows: usize,
    /// Number of neurons and of rows with padding.
    padded: [usize; 2],
}

impl GpuProduct {
    /// Compiles the shader and writes the operands.
    ///
    /// # Errors
    /// Returns an error if the device fails.
    pub fn new(gpu: GpuProbe, operands: &Operands) -> Result<Self, BackendError> {
        let Operands { size, counts, weights, .. } = *operands;
        let rows = operands.rows();
        let padded = [size.units, rows].map(|count| count.next_multiple_of(TILE));
        let depth = size.n_pre.next_multiple_of(DEPTH);
        let mut padded_weights = vec![0.0f32; depth * padded[0]];
        let columns = padded_weights.chunks_exact_mut(padded[0]);
        for (column, weights) in columns.zip(weights.chunks_exact(size.units)) {
            column[..size.units].copy_from_slice(weights);
        }
        let mut transposed = vec![0.0f32; depth * padded[1]];
        for (row, counts) in counts.chunks_exact(size.n_pre).enumerate() {
            for (pre, &count) in counts.iter().enumerate() {
                transposed[pre * padded[1] + row] = count;
            }
        }
        let sums = gpu.buffer(4 * padded[0] * padded[1]);
        let (name, source) = shader();
        let buffers = [&gpu.filled(&transposed), &gpu.filled(&padded_weights), &sums];
        let probe = gpu.compile(name, source, &buffers)?;
        Ok(GpuProduct { gpu, probe, sums, units: size.units, rows, padded })
    }

    /// Computes the product `times` times and waits for it.
    ///
    /// # Errors
    /// Returns an error if the device fails.
    pub fn run(&mut self, times: usize) -> Result<(), BackendError> {
        let [x, y] = self.padded.map(|count| (count / TILE) as u32);
        self.gpu.run(&self.probe, [x, y, 1], times)
    }

    /// Computes the product and returns it, `[rows, units]`.
    ///
    /// # Errors
    /// Returns an error if the device fails.
    pub fn values(&mut self) -> Result<Vec<f32>, BackendError> {
        self.run(1)?;
        let [units, rows] = self.padded;
        let sums: Vec<f32> = self.gpu.device.read(&self.sums, 0, 4 * (units * rows) as u64)?;
        let rows = sums.chunks_exact(units).take(self.rows);
        Ok(rows.flat_map(|row| &row[..self.units]).copied().collect())
    }
}
