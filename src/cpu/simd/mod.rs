//! SIMD abstraction over sixteen numbers. Compilers vectorise plain loops over tiles, but not masked selections and
//! table look-ups. Kernels are therefore generic over the trait [`Simd`], with implementations for arrays on every
//! machine, for registers of 128 bits (NEON, SSE4.2), for pairs of AVX2 registers and for AVX-512 registers.
//! [`width`] chooses one.

#[cfg(target_arch = "x86_64")]
pub mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx2_bytes;
#[cfg(target_arch = "x86_64")]
mod avx2_philox;
#[cfg(target_arch = "x86_64")]
pub mod avx512;
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod bytes128;
pub mod coarse;
pub mod decide;
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
mod registers128;
pub mod scalar;
pub mod tiled;
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
pub mod vectors128;
pub mod width;

use std::ops::{Add, BitAnd, BitOr, BitXor, Shl, Shr, Sub};

use crate::cpu::simd::coarse::{CoarseTables, Decisions, TABLE_ENTRIES};
use crate::cpu::simd::tiled::{LANES, Tile};
use crate::cpu::spikes::WORD_STEPS;
use crate::model::exact_math::Float;

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

    /// Whether [`Simd::lookup`] takes less time than a loop over the lanes.
    const LOOKUP_IS_FAST: bool;

    fn load_f32(values: &[f32; LANES]) -> Self::Floats;
    fn store_f32(values: Self::Floats, place: &mut [f32; LANES]);
    fn load_u32(values: &[u32; LANES]) -> Self::Words;
    fn store_u32(values: Self::Words, place: &mut [u32; LANES]);

    /// Returns `value` in every lane.
    fn splat_u32(value: u32) -> Self::Words;

    /// Returns the mask of `a < b`.
    fn lt(a: Self::Floats, b: Self::Floats) -> Self::Mask;

    /// Applies [`flush`](crate::model::exact_math::flush) to each number.
    fn flush(values: Self::Floats, smallest: f32) -> Self::Floats;

    /// Returns the mask of the numbers that [`Simd::flush`] leaves as they are.
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

    /// Computes [`philox_units`](crate::random::philox_units).
    fn philox(
        counter0: u32,
        draw_index: u32,
        units: &[u32; LANES],
        index: u32,
        key: [u32; 2],
    ) -> [Self::Words; 4];
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

#[cfg(test)]
mod tests;
