//! Proves: at every step the apical voltage is that of section 2 of `model.md`, `A = Y s + c`, with the feedback weights
//! and biases of the image, also for what was sent before it: spikes through a cut and the uncut kernel, rates as they
//! are; from a cleared state it is the bias alone. For fixed, symmetric, noisy and learned feedback, from the output and
//! from the next layer, computed here in double precision.
//!
//! Does not prove: that a GPU does the same (see `exactness.rs` and `trainings.rs`).

use apical::config::{Config, Feedback, FeedbackWeights, Signal};
use apical::model::filter::{kappa, taps};
use apical::model::initial::Initial;
use apical::monitor::{Mode, MonitorSession, MonitorSpec, Quantity};
use apical::network::Network;
use apical::schedule::{BackendChoice, Image, Selection};

use crate::support;

const LAYERS: [usize; 3] = [20, 12, 10];
const IMAGES: usize = 4;
const TOLERANCE: f64 = 5e-5;

fn base() -> Config {
    Config {
        layers: LAYERS.to_vec(),
        batch_size: 1,
        weight_init: Initial::Cited,
        // Weights, and the feedback weights that follow them, change much from image to image.
        eta: vec![0.5],
        optimizer: apical::config::Optimizer::Sgd,
        ..Config::default()
    }
}

/// Kinds of feedback weights that stay, follow or learn.
fn kinds() -> Vec<Config> {
    let symmetric = Config { feedback_weights: FeedbackWeights::Symmetric, ..base() };
    vec![
        Config { apical_bias_sd: 0.8, ..base() },
        symmetric.clone(),
        Config { feedback_noise_sd: 0.3, ..symmetric },
        Config { feedback_lr: 2.0, apical_bias_sd: 0.8, ..base() },
    ]
}

/// What each neuron of a layer has sent, at the steps of all images so far.
type Sent = Vec<Vec<f64>>;

/// The kernel's weight of what was sent `back` steps ago, the newest 1 step.
fn weight(kernel: &[f64], config: &Config, back: usize) -> f64 {
    match (config.feedback_signal, config.psp_kernel_ms) {
        (Signal::Rates, _) => f64::from(u8::from(back == 1)),
        (Signal::Spikes, 0) => kappa(back),
        (Signal::Spikes, _) => kernel.get(back - 1).copied().unwrap_or(0.0),
    }
}

/// Shows images one by one, and compares every apical voltage.
fn check(config: &Config) {
    let what = format!("{config:?}");
    let dataset = support::random_dataset(5, 8, 9, 10);
    config.validate(dataset.pixels(), 10).expect("the settings are valid");
    let mut network = Network::initial(config, dataset.pixels());
    let by_rates = config.feedback_signal == Signal::Rates;
    let sends = if by_rates { Quantity::Rates } else { Quantity::Spikes };
    let recorder = MonitorSpec::new(&[sends, Quantity::Apical, Quantity::Phases]);
    let selection = Selection { backend: BackendChoice::Cpu, ..Selection::default() };
    let mut session =
        MonitorSession::open(config, &dataset, &network, recorder, &selection).unwrap();
    let kernel = taps(config.psp_kernel_ms);
    let mut sent: Vec<Sent> = LAYERS.iter().map(|&units| vec![Vec::new(); units]).collect();
    let mut shown = 0;
    for index in 0..IMAGES {
        session.read_network(&mut network).unwrap();
        let label = dataset.labels()[index];
        let image = Image { index, label, position: index as u32, slot: index };
        let recording = session.show(&[image], Mode::Train, &mut |_| ()).unwrap();
        for (layer, sent) in sent.iter_mut().enumerate() {
            let array = recording.get(&format!("{}{layer}", sends.name())).unwrap();
            for (unit, sent) in sent.iter_mut().enumerate() {
                sent.extend(array.time_series(0, unit));
            }
        }
        let phases = recording.get("phases").unwrap().image(0);
        let steps = (phases[0] + phases[1]) as usize;
        for (layer, units) in LAYERS[..2].iter().enumerate() {
            let source = if config.feedback == Feedback::Broadcast { 2 } else { layer + 1 };
            let of_layer = &network.layers[layer];
            let weights = of_layer.feedback_rows();
            let apical = recording.get(&format!("apical{layer}")).unwrap();
            // The first steps tell what was sent before, the others are the same everywhere.
            for step in (0..15).chain([40, steps - 1]) {
                let heard: Vec<f64> = sent[source]
                    .iter()
                    .map(|sent| {
                        let past = 1..=(shown + step);
                        past.map(|back| weight(&kernel, config, back) * sent[shown + step - back])
                            .sum()
                    })
                    .collect();
                for unit in (0..*units).step_by(3) {
                    let weights = &weights[unit * heard.len()..][..heard.len()];
                    let products = weights.iter().zip(&heard).map(|(&w, s)| f64::from(w) * s);
                    let bias = of_layer.apical_biases.get(unit).map_or(0.0, |&c| f64::from(c));
                    let expected = products.sum::<f64>() + bias;
                    let found = apical.time_series(0, unit)[step];
                    let error = (found - expected).abs() / expected.abs().max(1.0);
                    assert!(
                        error < TOLERANCE,
                        "image {index}, layer {layer}, step {step}, neuron {unit}: {found} instead of \
                         {expected}; {what}"
                    );
                }
            }
        }
        shown += steps;
    }
}

fn check_kinds(taps: usize, feedback_signal: Signal) {
    for kind in kinds() {
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
fn apical_voltage_with_a_cut_kernel_is_the_models() {
    // Of 9 and 17 taps, K steps take a word more than K - 1.
    for taps in [10, 9, 1, 17] {
        check_kinds(taps, Signal::Spikes);
    }
}

#[test]
fn apical_voltage_with_the_uncut_kernel_is_the_models() {
    check_kinds(0, Signal::Spikes);
}

#[test]
fn apical_voltage_with_rates_skips_the_kernel() {
    for taps in [10, 0] {
        check_kinds(taps, Signal::Rates);
        let kind = &kinds()[3];
        let signal = Signal::Rates;
        let both = Config { psp_kernel_ms: taps, signal, g_apical: 0.05, ..kind.clone() };
        check(&both);
        check(&Config { feedback_signal: Signal::Rates, ..both });
    }
}
