//! Operations of [`Avx2`](super::avx2::Avx2) in bytes. Coarse decisions: a register holds two steps of 16 neurons, and
//! shuffles look up 32 bytes at once.
//!
//! SAFETY of every block here: as in [`avx2`](super::avx2).

use std::arch::x86_64::*;

use super::coarse::{BYTE_SCALE, CoarseTables, Decisions};
use super::tiled::Tile;
use crate::cpu::spikes::WORD_STEPS;

/// Number of bytes that one shuffle looks up in.
const SHUFFLE: usize = 16;

/// Computes [`Simd::decide`](super::Simd::decide).
#[inline(always)]
pub unsafe fn decide(
    tables: &CoarseTables,
    random: &[[__m256i; 2]; 4],
    soma: &[Tile<f32>; WORD_STEPS],
    neurons: u16,
) -> Decisions<[__m256i; 2]> {
    let neurons = u32::from(neurons) | u32::from(neurons) << 16;
    let (mut once, mut open) = ([0; WORD_STEPS], [0; WORD_STEPS]);
    unsafe {
        let zero = _mm256_setzero_si256();
        let mut spikes = [zero; 4];
        // Register `slot` holds steps `slot` and `slot + 4`, whose random numbers share words.
        for slot in 0..4 {
            let entry = entries(tables.byte_shift, random[slot]);
            let max = _mm256_set1_epi8(tables.max_candidate_byte as i8);
            let candidates = _mm256_cmpeq_epi8(_mm256_min_epu8(entry, max), entry);
            let voltage = voltages(&soma[slot], &soma[slot + 4]);
            let [none_below, one_above] =
                lookup([&tables.no_spike_below_byte, &tables.one_spike_above_byte], entry);
            let one = _mm256_and_si256(_mm256_cmpgt_epi8(voltage, one_above), candidates);
            let none = _mm256_or_si256(_mm256_cmpgt_epi8(none_below, voltage), one);
            let undecided = _mm256_andnot_si256(none, candidates);
            let one_bits = _mm256_movemask_epi8(one) as u32 & neurons;
            let open_bits = _mm256_movemask_epi8(undecided) as u32 & neurons;
            (once[slot], once[slot + 4]) = (one_bits as u16, (one_bits >> 16) as u16);
            (open[slot], open[slot + 4]) = (open_bits as u16, (open_bits >> 16) as u16);
            spikes[slot] = one;
        }
        Decisions { once, open, counts: counts(spikes) }
    }
}

/// Returns the table entries of two steps: bytes of neurons 0 to 15 at the first, then at the second.
#[inline(always)]
unsafe fn entries(shift: u32, [low, high]: [__m256i; 2]) -> __m256i {
    unsafe {
        let shift = _mm_cvtsi32_si128(shift as i32);
        let bytes =
            _mm256_packus_epi16(_mm256_srl_epi16(low, shift), _mm256_srl_epi16(high, shift));
        // The two steps alternate.
        let order = _mm_setr_epi8(0, 2, 4, 6, 1, 3, 5, 7, 8, 10, 12, 14, 9, 11, 13, 15);
        in_order(_mm256_shuffle_epi8(bytes, _mm256_broadcastsi128_si256(order)))
    }
}

/// Returns the somatic voltages of two steps as bytes, in the order of [`entries`].
#[inline(always)]
unsafe fn voltages(first: &Tile<f32>, second: &Tile<f32>) -> __m256i {
    unsafe {
        let (first, second) = (first.as_ptr(), second.as_ptr());
        let low = _mm256_packs_epi32(integers(first), integers(second));
        let high = _mm256_packs_epi32(integers(first.add(8)), integers(second.add(8)));
        in_order(_mm256_packs_epi16(low, high))
    }
}

/// Returns eight voltages times [`BYTE_SCALE`] as integers. What is too large becomes the largest byte; what is too small
/// for an integer, and NaN, the smallest integer.
#[inline(always)]
unsafe fn integers(voltages: *const f32) -> __m256i {
    unsafe {
        let scaled = _mm256_mul_ps(_mm256_loadu_ps(voltages), _mm256_set1_ps(BYTE_SCALE));
        // The instruction returns its second operand if that is NaN.
        _mm256_cvtps_epi32(_mm256_min_ps(_mm256_set1_ps(f32::from(i8::MAX)), scaled))
    }
}

/// Sorts groups of four neurons, which packing instructions leave in the order 0, 8, 4, 12 of alternating steps.
#[inline(always)]
unsafe fn in_order(bytes: __m256i) -> __m256i {
    unsafe { _mm256_permutevar8x32_epi32(bytes, _mm256_setr_epi32(0, 4, 2, 6, 1, 5, 3, 7)) }
}

/// Looks up entries in two tables of 48 bytes; larger entries give 0.
#[inline(always)]
unsafe fn lookup(tables: [&[i8; 48]; 2], entry: __m256i) -> [__m256i; 2] {
    unsafe {
        let mut found = [_mm256_setzero_si256(); 2];
        for part in 0..3 {
            let first = (part * SHUFFLE) as i8;
            let offset = _mm256_sub_epi8(entry, _mm256_set1_epi8(first));
            // A shuffle gives 0 where the highest bit is set: for offsets of 16 and more, also negative ones.
            let offset = _mm256_adds_epu8(offset, _mm256_set1_epi8(0x70));
            for i in 0..2 {
                let table = _mm_loadu_si128(tables[i].as_ptr().add(part * SHUFFLE).cast());
                let bytes = _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(table), offset);
                found[i] = _mm256_or_si256(found[i], bytes);
            }
        }
        found
    }
}

/// Returns the counts of each neuron, 4 bits per step. `spikes`: registers of two steps, all bits of a byte set for a
/// spike.
#[inline(always)]
unsafe fn counts([first, second, third, fourth]: [__m256i; 4]) -> [__m256i; 2] {
    unsafe {
        let (low, high) = (_mm256_set1_epi8(0x01), _mm256_set1_epi8(0x10));
        // Bytes 0 and 2 of the words, then bytes 1 and 3.
        let even = _mm256_or_si256(_mm256_and_si256(first, low), _mm256_and_si256(second, high));
        let odd = _mm256_or_si256(_mm256_and_si256(third, low), _mm256_and_si256(fourth, high));
        [join_halves(_mm256_unpacklo_epi8(even, odd)), join_halves(_mm256_unpackhi_epi8(even, odd))]
    }
}

/// Joins the low halves of eight words with their high halves.
#[inline(always)]
unsafe fn join_halves(halves: __m256i) -> __m256i {
    unsafe {
        let (low, high) = (_mm256_castsi256_si128(halves), _mm256_extracti128_si256::<1>(halves));
        _mm256_set_m128i(_mm_unpackhi_epi16(low, high), _mm_unpacklo_epi16(low, high))
    }
}
