//! Proves: every implementation of [`Simd`] gives the bits of arrays, on this processor.

#[path = "../../../tests/support/harness.rs"]
mod harness;

use std::ops::Range;

use super::decide::decide_few;
use super::scalar::Scalar16;
use super::*;
use crate::config::Config;
use crate::cpu::spikes::tables::SpikeTables;
use crate::model::exact_math::{exp_exact, sigmoid};
use crate::random::philox_units;

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
    for masks in [
        V::lt(f, g),
        V::is_large(f, 1e5),
        mask,
        other,
        mask & other,
        mask | other,
        mask ^ other,
        mask.and_not(other),
    ] {
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
#[target_feature(enable = "sse4.2")]
fn sse42_results(a: &[u32; LANES], b: &[u32; LANES]) -> Vec<[u32; LANES]> {
    all_results::<vectors128::Vectors128>(a, b)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn avx512_results(a: &[u32; LANES], b: &[u32; LANES]) -> Vec<[u32; LANES]> {
    all_results::<avx512::Avx512>(a, b)
}

/// Lanes that hold neurons; the counts of the others are arbitrary.
const NEURONS: u16 = 0x7FFF;

/// Random words, somatic voltages and tables of a draw of spikes.
struct Draw {
    tables: CoarseTables,
    random: [[u32; LANES]; 4],
    soma: [Tile<f32>; WORD_STEPS],
}

/// Compares the decisions of an implementation about whole words with those of `expected`, and about a few steps with
/// those of `of_few`, number by number.
#[inline(always)]
fn check_decisions<V: Simd>(
    draw: &Draw,
    expected: impl Fn(u32, f32) -> Option<u32>,
    of_few: impl Fn(u32, f32) -> Option<u32>,
) {
    let Draw { tables, random, soma } = draw;
    let words = random.each_ref().map(V::load_u32);
    compare::<V>(draw, V::decide(tables, &words, soma, NEURONS), 0..WORD_STEPS, expected);
    for slots in [0..1, 3..6, 7..8] {
        let few = decide_few::<V>(tables, &words, soma, slots.clone(), NEURONS);
        compare::<V>(draw, few, slots, &of_few);
    }
}

#[inline(always)]
fn compare<V: Simd>(
    draw: &Draw,
    decisions: Decisions<V::Words>,
    slots: Range<usize>,
    expected: impl Fn(u32, f32) -> Option<u32>,
) {
    let mut counts = [0; LANES];
    V::store_u32(decisions.counts, &mut counts);
    for slot in slots {
        for (i, count) in counts.iter().enumerate() {
            let word = draw.random[slot % 4][i] << (if slot < 4 { 16 } else { 0 });
            let bit = |mask: u16| u32::from(mask >> i & 1);
            let is_neuron = NEURONS >> i & 1 == 1;
            let expected = if is_neuron { expected(word, draw.soma[slot][i]) } else { Some(0) };
            let found = (bit(decisions.once[slot]), bit(decisions.open[slot]));
            assert_eq!(found, (expected.unwrap_or(0), u32::from(expected.is_none())));
            if is_neuron {
                assert_eq!(count >> (4 * slot) & 0xF, expected.unwrap_or(0));
            }
        }
    }
}

/// Calls `check` for the tables of several rates, with random words and voltages, some of them not finite.
fn for_draws(mut check: impl FnMut(&Draw)) {
    for phi_max in [0.2, 0.9, 0.01, 1e-6] {
        let replica = crate::plan::replica(&Config { phi_max, ..Config::default() });
        let tables = SpikeTables::new(&replica).coarse;
        for round in 0..200 {
            let random = philox_units(1, round, &std::array::from_fn(|i| i as u32), 0, [3, 4]);
            let candidates = random.map(|words| words.map(|w| w % (tables.max_candidate_word / 2)));
            let mut soma = [Tile([0.0; LANES]); WORD_STEPS];
            for (slot, soma) in soma.iter_mut().enumerate() {
                let words = philox_units(2, round, &random[0], slot as u32, [3, 4]);
                *soma = Tile(words[0].map(|word| (word >> 8) as f32 / (1 << 20) as f32 - 8.0));
                soma[slot] = [f32::NAN, f32::INFINITY, f32::MIN, 1e30][slot % 4];
            }
            for random in [random, candidates] {
                check(&Draw { tables: tables.clone(), random, soma });
            }
        }
    }
}

#[test]
fn arrays_leave_candidates_open() {
    for_draws(|draw| {
        let expected = |word, _| draw.tables.by_candidates(word);
        check_decisions::<Scalar16>(draw, expected, expected);
    });
}

#[cfg(target_arch = "x86_64")]
#[test]
fn avx2_decides_by_bytes() {
    #[target_feature(enable = "avx2")]
    fn check(draw: &Draw) {
        let by_floats = |word, soma| draw.tables.by_floats(word, soma);
        check_decisions::<avx2::Avx2>(
            draw,
            |word, soma| draw.tables.by_bytes(word, soma),
            by_floats,
        );
    }
    if !is_x86_feature_detected!("avx2") {
        harness::not_run("avx2_decides_by_bytes", "this processor has no AVX2");
        return;
    }
    // SAFETY: detected above.
    for_draws(|draw| unsafe { check(draw) });
}

#[cfg(target_arch = "x86_64")]
#[test]
fn vectors128_decide_by_bytes() {
    #[target_feature(enable = "sse4.2")]
    fn check(draw: &Draw) {
        type Vectors128 = vectors128::Vectors128;
        let by_candidates = |word, _| draw.tables.by_candidates(word);
        check_decisions::<Vectors128>(
            draw,
            |word, soma| draw.tables.by_bytes(word, soma),
            by_candidates,
        );
    }
    if !is_x86_feature_detected!("sse4.2") {
        harness::not_run("vectors128_decide_by_bytes", "this processor has no SSE4.2");
        return;
    }
    // SAFETY: detected above.
    for_draws(|draw| unsafe { check(draw) });
}

#[cfg(target_arch = "aarch64")]
#[test]
fn vectors128_decide_by_bytes() {
    type Vectors128 = vectors128::Vectors128;
    for_draws(|draw| {
        let by_candidates = |word, _| draw.tables.by_candidates(word);
        check_decisions::<Vectors128>(
            draw,
            |word, soma| draw.tables.by_bytes(word, soma),
            by_candidates,
        );
    });
}

#[cfg(target_arch = "x86_64")]
#[test]
fn avx512_decides_by_lookup() {
    #[target_feature(enable = "avx512f")]
    fn check(draw: &Draw) {
        let expected = |word, soma| draw.tables.by_floats(word, soma);
        check_decisions::<avx512::Avx512>(draw, expected, expected);
    }
    if !is_x86_feature_detected!("avx512f") {
        harness::not_run("avx512_decides_by_lookup", "this processor has no AVX-512F");
        return;
    }
    // SAFETY: detected above.
    for_draws(|draw| unsafe { check(draw) });
}

/// Compares an implementation with arrays for many words.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
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
fn vectors128_equal_arrays() {
    if !is_x86_feature_detected!("sse4.2") {
        harness::not_run("vectors128_equal_arrays", "this processor has no SSE4.2");
        return;
    }
    // SAFETY: detected above.
    check(|a, b| unsafe { sse42_results(a, b) });
}

#[cfg(target_arch = "aarch64")]
#[test]
fn vectors128_equal_arrays() {
    check(all_results::<vectors128::Vectors128>);
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
