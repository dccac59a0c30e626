//! Checks of the work of a run. Shaders are compiled without bounds checks, so every index that reaches one is checked here,
//! for both backends.

use super::definition::{CpuFunction, Scope};
use crate::interface::{
    ArrayId, BackendError, BatchParams, Kernel, Launch, STEPS_PER_WORD, Sample, Shape,
    check_samples,
};

/// Checks the work of a run.
///
/// # Errors
/// Returns a [`BackendError`] if the samples do not match the replicas, or if an image, a slot, a label, a step or a
/// layer is out of range.
pub fn check_work(
    shape: &Shape,
    minibatches: &[BatchParams],
    lanes: &[Sample],
    launches: &[Launch],
    classes: u32,
) -> Result<(), BackendError> {
    check_samples(shape, minibatches, lanes)?;
    launches.iter().try_for_each(|launch| check_launch(shape, launch))?;
    if let Some(lane) = lanes.iter().find(|lane| lane.label >= classes) {
        let reason = format!("label {} of image {}, of {classes} classes", lane.label, lane.image);
        return Err(BackendError::InvalidSamples(reason));
    }
    if launches.iter().any(|launch| launch.kernel == Kernel::WindowMeanSpikes) {
        lanes.iter().try_for_each(|lane| check_averages(shape, lane))?;
    }
    Ok(())
}

/// Checks that averages begin within their phase, and that the image is long enough for the next image's spike history.
fn check_averages(shape: &Shape, lane: &Sample) -> Result<(), BackendError> {
    let phases =
        [(lane.steps_forward, lane.window_forward), (lane.steps_target, lane.window_target)];
    let early = shape.model.plateau_timing.max_lead();
    let fits = |(steps, window): (u32, u32)| steps >= window.saturating_add(early);
    if !phases.into_iter().all(fits) || lane.steps() < shape.history_words() * STEPS_PER_WORD {
        return Err(BackendError::InvalidSamples(format!(
            "phases of {} and {} steps, too short for averages of {} and {} steps that begin up to {early} steps \
             early, or for {} taps",
            lane.steps_forward,
            lane.steps_target,
            lane.window_forward,
            lane.window_target,
            shape.taps
        )));
    }
    Ok(())
}

fn check_launch(shape: &Shape, launch: &Launch) -> Result<(), BackendError> {
    let &Launch { kernel, layer, first, steps } = launch;
    let definition = kernel.definition();
    let output = shape.layers() - 1;
    let has_layer = match definition.scope {
        Scope::Input => layer == 0,
        Scope::Population => layer <= shape.layers(),
        Scope::Layer => layer <= output,
        Scope::HiddenLayer => layer < output,
        Scope::OutputLayer => layer == output,
    };
    let is_valid = has_layer && (definition.is_valid)(shape, layer);
    let last = u64::from(first) + u64::from(steps);
    // Before the samples, the range counts neurons; the kernel limits it to the layer's size.
    let counts_neurons = matches!(definition.cpu, CpuFunction::BeforeSamples(_));
    let fits_image = counts_neurons || last <= u64::from(shape.steps);
    // Synaptic input is kept for one block.
    let fits_block = || {
        if !launch.writes().contains(&ArrayId::SynapticInput(layer)) {
            return true;
        }
        let block = shape.block_len(layer);
        u64::from(first % block) + u64::from(steps) <= u64::from(block)
    };
    if is_valid && fits_image && fits_block() {
        return Ok(());
    }
    Err(BackendError::InvalidLaunch { kernel, layer, first, steps })
}
