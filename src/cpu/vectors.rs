//! Sixteen numbers side by side. Compilers turn plain loops over tiles into vector instructions, but
//! not those that select: what meets a condition, pushed together and spread out again. So the kernels
//! that draw spikes are written over this trait, once for arrays, on every machine, and once for the
//! registers of AVX-512.

use std::ops::{Add, BitAnd, BitOr, Mul, Neg, Shl, Shr, Sub};

use super::bounds::ENTRIES;
use super::tile::WIDTH;
use crate::model::exact_math::{Float, flush};
use crate::random::philox_units;

/// A bit for each number, the first lowest.
pub type Mask = u32;

/// How a machine computes sixteen numbers.
pub trait Vectors {
    type Floats: Float<Integer = Self::Words>;
    type Words: Copy
        + Add<Output = Self::Words>
        + Sub<Output = Self::Words>
        + BitAnd<Output = Self::Words>
        + BitOr<Output = Self::Words>
        + Shl<u32, Output = Self::Words>
        + Shr<u32, Output = Self::Words>;

    fn floats(values: &[f32; WIDTH]) -> Self::Floats;
    fn store_floats(values: Self::Floats, place: &mut [f32; WIDTH]);
    fn words(values: &[u32; WIDTH]) -> Self::Words;
    fn store(values: Self::Words, place: &mut [u32; WIDTH]);

    /// The same word everywhere.
    fn word(value: u32) -> Self::Words;

    /// Where `a < b`.
    fn below(a: Self::Floats, b: Self::Floats) -> Mask;

    /// [`flush`] of each.
    fn flush(values: Self::Floats, smallest: f32) -> Self::Floats;

    /// Where `a <= b`.
    fn le(a: Self::Words, b: Self::Words) -> Mask;

    /// For each word, what the table has at its lowest bits.
    fn look_up(table: &[f32; ENTRIES], words: Self::Words) -> Self::Floats;

    /// `values`, with `more` added where `mask` has a bit.
    fn add_where(values: Self::Words, mask: Mask, more: Self::Words) -> Self::Words;

    /// [`philox_units`].
    fn philox(
        head: u32,
        position: u32,
        units: &[u32; WIDTH],
        index: u32,
        key: [u32; 2],
    ) -> [Self::Words; 4];
}

/// For every machine.
pub struct Portable;

#[derive(Clone, Copy)]
pub struct Floats([f32; WIDTH]);

#[derive(Clone, Copy)]
pub struct Words([u32; WIDTH]);

/// Applies an operation to each number of one or two arrays.
macro_rules! each {
    ($type:ident, |$i:ident| $value:expr) => {{
        let mut result = [Default::default(); WIDTH];
        for $i in 0..WIDTH {
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
        Floats([value; WIDTH])
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
        // SAFETY: the caller's.
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
        for $i in 0..WIDTH {
            mask |= Mask::from($bit) << $i;
        }
        mask
    }};
}

impl Vectors for Portable {
    type Floats = Floats;
    type Words = Words;

    #[inline(always)]
    fn floats(values: &[f32; WIDTH]) -> Floats {
        Floats(*values)
    }

    #[inline(always)]
    fn store_floats(values: Floats, place: &mut [f32; WIDTH]) {
        *place = values.0;
    }

    #[inline(always)]
    fn words(values: &[u32; WIDTH]) -> Words {
        Words(*values)
    }

    #[inline(always)]
    fn store(values: Words, place: &mut [u32; WIDTH]) {
        *place = values.0;
    }

    #[inline(always)]
    fn word(value: u32) -> Words {
        Words([value; WIDTH])
    }

    #[inline(always)]
    fn below(a: Floats, b: Floats) -> Mask {
        mask!(|i| a.0[i] < b.0[i])
    }

    #[inline(always)]
    fn flush(values: Floats, smallest: f32) -> Floats {
        each!(Floats, |i| flush(values.0[i], smallest))
    }

    #[inline(always)]
    fn le(a: Words, b: Words) -> Mask {
        mask!(|i| a.0[i] <= b.0[i])
    }

    #[inline(always)]
    fn look_up(table: &[f32; ENTRIES], words: Words) -> Floats {
        each!(Floats, |i| table[words.0[i] as usize % ENTRIES])
    }

    #[inline(always)]
    fn add_where(values: Words, mask: Mask, more: Words) -> Words {
        each!(Words, |i| values.0[i].wrapping_add(more.0[i] * (mask >> i & 1)))
    }

    #[inline(always)]
    fn philox(
        head: u32,
        position: u32,
        units: &[u32; WIDTH],
        index: u32,
        key: [u32; 2],
    ) -> [Words; 4] {
        philox_units(head, position, units, index, key).map(Words)
    }
}
