//! Measurements of each layer while a network learns.

use std::error::Error;
use std::sync::Arc;

use apical::analysis::statistics::mean;
use apical::config::Config;
use apical::dataset::Dataset;
use apical::device::DeviceOptions;
use apical::monitor::{Mode, MonitorSession, MonitorSpec, Quantity};
use apical::network::Network;
use apical::plan::Presentation;
use apical::run_dir::now_rfc3339;
use apical::train::order;
use apical::trial_cache::device_name;
use serde::{Deserialize, Serialize};

/// Number of training images shown to measure the layers, twice each.
const IMAGES: usize = 200;
/// Number of minibatches over which the change of the weights is measured.
const MINIBATCHES: usize = 100;
/// Rates nearer than this share of the largest rate to 0 or to the largest count as saturated.
const SATURATED: f64 = 0.05;

/// State of a network after some epochs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Measurement {
    /// Name of the condition.
    pub condition: String,
    pub seed: u64,
    /// Number of epochs before.
    pub epoch: u32,
    /// Error on images held out of the training set, %.
    pub validation_error: f64,
    /// Layers, the output last.
    pub layers: Vec<LayerMeasurement>,
    pub device: String,
    /// Time of the measurement, RFC 3339.
    pub date: String,
}

/// State of one layer.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct LayerMeasurement {
    /// Mean angle between the layer's errors and those of backpropagation, degrees; none for the output and without
    /// errors.
    pub angle: Option<f64>,
    /// Signal of the plateau differences over their noise: mean product of two presentations of an image, divided by
    /// half of the mean square of their difference; none for the output.
    pub signal_to_noise: Option<f64>,
    /// Mean rate in the forward phase, spikes per ms.
    pub rate: f64,
    /// Share of neurons and images with a rate near 0 or near the largest.
    pub saturated: f64,
    /// Root mean square of the weights, without biases.
    pub weight_rms: f64,
    /// Root mean square of the change of the weights over the last 100 minibatches, divided by that of the weights; none
    /// before the first epoch.
    pub change: Option<f64>,
}

/// Trains a network and measures it before the first epoch and after each of `marks`.
pub fn measure(
    condition: &str,
    config: &Config,
    dataset: &Arc<Dataset>,
    options: &DeviceOptions,
    marks: &[u32],
) -> Result<Vec<Measurement>, Box<dyn Error>> {
    let mut network = Network::initial(config, dataset.pixels());
    let mut session =
        MonitorSession::open(config, dataset, &network, MonitorSpec::default(), options)?;
    let mut before = network.clone();
    let mut found = Vec::new();
    for epoch in 0..=config.epochs {
        if epoch > 0 {
            let images = order(config, dataset, epoch);
            let last = MINIBATCHES * config.batch_size;
            let (first, last) = images.split_at(images.len().saturating_sub(last));
            session.train(first)?;
            session.read_network(&mut before)?;
            session.train(last)?;
            session.read_network(&mut network)?;
        }
        if epoch == 0 || marks.contains(&epoch) {
            found.push(Measurement {
                condition: condition.to_string(),
                seed: config.seed,
                epoch,
                validation_error: validation_error(config, dataset, options, &network)?,
                layers: layers(config, dataset, options, &network, &before)?,
                device: device_name(session.device()),
                date: now_rfc3339(),
            });
            eprintln!(
                "{condition}, seed {}: epoch {epoch} of {}, {:.2} %",
                config.seed,
                config.epochs,
                found[found.len() - 1].validation_error
            );
        }
    }
    Ok(found)
}

/// Returns the error on the test images of `dataset`, %.
fn validation_error(
    config: &Config,
    dataset: &Arc<Dataset>,
    options: &DeviceOptions,
    network: &Network,
) -> Result<f64, Box<dyn Error>> {
    let mut session =
        MonitorSession::open(config, dataset, network, MonitorSpec::default(), options)?;
    let images = presentations(dataset, dataset.training_count..dataset.labels().len(), 0);
    let shown = session.show(&images, Mode::Test, &mut |_| ())?;
    let wrong = shown.predicted.iter().zip(&shown.labels).filter(|(a, b)| a != b).count();
    Ok(100.0 * wrong as f64 / images.len() as f64)
}

/// Measures the layers of a network, which was `before` some minibatches ago.
fn layers(
    config: &Config,
    dataset: &Arc<Dataset>,
    options: &DeviceOptions,
    network: &Network,
    before: &Network,
) -> Result<Vec<LayerMeasurement>, Box<dyn Error>> {
    let quantities = [Quantity::Representations, Quantity::Plateaus, Quantity::Angles];
    let spec = MonitorSpec::new(&quantities);
    let mut session = MonitorSession::open(config, dataset, network, spec, options)?;
    let count = IMAGES.min(dataset.training_count);
    let mut show = |draw| {
        let images = presentations(dataset, 0..count, draw * count as u32);
        session.show(&images, Mode::TrainFrozen, &mut |_| ())
    };
    let shown = [show(0)?, show(1)?];
    let output = network.layers.len() - 1;
    let of_layer = |layer: usize| {
        let name = format!("representations{layer}");
        let rates = shown[0].values_f64(&name);
        let limits = [SATURATED * config.phi_max, (1.0 - SATURATED) * config.phi_max];
        let saturated = rates.iter().filter(|&&rate| rate < limits[0] || rate > limits[1]).count();
        let units = network.layers[layer].units;
        let differences = shown
            .each_ref()
            .map(|shown| differences(shown.values(&format!("plateaus{layer}")), units));
        let angles: Vec<f64> = shown
            .iter()
            .flat_map(|shown| shown.values_f64(&format!("angle{layer}")))
            .filter(|angle| angle.is_finite())
            .collect();
        let weights = network.layers[layer].weight_rows();
        let old = before.layers[layer].weight_rows();
        let weight_rms = rms(weights.iter().copied());
        let change = rms(weights.iter().zip(&old).map(|(new, old)| new - old));
        LayerMeasurement {
            angle: (layer < output && !angles.is_empty()).then(|| mean(&angles)),
            signal_to_noise: (layer < output).then(|| signal_to_noise(&differences)),
            rate: mean(&rates),
            saturated: saturated as f64 / rates.len() as f64,
            weight_rms,
            change: (change > 0.0).then(|| change / weight_rms),
        }
    };
    Ok((0..=output).map(of_layer).collect())
}

/// Returns images of the data set with draws of their own, from `first_draw` on.
fn presentations(
    dataset: &Dataset,
    images: std::ops::Range<usize>,
    first_draw: u32,
) -> Vec<Presentation> {
    let labels = dataset.labels();
    (first_draw..)
        .zip(images)
        .map(|(draw_index, index)| Presentation {
            index,
            label: labels[index],
            draw_index,
            result_slot: index,
        })
        .collect()
}

/// Returns the plateau potentials of the target phase less those of the forward phase, `[images, units]`. `plateaus`:
/// `[images, 2, units]`.
fn differences(plateaus: &[f32], units: usize) -> Vec<f64> {
    let of_image = |image: &[f32]| -> Vec<f64> {
        let (forward, target) = image.split_at(units);
        forward.iter().zip(target).map(|(f, t)| f64::from(t - f)).collect()
    };
    plateaus.chunks_exact(2 * units).flat_map(of_image).collect()
}

/// Returns the power of what two presentations share over that of what they do not.
fn signal_to_noise([one, other]: &[Vec<f64>; 2]) -> f64 {
    let pairs = || one.iter().zip(other);
    let signal: f64 = pairs().map(|(a, b)| a * b).sum();
    let noise: f64 = pairs().map(|(a, b)| (a - b) * (a - b) / 2.0).sum();
    signal / noise
}

/// Returns the root mean square.
fn rms(values: impl ExactSizeIterator<Item = f32>) -> f64 {
    let count = values.len() as f64;
    (values.map(|value| f64::from(value) * f64::from(value)).sum::<f64>() / count).sqrt()
}
