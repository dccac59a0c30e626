//! Draws the bursts of a layer's spikes, `b ~ Binomial(n, p)` with n spikes in a step, and computes `P E` from their
//! deviation from the baseline, `E = -mean(b - p0 n) / (p0 phi_max)`. `e = sigma(C)` of the step.
//!
//! Output: `p = p0 (1 + s (t - e) (1 - e))`, t the target.
//! Hidden: `p = 2 p0 sigma(k A (1 - e))` with `A = kappa * (Y b + Q n)`, see `apical_input_bursts`. Bursts before the
//! image have no effect.

use std::ops::Range;

use crate::cpu::kernels::averaging_window::PhaseWindow;
use crate::cpu::kernels::burst_steps::first_burst_step;
use crate::cpu::kernels::definition::{
    Columns, CpuFunction, KernelDefinition, PreparedLaunch, SampleContext, Scope,
};
use crate::cpu::simd::tiled::{LANES, Tile};
use crate::cpu::simd::width::simd_versions;
use crate::cpu::simd::{Mask, Simd};
use crate::cpu::state::{LayerState, SampleState};
use crate::interface::{ArrayId, COUNT_BITS, RunParams, STEPS_PER_WORD};
use crate::model::exact_math::{Float, SMALLEST_GRADIENT, SMALLEST_VOLTAGE, flush, sigmoid};
use crate::model::spikes::FRACTION_BITS;
use crate::random::{RngStream, philox, philox_counter0};

/// Definition of the kernel.
pub const DEFINITION: KernelDefinition = KernelDefinition {
    equation: "`b` binomial from `n` and `p`; output `p = p_0 (1 + s (t - e) (1 - e))`; hidden \
               `A = κ * (Y b + Q n)`, `p = 2 p_0 σ(k A (1 - e))`; `P E = -P mean(b - p_0 n) / (p_0 φ_max)`",
    scope: Scope::Layer,
    runs_on: |shape, _| shape.model.draws_bursts(),
    reads: |_, layer| {
        vec![ArrayId::Spikes(layer + 1), ArrayId::Somata(layer), ArrayId::ApicalInput(layer)]
    },
    writes: |layer| vec![ArrayId::Bursts(layer + 1), ArrayId::Errors(layer)],
    columns: |_| Columns::None,
    threads: |grid| [grid.units(), 1],
    cpu: CpuFunction::Sample(run),
};

/// Number of steps that share a call of the random generator.
const STEPS_PER_CALL: u32 = 4;
/// Bits of the counter for the index of a spike in its step start here.
const SPIKE_INDEX_SHIFT: u32 = 16;
/// Factor of the highest 24 bits of a random word.
const FRACTION_SCALE: f32 = 1.0 / (1 << FRACTION_BITS) as f32;

simd_versions! {
    /// Draws the bursts of a layer. `bursts`: `[burst words, units]`; `errors`: `[1, units]`.
    fn run(
        state: &mut SampleState,
        context: &SampleContext,
        prepared: &PreparedLaunch,
    ) = draw_layer;
}

#[inline(always)]
fn draw_layer<V: Simd>(
    state: &mut SampleState,
    context: &SampleContext,
    prepared: &PreparedLaunch,
) {
    let SampleContext { constants, replica, minibatch, sample, .. } = *context;
    let (layer, params) = (prepared.launch.layer, &prepared.params);
    let population = params.population;
    let counter0 = philox_counter0(RngStream::Bursts, population, minibatch.rng_split);
    let neurons = Neurons {
        constants,
        steps: first_burst_step(constants, population, sample)..sample.steps_forward,
        first_input: first_burst_step(constants, population + 1, sample),
        window: PhaseWindow::forward(sample, 0),
        is_output: params.is_output == 1,
        baseline: replica.burst_baseline,
        slope: replica.burst_slope,
        teacher: replica.burst_teacher,
        counter0,
        draw_index: sample.draw_index,
        key: replica.seed,
    };
    let SampleState { spikes, bursts, layers, .. } = state;
    let LayerState { apical_input, somata, errors, .. } = &mut layers[layer];
    let (spikes, bursts) = (&spikes[layer + 1], &mut bursts[layer + 1]);
    for (tile, errors) in errors.iter_tiles_mut().enumerate() {
        let first = (tile * LANES) as u32;
        let in_use = (params.units - first).min(LANES as u32);
        let units = std::array::from_fn(|i| first + i as u32);
        let mut targets = Tile([0.0; LANES]);
        for (target, unit) in targets.iter_mut().zip(units) {
            *target = f32::from(unit / constants.neurons_per_class == sample.label);
        }
        let arrays = TileArrays {
            units: &units,
            in_use: V::Mask::from_bits((1 << in_use) - 1),
            targets: &targets,
            counts: &spikes.tile_rows(tile)[constants.history_words as usize..],
            somata: somata.tile_rows(tile),
            apical_input: apical_input.tile_rows(tile),
        };
        let (burst_sums, spike_sums) =
            draw_tile::<V>(&neurons, &arrays, bursts.tile_rows_mut(tile));
        for i in 0..LANES {
            let deviation = burst_sums[i] as f32 - neurons.baseline * spike_sums[i] as f32;
            let mean = deviation * neurons.window.inverse;
            errors[0][i] = flush(mean * replica.burst_spike_gain, SMALLEST_GRADIENT);
        }
    }
}

/// Parameters of the neurons of a layer.
struct Neurons<'a> {
    constants: &'a RunParams,
    /// Steps whose bursts are drawn.
    steps: Range<u32>,
    /// First step with apical input.
    first_input: u32,
    window: PhaseWindow,
    is_output: bool,
    baseline: f32,
    slope: f32,
    teacher: f32,
    counter0: u32,
    draw_index: u32,
    key: [u32; 2],
}

/// Arrays of one tile that are only read.
struct TileArrays<'a, V: Simd> {
    units: &'a [u32; LANES],
    /// Mask of the lanes that hold neurons.
    in_use: V::Mask,
    targets: &'a Tile<f32>,
    /// Spike counts of the image, `[words]`.
    counts: &'a [Tile<u32>],
    somata: &'a [Tile<f32>],
    apical_input: &'a [Tile<f32>],
}

/// Draws the bursts of a tile. Returns the numbers of bursts and of spikes in the averaging window.
#[inline(always)]
fn draw_tile<V: Simd>(
    neurons: &Neurons,
    arrays: &TileArrays<V>,
    bursts: &mut [Tile<u32>],
) -> (Tile<u32>, Tile<u32>) {
    let (one, count_mask) = (V::splat_u32(1), V::splat_u32((1 << COUNT_BITS) - 1));
    let [mut burst_sums, mut spike_sums] = [V::splat_u32(0); 2];
    let mut filter = ApicalFilter::<V>::new();
    let mut random = [V::splat_u32(0); 4];
    let mut random_of = u32::MAX;
    // The traces of the uncut kernel need every step with input.
    let is_uncut = neurons.constants.tap_count == 0 && !neurons.is_output;
    let Range { start, end } = neurons.steps;
    for step in if is_uncut { neurons.first_input } else { start }..end {
        if is_uncut {
            filter.advance(neurons, &arrays.apical_input[step as usize]);
            if step < start {
                continue;
            }
        }
        let (word, slot) = ((step / STEPS_PER_WORD) as usize, step % STEPS_PER_WORD);
        if slot == 0 || step == start {
            bursts[word] = Tile([0; LANES]);
        }
        let spikes = V::load_u32(&arrays.counts[word]) >> (slot * COUNT_BITS) & count_mask;
        let is_spiking = V::le(one, spikes) & arrays.in_use;
        if is_spiking.bits() == 0 {
            continue;
        }
        let call = step / STEPS_PER_CALL;
        if call != random_of {
            random_of = call;
            let Neurons { counter0, draw_index, key, .. } = *neurons;
            random = V::philox(counter0, draw_index, arrays.units, call, key);
        }
        let probability = burst_probability(neurons, arrays, &filter, step);
        let fraction = V::Floats::int_sub_to_float(
            random[(step % STEPS_PER_CALL) as usize] >> (u32::BITS - FRACTION_BITS),
            0,
        );
        let is_burst = V::lt(fraction * V::Floats::splat(FRACTION_SCALE), probability) & is_spiking;
        let mut count = V::masked_add(V::splat_u32(0), is_burst, one);
        let several = V::le(V::splat_u32(2), spikes) & arrays.in_use;
        if several.bits() != 0 {
            let mut drawn = Tile([0; LANES]);
            let mut of_step = Tile([0; LANES]);
            let mut probabilities = Tile([0.0; LANES]);
            V::store_u32(count, &mut drawn);
            V::store_u32(spikes, &mut of_step);
            V::store_f32(probability, &mut probabilities);
            draw_more(
                neurons,
                arrays.units,
                several.bits(),
                step,
                &of_step,
                &probabilities,
                &mut drawn,
            );
            count = V::load_u32(&drawn);
        }
        let drawn = V::load_u32(&bursts[word]) | count << (slot * COUNT_BITS);
        V::store_u32(drawn, &mut bursts[word]);
        if neurons.window.contains(step) {
            burst_sums = burst_sums + count;
            spike_sums = V::masked_add(spike_sums, is_spiking, spikes);
        }
    }
    let [mut burst_tile, mut spike_tile] = [Tile([0; LANES]); 2];
    V::store_u32(burst_sums, &mut burst_tile);
    V::store_u32(spike_sums, &mut spike_tile);
    (burst_tile, spike_tile)
}

/// Returns the burst probabilities of a tile at a step.
#[inline(always)]
fn burst_probability<V: Simd>(
    neurons: &Neurons,
    arrays: &TileArrays<V>,
    filter: &ApicalFilter<V>,
    step: u32,
) -> V::Floats {
    let float = V::Floats::splat;
    let events = sigmoid(V::load_f32(&arrays.somata[step as usize]));
    let silence = float(1.0) - events;
    let baseline = float(neurons.baseline);
    if neurons.is_output {
        let difference = V::load_f32(arrays.targets) - events;
        return baseline + baseline * (float(neurons.teacher) * difference * silence);
    }
    let apical = V::flush(filter.voltage(neurons, arrays.apical_input, step), SMALLEST_VOLTAGE);
    (baseline + baseline) * sigmoid(float(neurons.slope) * apical * silence)
}

/// Draws the second and further spikes of the lanes of the mask `several`, and adds their bursts to `drawn`.
#[inline(never)]
fn draw_more(
    neurons: &Neurons,
    units: &[u32; LANES],
    mut several: u32,
    step: u32,
    spikes: &Tile<u32>,
    probabilities: &Tile<f32>,
    drawn: &mut Tile<u32>,
) {
    while several != 0 {
        let i = several.trailing_zeros() as usize;
        several &= several - 1;
        for spike in 1..spikes[i] {
            let index = (step / STEPS_PER_CALL) | (spike << SPIKE_INDEX_SHIFT);
            let counter = [neurons.counter0, neurons.draw_index, units[i], index];
            let word = philox(counter, neurons.key)[(step % STEPS_PER_CALL) as usize];
            let fraction = (word >> (u32::BITS - FRACTION_BITS)) as f32 * FRACTION_SCALE;
            drawn[i] += u32::from(fraction < probabilities[i]);
        }
    }
}

/// Synaptic filter of the apical dendrites of a tile, with the traces of the uncut kernel.
struct ApicalFilter<V: Simd> {
    slow: V::Floats,
    fast: V::Floats,
}

impl<V: Simd> ApicalFilter<V> {
    #[inline(always)]
    fn new() -> Self {
        let zero = V::Floats::splat(0.0);
        ApicalFilter { slow: zero, fast: zero }
    }

    /// Adds the input of the next step to the traces.
    #[inline(always)]
    fn advance(&mut self, neurons: &Neurons, input: &Tile<f32>) {
        let (constants, input) = (neurons.constants, V::load_f32(input));
        let slow = V::Floats::splat(constants.decay_slow) * self.slow + input;
        let fast = V::Floats::splat(constants.decay_fast) * self.fast + input;
        self.slow = V::flush(slow, SMALLEST_VOLTAGE);
        self.fast = V::flush(fast, SMALLEST_VOLTAGE);
    }

    /// Returns the filtered input at a step: of the last K steps, or from the traces.
    #[inline(always)]
    fn voltage(&self, neurons: &Neurons, input: &[Tile<f32>], step: u32) -> V::Floats {
        let constants = neurons.constants;
        if constants.tap_count == 0 {
            return V::Floats::splat(constants.gain_slow) * self.slow
                - V::Floats::splat(constants.gain_fast) * self.fast;
        }
        let mut sum = V::Floats::splat(0.0);
        for k in 0..constants.tap_count.min(step - neurons.first_input + 1) {
            let tap = V::Floats::splat(constants.kernel_taps[k as usize]);
            sum = sum + tap * V::load_f32(&input[(step - k) as usize]);
        }
        sum
    }
}
