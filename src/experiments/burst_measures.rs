//! Measurements on networks that learn by bursts or by phases: angles and spikes.

use super::error::ExperimentError;
use super::study::Study;
use crate::analysis::statistics::mean;
use crate::config::{Config, Dynamics};
use crate::monitor::{Mode, MonitorSpec, Quantity};
use crate::network::Network;

/// Number of test images for angles, and for spikes, which have a value per step.
const ANGLE_IMAGES: usize = 300;
const SPIKE_IMAGES: usize = 20;
/// Angle in place of an undefined one, degrees: unrelated directions.
const UNRELATED: f64 = 90.0;

/// Measurements on a network after training.
pub(super) struct Measures {
    /// Mean angle of the lowest hidden layer's errors to those of backpropagation, degrees.
    pub to_backprop: f64,
    /// Angle of its feedback weights to the weights of the next layer, before and after training, degrees.
    pub to_weights: [f64; 2],
    /// Mean number of spikes of all neurons and inputs while a training image is shown; `None` without spikes.
    pub spikes: Option<f64>,
}

/// Measures a network after the training with these settings.
///
/// # Errors
/// Returns an error if no device works or the recording fails.
pub(super) fn measure(
    study: &mut Study,
    config: &Config,
    network: &Network,
) -> Result<Measures, ExperimentError> {
    let initial = Network::initial(config, study.dataset.pixels());
    let spikes = match config.dynamics {
        Dynamics::SteadyState => None,
        Dynamics::Spiking => Some(count_spikes(study, config, network)?),
    };
    Ok(Measures {
        to_backprop: mean_angle(study, config, network, Quantity::Angles, ANGLE_IMAGES)?,
        to_weights: [
            mean_angle(study, config, &initial, Quantity::FeedbackAngles, 1)?,
            mean_angle(study, config, network, Quantity::FeedbackAngles, 1)?,
        ],
        spikes,
    })
}

/// Returns the mean of an angle of the lowest hidden layer over images of the test set, degrees.
fn mean_angle(
    study: &mut Study,
    config: &Config,
    network: &Network,
    quantity: Quantity,
    images: usize,
) -> Result<f64, ExperimentError> {
    let images = study.test_images(images);
    let mut session = study.session(config, network, MonitorSpec::new(&[quantity]))?;
    let recording = session.show(&images, Mode::TrainFrozen, &mut |_| ())?;
    let mut angles = recording.values_f64(&format!("{}0", quantity.name()));
    // Images without an error, and networks without weights, have no angle.
    angles.retain(|angle| angle.is_finite());
    Ok(if angles.is_empty() { UNRELATED } else { mean(&angles) })
}

/// Returns the mean number of spikes of all neurons and inputs while a training image is shown.
fn count_spikes(
    study: &mut Study,
    config: &Config,
    network: &Network,
) -> Result<f64, ExperimentError> {
    let images = study.test_images(SPIKE_IMAGES);
    let mut session = study.session(config, network, MonitorSpec::new(&[Quantity::Spikes]))?;
    let recording = session.show(&images, Mode::TrainFrozen, &mut |_| ())?;
    let layers = (0..config.layers.len()).map(|layer| format!("spikes{layer}"));
    let count = |name: String| -> f64 {
        // Values after the last step of an image are NaN.
        recording.values_f64(&name).into_iter().filter(|count| count.is_finite()).sum()
    };
    let total: f64 = layers.chain(["spikes_input".to_string()]).map(count).sum();
    Ok(total / images.len() as f64)
}

/// Returns the root mean square of the apical voltages of the lowest hidden layer without a teacher, on test images, mV.
///
/// # Errors
/// Returns an error if no device works or the recording fails.
pub(super) fn untaught_apical_size(
    study: &mut Study,
    config: &Config,
    network: &Network,
) -> Result<f64, ExperimentError> {
    let images = study.test_images(ANGLE_IMAGES);
    let spec = MonitorSpec::new(&[Quantity::BurstApical]);
    let mut session = study.session(config, network, spec)?;
    let recording = session.show(&images, Mode::TrainFrozen, &mut |_| ())?;
    let voltages = recording.values_f64("burst_apical0");
    // Voltages without a teacher come before those with it.
    let untaught = voltages.chunks(config.layers[0]).step_by(2).flatten();
    let squares: Vec<f64> = untaught.map(|voltage| voltage * voltage).collect();
    Ok(mean(&squares).sqrt())
}
