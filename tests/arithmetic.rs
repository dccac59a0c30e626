//! Proves: the functions that all backends build from exact operations are as close to the true ones
//! as their documentation says, over their whole range, and stay finite and ordered at its limits and
//! beyond, for infinities and for what is not a number.
//!
//! Does not prove: that a GPU computes the same bits (see `exactness.rs` and `devices.rs`). Not every
//! float is tried; all of them were, once, and gave the maxima that the bounds below lie just above.

use apical::model::exact_math::{
    ARGUMENT_LIMIT, SMALLEST_GRADIENT, SMALLEST_MOMENT, SMALLEST_VOLTAGE, SMALLEST_WEIGHT,
    exp_exact, flush, flush_weight, recip_exact, rsqrt_exact, sigmoid, sigmoid_slope,
};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};

/// Measured, as a share of `1 + |x| / 4`: 2.66e-7, at -22.6. Documented: 3e-7.
const EXP_ERROR: f64 = 2.7e-7;
/// Measured: 1.776e-7, at 5.152. Documented: 2e-7.
const SIGMOID_ERROR: f64 = 1.79e-7;
/// Measured: 1.758e-7.
const SLOPE_ERROR: f64 = 1.77e-7;
/// Measured over all floats from the smallest normal number to 1e37: 1.483e-7. Documented: 2e-7.
const RECIPROCAL_ERROR: f64 = 1.49e-7;
/// Measured over all normal numbers: 1.900e-7. Documented: 3e-7.
const ROOT_ERROR: f64 = 1.91e-7;
/// How far a sigmoid can fall where its argument rises: two units in the last place below 1.
const SIGMOID_FALL: f32 = 1.2e-7;

/// Floats between two positive ones, close to each other and in all binades; the odd stride meets
/// all residues of the low bits.
fn floats_between(low: f32, high: f32) -> impl Iterator<Item = f32> {
    const STRIDE: usize = 1009;
    let end = std::iter::once(high);
    (low.to_bits()..high.to_bits()).step_by(STRIDE).map(f32::from_bits).chain(end)
}

/// Arguments of either sign up to the limit, in ascending order: close to each other in all binades
/// from 1e-10 on, and evenly spaced.
fn arguments() -> Vec<f32> {
    let magnitudes: Vec<f32> = floats_between(1e-10, ARGUMENT_LIMIT).collect();
    let step = f64::from(ARGUMENT_LIMIT) / 1e6;
    let even = (-1_000_000..=1_000_000).map(|i| (f64::from(i) * step) as f32);
    let mut all: Vec<f32> = magnitudes.iter().flat_map(|&x| [x, -x]).chain(even).collect();
    all.sort_by(f32::total_cmp);
    assert_eq!((all[0], all[all.len() - 1]), (-ARGUMENT_LIMIT, ARGUMENT_LIMIT));
    all
}

/// The largest error over `arguments`, with where it is.
fn largest(arguments: impl IntoIterator<Item = f32>, error: impl Fn(f32) -> f64) -> (f64, f32) {
    let errors = arguments.into_iter().map(|x| (error(x).abs(), x));
    errors.max_by(|a, b| a.0.total_cmp(&b.0)).expect("there are arguments")
}

/// A bound is kept, and is no looser than ten percent: what was measured is what is computed.
fn assert_bound(what: &str, (error, at): (f64, f32), bound: f64) {
    assert!(error <= bound, "{what}: error {error:e} at {at:e}, bound {bound:e}");
    assert!(error > 0.9 * bound, "{what}: error {error:e} at {at:e}, bound {bound:e} is too loose");
}

/// Relative to what rounding the argument's product alone leaves uncertain.
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

fn reciprocal_error(x: f32) -> f64 {
    f64::from(recip_exact(x)) * f64::from(x) - 1.0
}

fn root_error(x: f32) -> f64 {
    f64::from(rsqrt_exact(x)) * f64::from(x).sqrt() - 1.0
}

#[test]
fn exp_is_within_its_bound() {
    assert_bound("exp", largest(arguments(), exp_error), EXP_ERROR);
}

#[test]
fn sigmoid_and_its_slope_are_within_their_bounds() {
    assert_bound("sigmoid", largest(arguments(), sigmoid_error), SIGMOID_ERROR);
    assert_bound("slope", largest(arguments(), slope_error), SLOPE_ERROR);
}

/// Learning leans on the sign of small differences: a sigmoid must not fall by more than rounding.
#[test]
fn sigmoid_rises() {
    let mut highest: f32 = 0.0;
    for x in arguments() {
        let s = sigmoid(x);
        assert!(s > 0.0 && s < 1.0, "sigmoid({x:e}) = {s:e}");
        assert!(highest - s <= SIGMOID_FALL, "sigmoid({x:e}) = {s:e} after {highest:e}");
        highest = highest.max(s);
    }
    assert!(highest > 0.999_999, "it ends at {highest:e}");
}

#[test]
fn slope_is_never_negative_nor_steeper_than_a_quarter() {
    for x in arguments() {
        let slope = sigmoid_slope(sigmoid(x));
        assert!((0.0..=0.25).contains(&slope), "slope {slope:e} at {x:e}");
    }
    // What a mean rate's rounding could make of a saturated neuron.
    assert_eq!((sigmoid_slope(0.0), sigmoid_slope(1.0)), (0.0, 0.0));
}

#[test]
fn reciprocals_are_within_their_bounds() {
    let smallest = f32::MIN_POSITIVE;
    let error = largest(floats_between(smallest, 1e37), reciprocal_error);
    assert_bound("reciprocal", error, RECIPROCAL_ERROR);
    let error = largest(floats_between(smallest, f32::MAX), root_error);
    assert_bound("reciprocal root", error, ROOT_ERROR);
}

#[test]
fn beyond_its_limits_exp_stays_at_them() {
    let (least, most) = (exp_exact(-ARGUMENT_LIMIT), exp_exact(ARGUMENT_LIMIT));
    assert!(least.is_normal() && most.is_normal(), "{least:e} {most:e}");
    for beyond in
        [1.000_001 * ARGUMENT_LIMIT, 2.0 * ARGUMENT_LIMIT, 88.8, 1e3, 1e30, f32::MAX, f32::INFINITY]
    {
        assert_eq!(exp_exact(beyond), most, "exp({beyond:e})");
        assert_eq!(exp_exact(-beyond), least, "exp(-{beyond:e})");
        assert_eq!(sigmoid(beyond), sigmoid(ARGUMENT_LIMIT), "sigmoid({beyond:e})");
        assert_eq!(sigmoid(-beyond), sigmoid(-ARGUMENT_LIMIT), "sigmoid(-{beyond:e})");
    }
    let below = f32::from_bits(ARGUMENT_LIMIT.to_bits() - 1);
    assert!(
        exp_exact(below) < most && exp_exact(-below) > least,
        "the limits themselves are reached"
    );
}

#[test]
fn what_is_not_a_number_becomes_one() {
    for payload in [0, 1, 0x1234, 0x3F_FFFF] {
        for quiet_nan in [0x7FC0_0000, 0xFFC0_0000] {
            let nan = f32::from_bits(quiet_nan | payload);
            assert!(nan.is_nan());
            let (power, rate) = (exp_exact(nan), sigmoid(nan));
            assert!(power.is_finite() && power > 0.0, "exp is {power:e}");
            assert!(rate > 0.0 && rate < 1.0, "sigmoid is {rate:e}");
            assert_eq!(flush(nan, SMALLEST_VOLTAGE), 0.0);
        }
    }
}

#[test]
fn zero_and_numbers_too_small_to_tell_from_it() {
    for tiny in [0.0, -0.0, 1e-45, -1e-45, f32::MIN_POSITIVE, 1e-10, -1e-10] {
        assert_eq!(exp_exact(tiny), 1.0, "exp({tiny:e})");
        assert!((f64::from(sigmoid(tiny)) - 0.5).abs() < SIGMOID_ERROR, "sigmoid({tiny:e})");
    }
}

#[test]
fn flush_keeps_what_is_large_enough_and_only_that() {
    for smallest in [SMALLEST_VOLTAGE, SMALLEST_GRADIENT, SMALLEST_MOMENT] {
        let below = f32::from_bits(smallest.to_bits() - 1);
        for sign in [1.0, -1.0] {
            assert_eq!(flush(sign * smallest, smallest), sign * smallest);
            for gone in [below, f32::MIN_POSITIVE, 1e-45, 0.0] {
                // Positive zero, to the bit: a negative one would differ between devices.
                assert_eq!(flush(sign * gone, smallest).to_bits(), 0, "{gone:e}");
            }
            for kept in [1.0, f32::MAX, f32::INFINITY] {
                assert_eq!(flush(sign * kept, smallest), sign * kept);
            }
        }
    }
}

#[test]
fn flush_weight_below_smallest_is_zero_and_keeps_nan() {
    let below = f32::from_bits(SMALLEST_WEIGHT.to_bits() - 1);
    for sign in [1.0, -1.0] {
        for gone in [below, 1e-37, f32::MIN_POSITIVE, 1e-45, 0.0] {
            assert_eq!(flush_weight(sign * gone).to_bits(), 0, "{gone:e}");
        }
        for kept in [SMALLEST_WEIGHT, 1.0, f32::MAX, f32::INFINITY] {
            assert_eq!(flush_weight(sign * kept), sign * kept);
        }
    }
    assert!(flush_weight(f32::NAN).is_nan(), "a training that diverged is found");
}

/// The purpose of the flushes: products of stored numbers are normal, and so are differences of such products.
#[test]
fn products_of_flushed_numbers_differ_by_normal_ones() {
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
    // The same cases each time, and no file where failures are kept.
    #![proptest_config(Config {
        cases: 20_000,
        rng_seed: RngSeed::Fixed(784),
        failure_persistence: None,
        ..Config::default()
    })]

    #[test]
    fn random_arguments_are_within_the_bounds(
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
    fn every_bit_pattern_gives_a_number(bits in any::<u32>()) {
        let x = f32::from_bits(bits);
        prop_assert!(exp_exact(x).is_finite() && exp_exact(x) > 0.0, "exp({x:e})");
        let s = sigmoid(x);
        prop_assert!(s > 0.0 && s < 1.0, "sigmoid({x:e})");
        prop_assert!(flush(x, SMALLEST_VOLTAGE).to_bits() == 0 || x.abs() >= SMALLEST_VOLTAGE);
    }

    /// Laws that hold for the true functions, up to the errors.
    #[test]
    fn signs_mirror(x in -ARGUMENT_LIMIT..ARGUMENT_LIMIT) {
        let product = f64::from(exp_exact(x)) * f64::from(exp_exact(-x));
        prop_assert!((product - 1.0).abs() <= 2.1 * EXP_ERROR * exp_scale(x), "exp(x) exp(-x) = {product}");
        let sum = f64::from(sigmoid(x)) + f64::from(sigmoid(-x));
        prop_assert!((sum - 1.0).abs() <= 2.0 * SIGMOID_ERROR, "s(x) + s(-x) = {sum}");
    }
}
