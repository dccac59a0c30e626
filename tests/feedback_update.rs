//! Proves: feedback weights and apical biases change by their rate times the minibatch mean of `E_inv s_fb`, with
//! `E_inv = -(phi_max sigma(Cf) - alpha_f) sigma'(Af)`. Expected values are computed in double precision from recorded
//! plateau potentials, voltages and spikes. Apical biases add to the apical voltage at each step and to the plateau
//! potentials. Learned feedback is saved and loaded. Learning brings forward plateau potentials near the somatic
//! rates.
//!
//! Does not prove: that GPUs agree (see `exactness.rs`).

use std::sync::Arc;

use apical::config::{Config, Feedback};
use apical::dataset::Dataset;
use apical::device::{BackendKind, DeviceOptions};
use apical::model::synaptic_filter::taps;
use apical::model::weight_init::WeightInit;
use apical::monitor::{Mode, MonitorSession, MonitorSpec, Quantity, Recording};
use apical::network::Network;
use apical::plan::Presentation;
use apical::run_dir::{ImageSpec, weights};

use crate::support;

const IMAGES: usize = 10;
const WINDOW: usize = 20;

fn config(g_apical: f64) -> Config {
    Config {
        layers: vec![20, 12, 10],
        batch_size: IMAGES,
        weight_init: WeightInit::PaperCommit,
        feedback: Feedback::Layerwise,
        feedback_lr: 0.5,
        apical_bias_sd: 0.4,
        apical_bias_lr_scale: 0.25,
        g_apical,
        eta: vec![0.01],
        ..Config::default()
    }
}

fn dataset() -> Arc<Dataset> {
    support::random_dataset(5, 8, 9, IMAGES)
}

fn images(dataset: &Dataset) -> Vec<Presentation> {
    let image = |(index, &label)| Presentation {
        index,
        label,
        draw_index: index as u32,
        result_slot: index,
    };
    dataset.labels().iter().take(IMAGES).enumerate().map(image).collect()
}

fn session(config: &Config, network: &Network, quantities: &[Quantity]) -> MonitorSession {
    let options = DeviceOptions { backend: BackendKind::Cpu, ..DeviceOptions::default() };
    MonitorSession::open(config, &dataset(), network, MonitorSpec::new(quantities), &options)
        .unwrap()
}

/// Returns the mean filtered spike train of a neuron over the forward phase's window, delayed by one step.
fn mean_feedback(
    recording: &Recording,
    layer: usize,
    image: usize,
    unit: usize,
    kernel: &[f64],
) -> f64 {
    let spikes = recording.get(&format!("spikes{layer}")).unwrap().time_series(image, unit);
    let end = recording.get("phases").unwrap().image(image)[0] as usize;
    let filtered = |step: usize| -> f64 {
        (1..=kernel.len()).map(|back| kernel[back - 1] * spikes[step - back]).sum()
    };
    (end - WINDOW..end).map(filtered).sum::<f64>() / WINDOW as f64
}

#[test]
fn feedback_update_matches_the_learning_rule() {
    for g_apical in [0.0, 0.05] {
        let config = config(g_apical);
        let before = Network::initial(&config, dataset().pixels());
        let quantities =
            [Quantity::Spikes, Quantity::Phases, Quantity::Plateaus, Quantity::Representations];
        let mut session = session(&config, &before, &quantities);
        let recording = session.show(&images(&dataset()), Mode::Train, &mut |_| ()).unwrap();
        let mut after = before.clone();
        session.read_network(&mut after).unwrap();
        let kernel = taps(config.psp_kernel_ms);
        // The first update of a run of ten images: the start of the cosine schedule.
        let rate = config.lr_factor(IMAGES).at(0);
        let mut largest: f64 = 0.0;
        for (layer, units, n_feedback) in [(0, 20, 12), (1, 12, 10)] {
            let values = |name: &str| recording.get(&format!("{name}{layer}")).unwrap();
            let error = |image: usize, unit: usize| {
                // A representation is phi_max sigma(Cf).
                let rate = f64::from(values("representations").image(image)[unit]);
                let plateau = f64::from(values("plateaus").image(image)[unit]);
                -(rate - plateau) * plateau * (1.0 - plateau)
            };
            let [before, after] = [&before, &after].map(|network| &network.layers[layer]);
            for unit in 0..units {
                for source in 0..=n_feedback {
                    let products = (0..IMAGES).map(|image| {
                        let feedback = match source {
                            _ if source == n_feedback => 1.0,
                            _ => mean_feedback(&recording, layer + 1, image, source, &kernel),
                        };
                        error(image, unit) * feedback
                    });
                    let mean = products.sum::<f64>() / IMAGES as f64;
                    let (old, new, eta) = if source == n_feedback {
                        let biases = [before, after].map(|layer| layer.apical_biases[unit]);
                        (biases[0], biases[1], 0.5 * 0.25)
                    } else {
                        let at = source * units + unit;
                        (before.feedback[at], after.feedback[at], 0.5)
                    };
                    let expected = -eta * rate * mean;
                    let found = f64::from(new) - f64::from(old);
                    largest = largest.max(expected.abs());
                    assert!((found - expected).abs() < 2e-6, "{found}, expected {expected}");
                }
            }
        }
        assert!(largest > 1e-3, "the changes are too small to test: {largest}");
    }
}

#[test]
fn apical_biases_add_to_apical_voltages() {
    let quantities = [Quantity::Apical, Quantity::Plateaus, Quantity::Phases, Quantity::Spikes];
    let with = Config { feedback_lr: 0.0, ..config(0.0) };
    let network = Network::initial(&with, dataset().pixels());
    let mut without = network.clone();
    for layer in &mut without.layers {
        layer.apical_biases.clear();
    }
    let without_biases = Config { apical_bias_sd: 0.0, ..with.clone() };
    let show = |config: &Config, network: &Network| {
        let mut session = session(config, network, &quantities);
        session.show(&images(&dataset()), Mode::TrainFrozen, &mut |_| ()).unwrap()
    };
    let (with, without) = (show(&with, &network), show(&without_biases, &without));
    // With g_A = 0 the biases do not affect the spikes.
    let bits = |recording: &Recording| -> Vec<u32> {
        recording.values("spikes0").iter().map(|count| count.to_bits()).collect()
    };
    assert!(bits(&with) == bits(&without));
    let logit = |p: f32| (f64::from(p) / (1.0 - f64::from(p))).ln();
    for image in 0..IMAGES {
        for unit in 0..20 {
            let bias = f64::from(network.layers[0].apical_biases[unit]);
            let series =
                [&with, &without].map(|r| r.get("apical0").unwrap().time_series(image, unit));
            // The bias acts from the first step on.
            assert_eq!(series[0][0], bias);
            for (with, without) in series[0].iter().zip(&series[1]) {
                let difference = with - without;
                assert!((difference - bias).abs() < 1e-5, "{difference}, expected {bias}");
            }
            for phase in 0..2 {
                let [with, without] = [&with, &without]
                    .map(|r| logit(r.get("plateaus0").unwrap().image(image)[phase * 20 + unit]));
                assert!(
                    (with - without - bias).abs() < 1e-3,
                    "{}, expected {bias}",
                    with - without
                );
            }
        }
    }
}

#[test]
fn saved_apical_biases_are_loaded() {
    let config = config(0.0);
    let dataset = dataset();
    let network = Network::initial(&config, dataset.pixels());
    assert!(network.layers[0].apical_biases.iter().any(|&bias| bias != 0.0));
    assert!(network.layers[2].apical_biases.is_empty(), "the output has no apical dendrites");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("weights.safetensors");
    weights::save(&path, &network, &config, &ImageSpec::from_dataset(&dataset)).unwrap();
    assert_eq!(weights::load(&path).unwrap().network, network);
}

#[test]
fn learned_feedback_brings_plateaus_near_rates() {
    let config = Config { feedback_lr: 2.0, eta: vec![0.0], ..config(0.0) };
    let network = Network::initial(&config, dataset().pixels());
    let quantities = [Quantity::Plateaus, Quantity::Representations];
    let mut session = session(&config, &network, &quantities);
    let mut distance = || {
        let recording = session.show(&images(&dataset()), Mode::Train, &mut |_| ()).unwrap();
        let squares = (0..IMAGES).flat_map(|image| {
            let rates = recording.get("representations0").unwrap().image(image);
            let plateaus = recording.get("plateaus0").unwrap().image(image);
            rates.iter().zip(&plateaus[..20]).map(|(a, b)| f64::from((a - b) * (a - b)))
        });
        squares.sum::<f64>()
    };
    let first = distance();
    let last = (0..60).map(|_| distance()).last().unwrap();
    assert!(last < 0.5 * first, "squared distance {last} after training, {first} before");
}
