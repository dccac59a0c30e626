//! Functions built from `+ - *`, comparisons and integer operations alone, so that every device
//! with IEEE rounding computes the same bits. The shader twin is `shaders/shared/exact.wgsl`:
//! the two are kept comparable line by line.

use std::f32::consts::{LN_2, LOG2_E};
use std::ops::{Add, Mul, Neg, Sub};

/// Largest argument that [`exp`] and [`sigmoid`] tell apart from larger ones: beyond it a rate is
/// zero or full to 4e-18, and the square of the result would leave the range of normal numbers.
pub const ARGUMENT_LIMIT: f32 = 40.0;

/// Smallest magnitude of a stored number other than zero.
///
/// Many devices flush subnormal numbers (below 1.2e-38) to zero, others keep them. With this rule no device meets one:
/// the product of two stored numbers is at least 1e-30, and the difference of two such products is zero or at least
/// 2^-123. A smaller product is flushed at once, or added to a number so much larger that the sum is the same.
const SMALLEST: f32 = 1e-15;

/// Voltages, traces and rates below this are zero.
pub const SMALLEST_VOLTAGE: f32 = SMALLEST;

/// Errors, gradients and learning rates below this are zero.
pub const SMALLEST_GRADIENT: f32 = SMALLEST;

/// Weights and biases, of feedback too, below this are zero.
pub const SMALLEST_WEIGHT: f32 = SMALLEST;

/// Optimiser moments and squares below this are zero.
pub const SMALLEST_MOMENT: f32 = SMALLEST * SMALLEST;

/// `2^f` for `|f| <= 1/2` without its 1: a polynomial of `f` with the slope of `2^f` at 0 and else least
/// error (relative, 1.1e-7), the highest power first, down to the first.
pub(crate) const EXP_COEFFICIENTS: [f32; 5] =
    [1.330_060_6e-3, 9.669_691e-3, 5.550_558_5e-2, 0.240_222_83, LN_2];

/// Less the bits of `x`: a first guess at `1 / x`.
pub(crate) const RECIPROCAL_START: u32 = 0x7EF3_11C7;
/// Less half the bits of `x`: a first guess at `1 / sqrt(x)`.
pub(crate) const RECIPROCAL_ROOT_START: u32 = 0x5F37_59DF;
/// Steps of Newton's iteration after which more change nothing.
pub(crate) const NEWTON_STEPS: u32 = 3;

/// `x`, or zero where its magnitude is below `smallest`.
#[inline(always)]
pub fn flush(x: f32, smallest: f32) -> f32 {
    if x.abs() >= smallest { x } else { 0.0 }
}

/// Returns a weight as it is stored: zero if its magnitude is below [`SMALLEST_WEIGHT`]. NaN stays NaN, so that a
/// training that diverged is found.
#[inline(always)]
pub fn flush_weight(x: f32) -> f32 {
    if x.abs() < SMALLEST_WEIGHT { 0.0 } else { x }
}

/// A float, or several side by side that are computed alike.
pub trait Float:
    Copy + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Neg<Output = Self>
{
    /// An integer for each float.
    type Integer: Copy;

    /// The same value everywhere.
    fn of(value: f32) -> Self;

    /// `self` where it is below `limit`, elsewhere `limit`, also of a NaN.
    fn at_most(self, limit: f32) -> Self;

    /// `self` where it is above `limit`, elsewhere `limit`, also of a NaN.
    fn at_least(self, limit: f32) -> Self;

    /// The integer part.
    ///
    /// # Safety
    /// The values are in the range of `i32`: what others become differs between machines.
    unsafe fn truncated(self) -> Self::Integer;

    /// `value - bias`.
    fn unbiased(value: Self::Integer, bias: i32) -> Self;

    /// `2^(exponent - 127)`.
    fn power_of_two(exponent: Self::Integer) -> Self;

    /// The float whose bits are `word` less those of `self`.
    fn from_bits_less(word: u32, value: Self) -> Self;
}

impl Float for f32 {
    type Integer = i32;

    #[inline(always)]
    fn of(value: f32) -> f32 {
        value
    }

    #[inline(always)]
    fn at_most(self, limit: f32) -> f32 {
        if self < limit { self } else { limit }
    }

    #[inline(always)]
    fn at_least(self, limit: f32) -> f32 {
        if self > limit { self } else { limit }
    }

    #[inline(always)]
    unsafe fn truncated(self) -> i32 {
        // A checked conversion would not vectorise.
        // SAFETY: the caller's.
        unsafe { self.to_int_unchecked() }
    }

    #[inline(always)]
    fn unbiased(value: i32, bias: i32) -> f32 {
        (value - bias) as f32
    }

    #[inline(always)]
    fn power_of_two(exponent: i32) -> f32 {
        f32::from_bits((exponent as u32) << 23)
    }

    #[inline(always)]
    fn from_bits_less(word: u32, value: f32) -> f32 {
        f32::from_bits(word.wrapping_sub(value.to_bits()))
    }
}

/// `e^x`, relative error below `3e-7 (1 + |x| / 4)` for `|x| <=` [`ARGUMENT_LIMIT`], clamped
/// beyond.
#[inline(always)]
pub fn exp<F: Float>(x: F) -> F {
    let x = x.at_most(ARGUMENT_LIMIT).at_least(-ARGUMENT_LIMIT);
    let binary = x * F::of(LOG2_E);
    // The shift keeps the number positive, where truncation is the floor.
    // SAFETY: the clamps leave 69 to 185.
    let biased = unsafe { (binary + F::of(127.5)).truncated() };
    let f = binary - F::unbiased(biased, 127);
    let mut p = F::of(EXP_COEFFICIENTS[0]);
    p = p * f + F::of(EXP_COEFFICIENTS[1]);
    p = p * f + F::of(EXP_COEFFICIENTS[2]);
    p = p * f + F::of(EXP_COEFFICIENTS[3]);
    p = p * f + F::of(EXP_COEFFICIENTS[4]);
    p = p * f + F::of(1.0);
    F::power_of_two(biased) * p
}

/// `1 / x` for positive normal `x` up to 1e37, relative error below 2e-7: Newton's iteration from
/// the complement of the exponent.
#[inline(always)]
pub fn reciprocal<F: Float>(x: F) -> F {
    let mut y = F::from_bits_less(RECIPROCAL_START, x);
    for _ in 0..NEWTON_STEPS {
        y = y * (F::of(2.0) - x * y);
    }
    y
}

/// `1 / sqrt(x)` for positive normal `x`, relative error below 3e-7: Newton's iteration from half
/// the complement of the exponent (Lomont 2003).
#[inline(always)]
pub fn reciprocal_root(x: f32) -> f32 {
    let half = 0.5 * x;
    let mut y = f32::from_bits(RECIPROCAL_ROOT_START.wrapping_sub(x.to_bits() >> 1));
    for _ in 0..NEWTON_STEPS {
        y *= 1.5 - (half * y) * y;
    }
    y
}

/// The logistic function, absolute error below 2e-7.
#[inline(always)]
pub fn sigmoid<F: Float>(x: F) -> F {
    reciprocal(F::of(1.0) + exp(-x))
}

/// The slope of the logistic function where its value is `s`.
#[inline(always)]
pub fn sigmoid_slope(s: f32) -> f32 {
    s * (1.0 - s)
}
