//! Functions built from `+ - *`, comparisons and integer operations only, so that every device
//! with IEEE rounding computes the same bits.
//!
//! Twin of `shaders/shared/exact_math.wgsl`, comparable line by line.

use std::f32::consts::{LN_2, LOG2_E};
use std::ops::{Add, Mul, Neg, Sub};

/// Magnitude to which [`exp_exact`] and [`sigmoid`] clamp their argument.
///
/// At this limit the sigmoid differs from 0 or 1 by 4e-18. Beyond it, the square of the exponential would leave the
/// range of normal numbers.
pub const ARGUMENT_LIMIT: f32 = 40.0;

/// Smallest magnitude of a stored number other than zero.
///
/// Many devices flush subnormal numbers (below 1.2e-38) to zero, others keep them. With this limit none occurs:
/// the product of two stored numbers is at least 1e-30, and the difference of two such products is zero or at least
/// 2^-123. A smaller product is either flushed at once or added to a number so large that it does not change the sum.
const SMALLEST: f32 = 1e-15;

/// Limit below which voltages, traces and rates are stored as zero.
pub const SMALLEST_VOLTAGE: f32 = SMALLEST;

/// Limit below which errors, gradients and learning rates are stored as zero.
pub const SMALLEST_GRADIENT: f32 = SMALLEST;

/// Limit below which weights and biases, feedback included, are stored as zero.
pub const SMALLEST_WEIGHT: f32 = SMALLEST;

/// Limit below which optimizer moments and squares are stored as zero.
pub const SMALLEST_MOMENT: f32 = SMALLEST * SMALLEST;

/// Coefficients of the polynomial `2^f - 1` for `|f| <= 1/2`, from `f^5` down to `f`.
///
/// The slope at 0 is exact (`ln 2`); the others minimise the relative error of `2^f` (1.1e-7).
pub(crate) const EXP_COEFFICIENTS: [f32; 5] =
    [1.330_060_6e-3, 9.669_691e-3, 5.550_558_5e-2, 0.240_222_83, LN_2];

/// Minus the bits of `x`, the bits of a first estimate of `1 / x`.
pub(crate) const RECIPROCAL_START: u32 = 0x7EF3_11C7;
/// Minus half the bits of `x`, the bits of a first estimate of `1 / sqrt(x)` (Lomont 2003).
pub(crate) const RECIPROCAL_ROOT_START: u32 = 0x5F37_59DF;
/// Number of Newton iterations; further ones do not change the result.
pub(crate) const NEWTON_STEPS: u32 = 3;

/// Returns `x`, or zero if its magnitude is below `smallest`. NaN becomes zero.
#[inline(always)]
pub fn flush(x: f32, smallest: f32) -> f32 {
    if x.abs() >= smallest { x } else { 0.0 }
}

/// Returns a weight as it is stored: zero if its magnitude is below [`SMALLEST_WEIGHT`].
///
/// NaN stays NaN, so that a diverged training is detected.
#[inline(always)]
pub fn flush_weight(x: f32) -> f32 {
    if x.abs() < SMALLEST_WEIGHT { 0.0 } else { x }
}

/// One `f32`, or a SIMD vector of them.
pub trait Float:
    Copy + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Neg<Output = Self>
{
    /// A signed or unsigned 32-bit integer per float.
    type Integer: Copy;

    /// Returns `value` in every lane.
    fn splat(value: f32) -> Self;

    /// Returns the smaller of `self` and `limit`; `limit` if `self` is NaN.
    fn clamp_max(self, limit: f32) -> Self;

    /// Returns the larger of `self` and `limit`; `limit` if `self` is NaN.
    fn clamp_min(self, limit: f32) -> Self;

    /// Returns the integer part.
    ///
    /// # Safety
    /// Every value must be in the range of `i32`: machines convert other values differently.
    unsafe fn truncate_unchecked(self) -> Self::Integer;

    /// Returns `value - bias` as a float.
    fn int_sub_to_float(value: Self::Integer, bias: i32) -> Self;

    /// Returns `2^(exponent - 127)`.
    fn power_of_two(exponent: Self::Integer) -> Self;

    /// Returns the float whose bits are `word` minus the bits of `value`.
    fn bits_sub(word: u32, value: Self) -> Self;
}

impl Float for f32 {
    type Integer = i32;

    #[inline(always)]
    fn splat(value: f32) -> f32 {
        value
    }

    #[inline(always)]
    fn clamp_max(self, limit: f32) -> f32 {
        if self < limit { self } else { limit }
    }

    #[inline(always)]
    fn clamp_min(self, limit: f32) -> f32 {
        if self > limit { self } else { limit }
    }

    #[inline(always)]
    unsafe fn truncate_unchecked(self) -> i32 {
        // A checked conversion is not vectorised.
        // SAFETY: guaranteed by the caller.
        unsafe { self.to_int_unchecked() }
    }

    #[inline(always)]
    fn int_sub_to_float(value: i32, bias: i32) -> f32 {
        (value - bias) as f32
    }

    #[inline(always)]
    fn power_of_two(exponent: i32) -> f32 {
        f32::from_bits((exponent as u32) << 23)
    }

    #[inline(always)]
    fn bits_sub(word: u32, value: f32) -> f32 {
        f32::from_bits(word.wrapping_sub(value.to_bits()))
    }
}

/// Returns `e^x` with a relative error below `3e-7 (1 + |x| / 4)`; `x` is clamped to +-[`ARGUMENT_LIMIT`].
#[inline(always)]
pub fn exp_exact<F: Float>(x: F) -> F {
    let x = x.clamp_max(ARGUMENT_LIMIT).clamp_min(-ARGUMENT_LIMIT);
    let binary = x * F::splat(LOG2_E);
    // The bias of 127 makes the number positive, so truncation equals the floor.
    // SAFETY: the clamped argument gives 69 to 185.
    let biased = unsafe { (binary + F::splat(127.5)).truncate_unchecked() };
    let f = binary - F::int_sub_to_float(biased, 127);
    F::power_of_two(biased) * (exp2_minus_1(f) + F::splat(1.0))
}

/// Returns `2^f - 1` for `|f| <= 1/2`.
#[inline(always)]
fn exp2_minus_1<F: Float>(f: F) -> F {
    let mut p = F::splat(EXP_COEFFICIENTS[0]);
    p = p * f + F::splat(EXP_COEFFICIENTS[1]);
    p = p * f + F::splat(EXP_COEFFICIENTS[2]);
    p = p * f + F::splat(EXP_COEFFICIENTS[3]);
    p = p * f + F::splat(EXP_COEFFICIENTS[4]);
    p * f
}

/// Returns `1 / x` with a relative error below 2e-7, for positive normal `x` up to 1e37.
///
/// Newton's iteration; the first estimate negates the exponent.
#[inline(always)]
pub fn recip_exact<F: Float>(x: F) -> F {
    let mut y = F::bits_sub(RECIPROCAL_START, x);
    for _ in 0..NEWTON_STEPS {
        y = y * (F::splat(2.0) - x * y);
    }
    y
}

/// Returns `1 / sqrt(x)` with a relative error below 3e-7, for positive normal `x`.
///
/// Newton's iteration; the first estimate halves and negates the exponent (Lomont 2003).
#[inline(always)]
pub fn rsqrt_exact(x: f32) -> f32 {
    let half = 0.5 * x;
    let mut y = f32::from_bits(RECIPROCAL_ROOT_START.wrapping_sub(x.to_bits() >> 1));
    for _ in 0..NEWTON_STEPS {
        y *= 1.5 - (half * y) * y;
    }
    y
}

/// Returns the logistic function `1 / (1 + e^-x)` with an absolute error below 2e-7.
#[inline(always)]
pub fn sigmoid<F: Float>(x: F) -> F {
    recip_exact(F::splat(1.0) + exp_exact(-x))
}

/// Returns `2 sigmoid(x) - 1 = tanh(x / 2)` with a relative error below `2e-6`, exactly 0 at 0; `x` is clamped to
/// +-[`ARGUMENT_LIMIT`].
///
/// The difference itself would have an absolute error of 2e-7, as large as a small argument.
#[inline(always)]
pub fn sigmoid_deviation(x: f32) -> f32 {
    // `tanh(x / 2) = t / (t + 2)` with `t = e^x - 1`.
    let t = exp_minus_1(x);
    t * recip_exact(t + 2.0)
}

/// Returns `e^x - 1`; `x` is clamped to +-[`ARGUMENT_LIMIT`].
#[inline(always)]
fn exp_minus_1(x: f32) -> f32 {
    let clamped = x.clamp_max(ARGUMENT_LIMIT).clamp_min(-ARGUMENT_LIMIT);
    let f = clamped * LOG2_E;
    // Without an integer part, there is no 1 to cancel.
    if f.abs() < 0.5 { exp2_minus_1(f) } else { exp_exact(x) - 1.0 }
}

/// Returns the slope of the logistic function at the point where its value is `s`: `s (1 - s)`.
#[inline(always)]
pub fn sigmoid_slope(s: f32) -> f32 {
    s * (1.0 - s)
}
