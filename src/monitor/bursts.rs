//! Quantities of burst-dependent learning, of a whole image. See "Bursts in place of phases" in
//! `docs/concepts/model.md`.

use super::sample_arrays::SampleArrays;
use super::sigma::sigma;
use crate::config::Config;
use crate::interface::{
    ArrayId, BackendError, STEPS_PER_WORD, Sample, Shape, compartment, spike_count, window_mean,
};
use crate::model::bursts::error_gain;

/// Settings of the burst rule.
pub(super) struct BurstSettings {
    phi_max: f64,
    pub(super) baseline: f64,
    pub(super) slope: f64,
    pub(super) seed: u64,
}

impl BurstSettings {
    pub(super) fn new(config: &Config) -> Self {
        let Config { phi_max, burst_baseline: baseline, burst_slope: slope, seed, .. } = *config;
        BurstSettings { phi_max, baseline, slope, seed }
    }

    /// Returns the burst rates of a layer, bursts per ms, `[samples, units]`.
    pub(super) fn rates(
        &self,
        arrays: &mut SampleArrays,
        layer: usize,
    ) -> Result<Vec<f64>, BackendError> {
        if arrays.shape.model.draws_bursts() {
            let counts = window_counts(arrays, layer)?;
            let rate = |WindowCounts { bursts, steps, .. }| f64::from(bursts) / f64::from(steps);
            return Ok(counts.into_iter().map(rate).collect());
        }
        let (events, deviations) = self.events(arrays, layer)?;
        let rate = |(events, deviation)| self.phi_max * (self.baseline * events + deviation);
        Ok(events.into_iter().zip(deviations).map(rate).collect())
    }

    /// Returns the burst probabilities of a layer, `[samples, units]`; with spikes, the part of the spikes that are
    /// bursts, NaN without a spike.
    pub(super) fn probabilities(
        &self,
        arrays: &mut SampleArrays,
        layer: usize,
    ) -> Result<Vec<f64>, BackendError> {
        if arrays.shape.model.draws_bursts() {
            let counts = window_counts(arrays, layer)?;
            let part = |WindowCounts { bursts, spikes, .. }| f64::from(bursts) / f64::from(spikes);
            return Ok(counts.into_iter().map(part).collect());
        }
        let (events, deviations) = self.events(arrays, layer)?;
        let probability = |(events, deviation)| self.baseline + deviation / events;
        Ok(events.into_iter().zip(deviations).map(probability).collect())
    }

    /// Returns the apical voltages of each hidden layer without a teacher and with it, of bursts that are rates. Shape:
    /// `[layers][samples, 2, units]`.
    pub(super) fn apical_voltages(
        &self,
        arrays: &mut SampleArrays,
    ) -> Result<Vec<Vec<f64>>, BackendError> {
        let shape = arrays.shape;
        let output = shape.layers() - 1;
        let mut voltages = vec![Vec::new(); output];
        // Deviations `b - p0 e` of the next layer, without a teacher.
        let mut next = vec![0.0; arrays.samples.len() * shape.units(output)];
        for layer in (0..output).rev() {
            let without = self.untaught_voltages(arrays, layer, &next)?;
            let with = arrays.rows(ArrayId::Compartments(layer), &[compartment::APICAL])?;
            let units = shape.units(layer);
            for (without, with) in without.chunks(units).zip(with.chunks(units)) {
                voltages[layer].extend(without);
                voltages[layer].extend(with.iter().copied().map(f64::from));
            }
            let (events, _) = self.events(arrays, layer)?;
            let deviation = |(apical, events): (f64, f64)| {
                let argument = self.slope * apical * (1.0 - events);
                self.baseline * (argument / 2.0).tanh() * events
            };
            next = without.into_iter().zip(events).map(deviation).collect();
        }
        Ok(voltages)
    }

    /// Returns the apical voltages of a layer, given the deviations of the next layer's bursts. Shape: `[samples, units]`.
    fn untaught_voltages(
        &self,
        arrays: &mut SampleArrays,
        layer: usize,
        deviations: &[f64],
    ) -> Result<Vec<f64>, BackendError> {
        let Shape { ref model, .. } = *arrays.shape;
        let (units, n_next) = (arrays.shape.units(layer), arrays.shape.units(layer + 1));
        let feedback = arrays.read(ArrayId::Feedback(layer))?;
        let (event_feedback, rates) = match model.learns_event_feedback() {
            true => (
                arrays.read(ArrayId::EventFeedback(layer))?,
                arrays.rows(ArrayId::WindowMeans(layer + 2), &[window_mean::FORWARD])?,
            ),
            false => (Vec::new(), Vec::new()),
        };
        let mut voltages = Vec::with_capacity(arrays.samples.len() * units);
        for (sample, deviations) in deviations.chunks(n_next).enumerate() {
            for unit in 0..units {
                let terms = deviations.iter().enumerate().map(|(pre, deviation)| {
                    let y = f64::from(feedback[pre * units + unit]);
                    let events = event_feedback.get(pre * units + unit).map_or(0.0, |&q| {
                        (self.baseline * y + f64::from(q)) * f64::from(rates[sample * n_next + pre])
                    });
                    self.phi_max * y * deviation + events
                });
                voltages.push(terms.sum());
            }
        }
        Ok(voltages)
    }

    /// Returns the events e of a layer, and the deviations `b - p0 e` of its bursts. Shape of each: `[samples, units]`.
    fn events(
        &self,
        arrays: &mut SampleArrays,
        layer: usize,
    ) -> Result<(Vec<f64>, Vec<f64>), BackendError> {
        let means = arrays.rows(ArrayId::Compartments(layer), &[compartment::MEAN_SOMA])?;
        let errors = arrays.rows(ArrayId::Errors(layer), &[0])?;
        let deviation = |error: f32| -self.baseline * f64::from(error) / error_gain();
        let events = means.into_iter().map(sigma).collect();
        Ok((events, errors.into_iter().map(deviation).collect()))
    }
}

/// Numbers of bursts, spikes and steps in the averaging window of a neuron.
struct WindowCounts {
    bursts: u32,
    spikes: u32,
    steps: u32,
}

/// Returns the counts of a layer's neurons, `[samples, units]`.
fn window_counts(
    arrays: &mut SampleArrays,
    layer: usize,
) -> Result<Vec<WindowCounts>, BackendError> {
    let (shape, population) = (arrays.shape, layer + 1);
    let [spikes, bursts] = [ArrayId::Spikes(population), ArrayId::Bursts(population)];
    let spike_words = arrays.read_u32(spikes)?;
    let burst_words = arrays.read_u32(bursts)?;
    let units = shape.units(layer);
    let history = shape.history_words() as usize;
    let count = |words: &[u32], first_row: usize, unit: usize, sample: &Sample| -> u32 {
        let window = sample.steps_forward - sample.window_forward..sample.steps_forward;
        let at = |step: u32| (first_row + (step / STEPS_PER_WORD) as usize) * units + unit;
        window.map(|step| spike_count(words[at(step)], step)).sum()
    };
    let mut counts = Vec::with_capacity(arrays.samples.len() * units);
    for (index, sample) in arrays.samples.iter().enumerate() {
        let spike_words = &spike_words[index * shape.len_per_copy(spikes)..];
        let burst_words = &burst_words[index * shape.len_per_copy(bursts)..];
        counts.extend((0..units).map(|unit| WindowCounts {
            bursts: count(burst_words, 0, unit, sample),
            spikes: count(spike_words, history, unit, sample),
            steps: sample.window_forward,
        }));
    }
    Ok(counts)
}
