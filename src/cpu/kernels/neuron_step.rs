//! Steps of neurons, tile by tile: dendrite from the filtered synaptic input, soma by forward Euler, window means,
//! spikes. Shared by hidden and output neurons. Twin of `shaders/shared/neuron_step.wgsl`.

use std::cell::Cell;
use std::ops::Range;

use super::averaging_window::PhaseWindow;
use super::burst_steps::first_burst_step;
use super::definition::{
    Columns, CpuFunction, KernelDefinition, NeuronFunction, Scope, StepContext,
};
use super::shared_words::SharedWords;
use super::spike_sampler::{Rows, SpikeSampler};
use super::synaptic_filter::{basal_input, shift_history};
use crate::cpu::simd::tiled::{LANES, Tile, TileSlice};
use crate::cpu::simd::{Mask, Simd};
use crate::cpu::spikes::WORD_STEPS;
use crate::cpu::spikes::mask::SpikeMaskSlice;
use crate::cpu::spikes::steps::words_covering;
use crate::interface::compartment::{APICAL, BASAL, MEAN_RATE, MEAN_SOMA, SOMA};
use crate::interface::{ArrayId, STEPS_PER_WORD, Sample};
use crate::model::exact_math::{Float, SMALLEST_VOLTAGE, sigmoid};

/// Terms of the soma's Euler step, `C <- decay C + (basal_gain B + current)`.
pub struct SomaTerms<V: Simd> {
    pub decay: f32,
    pub basal_gain: f32,
    pub current: V::Floats,
}

/// Type of neuron.
pub trait NeuronKind {
    /// Whether the neurons receive the teaching current, and their rates are averaged.
    const IS_OUTPUT: bool;

    /// Returns the terms of the forward and of the target phase for the neurons of a tile. `apical`: apical voltages,
    /// `[16]`.
    fn soma_terms<V: Simd>(
        context: &StepContext,
        tile: usize,
        apical: V::Floats,
    ) -> [SomaTerms<V>; 2];
}

/// Returns the definition of a kernel that advances the neurons of a layer. It reads only the biases of the weights.
pub const fn neuron_kernel(
    equation: &'static str,
    scope: Scope,
    advance: NeuronFunction,
) -> KernelDefinition {
    KernelDefinition {
        equation,
        scope,
        runs_on: |_, _| true,
        reads: |_, layer| vec![ArrayId::Weights(layer)],
        writes: |layer| {
            vec![
                ArrayId::SynapticInput(layer),
                ArrayId::Compartments(layer),
                ArrayId::Spikes(layer + 1),
                ArrayId::Somata(layer),
            ]
        },
        columns: |_| Columns::Biases,
        threads: |grid| [grid.units(), 1],
        cpu: CpuFunction::Neurons(advance),
    }
}

impl StepContext<'_> {
    /// Returns the steps that the launch computes for the sample.
    #[inline]
    pub fn steps(&self) -> Range<u32> {
        let end = self.sample.steps().min(self.params.first_step + self.params.step_count);
        self.params.first_step.min(end)..end
    }

    /// Returns the mask of the lanes of a tile that hold neurons.
    #[inline(always)]
    fn neurons(&self, tile: usize) -> u32 {
        let left = self.params.units - (tile * LANES) as u32;
        (1 << left.min(LANES as u32)) - 1
    }
}

/// Advances a slice of tiles and draws their spikes. Shapes: see [`NeuronFunction`](super::definition::NeuronFunction).
#[inline(always)]
pub fn step_tiles<V: Simd, M: NeuronKind>(
    context: &StepContext,
    synaptic_input: &mut TileSlice<f32>,
    compartments: &mut TileSlice<f32>,
    spikes: &mut TileSlice<u32>,
    spike_mask: SpikeMaskSlice,
    mut somata: Option<TileSlice<f32>>,
) {
    let steps = context.steps();
    if steps.is_empty() {
        return;
    }
    let first = synaptic_input.first_tile;
    let mut scratch = SCRATCH.take();
    scratch.soma.resize(words_covering(&steps).count(), [Tile([0.0; LANES]); WORD_STEPS]);
    let mut sampler =
        SpikeSampler::new(context, spike_mask, &mut scratch.rows, &mut scratch.shared);
    for tile in 0..synaptic_input.tile_count() {
        let synaptic_input = synaptic_input.tile_rows_mut(tile);
        let compartments = compartments.tile_rows_mut(tile);
        let soma = &mut scratch.soma;
        step_tile::<V, M>(
            context,
            first + tile,
            synaptic_input,
            compartments,
            soma.as_flattened_mut(),
        );
        if let Some(somata) = &mut somata {
            keep_somata(context, soma.as_flattened(), somata.tile_rows_mut(tile));
        }
        if context.minibatch.draws_spikes == 1 {
            sampler.sample_tile::<V>(tile, soma, spikes.tile_rows_mut(tile));
        }
    }
    SCRATCH.set(scratch);
}

/// Copies the somatic voltages of the steps whose bursts are drawn. `soma`: a row per step from the first of its word on;
/// `somata`: `[burst steps]`.
#[inline(always)]
fn keep_somata(context: &StepContext, soma: &[Tile<f32>], somata: &mut [Tile<f32>]) {
    let &StepContext { constants, params, sample, .. } = context;
    let steps = context.steps();
    let first_row = steps.start / STEPS_PER_WORD * STEPS_PER_WORD;
    let first = steps.start.max(first_burst_step(constants.tap_count, params.population, sample));
    // A test image can have more steps; its bursts are not drawn.
    let end = steps.end.min(constants.burst_steps);
    for step in first..end {
        somata[step as usize] = soma[(step - first_row) as usize];
    }
}

/// Memory of a thread for intermediate results, kept between launches. Only `shared` is read by later ones.
#[derive(Default)]
struct Scratch {
    /// Somatic voltages of one tile, for each step of a word.
    soma: Vec<[Tile<f32>; WORD_STEPS]>,
    rows: Rows,
    shared: Vec<SharedWords>,
}

thread_local! {
    static SCRATCH: Cell<Scratch> = Cell::default();
}

/// Advances the tile of index `tile` through the launch and writes its somatic voltages to `soma`, a row per step from the
/// first of its word on.
#[inline(always)]
fn step_tile<V: Simd, M: NeuronKind>(
    context: &StepContext,
    tile: usize,
    synaptic_input: &mut [Tile<f32>],
    compartments: &mut [Tile<f32>],
    soma: &mut [Tile<f32>],
) {
    let &StepContext { constants, replica, params, sample, .. } = context;
    let steps = context.steps();
    if steps.start == 0 {
        reset_for_image(context, compartments);
    }
    let first_row = steps.start / STEPS_PER_WORD * STEPS_PER_WORD;
    let (forward, target) = (PhaseWindow::forward(sample, 0), PhaseWindow::target(sample, 0));
    let terms = M::soma_terms::<V>(context, tile, V::load_f32(&compartments[APICAL]));
    let mut basal = V::Floats::splat(0.0);
    let mut somatic = V::load_f32(&compartments[SOMA]);
    let mut mean_soma = V::load_f32(&compartments[MEAN_SOMA]);
    let mut mean_rate = V::load_f32(&compartments[MEAN_RATE]);

    for chunk in aligned_chunks(&steps, V::STEPS_AT_ONCE as u32) {
        // Calls instead of a closure: a large closure is not inlined and then lacks the SIMD instructions of this
        // version. Constant counts let the compiler unroll the loops of complete chunks and of single steps.
        let count = chunk.len();
        let (chunk, terms, input) = (&chunk, &terms, &mut *synaptic_input);
        let somata;
        (basal, somata) = if count == V::STEPS_AT_ONCE {
            euler_steps::<V, M>(context, tile, chunk, V::STEPS_AT_ONCE, input, terms, somatic)
        } else if count == 1 {
            euler_steps::<V, M>(context, tile, chunk, 1, input, terms, somatic)
        } else {
            euler_steps::<V, M>(context, tile, chunk, count, input, terms, somatic)
        };
        somatic = somata[count - 1];
        forward.add::<V>(chunk, &somata, &mut mean_soma);
        if M::IS_OUTPUT && target.overlaps(chunk) {
            let mut rates = somata;
            for rate in &mut rates[..count] {
                *rate = V::Floats::splat(replica.phi_max) * sigmoid(*rate);
            }
            target.add::<V>(chunk, &rates, &mut mean_rate);
        }
        let rows = &mut soma[(chunk.start - first_row) as usize..][..count];
        for i in 0..count {
            V::store_f32(somata[i], &mut rows[i]);
        }
    }

    V::store_f32(basal, &mut compartments[BASAL]);
    V::store_f32(somatic, &mut compartments[SOMA]);
    V::store_f32(mean_soma, &mut compartments[MEAN_SOMA]);
    V::store_f32(mean_rate, &mut compartments[MEAN_RATE]);
    if params.sends_rates == 0 && params.ends_block(sample) {
        shift_history(constants, synaptic_input, (steps.end - params.block_start) as usize);
    }
}

/// Clears the means of a tile, and its somatic voltages if the minibatch resets the state. A launch before this one sets the
/// apical voltage.
#[inline(always)]
fn reset_for_image(context: &StepContext, compartments: &mut [Tile<f32>]) {
    if context.minibatch.reset_state == 1 {
        compartments[SOMA] = Tile([0.0; LANES]);
    }
    compartments[MEAN_SOMA] = Tile([0.0; LANES]);
    compartments[MEAN_RATE] = Tile([0.0; LANES]);
}

/// Returns `steps` in chunks of `size` that begin at multiples of it; the first and the last may be shorter.
#[inline(always)]
fn aligned_chunks(steps: &Range<u32>, size: u32) -> impl Iterator<Item = Range<u32>> + use<> {
    let Range { start, end } = *steps;
    (start / size..end.div_ceil(size))
        .map(move |chunk| (chunk * size).max(start)..((chunk + 1) * size).min(end))
}

/// Advances the voltages by the first `count` steps of `chunk` from somatic voltages `soma`. Returns the last basal
/// voltages, and the somatic voltages of each step.
#[inline(always)]
fn euler_steps<V: Simd, M: NeuronKind>(
    context: &StepContext,
    tile: usize,
    chunk: &Range<u32>,
    count: usize,
    synaptic_input: &mut [Tile<f32>],
    terms: &[SomaTerms<V>; 2],
    soma: V::Floats,
) -> (V::Floats, [V::Floats; WORD_STEPS]) {
    let float = V::Floats::splat;
    let &StepContext { constants, params, sample, biases, .. } = context;
    let bias = V::load_f32(&biases[tile]);
    let row = (chunk.start - params.block_start) as usize;
    let mut basal = basal_input::<V>(constants, params, synaptic_input, row, count);
    let mut input = basal;
    for (i, step) in (0..count).zip(chunk.start..) {
        let terms = terms_at::<V, M>(terms, sample, step);
        basal[i] = basal[i] + bias;
        input[i] = float(terms.basal_gain) * basal[i] + terms.current;
    }
    // Without the flush in between, a step waits less for the one before. Nearly always there is nothing to flush.
    let mut somata = [soma; WORD_STEPS];
    let mut last = soma;
    let mut is_large = V::Mask::from_bits(u32::MAX);
    for (i, step) in (0..count).zip(chunk.start..) {
        last = float(terms_at::<V, M>(terms, sample, step).decay) * last + input[i];
        is_large = is_large & V::is_large(last, SMALLEST_VOLTAGE);
        somata[i] = last;
    }
    if !is_large.bits() & context.neurons(tile) != 0 {
        last = soma;
        for (i, step) in (0..count).zip(chunk.start..) {
            last = float(terms_at::<V, M>(terms, sample, step).decay) * last + input[i];
            last = V::flush(last, SMALLEST_VOLTAGE);
            somata[i] = last;
        }
    }
    (basal[count - 1], somata)
}

/// Returns the terms of the phase of a step.
#[inline(always)]
fn terms_at<'a, V: Simd, M: NeuronKind>(
    [forward, target]: &'a [SomaTerms<V>; 2],
    sample: &Sample,
    step: u32,
) -> &'a SomaTerms<V> {
    let has_teaching = M::IS_OUTPUT && step >= sample.steps_forward;
    if has_teaching { target } else { forward }
}
