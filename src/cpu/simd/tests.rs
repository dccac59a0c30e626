//! Proves: every implementation of [`Simd`] gives the bits of arrays, on this processor.

#[path = "../../../tests/support/harness.rs"]
mod harness;

use super::*;
use crate::model::exact_math::{exp_exact, sigmoid};

/// Returns the results of every operation of an implementation.
#[inline(always)]
fn all_results<V: Simd>(a: &[u32; LANES], b: &[u32; LANES]) -> Vec<[u32; LANES]> {
    let (x, y) = (V::load_u32(a), V::load_u32(b));
    let number = |words: &[u32; LANES]| {
        V::load_f32(&words.map(|word| (word >> 9) as f32)) - V::Floats::splat(4e6)
    };
    let (f, g) = (number(a), number(b));
    let table: [f32; TABLE_ENTRIES] = std::array::from_fn(|i| i as f32);
    let mask = V::le(x, y);
    let mut results = Vec::new();
    let mut keep = |words: V::Words| {
        let mut place = [0; LANES];
        V::store_u32(words, &mut place);
        results.push(place);
    };
    for words in [x + y, x - y, x & y, x | y, x << 16, x >> 5, V::splat_u32(b[0])] {
        keep(words);
    }
    keep(V::masked_add(x, mask, y));
    let other = V::Mask::from_bits(b[2]);
    for masks in
        [V::lt(f, g), mask, other, mask & other, mask | other, mask ^ other, mask.and_not(other)]
    {
        keep(V::splat_u32(masks.bits()));
    }
    for words in V::philox(a[0], b[0], a, b[1], [a[1], b[2]]) {
        keep(words);
    }
    for floats in [
        f + g,
        f - g,
        f * g,
        -f,
        exp_exact(f * V::Floats::splat(1e-5)),
        sigmoid(g * V::Floats::splat(1e-5)),
        f.clamp_max(1e5),
        V::flush(f, 1e5),
        V::lookup(&table, x),
    ] {
        let mut place = [0.0; LANES];
        V::store_f32(floats, &mut place);
        results.push(place.map(f32::to_bits));
    }
    results
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn avx2_results(a: &[u32; LANES], b: &[u32; LANES]) -> Vec<[u32; LANES]> {
    all_results::<avx2::Avx2>(a, b)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn avx512_results(a: &[u32; LANES], b: &[u32; LANES]) -> Vec<[u32; LANES]> {
    all_results::<avx512::Avx512>(a, b)
}

/// Compares an implementation with arrays for many words.
#[cfg(target_arch = "x86_64")]
fn check(results: impl Fn(&[u32; LANES], &[u32; LANES]) -> Vec<[u32; LANES]>) {
    for round in 0..500u32 {
        let word = |i: u32| (round * 40 + i).wrapping_mul(0x9E37_79B9).rotate_left(i % 13);
        let a: [u32; LANES] = std::array::from_fn(|i| word(i as u32));
        let b: [u32; LANES] = std::array::from_fn(|i| word(i as u32 * 7 / 3 + 20));
        assert_eq!(results(&a, &b), all_results::<Scalar16>(&a, &b));
    }
}

#[cfg(target_arch = "x86_64")]
#[test]
fn avx2_equals_arrays() {
    if !is_x86_feature_detected!("avx2") {
        harness::not_run("avx2_equals_arrays", "this processor has no AVX2");
        return;
    }
    // SAFETY: detected above.
    check(|a, b| unsafe { avx2_results(a, b) });
}

#[cfg(target_arch = "x86_64")]
#[test]
fn avx512_equals_arrays() {
    if !is_x86_feature_detected!("avx512f") {
        harness::not_run("avx512_equals_arrays", "this processor has no AVX-512F");
        return;
    }
    // SAFETY: detected above.
    check(|a, b| unsafe { avx512_results(a, b) });
}
