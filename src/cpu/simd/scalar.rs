//! [`Simd`] in arrays, on every machine.

use std::ops::{Add, BitAnd, BitOr, Mul, Neg, Shl, Shr, Sub};

use super::coarse::{CoarseTables, Decisions, TABLE_ENTRIES};
use super::decide::open_candidates;
use super::tiled::{LANES, Tile};
use super::{Bits, Simd};
use crate::cpu::spikes::WORD_STEPS;
use crate::model::exact_math::{Float, flush};
use crate::random::philox_units;

/// Implementation for arrays, on every machine.
pub struct Scalar16;

#[derive(Clone, Copy)]
pub struct Floats([f32; LANES]);

#[derive(Clone, Copy)]
pub struct Words([u32; LANES]);

/// Builds a vector from an expression of the lane index.
macro_rules! each {
    ($type:ident, |$i:ident| $value:expr) => {{
        let mut result = [Default::default(); LANES];
        for $i in 0..LANES {
            result[$i] = $value;
        }
        $type(result)
    }};
}

macro_rules! operator {
    ($type:ident, $trait:ident, $method:ident, $other:ty, |$a:ident, $b:ident, $i:ident| $value:expr) => {
        impl $trait<$other> for $type {
            type Output = $type;

            #[inline(always)]
            fn $method(self, other: $other) -> $type {
                let ($a, $b) = (self.0, other);
                each!($type, |$i| $value)
            }
        }
    };
}

operator!(Floats, Add, add, Floats, |a, b, i| a[i] + b.0[i]);
operator!(Floats, Sub, sub, Floats, |a, b, i| a[i] - b.0[i]);
operator!(Floats, Mul, mul, Floats, |a, b, i| a[i] * b.0[i]);
operator!(Words, Add, add, Words, |a, b, i| a[i].wrapping_add(b.0[i]));
operator!(Words, Sub, sub, Words, |a, b, i| a[i].wrapping_sub(b.0[i]));
operator!(Words, BitAnd, bitand, Words, |a, b, i| a[i] & b.0[i]);
operator!(Words, BitOr, bitor, Words, |a, b, i| a[i] | b.0[i]);
operator!(Words, Shl, shl, u32, |a, b, i| a[i] << b);
operator!(Words, Shr, shr, u32, |a, b, i| a[i] >> b);

impl Neg for Floats {
    type Output = Floats;

    #[inline(always)]
    fn neg(self) -> Floats {
        each!(Floats, |i| -self.0[i])
    }
}

impl Float for Floats {
    type Integer = Words;

    #[inline(always)]
    fn splat(value: f32) -> Self {
        Floats([value; LANES])
    }

    #[inline(always)]
    fn clamp_max(self, limit: f32) -> Self {
        each!(Floats, |i| self.0[i].clamp_max(limit))
    }

    #[inline(always)]
    fn clamp_min(self, limit: f32) -> Self {
        each!(Floats, |i| self.0[i].clamp_min(limit))
    }

    #[inline(always)]
    unsafe fn truncate_unchecked(self) -> Words {
        // SAFETY: guaranteed by the caller.
        each!(Words, |i| unsafe { self.0[i].truncate_unchecked() } as u32)
    }

    #[inline(always)]
    fn int_sub_to_float(value: Words, bias: i32) -> Self {
        each!(Floats, |i| f32::int_sub_to_float(value.0[i] as i32, bias))
    }

    #[inline(always)]
    fn power_of_two(exponent: Words) -> Self {
        each!(Floats, |i| f32::power_of_two(exponent.0[i] as i32))
    }

    #[inline(always)]
    fn bits_sub(word: u32, value: Self) -> Self {
        each!(Floats, |i| f32::bits_sub(word, value.0[i]))
    }
}

macro_rules! mask {
    (|$i:ident| $bit:expr) => {{
        let mut mask = 0;
        for $i in 0..LANES {
            mask |= u32::from($bit) << $i;
        }
        Bits(mask)
    }};
}

impl Simd for Scalar16 {
    type Floats = Floats;
    type Words = Words;
    type Mask = Bits;

    const STEPS_AT_ONCE: usize = 2;
    const LOOKUP_IS_FAST: bool = false;

    #[inline(always)]
    fn load_f32(values: &[f32; LANES]) -> Floats {
        Floats(*values)
    }

    #[inline(always)]
    fn store_f32(values: Floats, place: &mut [f32; LANES]) {
        *place = values.0;
    }

    #[inline(always)]
    fn load_u32(values: &[u32; LANES]) -> Words {
        Words(*values)
    }

    #[inline(always)]
    fn store_u32(values: Words, place: &mut [u32; LANES]) {
        *place = values.0;
    }

    #[inline(always)]
    fn splat_u32(value: u32) -> Words {
        Words([value; LANES])
    }

    #[inline(always)]
    fn lt(a: Floats, b: Floats) -> Bits {
        mask!(|i| a.0[i] < b.0[i])
    }

    #[inline(always)]
    fn flush(values: Floats, smallest: f32) -> Floats {
        each!(Floats, |i| flush(values.0[i], smallest))
    }

    #[inline(always)]
    fn is_large(values: Floats, smallest: f32) -> Bits {
        mask!(|i| values.0[i].abs() >= smallest)
    }

    #[inline(always)]
    fn le(a: Words, b: Words) -> Bits {
        mask!(|i| a.0[i] <= b.0[i])
    }

    #[inline(always)]
    fn lookup(table: &[f32; TABLE_ENTRIES], words: Words) -> Floats {
        each!(Floats, |i| table[words.0[i] as usize % TABLE_ENTRIES])
    }

    #[inline(always)]
    fn masked_add(values: Words, mask: Bits, more: Words) -> Words {
        each!(Words, |i| values.0[i].wrapping_add(more.0[i] * (mask.0 >> i & 1)))
    }

    #[inline(always)]
    fn decide(
        tables: &CoarseTables,
        random: &[Words; 4],
        _: &[Tile<f32>; WORD_STEPS],
        neurons: u16,
    ) -> Decisions<Words> {
        // A look-up per number costs more than the decisions that it saves.
        open_candidates::<Scalar16>(tables, random, 0..WORD_STEPS, neurons)
    }

    #[inline(always)]
    fn philox(
        counter0: u32,
        draw_index: u32,
        units: &[u32; LANES],
        index: u32,
        key: [u32; 2],
    ) -> [Words; 4] {
        let [a, b, c, d] = philox_units(counter0, draw_index, units, index, key);
        [Words(a), Words(b), Words(c), Words(d)]
    }
}
