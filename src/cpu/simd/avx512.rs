//! [`Simd`] in AVX-512 registers.
//!
//! SAFETY of every block here: kernels use [`Avx512`] only in function versions that run after the processor was
//! found to have the instructions of [`Width::Avx512`](super::width::Width::Avx512), and loads and stores access whole
//! arrays.

use std::arch::x86_64::*;
use std::ops::{Add, BitAnd, BitOr, Mul, Neg, Shl, Shr, Sub};

use crate::cpu::simd::coarse::{CoarseTables, Decisions, TABLE_ENTRIES};
use crate::cpu::simd::decide::decide_by_lookup;
use crate::cpu::simd::tiled::{LANES, Tile};
use crate::cpu::simd::{Bits, Simd};
use crate::cpu::spikes::WORD_STEPS;
use crate::model::exact_math::Float;
use crate::random::{KEY_STEP_0, KEY_STEP_1, MULTIPLIER_0, MULTIPLIER_1, ROUNDS};

/// Implementation for x86-64 with AVX-512.
pub struct Avx512;

#[derive(Clone, Copy)]
pub struct Floats(__m512);

#[derive(Clone, Copy)]
pub struct Words(__m512i);

macro_rules! operator {
    ($type:ident, $trait:ident, $method:ident, $intrinsic:ident) => {
        impl $trait for $type {
            type Output = $type;

            #[inline(always)]
            fn $method(self, other: $type) -> $type {
                $type(unsafe { $intrinsic(self.0, other.0) })
            }
        }
    };
}

operator!(Floats, Add, add, _mm512_add_ps);
operator!(Floats, Sub, sub, _mm512_sub_ps);
operator!(Floats, Mul, mul, _mm512_mul_ps);
operator!(Words, Add, add, _mm512_add_epi32);
operator!(Words, Sub, sub, _mm512_sub_epi32);
operator!(Words, BitAnd, bitand, _mm512_and_si512);
operator!(Words, BitOr, bitor, _mm512_or_si512);

impl Shl<u32> for Words {
    type Output = Words;

    #[inline(always)]
    fn shl(self, count: u32) -> Words {
        Words(unsafe { _mm512_sll_epi32(self.0, _mm_cvtsi32_si128(count as i32)) })
    }
}

impl Shr<u32> for Words {
    type Output = Words;

    #[inline(always)]
    fn shr(self, count: u32) -> Words {
        Words(unsafe { _mm512_srl_epi32(self.0, _mm_cvtsi32_si128(count as i32)) })
    }
}

impl Neg for Floats {
    type Output = Floats;

    #[inline(always)]
    fn neg(self) -> Floats {
        let bits = unsafe { _mm512_castps_si512(self.0) };
        let sign = unsafe { _mm512_set1_epi32(i32::MIN) };
        Floats(unsafe { _mm512_castsi512_ps(_mm512_xor_si512(bits, sign)) })
    }
}

impl Float for Floats {
    type Integer = Words;

    #[inline(always)]
    fn splat(value: f32) -> Self {
        Floats(unsafe { _mm512_set1_ps(value) })
    }

    #[inline(always)]
    fn clamp_max(self, limit: f32) -> Self {
        // The instruction returns its second operand if the first is NaN.
        Floats(unsafe { _mm512_min_ps(self.0, _mm512_set1_ps(limit)) })
    }

    #[inline(always)]
    fn clamp_min(self, limit: f32) -> Self {
        Floats(unsafe { _mm512_max_ps(self.0, _mm512_set1_ps(limit)) })
    }

    #[inline(always)]
    unsafe fn truncate_unchecked(self) -> Words {
        Words(unsafe { _mm512_cvttps_epi32(self.0) })
    }

    #[inline(always)]
    fn int_sub_to_float(value: Words, bias: i32) -> Self {
        let number = unsafe { _mm512_sub_epi32(value.0, _mm512_set1_epi32(bias)) };
        Floats(unsafe { _mm512_cvtepi32_ps(number) })
    }

    #[inline(always)]
    fn power_of_two(exponent: Words) -> Self {
        Floats(unsafe { _mm512_castsi512_ps(_mm512_slli_epi32::<23>(exponent.0)) })
    }

    #[inline(always)]
    fn bits_sub(word: u32, value: Self) -> Self {
        Floats(unsafe {
            let bits = _mm512_castps_si512(value.0);
            _mm512_castsi512_ps(_mm512_sub_epi32(_mm512_set1_epi32(word as i32), bits))
        })
    }
}

impl Simd for Avx512 {
    type Floats = Floats;
    type Words = Words;
    type Mask = Bits;

    const STEPS_AT_ONCE: usize = 8;
    const LOOKUP_IS_FAST: bool = true;

    #[inline(always)]
    fn load_f32(values: &[f32; LANES]) -> Floats {
        Floats(unsafe { _mm512_loadu_ps(values.as_ptr()) })
    }

    #[inline(always)]
    fn store_f32(values: Floats, place: &mut [f32; LANES]) {
        unsafe { _mm512_storeu_ps(place.as_mut_ptr(), values.0) }
    }

    #[inline(always)]
    fn load_u32(values: &[u32; LANES]) -> Words {
        Words(unsafe { _mm512_loadu_si512(values.as_ptr().cast()) })
    }

    #[inline(always)]
    fn store_u32(values: Words, place: &mut [u32; LANES]) {
        unsafe { _mm512_storeu_si512(place.as_mut_ptr().cast(), values.0) }
    }

    #[inline(always)]
    fn splat_u32(value: u32) -> Words {
        Words(unsafe { _mm512_set1_epi32(value as i32) })
    }

    #[inline(always)]
    fn lt(a: Floats, b: Floats) -> Bits {
        Bits(u32::from(unsafe { _mm512_cmp_ps_mask::<_CMP_LT_OQ>(a.0, b.0) }))
    }

    #[inline(always)]
    fn flush(values: Floats, smallest: f32) -> Floats {
        let is_large = Avx512::is_large(values, smallest).0 as __mmask16;
        Floats(unsafe { _mm512_maskz_mov_ps(is_large, values.0) })
    }

    #[inline(always)]
    fn is_large(values: Floats, smallest: f32) -> Bits {
        Bits(u32::from(unsafe {
            _mm512_cmp_ps_mask::<_CMP_GE_OQ>(_mm512_abs_ps(values.0), _mm512_set1_ps(smallest))
        }))
    }

    #[inline(always)]
    fn le(a: Words, b: Words) -> Bits {
        Bits(u32::from(unsafe { _mm512_cmple_epu32_mask(a.0, b.0) }))
    }

    #[inline(always)]
    fn lookup(table: &[f32; TABLE_ENTRIES], words: Words) -> Floats {
        Floats(unsafe {
            let low = _mm512_loadu_ps(table.as_ptr());
            let high = _mm512_loadu_ps(table[LANES..].as_ptr());
            _mm512_permutex2var_ps(low, words.0, high)
        })
    }

    #[inline(always)]
    fn masked_add(values: Words, mask: Bits, more: Words) -> Words {
        Words(unsafe { _mm512_mask_add_epi32(values.0, mask.0 as __mmask16, values.0, more.0) })
    }

    #[inline(always)]
    fn decide(
        tables: &CoarseTables,
        random: &[Words; 4],
        soma: &[Tile<f32>; WORD_STEPS],
        neurons: u16,
    ) -> Decisions<Words> {
        decide_by_lookup::<Avx512>(tables, random, soma, 0..WORD_STEPS, neurons)
    }

    #[inline(always)]
    fn philox(
        counter0: u32,
        draw_index: u32,
        units: &[u32; LANES],
        index: u32,
        mut key: [u32; 2],
    ) -> [Words; 4] {
        // Each word is the low half of a 64-bit number, as the 64-bit products need it; the high half is never read.
        // One register holds the even units, the other the odd ones.
        unsafe {
            let all = |word: u32| [_mm512_set1_epi32(word as i32); 2];
            let units = _mm512_loadu_si512(units.as_ptr().cast());
            let (mut word_0, mut word_1) = (all(counter0), all(draw_index));
            let mut word_2 = [units, _mm512_srli_epi64::<32>(units)];
            let mut word_3 = all(index);
            let multiplier_0 = _mm512_set1_epi64(i64::from(MULTIPLIER_0));
            let multiplier_1 = _mm512_set1_epi64(i64::from(MULTIPLIER_1));
            for _ in 0..ROUNDS {
                let key_0 = _mm512_set1_epi32(key[0] as i32);
                let key_1 = _mm512_set1_epi32(key[1] as i32);
                for i in 0..2 {
                    let product_0 = _mm512_mul_epu32(word_0[i], multiplier_0);
                    let product_1 = _mm512_mul_epu32(word_2[i], multiplier_1);
                    let high_1 = _mm512_srli_epi64::<32>(product_1);
                    let high_0 = _mm512_srli_epi64::<32>(product_0);
                    word_0[i] = exclusive_or(high_1, word_1[i], key_0);
                    word_1[i] = product_1;
                    word_2[i] = exclusive_or(high_0, word_3[i], key_1);
                    word_3[i] = product_0;
                }
                key = [key[0].wrapping_add(KEY_STEP_0), key[1].wrapping_add(KEY_STEP_1)];
            }
            [together(word_0), together(word_1), together(word_2), together(word_3)]
        }
    }
}

#[inline(always)]
unsafe fn exclusive_or(a: __m512i, b: __m512i, c: __m512i) -> __m512i {
    unsafe { _mm512_ternarylogic_epi32::<0x96>(a, b, c) }
}

/// Interleaves even and odd units in one register.
#[inline(always)]
unsafe fn together([even, odd]: [__m512i; 2]) -> Words {
    Words(unsafe { _mm512_mask_blend_epi32(0xAAAA, even, _mm512_slli_epi64::<32>(odd)) })
}
