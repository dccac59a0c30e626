//! Checks of minibatches, samples and launches before they run.
//!
//! Shaders are compiled without bounds checks, so every index that reaches a shader is checked here, for both backends.

use super::definition::Scope;
use crate::interface::{
    ArrayId, BackendError, BatchParams, Kernel, Launch, STEPS_PER_WORD, Sample, Shape,
    check_samples,
};

/// Checks the minibatches, samples and launches of a run.
///
/// # Errors
/// Returns a [`BackendError`] if the samples do not match the replicas, or if an image, a result slot, a label, a step
/// or a layer is out of range.
pub fn check_work(
    shape: &Shape,
    minibatches: &[BatchParams],
    samples: &[Sample],
    launches: &[Launch],
    classes: u32,
) -> Result<(), BackendError> {
    check_samples(shape, minibatches, samples)?;
    launches.iter().try_for_each(|launch| check_launch(shape, launch))?;
    if let Some(sample) = samples.iter().find(|sample| sample.label >= classes) {
        let reason =
            format!("label {} of image {}, of {classes} classes", sample.label, sample.image);
        return Err(BackendError::InvalidSamples(reason));
    }
    if launches.iter().any(|launch| launch.kernel == Kernel::WindowMeanSpikes) {
        samples.iter().try_for_each(|sample| check_averages(shape, sample))?;
    }
    Ok(())
}

/// Checks that averaging windows lie within their phases, and that the image fills the next image's spike history.
fn check_averages(shape: &Shape, sample: &Sample) -> Result<(), BackendError> {
    let phases = [
        (sample.steps_forward, sample.window_forward),
        (sample.steps_target, sample.window_target),
    ];
    let lead = shape.model.plateau_timing.max_lead();
    let fits = |(steps, window): (u32, u32)| steps >= window.saturating_add(lead);
    if !phases.into_iter().all(fits) || sample.steps() < shape.history_words() * STEPS_PER_WORD {
        return Err(BackendError::InvalidSamples(format!(
            "phases of {} and {} steps, too short for averages of {} and {} steps that begin up to {lead} steps \
             early, or for {} taps",
            sample.steps_forward,
            sample.steps_target,
            sample.window_forward,
            sample.window_target,
            shape.taps
        )));
    }
    Ok(())
}

/// Checks that the layer of a launch is in the kernel's scope, and its steps in the image and the block.
fn check_launch(shape: &Shape, launch: &Launch) -> Result<(), BackendError> {
    let &Launch { kernel, layer, first, count } = launch;
    let definition = kernel.definition();
    let output = shape.layers() - 1;
    let has_layer = match definition.scope {
        Scope::Input => layer == 0,
        Scope::Population => layer <= shape.layers(),
        Scope::Layer => layer <= output,
        Scope::HiddenLayer => layer < output,
        Scope::OutputLayer => layer == output,
    };
    let is_valid = has_layer && (definition.runs_on)(shape, layer);
    let last = u64::from(first) + u64::from(count);
    // The kernel limits a range of neurons to the layer's size.
    let fits_image = last <= u64::from(if kernel.takes_steps() { shape.steps } else { u32::MAX });
    // Synaptic input is kept for one block.
    let fits_block = || {
        if !launch.writes().contains(&ArrayId::SynapticInput(layer)) {
            return true;
        }
        let block = shape.block_len(layer);
        u64::from(first % block) + u64::from(count) <= u64::from(block)
    };
    if is_valid && fits_image && fits_block() {
        return Ok(());
    }
    Err(BackendError::InvalidLaunch { kernel, layer, first, count })
}
