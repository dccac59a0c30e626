//! Apical voltages of networks that draw bursts from spikes. See "Bursts of spikes" in `docs/concepts/model.md`.

use std::ops::Range;

use super::bursts::BurstSettings;
use super::sample_arrays::SampleArrays;
use super::sigma::sigma;
use crate::cpu::kernels::burst_draws::{BurstDraws, DrawnSpike};
use crate::cpu::kernels::burst_steps::first_burst_step;
use crate::interface::{ArrayId, BackendError, STEPS_PER_WORD, Sample, Shape, spike_count};
use crate::model::synaptic_filter::{DoubleExponential, double_exponential, taps};
use crate::random::{Split, key};

/// Values of a layer's neurons at each step from the image's start, `[steps][units]`. Steps that no voltage depends on are
/// empty.
type Series<T> = Vec<Vec<T>>;

/// Arrays of a layer and of the next, of all samples.
struct LayerArrays {
    layer: usize,
    /// Spikes and bursts of the next layer, as words.
    next_spikes: Vec<u32>,
    next_bursts: Vec<u32>,
    /// Spikes, as words, and somatic voltages of the layer.
    spikes: Vec<u32>,
    somata: Vec<f32>,
    /// Weights Y and Q from the next layer, `[n_next, units]`; no Q if it is `-p0 Y`.
    feedback: Vec<f32>,
    event_feedback: Vec<f32>,
}

impl LayerArrays {
    fn read(arrays: &mut SampleArrays, layer: usize) -> Result<Self, BackendError> {
        Ok(LayerArrays {
            layer,
            next_spikes: arrays.read_u32(ArrayId::Spikes(layer + 2))?,
            next_bursts: arrays.read_u32(ArrayId::Bursts(layer + 2))?,
            spikes: arrays.read_u32(ArrayId::Spikes(layer + 1))?,
            somata: arrays.read(ArrayId::Somata(layer))?,
            feedback: arrays.read(ArrayId::Feedback(layer))?,
            event_feedback: match arrays.shape.model.learns_event_feedback() {
                true => arrays.read(ArrayId::EventFeedback(layer))?,
                false => Vec::new(),
            },
        })
    }
}

/// Returns the apical voltages of each hidden layer, means over the averaging window, without a teacher and with it.
/// Shape: `[layers][samples, 2, units]`. Without a teacher, the same spikes are bursts by the same random numbers, at the
/// probabilities that follow from `p = p0` in the output.
pub(super) fn mean_apical_voltages(
    settings: &BurstSettings,
    arrays: &mut SampleArrays,
) -> Result<Vec<Vec<f64>>, BackendError> {
    let (shape, samples) = (arrays.shape, arrays.samples);
    let output = shape.layers() - 1;
    let spikes = arrays.read_u32(ArrayId::Spikes(output + 1))?;
    let limit = settings.baseline as f32;
    let of_image = ImageBursts { settings, shape };
    // Bursts of the next layer without a teacher, of each sample.
    let mut untaught: Vec<Series<u32>> = samples
        .iter()
        .enumerate()
        .map(|(index, sample)| of_image.draw(output, index, sample, &spikes, |_, _| (1.0, limit)))
        .collect();
    let mut voltages = vec![Vec::new(); output];
    for layer in (0..output).rev() {
        let read = LayerArrays::read(arrays, layer)?;
        for (index, sample) in samples.iter().enumerate() {
            let steps = of_image.steps(layer + 1, sample);
            let next = |array, words| of_image.counts(array, index, words, &steps);
            let spikes = next(ArrayId::Spikes(layer + 2), &read.next_spikes);
            let bursts = next(ArrayId::Bursts(layer + 2), &read.next_bursts);
            let without = of_image.voltages(&read, &steps, &spikes, &untaught[index]);
            let with = of_image.voltages(&read, &steps, &spikes, &bursts);
            voltages[layer].extend(mean_over_window(&without, sample));
            voltages[layer].extend(mean_over_window(&with, sample));
            if layer > 0 {
                let [rows, units] = shape.dims(ArrayId::Somata(layer));
                let somata = &read.somata[index * rows * units..];
                let chances = |step: usize, unit: usize| {
                    let silence = 1.0 - sigma(somata[step * units + unit]);
                    let argument = settings.slope * without[step][unit] * silence;
                    ((1.0 + (-argument).exp()) as f32, limit + limit)
                };
                untaught[index] = of_image.draw(layer, index, sample, &read.spikes, chances);
            }
        }
    }
    Ok(voltages)
}

/// Bursts and voltages of one sample.
struct ImageBursts<'a> {
    settings: &'a BurstSettings,
    shape: &'a Shape,
}

impl ImageBursts<'_> {
    /// Returns the steps whose bursts a layer draws.
    fn steps(&self, layer: usize, sample: &Sample) -> Range<u32> {
        first_burst_step(self.shape.taps, layer as u32 + 1, sample)..sample.steps_forward
    }

    /// Returns the counts of `steps` of a sample. `words`: spikes or bursts of all samples.
    fn counts(
        &self,
        array: ArrayId,
        sample: usize,
        words: &[u32],
        steps: &Range<u32>,
    ) -> Series<u32> {
        let [_, units] = self.shape.dims(array);
        let first_row = match array {
            ArrayId::Spikes(_) => self.shape.history_words() as usize,
            _ => 0,
        };
        let words = &words[sample * self.shape.len_per_copy(array)..];
        let of_step = |step: u32| {
            let row = first_row + (step / STEPS_PER_WORD) as usize;
            let words = &words[row * units..(row + 1) * units];
            words.iter().map(|&word| spike_count(word, step)).collect()
        };
        let before = (0..steps.start).map(|_| Vec::new());
        before.chain(steps.clone().map(of_step)).collect()
    }

    /// Draws the bursts of a layer. `chances`: returns odds and limit of a neuron at a step, see [`DrawnSpike`].
    fn draw(
        &self,
        layer: usize,
        index: usize,
        sample: &Sample,
        spikes: &[u32],
        chances: impl Fn(usize, usize) -> (f32, f32),
    ) -> Series<u32> {
        let population = layer as u32 + 1;
        let steps = self.steps(layer, sample);
        let split = Split::Training as u32;
        let draws = BurstDraws::new(key(self.settings.seed), population, split, sample.draw_index);
        let mut counts = self.counts(ArrayId::Spikes(layer + 1), index, spikes, &steps);
        for (step, counts) in counts.iter_mut().enumerate() {
            for (unit, count) in counts.iter_mut().enumerate().filter(|(_, count)| **count > 0) {
                let (odds, limit) = chances(step, unit);
                let spike = DrawnSpike { unit: unit as u32, step: step as u32, odds, limit };
                *count = (0..*count).map(|index| draws.bursts(&spike, index)).sum();
            }
        }
        counts
    }

    /// Returns the apical voltages of a layer at each step, given the next layer's spikes and bursts of `steps`.
    fn voltages(
        &self,
        read: &LayerArrays,
        steps: &Range<u32>,
        spikes: &Series<u32>,
        bursts: &Series<u32>,
    ) -> Series<f64> {
        let units = self.shape.units(read.layer);
        let mut inputs = Vec::new();
        for (bursts, spikes) in bursts.iter().zip(spikes).skip(steps.start as usize) {
            let mut input = vec![0.0; units];
            for (pre, (&b, &n)) in
                bursts.iter().zip(spikes).enumerate().filter(|(_, (_, n))| **n > 0)
            {
                for (unit, input) in input.iter_mut().enumerate() {
                    let y = f64::from(read.feedback[pre * units + unit]);
                    let q = read.event_feedback.get(pre * units + unit);
                    let q = q.map_or(-self.settings.baseline * y, |&q| f64::from(q));
                    *input += y * f64::from(b) + q * f64::from(n);
                }
            }
            inputs.push(input);
        }
        let before = (0..steps.start).map(|_| Vec::new());
        before.chain(filtered(&inputs, &taps(self.shape.taps as usize))).collect()
    }
}

/// Returns the inputs filtered by the synaptic kernel; by the uncut one without taps.
fn filtered(inputs: &Series<f64>, taps: &[f64]) -> Series<f64> {
    let units = inputs.first().map_or(0, Vec::len);
    let DoubleExponential { decay_slow, decay_fast, gain_slow, gain_fast } = double_exponential();
    let mut traces = vec![[0.0; 2]; units];
    let mut voltage = |step: usize, unit: usize| {
        if taps.is_empty() {
            let [slow, fast] = &mut traces[unit];
            *slow = decay_slow * *slow + inputs[step][unit];
            *fast = decay_fast * *fast + inputs[step][unit];
            return gain_slow * *slow - gain_fast * *fast;
        }
        let inputs = inputs[..=step].iter().rev();
        inputs.zip(taps).map(|(input, tap)| tap * input[unit]).sum()
    };
    (0..inputs.len()).map(|step| (0..units).map(|unit| voltage(step, unit)).collect()).collect()
}

/// Returns the means over the averaging window, `[units]`.
fn mean_over_window(voltages: &Series<f64>, sample: &Sample) -> Vec<f64> {
    let end = sample.steps_forward as usize;
    let window = &voltages[end - sample.window_forward as usize..end];
    let mean =
        |unit: usize| window.iter().map(|step| step[unit]).sum::<f64>() / window.len() as f64;
    (0..window.first().map_or(0, Vec::len)).map(mean).collect()
}
