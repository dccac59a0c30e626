//! Applies every function that affects results to arguments made from random words: the self-test of a device.
//!
//! Twin of `shaders/arithmetic_selftest.wgsl`, comparable line by line.

use crate::interface::RunParams;
use crate::model::exact_math::{
    SMALLEST_GRADIENT, SMALLEST_MOMENT, SMALLEST_VOLTAGE, exp_exact, flush, flush_weight,
    recip_exact, rsqrt_exact, sigmoid, sigmoid_deviation, sigmoid_slope,
};
use crate::model::spikes::FRACTION_BITS;
use crate::random::philox;

/// Names of the results per word, in the order of the results.
pub const FUNCTIONS: [&str; 26] = [
    "integer to fraction",
    "sum",
    "product",
    "product plus number",
    "number less product",
    "filter",
    "decay to zero",
    "product below the smallest number",
    "square of a gradient",
    "exponential",
    "sigmoid",
    "slope of the sigmoid",
    "reciprocal",
    "reciprocal root",
    "truncation",
    "comparisons",
    "random word 0",
    "random word 1",
    "random word 2",
    "random word 3",
    "weight that decays",
    "number less two products",
    "column added twice or more",
    "sum with two uniforms",
    "error of a sum",
    "deviation of the sigmoid",
];

/// Returns the results of all [`FUNCTIONS`] for each of `words`.
pub fn arithmetic_selftest(constants: &RunParams, words: &[u32]) -> Vec<u32> {
    (0..words.len()).flat_map(|index| results(constants, words, index)).collect()
}

/// Returns the results of all [`FUNCTIONS`] for the word `index`.
fn results(constants: &RunParams, words: &[u32], index: usize) -> [u32; FUNCTIONS.len()] {
    // Functions of several arguments also read the following words.
    let w: [u32; 6] = std::array::from_fn(|k| words[(index + k) % words.len()]);

    let u = uniform01(w[0]);
    let argument = (u - 0.5) * 200.0;
    let a = random_float(w[0], -16, 32);
    let b = random_float(w[1], -16, 32);
    let c = random_float(w[2], -16, 32);
    let wide = random_float(w[0], -119, 239).abs();
    let tiny = random_float(w[1], -80, 40);

    let mut filtered_input = 0.0;
    for k in 0..constants.tap_count as usize {
        filtered_input +=
            constants.kernel_taps[k] * random_float(words[(index + k) % words.len()], -4, 8);
    }
    let mut decayed = tiny;
    for _ in 0..8 {
        decayed = flush(constants.decay_slow * decayed + u * tiny, SMALLEST_VOLTAGE);
    }
    let gradient = flush(tiny * uniform01(w[3]), SMALLEST_GRADIENT);
    let square = constants.decay_slow * (gradient * gradient);
    let s = sigmoid(argument);
    let random = philox([w[0], w[1], w[2], w[3]], [w[4], w[5]]);
    // Magnitudes down to the smallest normal number, mostly below the smallest weight.
    let mut weight = random_float(w[3], -126, 100);
    for _ in 0..8 {
        weight = flush_weight((weight - u * weight) - uniform01(w[4]) * weight);
    }
    let less = (a - u * a) - uniform01(w[1]) * a;
    let mut column = a + b;
    for _ in 0..w[2] % 4 {
        column += b;
    }
    let with_uniforms = (a + constants.decay_slow) - constants.decay_fast;
    let sum = a + b;
    let rounded_part = sum - a;
    let error = (a - (sum - rounded_part)) + (b - rounded_part);

    [
        u.to_bits(),
        (a + b).to_bits(),
        (a * b).to_bits(),
        (a * b + c).to_bits(),
        (c - a * b).to_bits(),
        filtered_input.to_bits(),
        decayed.to_bits(),
        flush(tiny * tiny, SMALLEST_GRADIENT).to_bits(),
        flush(square, SMALLEST_MOMENT).to_bits(),
        exp_exact(argument).to_bits(),
        s.to_bits(),
        sigmoid_slope(s).to_bits(),
        recip_exact(wide).to_bits(),
        rsqrt_exact(wide).to_bits(),
        (u * 255.0 + 0.5) as i32 as u32,
        u32::from(w[0] < w[1]) | u32::from(a < b) << 1 | u32::from(u * s < 0.25) << 2,
        random[0],
        random[1],
        random[2],
        random[3],
        weight.to_bits(),
        less.to_bits(),
        column.to_bits(),
        with_uniforms.to_bits(),
        error.to_bits(),
        // Small and large arguments have different formulas.
        sigmoid_deviation(u - 0.5).to_bits(),
    ]
}

/// Returns a number in [0, 1), as kernels compare random words with probabilities.
fn uniform01(word: u32) -> f32 {
    const SCALE: f32 = 1.0 / (1 << FRACTION_BITS) as f32;
    (word >> (32 - FRACTION_BITS)) as f32 * SCALE
}

/// Returns a float of either sign with a magnitude in [`2^lowest`, `2^(lowest + span)`).
fn random_float(word: u32, lowest: i32, span: u32) -> f32 {
    let exponent = (lowest + 127) as u32 + (word & 0xFF) % span;
    f32::from_bits((word & 0x8000_0000) | exponent << 23 | ((word >> 8) & 0x7F_FFFF))
}
