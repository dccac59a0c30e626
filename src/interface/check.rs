//! Checks of a backend's inputs. Shaders are compiled without bounds checks, so every index that reaches a shader is
//! checked here, for both backends.

use super::{
    ArrayId, BackendError, BatchParams, LAYERS_MAX, ReplicaParams, RunParams, STEPS_PER_WORD,
    Sample, Shape, ValuesRef,
};
use crate::model::events::EVENT_STEPS_MAX;

/// Checks that a shape can be simulated, and that constants and replicas match it.
///
/// # Errors
/// Returns [`BackendError::InvalidSizes`] if they do not match.
pub fn check_sizes(
    shape: &Shape,
    constants: &RunParams,
    replicas: &[ReplicaParams],
) -> Result<(), BackendError> {
    let refuse = |reason: String| Err(BackendError::InvalidSizes(reason));
    let Some(&output) = shape.populations.last() else {
        return refuse("there are no populations".to_string());
    };
    if shape.populations.len() < 2 || shape.layers() > LAYERS_MAX {
        return refuse(format!("{} layers, of 1 to {LAYERS_MAX}", shape.layers()));
    }
    if shape.populations.contains(&0) {
        return refuse(format!("populations {:?}: one has no neurons", shape.populations));
    }
    let taps_max = constants.kernel_taps.len() as u32;
    for (what, value, least, most) in [
        ("replicas", shape.replicas, 1, usize::MAX),
        ("samples per replica", shape.samples_per_replica, 1, usize::MAX),
        ("steps", shape.steps as usize, 1, usize::MAX),
        ("steps of a block", shape.block as usize, 1, usize::MAX),
        ("taps", shape.taps as usize, 0, taps_max as usize),
    ] {
        if value < least || value > most {
            return refuse(format!("{value} {what}"));
        }
    }
    if !shape.block.is_multiple_of(STEPS_PER_WORD) {
        return refuse(format!("blocks of {} steps, not a multiple of 8", shape.block));
    }
    if replicas.len() != shape.replicas {
        return refuse(format!("expected {} replicas, found {}", shape.replicas, replicas.len()));
    }
    for (what, got, expected) in [
        ("samples per replica", constants.samples_per_replica, shape.samples_per_replica as u32),
        ("result slots", constants.result_slots, shape.result_slots as u32),
        ("taps", constants.tap_count, shape.taps),
        ("rows of history", constants.history_rows, shape.history_rows()),
        ("words of spikes", constants.spike_words, shape.spike_words()),
        ("words of past spikes", constants.history_words, shape.history_words()),
        ("rows of window means", constants.window_mean_rows, shape.window_mean_rows() as u32),
        (
            "recordings",
            constants.recordings,
            if shape.events.is_some() { shape.images as u32 } else { 0 },
        ),
        ("rows of rates", constants.rate_rows, shape.rate_rows() as u32),
        ("steps with bursts", constants.burst_steps, shape.burst_steps),
    ] {
        if got != expected {
            return refuse(format!("expected constants for {expected} {what}, found {got}"));
        }
    }
    if u64::from(constants.neurons_per_class) * u64::from(constants.classes) > output as u64 {
        return refuse(format!("{} classes of {output} output neurons", constants.classes));
    }
    Ok(())
}

/// Checks that a shape has the layer or the population of an array.
///
/// # Errors
/// Returns [`BackendError::NoArray`] if there is no such layer or population.
pub fn check_array(shape: &Shape, array: ArrayId) -> Result<(), BackendError> {
    let layers = shape.populations.len().saturating_sub(1);
    let exists = match array {
        ArrayId::Images
        | ArrayId::InputThresholds
        | ArrayId::InputRates
        | ArrayId::Classes
        | ArrayId::Losses => true,
        ArrayId::Spikes(population)
        | ArrayId::SpikeMask(population)
        | ArrayId::Rates(population)
        | ArrayId::Bursts(population)
        | ArrayId::WindowMeans(population) => population <= layers,
        ArrayId::Weights(layer)
        | ArrayId::Moments(layer)
        | ArrayId::Gradient(layer)
        | ArrayId::Feedback(layer)
        | ArrayId::EventFeedback(layer)
        | ArrayId::SynapticInput(layer)
        | ArrayId::ApicalInput(layer)
        | ArrayId::Somata(layer)
        | ArrayId::Compartments(layer)
        | ArrayId::Plateaus(layer)
        | ArrayId::Errors(layer) => layer < layers,
    };
    if exists { Ok(()) } else { Err(BackendError::NoArray { array, layers }) }
}

/// Checks that callers may read and write an array, see [`Shape::per_sample_access`].
///
/// # Errors
/// Returns [`BackendError::NoArray`] if there is no such layer or population, and [`BackendError::NoAccess`] if each
/// sample has its own copy and the shape was made without access to these.
pub fn check_access(shape: &Shape, array: ArrayId) -> Result<(), BackendError> {
    check_array(shape, array)?;
    match shape.is_per_sample(array) && !shape.per_sample_access {
        true => Err(BackendError::NoAccess { array }),
        false => Ok(()),
    }
}

/// Checks that callers may write an array, and that `values` are of its type and number.
///
/// # Errors
/// As [`check_access`]; returns [`BackendError::ReadOnly`] for the images, and [`BackendError::WrongType`] or
/// [`BackendError::WrongLength`] if the values do not fit.
pub fn check_write(shape: &Shape, array: ArrayId, values: ValuesRef) -> Result<(), BackendError> {
    check_access(shape, array)?;
    if array == ArrayId::Images {
        return Err(BackendError::ReadOnly { array });
    }
    check_values(array, shape.len(array), values)
}

/// Checks that `values` are of the type and number of an array's persistent rows.
///
/// # Errors
/// As [`check_array`]; returns [`BackendError::WrongType`] or [`BackendError::WrongLength`] if the values do not fit.
pub fn check_persistent(
    shape: &Shape,
    array: ArrayId,
    values: ValuesRef,
) -> Result<(), BackendError> {
    check_array(shape, array)?;
    check_values(array, shape.persistent_len(array) * shape.copies(array), values)
}

/// Checks that `values` are of an array's type, and that their number is `expected`.
///
/// # Errors
/// Returns [`BackendError::WrongType`] or [`BackendError::WrongLength`] if not.
pub fn check_values(
    array: ArrayId,
    expected: usize,
    values: ValuesRef,
) -> Result<(), BackendError> {
    if values.element_type() != array.element_type() {
        return Err(BackendError::WrongType { array, expected: array.element_type() });
    }
    match values.len() {
        got if got == expected => Ok(()),
        got => Err(BackendError::WrongLength { array, expected, got }),
    }
}

/// Checks that there is one minibatch per replica, and that `samples` are the samples in use, replica by replica, each
/// with its own index and with a valid image, result slot and steps.
///
/// # Errors
/// Returns a [`BackendError`] if a check fails.
pub fn check_samples(
    shape: &Shape,
    minibatches: &[BatchParams],
    samples: &[Sample],
) -> Result<(), BackendError> {
    let in_use = |minibatch: &BatchParams| minibatch.batch_size as usize;
    if let Some(samples) =
        minibatches.iter().map(in_use).find(|&samples| samples > shape.samples_per_replica)
    {
        return Err(BackendError::TooManySamples { samples, most: shape.samples_per_replica });
    }
    let expected = minibatches.iter().enumerate().flat_map(|(replica, minibatch)| {
        (0..in_use(minibatch))
            .map(move |index| (replica as u32, replica * shape.samples_per_replica + index))
    });
    let given = samples.iter().map(|sample| (sample.replica, sample.index as usize));
    if minibatches.len() != shape.replicas || !given.eq(expected) {
        return Err(BackendError::SampleMismatch { replicas: shape.replicas });
    }
    samples.iter().try_for_each(|sample| check_sample(shape, sample))
}

/// Checks the image, the result slot and the steps of a sample.
fn check_sample(shape: &Shape, sample: &Sample) -> Result<(), BackendError> {
    let refuse = |reason: String| Err(BackendError::InvalidSamples(reason));
    let &Sample { image, result_slot: slot, steps_forward, steps_target, .. } = sample;
    if image as usize >= shape.images {
        return refuse(format!("image {image}, of {}", shape.images));
    }
    if slot as usize >= shape.result_slots {
        return refuse(format!("slot {slot} for a result, of {}", shape.result_slots));
    }
    if u64::from(steps_forward) + u64::from(steps_target) > u64::from(shape.steps) {
        let most = shape.steps;
        return refuse(format!("{steps_forward} and {steps_target} steps, of at most {most}"));
    }
    if shape.events.is_some() {
        let is_part = |first: u32, len: u32, steps: u32| {
            (len > 0 || steps == 0) && u64::from(first) + u64::from(len) <= EVENT_STEPS_MAX.into()
        };
        let Sample { forward_first, forward_len, target_first, target_len, .. } = *sample;
        if !is_part(forward_first, forward_len, steps_forward)
            || !is_part(target_first, target_len, steps_target)
            || sample.target_offset > EVENT_STEPS_MAX
        {
            return refuse(format!(
                "{forward_len} steps of a recording from {forward_first} and {target_len} from {target_first}, of at \
                 most {EVENT_STEPS_MAX}"
            ));
        }
    }
    if sample.window_forward > steps_forward || sample.window_target > steps_target {
        return refuse(format!(
            "averages over {} and {} of {steps_forward} and {steps_target} steps",
            sample.window_forward, sample.window_target
        ));
    }
    Ok(())
}
