//! Proves, for networks that transmit rates: each basal voltage is `B = W phi + b` with the presynaptic rates of the
//! same step, unfiltered for each kernel length. In the steady state, voltages are `C = k_B B`, and in the output's
//! target phase `C = (0.6 B +- 8) / 1.7`. Plateau potentials and gradients follow from them. Expected values are
//! computed in double precision. Such networks learn, and both backends train them to equal bits.
//!
//! Does not prove: that feedback by rates is correct (see `apical_voltages.rs` and `plateaus.rs`).

use std::ops::ControlFlow;
use std::sync::Arc;

use apical::config::{Config, Dynamics, Signal};
use apical::dataset::Dataset;
use apical::device::{BackendKind, DeviceOptions};
use apical::model::weight_init::WeightInit;
use apical::monitor::{Mode, MonitorSession, MonitorSpec, Quantity, Recording};
use apical::network::Network;
use apical::plan::Presentation;
use apical::run_dir::weights_sha256;
use apical::train::Training;

use crate::support;

const IMAGES: usize = 10;
const PIXELS: usize = 72;
const TOLERANCE: f64 = 3e-5;

fn config() -> Config {
    Config {
        layers: vec![20, 12, 10],
        batch_size: 1,
        weight_init: WeightInit::PaperCommit,
        signal: Signal::Rates,
        // The weights stay fixed, so that one network describes all images.
        eta: vec![0.0],
        ..Config::default()
    }
}

fn dataset() -> Arc<Dataset> {
    support::random_dataset(5, 8, 9, IMAGES)
}

fn record(config: &Config, mode: Mode, quantities: &[Quantity]) -> (Recording, Network) {
    let dataset = dataset();
    let network = Network::initial(config, PIXELS);
    let options = DeviceOptions { backend: BackendKind::Cpu, ..DeviceOptions::default() };
    let spec = MonitorSpec::new(quantities);
    let mut session = MonitorSession::open(config, &dataset, &network, spec, &options).unwrap();
    let image = |(index, &label)| Presentation {
        index,
        label,
        draw_index: index as u32,
        result_slot: index,
    };
    let images: Vec<Presentation> =
        dataset.labels().iter().take(4).enumerate().map(image).collect();
    (session.show(&images, mode, &mut |_| ()).unwrap(), network)
}

fn assert_close(found: f64, expected: f64, context: &str) {
    let difference = (found - expected).abs() / expected.abs().max(1.0);
    assert!(difference < TOLERANCE, "{context}: {found}, expected {expected}");
}

/// Returns the rates of each neuron of a population at every step of all images, concatenated.
fn rates_of(recording: &Recording, population: usize) -> Vec<Vec<f64>> {
    let images = 0..recording.images.len();
    let units = [PIXELS, 20, 12, 10][population];
    let unit_gradients = |unit: usize| -> Vec<f64> {
        images
            .clone()
            .flat_map(|image| match population {
                0 => {
                    let phases = recording.get("phases").unwrap().image(image);
                    let rate = recording.get("representations_input").unwrap().image(image)[unit];
                    vec![f64::from(rate); (phases[0] + phases[1]) as usize]
                }
                _ => {
                    let rates = recording.get(&format!("rates{}", population - 1)).unwrap();
                    rates.time_series(image, unit)
                }
            })
            .collect()
    };
    (0..units).map(unit_gradients).collect()
}

#[test]
fn basal_voltages_follow_presynaptic_rates() {
    let quantities =
        [Quantity::Rates, Quantity::Basal, Quantity::Phases, Quantity::Representations];
    for taps in [10, 3, 0] {
        let config = Config { psp_kernel_ms: taps, ..config() };
        // While learning, each image continues from the state after the previous one.
        let (recording, network) = record(&config, Mode::Train, &quantities);
        for (layer, units) in [(0, 20), (1, 12), (2, 10)] {
            let presynaptic = rates_of(&recording, layer);
            let weights = network.layers[layer].weight_rows();
            let n_pre = presynaptic.len();
            let basal = recording.get(&format!("basal{layer}")).unwrap();
            for unit in (0..units).step_by(3) {
                let series: Vec<f64> =
                    (0..4).flat_map(|image| basal.time_series(image, unit)).collect();
                let weights = &weights[unit * n_pre..(unit + 1) * n_pre];
                let input = |step: usize| -> f64 {
                    presynaptic.iter().zip(weights).map(|(r, w)| f64::from(*w) * r[step]).sum()
                };
                let inputs: Vec<f64> = (0..series.len()).map(input).collect();
                let bias = f64::from(network.layers[layer].biases()[unit]);
                for (found, input) in series.iter().zip(inputs) {
                    assert_close(*found, input + bias, "basal voltage");
                }
            }
        }
    }
}

#[test]
fn steady_state_voltages_match_the_equations() {
    let config = Config { dynamics: Dynamics::SteadyState, ..config() };
    let quantities = [
        Quantity::Basal,
        Quantity::Soma,
        Quantity::Rates,
        Quantity::Phases,
        Quantity::Plateaus,
        Quantity::Representations,
        Quantity::Errors,
        Quantity::Gradients,
    ];
    let (recording, network) = record(&config, Mode::TrainFrozen, &quantities);
    let get = |name: &str| recording.get(name).unwrap();
    let sigma = |x: f64| 1.0 / (1.0 + (-x).exp());
    for image in 0..4 {
        assert_eq!(get("phases").image(image), [2.0, 2.0]);
        for (layer, units) in [(0, 20), (1, 12), (2, 10)] {
            let presynaptic = rates_of(&recording, layer);
            let weights = network.layers[layer].weight_rows();
            for unit in 0..units {
                let series = |name: &str| get(&format!("{name}{layer}")).time_series(image, unit);
                let (basal, soma) = (series("basal"), series("soma"));
                assert_eq!(basal.len(), 4);
                for step in 0..4 {
                    let sum: f64 = (0..presynaptic.len())
                        .map(|j| {
                            f64::from(weights[unit * presynaptic.len() + j])
                                * presynaptic[j][4 * image + step]
                        })
                        .sum();
                    let expected = sum + f64::from(network.layers[layer].biases()[unit]);
                    assert_close(basal[step], expected, "basal voltage");
                    let is_target = unit == usize::from(recording.labels[image]);
                    let voltage = match (layer, step) {
                        (2, 2 | 3) if is_target => (0.6 * basal[step] + 8.0) / 1.7,
                        (2, 2 | 3) => (0.6 * basal[step] - 8.0) / 1.7,
                        _ => 0.6 / 0.7 * basal[step],
                    };
                    assert_close(soma[step], voltage, "soma");
                }
                if layer == 2 {
                    continue;
                }
                let plateaus = get(&format!("plateaus{layer}")).image(image);
                let feedback = network.layers[layer].feedback_rows();
                for (phase, step) in [(0, 0), (1, 2)] {
                    // The feedback arrives one step late: from the step before the phase's last.
                    let apical: f64 = (0..10)
                        .map(|j| {
                            f64::from(feedback[unit * 10 + j])
                                * get("rates2").time_series(image, j)[step]
                        })
                        .sum();
                    assert_close(
                        f64::from(plateaus[phase * units + unit]),
                        sigma(apical),
                        "plateau",
                    );
                }
                let gradient = get(&format!("gradients{layer}"));
                let unit_gradients = &gradient.image(image)[unit * (presynaptic.len() + 1)..];
                let error = f64::from(get(&format!("errors{layer}")).image(image)[unit]);
                for j in 0..presynaptic.len() {
                    let expected = error * presynaptic[j][4 * image + 1];
                    assert_close(f64::from(unit_gradients[j]), expected, "gradient");
                }
            }
        }
    }
}

#[test]
fn rate_training_is_equal_on_both_backends() {
    let feedback_rates = Config { feedback_signal: Signal::Rates, ..config() };
    for config in [
        Config { batch_size: 3, eta: vec![0.1], ..config() },
        Config { feedback_signal: Signal::Rates, eta: vec![0.1], ..config() },
        Config { dynamics: Dynamics::SteadyState, batch_size: 4, eta: vec![0.1], ..config() },
        Config { psp_kernel_ms: 0, g_apical: 0.05, eta: vec![0.1], ..config() },
        Config { psp_kernel_ms: 0, g_apical: 0.05, eta: vec![0.1], ..feedback_rates.clone() },
        Config { signal: Signal::Spikes, feedback_lr: 0.5, g_apical: 0.05, ..feedback_rates },
    ] {
        let config = Config { epochs: 2, eval_every: 0, test_ms: 60, ..config };
        let hash = |backend| {
            let options = DeviceOptions { backend, ..DeviceOptions::default() };
            let dataset = Dataset::clone(&dataset());
            let mut training = Training::new(config.clone(), dataset, &options).unwrap();
            training.run(&mut |_| ControlFlow::Continue(())).unwrap();
            weights_sha256(&training.networks()[0])
        };
        assert_eq!(hash(BackendKind::Cpu), hash(BackendKind::Gpu));
    }
}

/// Over seeds 1 to 8 the mean error is 21.7 % (standard deviation 1.7, maximum 24.6). The bound is four standard
/// deviations above the mean.
#[test]
fn steady_state_network_learns_mnist() {
    let config = Config {
        layers: vec![100, 10],
        dynamics: Dynamics::SteadyState,
        epochs: 1,
        train_images: 6000,
        test_images: 2000,
        eval_every: 0,
        seed: 1,
        ..Config::default()
    };
    let mut training =
        Training::new(config, Dataset::mnist().unwrap(), &DeviceOptions::default()).unwrap();
    let summary = training.run(&mut |_| ControlFlow::Continue(())).unwrap();
    assert!(summary.evaluations[0].error() < 28.5, "{:.2} %", summary.evaluations[0].error());
}
