//! [`Simd`] in pairs of AVX2 registers: the first holds numbers 0 to 7, the second 8 to 15.
//!
//! SAFETY of every block here: kernels use [`Avx2`] only in function versions that run after the processor was found to
//! support AVX2, and loads and stores access whole arrays.

use std::arch::x86_64::*;
use std::ops::{Add, BitAnd, BitOr, BitXor, Mul, Neg, Shl, Shr, Sub};

use crate::cpu::simd::avx2_philox::philox_half;
use crate::cpu::simd::coarse::{CoarseTables, Decisions, TABLE_ENTRIES};
use crate::cpu::simd::tiled::{LANES, Tile};
use crate::cpu::simd::{Mask, Simd, avx2_bytes};
use crate::cpu::spikes::WORD_STEPS;
use crate::model::exact_math::Float;

/// Implementation for x86-64 with AVX2.
pub struct Avx2;

/// Number of numbers in a register.
const HALF: usize = LANES / 2;

#[derive(Clone, Copy)]
pub struct Floats([__m256; 2]);

#[derive(Clone, Copy)]
pub struct Words([__m256i; 2]);

/// Builds a pair from an expression of the registers of each half. A macro, since closures lack the instructions of their
/// caller.
macro_rules! halves {
    ($type:ident, ($($name:ident in $pair:expr),+) $value:expr) => {
        unsafe {
            $type([
                { $(let $name = $pair[0];)+ $value },
                { $(let $name = $pair[1];)+ $value },
            ])
        }
    };
}

macro_rules! operator {
    ($type:ident, $trait:ident, $method:ident, $intrinsic:ident) => {
        impl $trait for $type {
            type Output = $type;

            #[inline(always)]
            fn $method(self, other: $type) -> $type {
                halves!($type, (a in self.0, b in other.0) $intrinsic(a, b))
            }
        }
    };
}

operator!(Floats, Add, add, _mm256_add_ps);
operator!(Floats, Sub, sub, _mm256_sub_ps);
operator!(Floats, Mul, mul, _mm256_mul_ps);
operator!(Words, Add, add, _mm256_add_epi32);
operator!(Words, Sub, sub, _mm256_sub_epi32);
operator!(Words, BitAnd, bitand, _mm256_and_si256);
operator!(Words, BitOr, bitor, _mm256_or_si256);
operator!(Words, BitXor, bitxor, _mm256_xor_si256);

impl Shl<u32> for Words {
    type Output = Words;

    #[inline(always)]
    fn shl(self, count: u32) -> Words {
        let count = unsafe { _mm_cvtsi32_si128(count as i32) };
        halves!(Words, (a in self.0) _mm256_sll_epi32(a, count))
    }
}

impl Shr<u32> for Words {
    type Output = Words;

    #[inline(always)]
    fn shr(self, count: u32) -> Words {
        let count = unsafe { _mm_cvtsi32_si128(count as i32) };
        halves!(Words, (a in self.0) _mm256_srl_epi32(a, count))
    }
}

impl Neg for Floats {
    type Output = Floats;

    #[inline(always)]
    fn neg(self) -> Floats {
        let sign = unsafe { _mm256_set1_ps(-0.0) };
        halves!(Floats, (a in self.0) _mm256_xor_ps(a, sign))
    }
}

impl Float for Floats {
    type Integer = Words;

    #[inline(always)]
    fn splat(value: f32) -> Self {
        Floats(unsafe { [_mm256_set1_ps(value); 2] })
    }

    #[inline(always)]
    fn clamp_max(self, limit: f32) -> Self {
        // The instruction returns its second operand if the first is NaN.
        let limit = unsafe { _mm256_set1_ps(limit) };
        halves!(Floats, (a in self.0) _mm256_min_ps(a, limit))
    }

    #[inline(always)]
    fn clamp_min(self, limit: f32) -> Self {
        let limit = unsafe { _mm256_set1_ps(limit) };
        halves!(Floats, (a in self.0) _mm256_max_ps(a, limit))
    }

    #[inline(always)]
    unsafe fn truncate_unchecked(self) -> Words {
        halves!(Words, (a in self.0) _mm256_cvttps_epi32(a))
    }

    #[inline(always)]
    fn int_sub_to_float(value: Words, bias: i32) -> Self {
        let bias = unsafe { _mm256_set1_epi32(bias) };
        halves!(Floats, (a in value.0) _mm256_cvtepi32_ps(_mm256_sub_epi32(a, bias)))
    }

    #[inline(always)]
    fn power_of_two(exponent: Words) -> Self {
        halves!(Floats, (a in exponent.0) _mm256_castsi256_ps(_mm256_slli_epi32::<23>(a)))
    }

    #[inline(always)]
    fn bits_sub(word: u32, value: Self) -> Self {
        let word = unsafe { _mm256_set1_epi32(word as i32) };
        halves!(Floats, (a in value.0) {
            _mm256_castsi256_ps(_mm256_sub_epi32(word, _mm256_castps_si256(a)))
        })
    }
}

/// Masks: all bits of a number's word set, or none.
impl Mask for Words {
    #[inline(always)]
    fn from_bits(bits: u32) -> Words {
        // Each number compares its own bit.
        let own = unsafe {
            let first = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
            [first, _mm256_slli_epi32::<8>(first)]
        };
        let bits = unsafe { _mm256_set1_epi32(bits as i32) };
        halves!(Words, (own in own) _mm256_cmpeq_epi32(_mm256_and_si256(bits, own), own))
    }

    #[inline(always)]
    fn bits(self) -> u32 {
        let [low, high] = self.0;
        unsafe {
            let low = _mm256_movemask_ps(_mm256_castsi256_ps(low));
            let high = _mm256_movemask_ps(_mm256_castsi256_ps(high));
            (low | high << HALF) as u32
        }
    }

    #[inline(always)]
    fn and_not(self, other: Words) -> Words {
        halves!(Words, (a in self.0, b in other.0) _mm256_andnot_si256(b, a))
    }
}

impl Simd for Avx2 {
    type Floats = Floats;
    type Words = Words;
    type Mask = Words;

    const STEPS_AT_ONCE: usize = 4;
    const LOOKUP_IS_FAST: bool = true;

    #[inline(always)]
    fn load_f32(values: &[f32; LANES]) -> Floats {
        let place = values.as_ptr();
        Floats(unsafe { [_mm256_loadu_ps(place), _mm256_loadu_ps(place.add(HALF))] })
    }

    #[inline(always)]
    fn store_f32(values: Floats, place: &mut [f32; LANES]) {
        let place = place.as_mut_ptr();
        unsafe {
            _mm256_storeu_ps(place, values.0[0]);
            _mm256_storeu_ps(place.add(HALF), values.0[1]);
        }
    }

    #[inline(always)]
    fn load_u32(values: &[u32; LANES]) -> Words {
        let place = values.as_ptr();
        Words(unsafe {
            [_mm256_loadu_si256(place.cast()), _mm256_loadu_si256(place.add(HALF).cast())]
        })
    }

    #[inline(always)]
    fn store_u32(values: Words, place: &mut [u32; LANES]) {
        let place = place.as_mut_ptr();
        unsafe {
            _mm256_storeu_si256(place.cast(), values.0[0]);
            _mm256_storeu_si256(place.add(HALF).cast(), values.0[1]);
        }
    }

    #[inline(always)]
    fn splat_u32(value: u32) -> Words {
        Words(unsafe { [_mm256_set1_epi32(value as i32); 2] })
    }

    #[inline(always)]
    fn lt(a: Floats, b: Floats) -> Words {
        halves!(Words, (a in a.0, b in b.0) {
            _mm256_castps_si256(_mm256_cmp_ps::<_CMP_LT_OQ>(a, b))
        })
    }

    #[inline(always)]
    fn flush(values: Floats, smallest: f32) -> Floats {
        let is_large = Avx2::is_large(values, smallest);
        halves!(Floats, (a in values.0, is_large in is_large.0) {
            _mm256_and_ps(_mm256_castsi256_ps(is_large), a)
        })
    }

    #[inline(always)]
    fn is_large(values: Floats, smallest: f32) -> Words {
        let (smallest, sign) = unsafe { (_mm256_set1_ps(smallest), _mm256_set1_ps(-0.0)) };
        halves!(Words, (a in values.0) {
            _mm256_castps_si256(_mm256_cmp_ps::<_CMP_GE_OQ>(_mm256_andnot_ps(sign, a), smallest))
        })
    }

    #[inline(always)]
    fn le(a: Words, b: Words) -> Words {
        halves!(Words, (a in a.0, b in b.0) _mm256_cmpeq_epi32(_mm256_min_epu32(a, b), a))
    }

    #[inline(always)]
    fn lookup(table: &[f32; TABLE_ENTRIES], words: Words) -> Floats {
        // Four registers hold the table; bits 3 and 4 of a word choose the register.
        let quarter = |index: usize| unsafe { _mm256_loadu_ps(table.as_ptr().add(index * HALF)) };
        let quarters = [quarter(0), quarter(1), quarter(2), quarter(3)];
        halves!(Floats, (a in words.0) {
            let bit_3 = _mm256_castsi256_ps(_mm256_slli_epi32::<28>(a));
            let bit_4 = _mm256_castsi256_ps(_mm256_slli_epi32::<27>(a));
            let first = _mm256_permutevar8x32_ps(quarters[0], a);
            let second = _mm256_permutevar8x32_ps(quarters[1], a);
            let third = _mm256_permutevar8x32_ps(quarters[2], a);
            let fourth = _mm256_permutevar8x32_ps(quarters[3], a);
            let low = _mm256_blendv_ps(first, second, bit_3);
            let high = _mm256_blendv_ps(third, fourth, bit_3);
            _mm256_blendv_ps(low, high, bit_4)
        })
    }

    #[inline(always)]
    fn masked_add(values: Words, mask: Words, more: Words) -> Words {
        halves!(Words, (a in values.0, mask in mask.0, b in more.0) {
            _mm256_add_epi32(a, _mm256_and_si256(mask, b))
        })
    }

    #[inline(always)]
    fn decide(
        tables: &CoarseTables,
        random: &[Words; 4],
        soma: &[Tile<f32>; WORD_STEPS],
        neurons: u16,
    ) -> Decisions<Words> {
        let [a, b, c, d] = random;
        let random = [a.0, b.0, c.0, d.0];
        let decisions = unsafe { avx2_bytes::decide(tables, &random, soma, neurons) };
        Decisions { once: decisions.once, open: decisions.open, counts: Words(decisions.counts) }
    }

    #[inline(always)]
    fn philox(
        counter0: u32,
        draw_index: u32,
        units: &[u32; LANES],
        index: u32,
        key: [u32; 2],
    ) -> [Words; 4] {
        // One half after the other, since the words of both would not fit in the registers.
        let Words(units) = Avx2::load_u32(units);
        let [low, high] = units;
        unsafe {
            let low = philox_half(counter0, draw_index, low, index, key);
            let high = philox_half(counter0, draw_index, high, index, key);
            let mut words = [Words(units); 4];
            for i in 0..4 {
                words[i] = Words([low[i], high[i]]);
            }
            words
        }
    }
}
