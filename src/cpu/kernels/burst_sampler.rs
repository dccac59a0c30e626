//! Sampler of bursts: burst probabilities of a tile of neurons, and random draws. Twin of functions of
//! `shaders/draw_bursts.wgsl`.

use std::ops::Range;

use crate::cpu::kernels::averaging_window::PhaseWindow;
use crate::cpu::kernels::burst_draws::{BurstDraws, DrawnSpike, FRACTION_SCALE};
use crate::cpu::simd::tiled::{LANES, Tile};
use crate::cpu::simd::{Mask, Simd};
use crate::cpu::spikes::steps::words_covering;
use crate::interface::{COUNT_BITS, COUNT_MASK, RunParams, STEPS_PER_WORD};
use crate::model::exact_math::{Float, SMALLEST_VOLTAGE, exp_exact, sigmoid};
use crate::model::spikes::{FRACTION_BITS, LOW16};

/// Parameters of the neurons of a layer.
pub struct Neurons<'a> {
    pub constants: &'a RunParams,
    /// Steps whose bursts are drawn.
    pub steps: Range<u32>,
    /// First step with apical input.
    pub first_input: u32,
    pub window: PhaseWindow,
    pub is_output: bool,
    pub baseline: f32,
    pub slope: f32,
    pub teacher: f32,
    pub draws: BurstDraws,
}

/// Arrays of one tile that are only read.
pub struct TileArrays<'a, V: Simd> {
    pub units: &'a [u32; LANES],
    /// Mask of the lanes that hold neurons.
    pub in_use: V::Mask,
    pub targets: &'a Tile<f32>,
    /// Spike counts of the image, `[words]`.
    pub counts: &'a [Tile<u32>],
    pub somata: &'a [Tile<f32>],
    pub apical_input: &'a [Tile<f32>],
}

/// Burst probabilities `limit / odds` of a tile.
struct Chances<V: Simd> {
    odds: V::Floats,
    limit: V::Floats,
}

impl<V: Simd> Chances<V> {
    /// Returns the mask of the random words that are bursts.
    #[inline(always)]
    fn are_bursts(&self, words: V::Words) -> V::Mask {
        let fraction = V::Floats::int_sub_to_float(words >> (u32::BITS - FRACTION_BITS), 0);
        V::lt(fraction * V::Floats::splat(FRACTION_SCALE) * self.odds, self.limit)
    }
}

/// Intermediate results of one tile, by index of a step with spikes. The content is arbitrary.
pub struct Rows {
    /// Steps with spikes.
    steps: Vec<u32>,
    /// Neurons with several spikes; in the upper half, neurons whose first spike needs the low half of its random word.
    open: Vec<u32>,
    odds: Vec<Tile<f32>>,
    limits: Vec<Tile<f32>>,
    /// Apical voltages by step, only for the uncut kernel.
    voltages: Vec<Tile<f32>>,
}

impl Rows {
    /// Returns rows for images of `steps` steps.
    pub fn new(steps: usize) -> Self {
        let zeros = || vec![Tile([0.0; LANES]); steps];
        Rows {
            steps: vec![0; steps],
            open: vec![0; steps],
            odds: zeros(),
            limits: zeros(),
            voltages: zeros(),
        }
    }
}

/// Draws the bursts of a tile. Returns the numbers of bursts and of spikes in the averaging window.
///
/// Each stage processes all steps before the next stage begins, so that the long sums of one step need not wait for
/// mispredicted branches of another.
#[inline(always)]
pub fn draw_tile<V: Simd>(
    neurons: &Neurons,
    arrays: &TileArrays<V>,
    rows: &mut Rows,
    bursts: &mut [Tile<u32>],
) -> (Tile<u32>, Tile<u32>) {
    let Range { start, end } = neurons.steps;
    if neurons.constants.tap_count == 0 && !neurons.is_output {
        uncut_voltages(neurons, arrays, rows);
    }
    for (word, _) in words_covering(&neurons.steps) {
        bursts[word as usize] = Tile([0; LANES]);
    }
    let mut count = 0;
    for step in start..end {
        let is_spiking = V::le(V::splat_u32(1), count_at::<V>(arrays.counts, step));
        rows.steps[count] = step;
        count += usize::from((is_spiking & arrays.in_use).bits() != 0);
    }
    draw_first::<V>(neurons, arrays, rows, count, bursts);
    draw_more::<V>(neurons, arrays, rows, count, bursts);
    let [mut burst_sums, mut spike_sums] = [V::splat_u32(0); 2];
    for step in neurons.window.end - neurons.window.length..neurons.window.end {
        burst_sums = burst_sums + count_at::<V>(bursts, step);
        spike_sums = spike_sums + count_at::<V>(arrays.counts, step);
    }
    let [mut burst_tile, mut spike_tile] = [Tile([0; LANES]); 2];
    V::store_u32(burst_sums, &mut burst_tile);
    V::store_u32(spike_sums, &mut spike_tile);
    (burst_tile, spike_tile)
}

/// Returns the counts of a step. `words`: eight steps each.
#[inline(always)]
fn count_at<V: Simd>(words: &[Tile<u32>], step: u32) -> V::Words {
    let word = V::load_u32(&words[(step / STEPS_PER_WORD) as usize]);
    word >> (step % STEPS_PER_WORD * COUNT_BITS) & V::splat_u32((1 << COUNT_BITS) - 1)
}

/// Computes the apical voltages of all steps with bursts by the uncut kernel.
#[inline(always)]
fn uncut_voltages<V: Simd>(neurons: &Neurons, arrays: &TileArrays<V>, rows: &mut Rows) {
    let constants = neurons.constants;
    let [mut slow, mut fast] = [V::Floats::splat(0.0); 2];
    for step in neurons.first_input as usize..neurons.steps.end as usize {
        let input = V::load_f32(&arrays.apical_input[step]);
        slow = V::flush(V::Floats::splat(constants.decay_slow) * slow + input, SMALLEST_VOLTAGE);
        fast = V::flush(V::Floats::splat(constants.decay_fast) * fast + input, SMALLEST_VOLTAGE);
        let voltage = V::Floats::splat(constants.gain_slow) * slow
            - V::Floats::splat(constants.gain_fast) * fast;
        V::store_f32(voltage, &mut rows.voltages[step]);
    }
}

/// Draws the first spike of each neuron and step. `count`: number of steps with spikes.
#[inline(always)]
fn draw_first<V: Simd>(
    neurons: &Neurons,
    arrays: &TileArrays<V>,
    rows: &mut Rows,
    count: usize,
    bursts: &mut [Tile<u32>],
) {
    let BurstDraws { counter0, draw_index, key, .. } = neurons.draws;
    let mut random = [Tile([0; LANES]); 4];
    let mut random_of = u32::MAX;
    for index in 0..count {
        let step = rows.steps[index];
        let (word, slot) = (step / STEPS_PER_WORD, step % STEPS_PER_WORD);
        if word != random_of {
            random_of = word;
            let words = V::philox(counter0, draw_index, arrays.units, word, key);
            for i in 0..4 {
                V::store_u32(words[i], &mut random[i]);
            }
        }
        let chances = burst_chances(neurons, arrays, rows, step);
        let left = if slot < 4 { u32::BITS / 2 } else { 0 };
        let halves = V::load_u32(&random[slot as usize % 4]) << left & V::splat_u32(!LOW16);
        let spikes = count_at::<V>(arrays.counts, step);
        let is_spiking = V::le(V::splat_u32(1), spikes) & arrays.in_use;
        let surely = chances.are_bursts(halves | V::splat_u32(LOW16)) & is_spiking;
        let perhaps = chances.are_bursts(halves) & is_spiking;
        let drawn = V::masked_add(V::splat_u32(0), surely, V::splat_u32(1));
        let bursts = &mut bursts[word as usize];
        V::store_u32(V::load_u32(bursts) | drawn << (slot * COUNT_BITS), bursts);
        let several = V::le(V::splat_u32(2), spikes) & arrays.in_use;
        rows.open[index] = several.bits() | perhaps.and_not(surely).bits() << LANES;
        V::store_f32(chances.odds, &mut rows.odds[index]);
        V::store_f32(chances.limit, &mut rows.limits[index]);
    }
}

/// Draws the spikes after the first, and those that need the low halves of their random words.
#[inline(always)]
fn draw_more<V: Simd>(
    neurons: &Neurons,
    arrays: &TileArrays<V>,
    rows: &Rows,
    count: usize,
    bursts: &mut [Tile<u32>],
) {
    for index in 0..count {
        let step = rows.steps[index];
        let (several, undecided) = (rows.open[index] & 0xFFFF, rows.open[index] >> LANES);
        let mut open = several | undecided;
        while open != 0 {
            let i = open.trailing_zeros() as usize;
            open &= open - 1;
            let shift = step % STEPS_PER_WORD * COUNT_BITS;
            let word = (step / STEPS_PER_WORD) as usize;
            let spikes = arrays.counts[word][i] >> shift & COUNT_MASK;
            let (odds, limit) = (rows.odds[index][i], rows.limits[index][i]);
            let spike = DrawnSpike { unit: arrays.units[i], step, odds, limit };
            for index in 1 - (undecided >> i & 1)..spikes {
                bursts[word][i] += neurons.draws.bursts(&spike, index) << shift;
            }
        }
    }
}

/// Returns the burst probabilities of a tile at a step.
#[inline(always)]
fn burst_chances<V: Simd>(
    neurons: &Neurons,
    arrays: &TileArrays<V>,
    rows: &Rows,
    step: u32,
) -> Chances<V> {
    let float = V::Floats::splat;
    let events = sigmoid(V::load_f32(&arrays.somata[step as usize]));
    let silence = float(1.0) - events;
    let baseline = float(neurons.baseline);
    if neurons.is_output {
        let difference = V::load_f32(arrays.targets) - events;
        let limit = baseline + baseline * (float(neurons.teacher) * difference * silence);
        return Chances { odds: float(1.0), limit };
    }
    let apical = V::flush(apical_voltage(neurons, arrays, rows, step), SMALLEST_VOLTAGE);
    let odds = float(1.0) + exp_exact(-(float(neurons.slope) * apical * silence));
    Chances { odds, limit: baseline + baseline }
}

/// Returns the filtered input at a step.
#[inline(always)]
fn apical_voltage<V: Simd>(
    neurons: &Neurons,
    arrays: &TileArrays<V>,
    rows: &Rows,
    step: u32,
) -> V::Floats {
    let constants = neurons.constants;
    if constants.tap_count == 0 {
        return V::load_f32(&rows.voltages[step as usize]);
    }
    let mut sum = V::Floats::splat(0.0);
    for k in 0..constants.tap_count.min(step - neurons.first_input + 1) {
        let tap = V::Floats::splat(constants.kernel_taps[k as usize]);
        sum = sum + tap * V::load_f32(&arrays.apical_input[(step - k) as usize]);
    }
    sum
}
