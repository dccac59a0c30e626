//! [`Simd`](super::Simd) in groups of four registers of 128 bits, by the crate `fearless_simd`: NEON on 64-bit Arm,
//! SSE4.2 on x86-64. Both run this one source, so that tests on x86-64 cover it.

use std::ops::{Add, BitAnd, BitOr, BitXor, Mul, Neg, Shl, Shr, Sub};

use fearless_simd::prelude::*;
use fearless_simd::{f32x16, i32x16, mask32x16, u32x4, u32x16};

use super::coarse::{CoarseTables, Decisions, TABLE_ENTRIES};
use super::registers128::{Registers, registers};
use super::tiled::{LANES, Tile};
use super::{Mask, bytes128};
use crate::cpu::spikes::WORD_STEPS;
use crate::model::exact_math::Float;
use crate::random::{KEY_STEP_0, KEY_STEP_1, MULTIPLIER_0, MULTIPLIER_1, ROUNDS};

/// Implementation for registers of 128 bits.
pub struct Vectors128;

#[derive(Clone, Copy)]
pub struct Floats(f32x16<Registers>);

#[derive(Clone, Copy)]
pub struct Words(u32x16<Registers>);

#[derive(Clone, Copy)]
pub struct Truths(mask32x16<Registers>);

macro_rules! operator {
    ($type:ident, $trait:ident, $method:ident, $other:ty, |$b:ident| $value:expr) => {
        impl $trait<$other> for $type {
            type Output = $type;

            #[inline(always)]
            fn $method(self, $b: $other) -> $type {
                $type(self.0.$method($value))
            }
        }
    };
}

operator!(Floats, Add, add, Floats, |b| b.0);
operator!(Floats, Sub, sub, Floats, |b| b.0);
operator!(Floats, Mul, mul, Floats, |b| b.0);
operator!(Words, Add, add, Words, |b| b.0);
operator!(Words, Sub, sub, Words, |b| b.0);
operator!(Words, BitAnd, bitand, Words, |b| b.0);
operator!(Words, BitOr, bitor, Words, |b| b.0);
operator!(Words, Shl, shl, u32, |count| count);
operator!(Words, Shr, shr, u32, |count| count);
operator!(Truths, BitAnd, bitand, Truths, |b| b.0);
operator!(Truths, BitOr, bitor, Truths, |b| b.0);
operator!(Truths, BitXor, bitxor, Truths, |b| b.0);

impl Neg for Floats {
    type Output = Floats;

    #[inline(always)]
    fn neg(self) -> Floats {
        Floats(-self.0)
    }
}

impl Float for Floats {
    type Integer = Words;

    #[inline(always)]
    fn splat(value: f32) -> Self {
        Floats(registers().splat_f32x16(value))
    }

    #[inline(always)]
    fn clamp_max(self, limit: f32) -> Self {
        // The minimum of NaN differs between processors.
        let limit = registers().splat_f32x16(limit);
        Floats(self.0.simd_lt(limit).select(self.0, limit))
    }

    #[inline(always)]
    fn clamp_min(self, limit: f32) -> Self {
        let limit = registers().splat_f32x16(limit);
        Floats(self.0.simd_gt(limit).select(self.0, limit))
    }

    #[inline(always)]
    unsafe fn truncate_unchecked(self) -> Words {
        Words(registers().cvt_i32_f32x16(self.0).bitcast())
    }

    #[inline(always)]
    fn int_sub_to_float(value: Words, bias: i32) -> Self {
        let integers: i32x16<_> = value.0.bitcast();
        Floats(registers().cvt_f32_i32x16(integers - registers().splat_i32x16(bias)))
    }

    #[inline(always)]
    fn power_of_two(exponent: Words) -> Self {
        Floats((exponent.0 << 23).bitcast())
    }

    #[inline(always)]
    fn bits_sub(word: u32, value: Self) -> Self {
        let bits: u32x16<_> = value.0.bitcast();
        Floats((registers().splat_u32x16(word) - bits).bitcast())
    }
}

impl Mask for Truths {
    #[inline(always)]
    fn from_bits(bits: u32) -> Truths {
        Truths(registers().from_bitmask_mask32x16(bits.into()))
    }

    #[inline(always)]
    fn bits(self) -> u32 {
        registers().to_bitmask_mask32x16(self.0) as u32
    }

    #[inline(always)]
    fn and_not(self, other: Truths) -> Truths {
        Truths(self.0 & !other.0)
    }
}

impl super::Simd for Vectors128 {
    type Floats = Floats;
    type Words = Words;
    type Mask = Truths;

    // 64-bit Arm has 32 registers, x86-64 has 16.
    const STEPS_AT_ONCE: usize = if cfg!(target_arch = "aarch64") { 4 } else { 2 };
    const LOOKUP_IS_FAST: bool = false;

    #[inline(always)]
    fn load_f32(values: &[f32; LANES]) -> Floats {
        Floats(f32x16::from_slice(registers(), values))
    }

    #[inline(always)]
    fn store_f32(values: Floats, place: &mut [f32; LANES]) {
        values.0.store_slice(place);
    }

    #[inline(always)]
    fn load_u32(values: &[u32; LANES]) -> Words {
        Words(u32x16::from_slice(registers(), values))
    }

    #[inline(always)]
    fn store_u32(values: Words, place: &mut [u32; LANES]) {
        values.0.store_slice(place);
    }

    #[inline(always)]
    fn splat_u32(value: u32) -> Words {
        Words(registers().splat_u32x16(value))
    }

    #[inline(always)]
    fn lt(a: Floats, b: Floats) -> Truths {
        Truths(a.0.simd_lt(b.0))
    }

    #[inline(always)]
    fn flush(values: Floats, smallest: f32) -> Floats {
        let zero = registers().splat_f32x16(0.0);
        Floats(Vectors128::is_large(values, smallest).0.select(values.0, zero))
    }

    #[inline(always)]
    fn is_large(values: Floats, smallest: f32) -> Truths {
        Truths(values.0.abs().simd_ge(registers().splat_f32x16(smallest)))
    }

    #[inline(always)]
    fn le(a: Words, b: Words) -> Truths {
        Truths(a.0.simd_le(b.0))
    }

    #[inline(always)]
    fn lookup(table: &[f32; TABLE_ENTRIES], words: Words) -> Floats {
        let mut found = [0.0; LANES];
        let mut entries = [0; LANES];
        Vectors128::store_u32(words, &mut entries);
        for i in 0..LANES {
            found[i] = table[entries[i] as usize % TABLE_ENTRIES];
        }
        Vectors128::load_f32(&found)
    }

    #[inline(always)]
    fn masked_add(values: Words, mask: Truths, more: Words) -> Words {
        let zero = registers().splat_u32x16(0);
        Words(values.0 + mask.0.select(more.0, zero))
    }

    #[inline(always)]
    fn decide(
        tables: &CoarseTables,
        random: &[Words; 4],
        soma: &[Tile<f32>; WORD_STEPS],
        neurons: u16,
    ) -> Decisions<Words> {
        let [a, b, c, d] = random;
        let decisions = bytes128::decide(tables, &[a.0, b.0, c.0, d.0], soma, neurons);
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
        let Words(units) = Vectors128::load_u32(units);
        // Four units at a time, since the words of all would not fit in the registers.
        let ((a, b), (c, d)) = (units.split().0.split(), units.split().1.split());
        let a = philox_quarter(counter0, draw_index, a, index, key);
        let b = philox_quarter(counter0, draw_index, b, index, key);
        let c = philox_quarter(counter0, draw_index, c, index, key);
        let d = philox_quarter(counter0, draw_index, d, index, key);
        let mut words = [Words(units); 4];
        for i in 0..4 {
            words[i] = Words(a[i].combine(b[i]).combine(c[i].combine(d[i])));
        }
        words
    }
}

/// Computes [`philox_units`](crate::random::philox_units) of four units.
#[inline(always)]
fn philox_quarter(
    counter0: u32,
    draw_index: u32,
    units: u32x4<Registers>,
    index: u32,
    mut key: [u32; 2],
) -> [u32x4<Registers>; 4] {
    let registers = registers();
    let multipliers = [registers.splat_u32x4(MULTIPLIER_0), registers.splat_u32x4(MULTIPLIER_1)];
    let (mut word_0, mut word_1) =
        (registers.splat_u32x4(counter0), registers.splat_u32x4(draw_index));
    let (mut word_2, mut word_3) = (units, registers.splat_u32x4(index));
    for _ in 0..ROUNDS {
        let (low_0, high_0) = product(word_0, multipliers[0]);
        let (low_1, high_1) = product(word_2, multipliers[1]);
        word_0 = high_1 ^ word_1 ^ registers.splat_u32x4(key[0]);
        word_1 = low_1;
        word_2 = high_0 ^ word_3 ^ registers.splat_u32x4(key[1]);
        word_3 = low_0;
        key = [key[0].wrapping_add(KEY_STEP_0), key[1].wrapping_add(KEY_STEP_1)];
    }
    [word_0, word_1, word_2, word_3]
}

/// Returns the low and the high words of the 64-bit products.
#[inline(always)]
fn product(a: u32x4<Registers>, b: u32x4<Registers>) -> (u32x4<Registers>, u32x4<Registers>) {
    let (first, second) = a.widening_mul(b);
    let (first, second): (u32x4<_>, u32x4<_>) = (first.bitcast(), second.bitcast());
    (first.unzip_low(second), first.unzip_high(second))
}
