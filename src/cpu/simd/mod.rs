//! SIMD abstraction over sixteen numbers. Compilers vectorise plain loops over tiles, but not masked selections and
//! table look-ups. Kernels are therefore generic over the trait [`Simd`], with implementations for arrays on every
//! machine, for pairs of AVX2 registers and for AVX-512 registers. [`width`] chooses one.

#[cfg(target_arch = "x86_64")]
pub mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx2_bytes;
#[cfg(target_arch = "x86_64")]
pub mod avx512;
pub mod coarse;
pub mod tiled;
pub mod width;

use std::ops::{Add, BitAnd, BitOr, BitXor, Mul, Neg, Shl, Shr, Sub};

use crate::cpu::simd::coarse::{CoarseTables, Decisions, TABLE_ENTRIES, open_candidates};
use crate::cpu::simd::tiled::{LANES, Tile};
use crate::cpu::spikes::WORD_STEPS;
use crate::model::exact_math::{Float, flush};
use crate::random::philox_units;

/// One truth value per number.
pub trait Mask:
    Copy + BitAnd<Output = Self> + BitOr<Output = Self> + BitXor<Output = Self>
{
    /// Returns the mask with the given bits; the first number has the lowest.
    fn from_bits(bits: u32) -> Self;

    /// Returns one bit per number; the first has the lowest.
    fn bits(self) -> u32;

    /// Returns `self` where `other` is false.
    fn and_not(self, other: Self) -> Self;
}

/// Operations on sixteen numbers.
pub trait Simd {
    type Floats: Float<Integer = Self::Words>;
    type Mask: Mask;
    type Words: Copy
        + Add<Output = Self::Words>
        + Sub<Output = Self::Words>
        + BitAnd<Output = Self::Words>
        + BitOr<Output = Self::Words>
        + Shl<u32, Output = Self::Words>
        + Shr<u32, Output = Self::Words>;

    /// Number of steps that a neuron kernel computes at once, a divisor of 8. Their sums fill about half of the registers.
    const STEPS_AT_ONCE: usize;

    fn load_f32(values: &[f32; LANES]) -> Self::Floats;
    fn store_f32(values: Self::Floats, place: &mut [f32; LANES]);
    fn load_u32(values: &[u32; LANES]) -> Self::Words;
    fn store_u32(values: Self::Words, place: &mut [u32; LANES]);

    /// Returns `value` in every lane.
    fn splat_u32(value: u32) -> Self::Words;

    /// Returns the mask of `a < b`.
    fn lt(a: Self::Floats, b: Self::Floats) -> Self::Mask;

    /// Applies [`flush`] to each number.
    fn flush(values: Self::Floats, smallest: f32) -> Self::Floats;

    /// Returns the mask of the numbers that [`flush`] leaves as they are.
    fn is_large(values: Self::Floats, smallest: f32) -> Self::Mask;

    /// Returns the mask of `a <= b`.
    fn le(a: Self::Words, b: Self::Words) -> Self::Mask;

    /// Returns the table entry at each word modulo the table's length.
    fn lookup(table: &[f32; TABLE_ENTRIES], words: Self::Words) -> Self::Floats;

    /// Adds `more` to `values` in the lanes of `mask`.
    fn masked_add(values: Self::Words, mask: Self::Mask, more: Self::Words) -> Self::Words;

    /// Decides the spike counts of the 8 steps of a word as far as `tables` allow. `random`: words of [`Simd::philox`];
    /// `soma`: somatic voltages of the steps; `neurons`: mask of the lanes that hold
    /// neurons.
    fn decide(
        tables: &CoarseTables,
        random: &[Self::Words; 4],
        soma: &[Tile<f32>; WORD_STEPS],
        neurons: u16,
    ) -> Decisions<Self::Words>;

    /// Stores the values of the lanes of `mask` one after another. May overwrite up to 16 places with others.
    fn compress(values: &[u32; LANES], mask: u16, place: &mut [u32]);

    /// Computes [`philox_units`].
    fn philox(
        counter0: u32,
        draw_index: u32,
        units: &[u32; LANES],
        index: u32,
        key: [u32; 2],
    ) -> [Self::Words; 4];
}

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

/// Mask of one bit per number; the first number has the lowest.
#[derive(Clone, Copy)]
pub struct Bits(u32);

macro_rules! mask_operator {
    ($trait:ident, $method:ident) => {
        impl $trait for Bits {
            type Output = Bits;

            #[inline(always)]
            fn $method(self, other: Bits) -> Bits {
                Bits(self.0.$method(other.0))
            }
        }
    };
}

mask_operator!(BitAnd, bitand);
mask_operator!(BitOr, bitor);
mask_operator!(BitXor, bitxor);

impl Mask for Bits {
    #[inline(always)]
    fn from_bits(bits: u32) -> Bits {
        Bits(bits & ((1 << LANES) - 1))
    }

    #[inline(always)]
    fn bits(self) -> u32 {
        self.0
    }

    #[inline(always)]
    fn and_not(self, other: Bits) -> Bits {
        Bits(self.0 & !other.0)
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
        open_candidates::<Scalar16>(tables, random, neurons)
    }

    #[inline(always)]
    fn compress(values: &[u32; LANES], mask: u16, place: &mut [u32]) {
        // The loop checks for the end only once per four values, because that branch is unpredictable.
        let mut left = u32::from(mask);
        for four in place[..LANES].as_chunks_mut::<4>().0 {
            if left == 0 {
                break;
            }
            for value in four {
                *value = values[left.trailing_zeros() as usize % LANES];
                left &= left.wrapping_sub(1);
            }
        }
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

#[cfg(test)]
mod tests;
