//! Proves: at every step the apical voltage is `A = Y s + c`, computed here in double precision. The current feedback
//! weights and biases also apply to spikes and rates from before the image. `s` is the spike train filtered by a
//! truncated or the full kernel, or the unfiltered rate. From a cleared state, A is the bias. Covers fixed, symmetric,
//! noisy and learned feedback, from the output and from the next layer.
//!
//! Does not prove: that GPUs agree (see `exactness.rs` and `trainings.rs`).

use apical::config::{Config, Feedback, FeedbackWeights, Signal};
use apical::device::{BackendKind, DeviceOptions};
use apical::model::synaptic_filter::{kappa, taps};
use apical::model::weight_init::WeightInit;
use apical::monitor::{Mode, MonitorSession, MonitorSpec, Quantity};
use apical::network::Network;
use apical::plan::Presentation;

use crate::support;

const LAYERS: [usize; 3] = [20, 12, 10];
const IMAGES: usize = 4;
const TOLERANCE: f64 = 5e-5;

fn base() -> Config {
    Config {
        layers: LAYERS.to_vec(),
        batch_size: 1,
        weight_init: WeightInit::PaperCommit,
        // A large rate: weights and symmetric feedback weights change much from image to image.
        eta: vec![0.5],
        optimizer: apical::config::Optimizer::Sgd,
        ..Config::default()
    }
}

/// Returns one configuration per kind of feedback weights: fixed, symmetric, noisy, learned.
fn feedback_configs() -> Vec<Config> {
    let symmetric = Config { feedback_weights: FeedbackWeights::Symmetric, ..base() };
    vec![
        Config { apical_bias_sd: 0.8, ..base() },
        symmetric.clone(),
        Config { feedback_noise_sd: 0.3, ..symmetric },
        Config { feedback_lr: 2.0, apical_bias_sd: 0.8, ..base() },
    ]
}

/// Spike counts or rates of each neuron of a layer, at the steps of all images so far.
type Emitted = Vec<Vec<f64>>;

/// Returns the kernel's weight of a spike or rate `back` steps ago; the previous step is 1 step ago.
fn weight(kernel: &[f64], config: &Config, back: usize) -> f64 {
    match (config.feedback_signal, config.psp_kernel_ms) {
        (Signal::Rates, _) => f64::from(u8::from(back == 1)),
        (Signal::Spikes, 0) => kappa(back),
        (Signal::Spikes, _) => kernel.get(back - 1).copied().unwrap_or(0.0),
    }
}

/// Trains on images one by one and compares apical voltages with the equation.
fn check(config: &Config) {
    let context = format!("{config:?}");
    let dataset = support::random_dataset(5, 8, 9, 10);
    config.validate(dataset.pixels(), 10).expect("the settings are valid");
    let mut network = Network::initial(config, dataset.pixels());
    let by_rates = config.feedback_signal == Signal::Rates;
    let signal = if by_rates { Quantity::Rates } else { Quantity::Spikes };
    let spec = MonitorSpec::new(&[signal, Quantity::Apical, Quantity::Phases]);
    let options = DeviceOptions { backend: BackendKind::Cpu, ..DeviceOptions::default() };
    let mut session = MonitorSession::open(config, &dataset, &network, spec, &options).unwrap();
    let kernel = taps(config.psp_kernel_ms);
    let mut emitted: Vec<Emitted> = LAYERS.iter().map(|&units| vec![Vec::new(); units]).collect();
    let mut steps_before = 0;
    for index in 0..IMAGES {
        session.read_network(&mut network).unwrap();
        let label = dataset.labels()[index];
        let image = Presentation { index, label, draw_index: index as u32, result_slot: index };
        let recording = session.show(&[image], Mode::Train, &mut |_| ()).unwrap();
        for (layer, emitted) in emitted.iter_mut().enumerate() {
            let array = recording.get(&format!("{}{layer}", signal.name())).unwrap();
            for (unit, emitted) in emitted.iter_mut().enumerate() {
                emitted.extend(array.time_series(0, unit));
            }
        }
        let phases = recording.get("phases").unwrap().image(0);
        let steps = (phases[0] + phases[1]) as usize;
        for (layer, units) in LAYERS[..2].iter().enumerate() {
            let feedback_layer = if config.feedback == Feedback::Broadcast { 2 } else { layer + 1 };
            let layer_weights = &network.layers[layer];
            let weights = layer_weights.feedback_rows();
            let apical = recording.get(&format!("apical{layer}")).unwrap();
            // Only the first steps depend on earlier images; two later steps stand for the rest.
            for step in (0..15).chain([40, steps - 1]) {
                let filtered: Vec<f64> = emitted[feedback_layer]
                    .iter()
                    .map(|emitted| {
                        let earlier = 1..=(steps_before + step);
                        earlier
                            .map(|back| {
                                weight(&kernel, config, back) * emitted[steps_before + step - back]
                            })
                            .sum()
                    })
                    .collect();
                for unit in (0..*units).step_by(3) {
                    let weights = &weights[unit * filtered.len()..][..filtered.len()];
                    let products = weights.iter().zip(&filtered).map(|(&w, s)| f64::from(w) * s);
                    let bias = layer_weights.apical_biases.get(unit).map_or(0.0, |&c| f64::from(c));
                    let expected = products.sum::<f64>() + bias;
                    let found = apical.time_series(0, unit)[step];
                    let error = (found - expected).abs() / expected.abs().max(1.0);
                    assert!(
                        error < TOLERANCE,
                        "image {index}, layer {layer}, step {step}, neuron {unit}: {found}, \
                         expected {expected}; {context}"
                    );
                }
            }
        }
        steps_before += steps;
    }
}

fn check_all(taps: usize, feedback_signal: Signal) {
    for kind in feedback_configs() {
        for feedback in [Feedback::Broadcast, Feedback::Layerwise] {
            for g_apical in [0.0, 0.05] {
                check(&Config {
                    psp_kernel_ms: taps,
                    feedback_signal,
                    feedback,
                    g_apical,
                    ..kind.clone()
                });
            }
        }
    }
}

#[test]
fn apical_voltage_with_taps_matches_the_equation() {
    // With K = 9 or 17 taps, K steps span one more word than K - 1 steps.
    for taps in [10, 9, 1, 17] {
        check_all(taps, Signal::Spikes);
    }
}

#[test]
fn apical_voltage_full_kernel_matches_the_equation() {
    check_all(0, Signal::Spikes);
}

#[test]
fn apical_voltage_with_rates_skips_the_kernel() {
    for taps in [10, 0] {
        check_all(taps, Signal::Rates);
        let learned = &feedback_configs()[3];
        let signal = Signal::Rates;
        let both = Config { psp_kernel_ms: taps, signal, g_apical: 0.05, ..learned.clone() };
        check(&both);
        check(&Config { feedback_signal: Signal::Rates, ..both });
    }
}
