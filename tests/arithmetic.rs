//! Proves: `exp_exact`, `sigmoid`, `sigmoid_slope`, `sigmoid_deviation`, `recip_exact` and `rsqrt_exact` keep their
//! documented error bounds over their whole range. At and beyond its limits, for infinities and NaN, results stay
//! finite and ordered.
//!
//! Does not prove: that a GPU computes the same bits (see `exactness.rs` and `devices.rs`). The tests sample the
//! floats; one run over all floats gave the maxima below.

use apical::model::exact_math::{
    ARGUMENT_LIMIT, SMALLEST_GRADIENT, SMALLEST_MOMENT, SMALLEST_VOLTAGE, SMALLEST_WEIGHT,
    exp_exact, flush, flush_weight, recip_exact, rsqrt_exact, sigmoid, sigmoid_deviation,
    sigmoid_slope,
};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};

/// Relative error divided by `1 + |x| / 4`. Measured: 2.66e-7, at -22.6. Documented: 3e-7.
const EXP_ERROR: f64 = 2.7e-7;
/// Measured: 1.776e-7, at 5.152. Documented: 2e-7.
const SIGMOID_ERROR: f64 = 1.79e-7;
/// Relative. Measured: 1.001e-6, at -0.1317. Documented: 2e-6.
const DEVIATION_ERROR: f64 = 1.01e-6;
/// Measured: 1.758e-7.
const SLOPE_ERROR: f64 = 1.77e-7;
/// Measured over all floats from the smallest normal number to 1e37: 1.483e-7. Documented: 2e-7.
const RECIPROCAL_ERROR: f64 = 1.49e-7;
/// Measured over all normal numbers: 1.900e-7. Documented: 3e-7.
const ROOT_ERROR: f64 = 1.91e-7;
/// Maximum decrease of the sigmoid while its argument rises: two units in the last place below 1.
const SIGMOID_FALL: f32 = 1.2e-7;

/// Returns closely spaced floats between two positive ones, in all binades. The odd stride covers all
/// residues of the low bits.
fn floats_between(low: f32, high: f32) -> impl Iterator<Item = f32> {
    const STRIDE: usize = 1009;
    let end = std::iter::once(high);
    (low.to_bits()..high.to_bits()).step_by(STRIDE).map(f32::from_bits).chain(end)
}

/// Returns arguments of both signs up to the limit, in ascending order: closely spaced in all binades from
/// 1e-10, and evenly spaced.
fn arguments() -> Vec<f32> {
    let magnitudes: Vec<f32> = floats_between(1e-10, ARGUMENT_LIMIT).collect();
    let step = f64::from(ARGUMENT_LIMIT) / 1e6;
    let even = (-1_000_000..=1_000_000).map(|i| (f64::from(i) * step) as f32);
    let mut all: Vec<f32> = magnitudes.iter().flat_map(|&x| [x, -x]).chain(even).collect();
    all.sort_by(f32::total_cmp);
    assert_eq!((all[0], all[all.len() - 1]), (-ARGUMENT_LIMIT, ARGUMENT_LIMIT));
    all
}

/// Returns the largest error over `arguments` and its argument.
fn largest(arguments: impl IntoIterator<Item = f32>, error: impl Fn(f32) -> f64) -> (f64, f32) {
    let errors = arguments.into_iter().map(|x| (error(x).abs(), x));
    errors.max_by(|a, b| a.0.total_cmp(&b.0)).expect("there are arguments")
}

/// Asserts that an error is below its bound, but at most ten percent below.
fn assert_bound(label: &str, (error, at): (f64, f32), bound: f64) {
    assert!(error <= bound, "{label}: error {error:e} at {at:e}, bound {bound:e}");
    assert!(
        error > 0.9 * bound,
        "{label}: error {error:e} at {at:e}, bound {bound:e} is too loose"
    );
}

/// Returns the relative error divided by its growth with the argument, see [`exp_scale`].
fn exp_error(x: f32) -> f64 {
    let exact = f64::from(x).exp();
    (f64::from(exp_exact(x)) / exact - 1.0) / exp_scale(x)
}

fn exp_scale(x: f32) -> f64 {
    1.0 + f64::from(x).abs() / 4.0
}

fn true_sigmoid(x: f32) -> f64 {
    1.0 / (1.0 + (-f64::from(x)).exp())
}

fn sigmoid_error(x: f32) -> f64 {
    f64::from(sigmoid(x)) - true_sigmoid(x)
}

fn slope_error(x: f32) -> f64 {
    let exact = true_sigmoid(x);
    f64::from(sigmoid_slope(sigmoid(x))) - exact * (1.0 - exact)
}

fn deviation_error(x: f32) -> f64 {
    f64::from(sigmoid_deviation(x)) / (f64::from(x) / 2.0).tanh() - 1.0
}

fn reciprocal_error(x: f32) -> f64 {
    f64::from(recip_exact(x)) * f64::from(x) - 1.0
}

fn root_error(x: f32) -> f64 {
    f64::from(rsqrt_exact(x)) * f64::from(x).sqrt() - 1.0
}

#[test]
fn exp_error_is_within_bound() {
    assert_bound("exp", largest(arguments(), exp_error), EXP_ERROR);
}

#[test]
fn sigmoid_and_slope_errors_are_within_bounds() {
    assert_bound("sigmoid", largest(arguments(), sigmoid_error), SIGMOID_ERROR);
    assert_bound("slope", largest(arguments(), slope_error), SLOPE_ERROR);
}

/// Small bursts keep their relative precision, and no feedback leaves no error.
#[test]
fn sigmoid_deviation_error_is_within_bound() {
    let nonzero = arguments().into_iter().filter(|&x| x != 0.0);
    assert_bound("deviation", largest(nonzero, deviation_error), DEVIATION_ERROR);
    assert_eq!(sigmoid_deviation(0.0), 0.0);
    assert_eq!(sigmoid_deviation(f32::INFINITY), sigmoid_deviation(ARGUMENT_LIMIT));
}

/// Learning depends on the sign of small differences: a sigmoid must not fall by more than rounding.
#[test]
fn sigmoid_of_rising_argument_rises() {
    let mut highest: f32 = 0.0;
    for x in arguments() {
        let s = sigmoid(x);
        assert!(s > 0.0 && s < 1.0, "sigmoid({x:e}) = {s:e}");
        assert!(highest - s <= SIGMOID_FALL, "sigmoid({x:e}) = {s:e} after {highest:e}");
        highest = highest.max(s);
    }
    assert!(highest > 0.999_999, "largest value {highest:e}");
}

#[test]
fn sigmoid_slope_is_between_zero_and_a_quarter() {
    for x in arguments() {
        let slope = sigmoid_slope(sigmoid(x));
        assert!((0.0..=0.25).contains(&slope), "slope {slope:e} at {x:e}");
    }
    // A saturated neuron's mean rate can round to 0 or 1.
    assert_eq!((sigmoid_slope(0.0), sigmoid_slope(1.0)), (0.0, 0.0));
}

#[test]
fn reciprocal_errors_are_within_bounds() {
    let smallest = f32::MIN_POSITIVE;
    let error = largest(floats_between(smallest, 1e37), reciprocal_error);
    assert_bound("reciprocal", error, RECIPROCAL_ERROR);
    let error = largest(floats_between(smallest, f32::MAX), root_error);
    assert_bound("reciprocal root", error, ROOT_ERROR);
}

#[test]
fn exp_beyond_limits_is_clamped() {
    let (min, max) = (exp_exact(-ARGUMENT_LIMIT), exp_exact(ARGUMENT_LIMIT));
    assert!(min.is_normal() && max.is_normal(), "{min:e} {max:e}");
    for beyond in
        [1.000_001 * ARGUMENT_LIMIT, 2.0 * ARGUMENT_LIMIT, 88.8, 1e3, 1e30, f32::MAX, f32::INFINITY]
    {
        assert_eq!(exp_exact(beyond), max, "exp({beyond:e})");
        assert_eq!(exp_exact(-beyond), min, "exp(-{beyond:e})");
        assert_eq!(sigmoid(beyond), sigmoid(ARGUMENT_LIMIT), "sigmoid({beyond:e})");
        assert_eq!(sigmoid(-beyond), sigmoid(-ARGUMENT_LIMIT), "sigmoid(-{beyond:e})");
    }
    let below = f32::from_bits(ARGUMENT_LIMIT.to_bits() - 1);
    assert!(exp_exact(below) < max && exp_exact(-below) > min, "clamped below the limit");
}

#[test]
fn functions_of_nan_return_numbers() {
    for payload in [0, 1, 0x1234, 0x3F_FFFF] {
        for quiet_nan in [0x7FC0_0000, 0xFFC0_0000] {
            let nan = f32::from_bits(quiet_nan | payload);
            assert!(nan.is_nan());
            let (exp, sigmoid) = (exp_exact(nan), sigmoid(nan));
            assert!(exp.is_finite() && exp > 0.0, "exp is {exp:e}");
            assert!(sigmoid > 0.0 && sigmoid < 1.0, "sigmoid is {sigmoid:e}");
            assert_eq!(flush(nan, SMALLEST_VOLTAGE), 0.0);
        }
    }
}

#[test]
fn exp_and_sigmoid_of_tiny_equal_those_of_zero() {
    for tiny in [0.0, -0.0, 1e-45, -1e-45, f32::MIN_POSITIVE, 1e-10, -1e-10] {
        assert_eq!(exp_exact(tiny), 1.0, "exp({tiny:e})");
        assert!((f64::from(sigmoid(tiny)) - 0.5).abs() < SIGMOID_ERROR, "sigmoid({tiny:e})");
    }
}

#[test]
fn flush_below_threshold_returns_positive_zero() {
    for smallest in [SMALLEST_VOLTAGE, SMALLEST_GRADIENT, SMALLEST_MOMENT] {
        let below = f32::from_bits(smallest.to_bits() - 1);
        for sign in [1.0, -1.0] {
            assert_eq!(flush(sign * smallest, smallest), sign * smallest);
            for small in [below, f32::MIN_POSITIVE, 1e-45, 0.0] {
                // Devices differ in the sign of a zero: the flush always returns +0.
                assert_eq!(flush(sign * small, smallest).to_bits(), 0, "{small:e}");
            }
            for large in [1.0, f32::MAX, f32::INFINITY] {
                assert_eq!(flush(sign * large, smallest), sign * large);
            }
        }
    }
}

#[test]
fn flush_weight_below_smallest_is_zero_and_keeps_nan() {
    let below = f32::from_bits(SMALLEST_WEIGHT.to_bits() - 1);
    for sign in [1.0, -1.0] {
        for small in [below, 1e-37, f32::MIN_POSITIVE, 1e-45, 0.0] {
            assert_eq!(flush_weight(sign * small).to_bits(), 0, "{small:e}");
        }
        for large in [SMALLEST_WEIGHT, 1.0, f32::MAX, f32::INFINITY] {
            assert_eq!(flush_weight(sign * large), sign * large);
        }
    }
    assert!(flush_weight(f32::NAN).is_nan(), "a NaN weight must show that a training diverged");
}

/// This is the purpose of flushing: products of stored numbers and their differences stay normal.
#[test]
fn products_of_flushed_values_differ_by_normals() {
    let stored = [SMALLEST_VOLTAGE, SMALLEST_GRADIENT, SMALLEST_WEIGHT];
    for a in stored {
        for b in stored {
            let product = a * b;
            let next = f32::from_bits(product.to_bits() + 1);
            assert!(product >= SMALLEST_MOMENT && (next - product).is_normal());
        }
    }
}

proptest! {
    // A fixed seed gives the same cases in each run. Failures are not written to a file.
    #![proptest_config(Config {
        cases: 20_000,
        rng_seed: RngSeed::Fixed(784),
        failure_persistence: None,
        ..Config::default()
    })]

    #[test]
    fn random_argument_errors_are_within_bounds(
        x in -ARGUMENT_LIMIT..ARGUMENT_LIMIT,
        y in -1.0f32..1.0,
        exponent in -37.0f32..37.0,
    ) {
        for x in [x, y] {
            prop_assert!(exp_error(x).abs() <= EXP_ERROR, "exp({x:e})");
            prop_assert!(sigmoid_error(x).abs() <= SIGMOID_ERROR, "sigmoid({x:e})");
            prop_assert!(slope_error(x).abs() <= SLOPE_ERROR, "slope at {x:e}");
        }
        let wide = 10.0f32.powf(exponent);
        prop_assert!(reciprocal_error(wide).abs() <= RECIPROCAL_ERROR, "reciprocal({wide:e})");
        prop_assert!(root_error(wide).abs() <= ROOT_ERROR, "reciprocal root of {wide:e}");
    }

    #[test]
    fn functions_of_any_bits_return_numbers(bits in any::<u32>()) {
        let x = f32::from_bits(bits);
        prop_assert!(exp_exact(x).is_finite() && exp_exact(x) > 0.0, "exp({x:e})");
        let s = sigmoid(x);
        prop_assert!(s > 0.0 && s < 1.0, "sigmoid({x:e})");
        prop_assert!(flush(x, SMALLEST_VOLTAGE).to_bits() == 0 || x.abs() >= SMALLEST_VOLTAGE);
    }

    /// `exp(x) exp(-x) = 1` and `s(x) + s(-x) = 1`, up to the error bounds.
    #[test]
    fn exp_and_sigmoid_of_negated_argument_mirror(x in -ARGUMENT_LIMIT..ARGUMENT_LIMIT) {
        let product = f64::from(exp_exact(x)) * f64::from(exp_exact(-x));
        prop_assert!((product - 1.0).abs() <= 2.1 * EXP_ERROR * exp_scale(x), "exp(x) exp(-x) = {product}");
        let sum = f64::from(sigmoid(x)) + f64::from(sigmoid(-x));
        prop_assert!((sum - 1.0).abs() <= 2.0 * SIGMOID_ERROR, "s(x) + s(-x) = {sum}");
    }
}
