//! Samples of a minibatch: image, label, lengths of the phases, averaging windows. [`Sample::of_replica`] assigns a
//! sample to a network.

use crate::config::{Config, LearningRule, Optimizer};
use crate::dataset::Dataset;
use crate::dataset::spikes::{RecordingPart, RecordingParts};
use crate::interface::{BatchParams, Sample};
use crate::model::exact_math::{SMALLEST_GRADIENT, flush};
use crate::model::lr_schedule::LrFactor;
use crate::model::phases::{AveragingWindow, PhaseLengths};
use crate::random::Split;

/// Presentation of an image to a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Presentation {
    /// Index of the image in the data set, training images first.
    pub index: usize,
    /// Class of the image, from 0.
    pub label: u8,
    /// Index of the presentation, see [`Sample::draw_index`].
    pub draw_index: u32,
    /// Slot that stores the result until it is read.
    pub result_slot: usize,
}

/// Source of a replica's samples.
pub struct SampleBuilder {
    /// Parts of a recording that the phases show; `None` for images.
    parts: Option<RecordingParts>,
    phases: PhaseLengths,
    averaging: AveragingWindow,
    test_steps: u32,
    test_from: u32,
    lr_factor: LrFactor,
    phi_max: f64,
    /// Whether a training image has a target phase.
    has_target_phase: bool,
    is_corrected: bool,
    beta1: f64,
    beta2: f64,
}

impl SampleBuilder {
    /// Creates the builder for images. `images`: number of training images per epoch.
    pub fn new(config: &Config, images: usize) -> Self {
        let timing = config.timing();
        SampleBuilder {
            parts: None,
            phases: timing.phase_lengths(config.seed),
            averaging: timing.averaging_window,
            test_steps: timing.test_ms,
            test_from: timing.test_average_from_ms,
            lr_factor: config.lr_factor(images),
            phi_max: config.phi_max,
            has_target_phase: config.rule == LearningRule::Phases,
            is_corrected: config.optimizer == Optimizer::Adam,
            beta1: config.beta1,
            beta2: config.beta2,
        }
    }

    /// Returns the builder for a data set.
    pub fn of_dataset(config: &Config, dataset: &Dataset) -> Self {
        let parts = dataset.recordings().map(|recordings| recordings.parts);
        SampleBuilder { parts, ..SampleBuilder::new(config, dataset.training_count) }
    }

    /// Returns the maximum rate, spikes per ms.
    pub fn phi_max(&self) -> f64 {
        self.phi_max
    }

    /// Returns the shortest phase that can be drawn, steps.
    pub fn shortest_phase(&self) -> u32 {
        self.phases.shortest()
    }

    /// Returns a forward and, unless the rule is bursts, a target phase of drawn lengths.
    pub fn training(&self, image: &Presentation) -> Sample {
        let [forward, target] = self.phases.draw(image.draw_index);
        if !self.has_target_phase {
            return self.forward_only(image, forward);
        }
        self.phases_of(image, [forward, target])
    }

    /// Returns the shortest sample of a training image.
    pub fn shortest_training(&self, image: &Presentation) -> Sample {
        let steps = self.shortest_phase();
        match self.has_target_phase {
            true => self.phases_of(image, [steps; 2]),
            false => self.forward_only(image, steps),
        }
    }

    /// Returns a forward phase of a given length, steps.
    fn forward_only(&self, image: &Presentation, steps: u32) -> Sample {
        let sample = forward_phase(image, steps, self.averaging.length(steps));
        match self.parts {
            Some(parts) => with_forward_part(sample, parts.forward),
            None => sample,
        }
    }

    /// Returns a forward and a target phase of given lengths, steps.
    pub fn phases_of(&self, image: &Presentation, [forward, target]: [u32; 2]) -> Sample {
        let window_forward = self.averaging.length(forward);
        let window_target = self.averaging.length(target);
        let sample = Sample {
            steps_target: target,
            window_target,
            inv_window_target: inverse(window_target),
            ..forward_phase(image, forward, window_forward)
        };
        let Some(parts) = self.parts else { return sample };
        let RecordingPart { first, len } = parts.target.unwrap_or(parts.forward);
        // Without a part of its own, the target phase continues the forward part.
        let target_offset = if parts.target.is_some() { 0 } else { forward % len };
        Sample {
            target_first: first,
            target_len: len,
            target_offset,
            ..with_forward_part(sample, parts.forward)
        }
    }

    /// Returns one forward phase of the test's length.
    pub fn test(&self, image: &Presentation) -> Sample {
        let sample = forward_phase(image, self.test_steps, self.test_steps - self.test_from);
        match self.parts {
            Some(parts) => with_forward_part(sample, parts.test),
            None => sample,
        }
    }

    /// Returns the parameters of a training minibatch. `update`: number of the update in the run, from 1;
    /// `images_shown`: number of training images before.
    pub fn training_minibatch(
        &self,
        batch_size: usize,
        images_shown: u32,
        update: u64,
        reset_state: bool,
    ) -> BatchParams {
        BatchParams {
            rng_split: Split::Training as u32,
            reset_state: u32::from(reset_state),
            lr_scale: flush(self.lr_factor.at(u64::from(images_shown)) as f32, SMALLEST_GRADIENT),
            bias_correction1: self.correction(self.beta1, update),
            bias_correction2: self.correction(self.beta2, update),
            update_index: update as u32,
            ..minibatch(batch_size)
        }
    }

    /// Returns `1 / (1 - beta^t)`, the correction of Adam's moments for their start at zero.
    fn correction(&self, beta: f64, update: u64) -> f32 {
        if self.is_corrected { (1.0 / (1.0 - libm::pow(beta, update as f64))) as f32 } else { 1.0 }
    }

    /// Returns the parameters of a test minibatch: every sample starts from a cleared state. `update`: number of the
    /// next update in the run, from 1.
    pub fn test_minibatch(&self, batch_size: usize, update: u64) -> BatchParams {
        BatchParams {
            rng_split: Split::Test as u32,
            reset_state: 1,
            update_index: update as u32,
            ..minibatch(batch_size)
        }
    }
}

/// Returns a sample without a target phase.
fn forward_phase(image: &Presentation, steps_forward: u32, window_forward: u32) -> Sample {
    Sample {
        image: saturated(image.index),
        label: u32::from(image.label),
        draw_index: image.draw_index,
        result_slot: saturated(image.result_slot),
        steps_forward,
        window_forward,
        inv_window_forward: inverse(window_forward),
        ..Sample::default()
    }
}

/// Returns a sample whose forward phase shows a part of a recording.
fn with_forward_part(sample: Sample, part: RecordingPart) -> Sample {
    Sample { forward_first: part.first, forward_len: part.len, ..sample }
}

/// Returns an index as kernels read it. An index beyond 32 bits saturates, so that it is still refused.
fn saturated(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

fn minibatch(batch_size: usize) -> BatchParams {
    BatchParams {
        batch_size: batch_size as u32,
        draws_spikes: 1,
        inv_batch_size: (1.0 / batch_size as f64) as f32,
        ..bytemuck::Zeroable::zeroed()
    }
}

fn inverse(steps: u32) -> f32 {
    (1.0 / f64::from(steps)) as f32
}
