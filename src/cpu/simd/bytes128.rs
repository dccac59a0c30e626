//! Coarse decisions of [`Vectors128`](super::vectors128::Vectors128) in bytes: a register holds 16 neurons at one step.

use fearless_simd::prelude::*;
use fearless_simd::{f32x16, i8x16, mask8x16, u8x16, u16x16, u32x8, u32x16};

use super::coarse::{BYTE_ENTRIES, BYTE_SCALE, CoarseTables, Decisions};
use super::registers128::{Registers, registers};
use super::tiled::Tile;
use crate::cpu::spikes::WORD_STEPS;

/// Number of bytes that one shuffle looks up in.
const SHUFFLE: usize = 16;

/// Computes [`Simd::decide`](super::Simd::decide).
#[inline(always)]
pub fn decide(
    tables: &CoarseTables,
    random: &[u32x16<Registers>; 4],
    soma: &[Tile<f32>; WORD_STEPS],
    neurons: u16,
) -> Decisions<u32x16<Registers>> {
    let (mut once, mut open) = ([0; WORD_STEPS], [0; WORD_STEPS]);
    let mut spikes = [registers().splat_u8x16(0); WORD_STEPS];
    let max = registers().splat_u8x16(tables.max_candidate_byte);
    for slot in 0..WORD_STEPS {
        let entry = entries(tables.byte_shift, random[slot % 4], slot >= 4);
        let candidates = entry.simd_le(max);
        let voltage = voltages(&soma[slot]);
        let none_below = lookup(&tables.no_spike_below_byte, entry);
        let one_above = lookup(&tables.one_spike_above_byte, entry);
        let one = voltage.simd_gt(one_above) & candidates;
        let undecided = candidates & !(none_below.simd_gt(voltage) | one);
        once[slot] = one.to_bitmask() as u16 & neurons;
        open[slot] = undecided.to_bitmask() as u16 & neurons;
        spikes[slot] = as_bytes(one);
    }
    Decisions { once, open, counts: counts(spikes) }
}

/// Returns the table entries of one half of each word.
#[inline(always)]
fn entries(shift: u32, words: u32x16<Registers>, is_high: bool) -> u8x16<Registers> {
    let halves = if is_high { words >> 16 } else { words & registers().splat_u32x16(0xFFFF) };
    let (first, second) = halves.split();
    let halves: u16x16<Registers> = first.relaxed_narrow(second);
    let (first, second) = (halves >> shift).split();
    first.saturating_narrow(second)
}

/// Returns somatic voltages times [`BYTE_SCALE`], rounded and limited to the range of a byte; NaN becomes the lowest.
#[inline(always)]
fn voltages(soma: &Tile<f32>) -> i8x16<Registers> {
    let scaled = f32x16::from_slice(registers(), &soma.0) * BYTE_SCALE;
    let least = registers().splat_f32x16(i8::MIN.into());
    let most = registers().splat_f32x16(i8::MAX.into());
    let scaled = scaled.simd_gt(least).select(scaled, least);
    let scaled = scaled.simd_lt(most).select(scaled, most);
    let (first, second) = registers().cvt_i32_f32x16(scaled.round_ties_even()).split();
    let (first, second) = first.relaxed_narrow(second).split();
    first.relaxed_narrow(second)
}

/// Looks up entries in a table; larger entries give 0.
#[inline(always)]
fn lookup(table: &[i8; BYTE_ENTRIES], entry: u8x16<Registers>) -> i8x16<Registers> {
    let mut found = registers().splat_i8x16(0);
    for first in (0..BYTE_ENTRIES).step_by(SHUFFLE) {
        let part = i8x16::from_slice(registers(), &table[first..first + SHUFFLE]);
        let offset = entry - registers().splat_u8x16(first as u8);
        // A precise shuffle gives 0 for offsets of 16 and more.
        found |= registers().swizzle_dyn_precise_i8x16(part, offset);
    }
    found
}

/// Returns 255 for each true value, 0 for the others.
#[inline(always)]
fn as_bytes(mask: mask8x16<Registers>) -> u8x16<Registers> {
    registers().to_vector_mask8x16(mask).bitcast()
}

/// Returns the counts of each neuron, 4 bits per step. `spikes`: 255 for a spike.
#[inline(always)]
fn counts([a, b, c, d, e, f, g, h]: [u8x16<Registers>; WORD_STEPS]) -> u32x16<Registers> {
    // Byte `i` of a neuron's word holds steps `2 i` and `2 i + 1`.
    let low = zip(step_pair(a, b), step_pair(c, d));
    let high = zip(step_pair(e, f), step_pair(g, h));
    let ((low_a, low_b), (high_a, high_b)) = (low.split(), high.split());
    let first: u32x8<_> = low_a.zip_low(high_a).combine(low_a.zip_high(high_a)).bitcast();
    let second: u32x8<_> = low_b.zip_low(high_b).combine(low_b.zip_high(high_b)).bitcast();
    first.combine(second)
}

/// Returns bytes with the counts of two steps.
#[inline(always)]
fn step_pair(first: u8x16<Registers>, second: u8x16<Registers>) -> u8x16<Registers> {
    (first & registers().splat_u8x16(0x01)) | (second & registers().splat_u8x16(0x10))
}

/// Joins low and high bytes.
#[inline(always)]
fn zip(low: u8x16<Registers>, high: u8x16<Registers>) -> u16x16<Registers> {
    low.zip_low(high).combine(low.zip_high(high)).bitcast()
}
