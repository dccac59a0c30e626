//! Random words of [`Avx2`](super::avx2::Avx2).
//!
//! SAFETY of every block here: as in [`avx2`](super::avx2).

use std::arch::x86_64::*;

use crate::random::{KEY_STEP_0, KEY_STEP_1, MULTIPLIER_0, MULTIPLIER_1, ROUNDS};

/// Computes [`philox_units`](crate::random::philox_units) of eight units.
#[inline(always)]
pub unsafe fn philox_half(
    counter0: u32,
    draw_index: u32,
    units: __m256i,
    index: u32,
    mut key: [u32; 2],
) -> [__m256i; 4] {
    // Each word is the low half of a 64-bit number, as the 64-bit products need it; the high half is never read. One
    // register holds the even units, another the odd ones.
    unsafe {
        let all = |word: u32| [_mm256_set1_epi32(word as i32); 2];
        let (mut word_0, mut word_1) = (all(counter0), all(draw_index));
        let mut word_2 = [units, _mm256_srli_epi64::<32>(units)];
        let mut word_3 = all(index);
        let multiplier_0 = _mm256_set1_epi64x(i64::from(MULTIPLIER_0));
        let multiplier_1 = _mm256_set1_epi64x(i64::from(MULTIPLIER_1));
        for _ in 0..ROUNDS {
            let key_0 = _mm256_set1_epi32(key[0] as i32);
            let key_1 = _mm256_set1_epi32(key[1] as i32);
            for i in 0..2 {
                let product_0 = _mm256_mul_epu32(word_0[i], multiplier_0);
                let product_1 = _mm256_mul_epu32(word_2[i], multiplier_1);
                let high_1 = _mm256_srli_epi64::<32>(product_1);
                let high_0 = _mm256_srli_epi64::<32>(product_0);
                word_0[i] = _mm256_xor_si256(_mm256_xor_si256(high_1, word_1[i]), key_0);
                word_1[i] = product_1;
                word_2[i] = _mm256_xor_si256(_mm256_xor_si256(high_0, word_3[i]), key_1);
                word_3[i] = product_0;
            }
            key = [key[0].wrapping_add(KEY_STEP_0), key[1].wrapping_add(KEY_STEP_1)];
        }
        [interleave(word_0), interleave(word_1), interleave(word_2), interleave(word_3)]
    }
}

/// Interleaves even and odd units.
#[inline(always)]
unsafe fn interleave([even, odd]: [__m256i; 2]) -> __m256i {
    unsafe { _mm256_blend_epi32::<0b1010_1010>(even, _mm256_slli_epi64::<32>(odd)) }
}
