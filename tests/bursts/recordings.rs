//! Recorded quantities of bursts, against the reference in double precision; with spikes, against each other.

use std::sync::Arc;

use apical::config::{Config, FeedbackWeights, LearningRule};
use apical::device::{BackendKind, DeviceOptions};
use apical::monitor::{Mode, MonitorSession, MonitorSpec, Quantity, Recording};
use apical::network::Network;
use apical::train::{TrainError, order};

use super::spikes::spiking;
use super::{BATCH, PIXELS, config, dataset, homeostatic, input_of, reference_of, targets_of};

pub fn open(
    config: &Config,
    network: &Network,
    quantities: &[Quantity],
) -> Result<MonitorSession, TrainError> {
    let options = DeviceOptions { backend: BackendKind::Cpu, ..DeviceOptions::default() };
    let spec = MonitorSpec::new(quantities);
    MonitorSession::open(config, &Arc::new(dataset()), network, spec, &options)
}

fn record(config: &Config, network: &Network, quantities: &[Quantity]) -> Recording {
    let mut session = open(config, network, quantities).expect("the quantities exist");
    let images = &order(config, &dataset(), 1)[..BATCH];
    session.show(images, Mode::TrainFrozen, &mut |_| ()).expect("images are shown")
}

/// Returns a network whose event feedback has learned, but not to the end.
fn partly_homeostatic(config: &Config) -> Network {
    let mut network = Network::initial(config, PIXELS);
    for layer in &mut network.layers {
        let weights = layer.event_feedback.iter_mut().zip(&layer.feedback);
        weights.for_each(|(q, y)| *q = -0.4 * y);
    }
    network
}

#[test]
fn refused_quantities_name_the_networks() {
    let (rates, spikes) = (config(&[20, 17, 10]), spiking(&[20, 17, 10]));
    let phases = Config { layers: vec![20, 10], ..Config::default() };
    for (config, quantity, reason) in [
        (&rates, Quantity::Plateaus, "networks with bursts have no plateaus to record"),
        (&rates, Quantity::Bursts, "networks with bursts that are rates have no bursts to record"),
        (&spikes, Quantity::Plateaus, "networks with bursts have no plateaus to record"),
        (
            &phases,
            Quantity::BurstProbabilities,
            "networks without bursts have no burst_probability to record",
        ),
    ] {
        let network = Network::initial(config, PIXELS);
        let Err(TrainError::Config(error)) = open(config, &network, &[Quantity::Errors, quantity])
        else {
            panic!("{quantity:?} is refused");
        };
        assert_eq!((error.setting, error.reason.as_str()), ("quantities", reason));
    }
}

#[test]
fn recorded_rates_of_bursts_match_the_reference() {
    let quantities = [Quantity::BurstRates, Quantity::BurstProbabilities, Quantity::BurstApical];
    for config in [config(&[20, 17, 10]), homeostatic(&config(&[20, 17, 10]))] {
        let network = partly_homeostatic(&config);
        let recording = record(&config, &network, &quantities);
        let reference = reference_of(&config, &network);
        for (image, &index) in recording.images.iter().enumerate() {
            let input = input_of(&dataset(), index as usize);
            let without = reference.activity(&input, None);
            let with =
                reference.activity(&input, Some(&targets_of(&dataset(), index as usize, 10)));
            let check = |name: &str, expected: Vec<f64>| {
                let found = recording.get(name).expect("it is recorded").image(image);
                assert_eq!(found.len(), expected.len(), "{name}");
                for (&found, expected) in found.iter().zip(expected) {
                    let difference = (f64::from(found) - expected).abs();
                    assert!(difference < 2e-5, "{name}: {found}, expected {expected}");
                }
            };
            for layer in 0..3 {
                let bursts = with[layer].bursts.iter();
                let parts = bursts.clone().zip(&with[layer].events);
                check(&format!("burst_rates{layer}"), bursts.map(|bursts| 0.2 * bursts).collect());
                let parts = parts.map(|(bursts, events)| bursts / events).collect();
                check(&format!("burst_probability{layer}"), parts);
                if layer < 2 {
                    let apical = [&without[layer].apical[..], &with[layer].apical].concat();
                    check(&format!("burst_apical{layer}"), apical);
                }
            }
        }
    }
}

#[test]
fn recorded_angles_are_zero_with_symmetric_feedback() {
    let quantities = [Quantity::Angles, Quantity::FeedbackAngles];
    let fixed = config(&[20, 17, 10]);
    let symmetric = Config { feedback_weights: FeedbackWeights::Symmetric, ..fixed.clone() };
    for (config, is_symmetric) in [(fixed, false), (symmetric, true)] {
        let recording = record(&config, &Network::initial(&config, PIXELS), &quantities);
        for layer in 0..2 {
            let [errors, weights] =
                ["angle", "feedback_angle"].map(|name| recording.values(&format!("{name}{layer}")));
            assert_eq!((errors.len(), weights.len()), (BATCH, BATCH));
            // Rates of large bursts saturate, so that errors differ a little from those of backpropagation.
            let range = if is_symmetric { 0.0..10.0 } else { 30.0..150.0 };
            assert!(errors.iter().all(|angle| range.contains(angle)), "{errors:?}");
            let range = if is_symmetric { 0.0..0.01 } else { 30.0..150.0 };
            assert!(weights.iter().all(|angle| range.contains(angle)), "{weights:?}");
        }
    }
}

#[test]
fn recorded_bursts_of_spikes_agree() {
    let quantities = [
        Quantity::Spikes,
        Quantity::Bursts,
        Quantity::BurstRates,
        Quantity::BurstProbabilities,
        Quantity::Phases,
    ];
    let config = spiking(&[20, 17, 10]);
    let recording = record(&config, &Network::initial(&config, PIXELS), &quantities);
    for layer in 0..3 {
        let array = |name: &str| recording.get(&format!("{name}{layer}")).expect("it is recorded");
        let units = config.layers[layer];
        for image in 0..BATCH {
            let end = recording.steps[image] as usize;
            for unit in 0..units {
                let spikes = array("spikes").time_series(image, unit);
                // Steps without drawn bursts are NaN, and cut off the end of the series only.
                let bursts = array("bursts").image(image).iter().skip(unit).step_by(units);
                let bursts: Vec<f64> = bursts.take(end).map(|&count| f64::from(count)).collect();
                let drawn =
                    bursts.iter().position(|count| !count.is_nan()).expect("some are drawn");
                // The window of the last 20 ms, and 9 ms more per layer below.
                assert_eq!(drawn, end - 20 - 9 * layer);
                let pairs = bursts[drawn..].iter().zip(&spikes[drawn..]);
                assert!(pairs.clone().all(|(bursts, spikes)| bursts <= spikes));
                let window = end - 20..end;
                let sum = |counts: &[f64]| counts[window.clone()].iter().sum::<f64>();
                let at = image * units + unit;
                let rate = f64::from(array("burst_rates").values[at]);
                assert!((rate - sum(&bursts) / 20.0).abs() < 1e-6);
                let part = f64::from(array("burst_probability").values[at]);
                let expected = sum(&bursts) / sum(&spikes);
                assert!((part - expected).abs() < 1e-6 || part.is_nan() && expected.is_nan());
            }
        }
    }
}

/// Returns the apical voltages of each hidden layer, `[images, 2, units]`, first without a teacher.
fn apical_voltages(config: &Config) -> [Vec<Vec<f64>>; 2] {
    let recording = record(config, &partly_homeostatic(config), &[Quantity::BurstApical]);
    let rows = |layer: usize| {
        let values = recording.values_f64(&format!("burst_apical{layer}"));
        values.chunks(config.layers[layer]).map(<[f64]>::to_vec).collect()
    };
    [rows(0), rows(1)]
}

#[test]
fn apical_voltages_of_spikes_follow_the_teacher() {
    let cancelling = spiking(&[20, 17, 10]);
    let uncut = Config { psp_kernel_ms: 0, ..cancelling.clone() };
    for config in [cancelling.clone(), uncut, homeostatic(&cancelling)] {
        let taught = apical_voltages(&config);
        // A teacher too weak to change a probability: spikes and random numbers are the same.
        let untaught = apical_voltages(&Config { burst_teacher: 1e-9, ..config.clone() });
        for (taught, untaught) in taught.iter().zip(&untaught) {
            assert_eq!((taught.len(), untaught.len()), (2 * BATCH, 2 * BATCH));
            let mut changes = 0;
            for (taught, untaught) in taught.chunks(2).zip(untaught.chunks(2)) {
                assert_eq!(taught[0], untaught[0]);
                assert_eq!(untaught[0], untaught[1]);
                changes += usize::from(taught[0] != taught[1]);
            }
            assert!(changes > BATCH / 2, "a teacher changes voltages: {changes}");
        }
    }
}

#[test]
fn apical_voltages_of_spikes_match_filtered_bursts() {
    let config = spiking(&[20, 17, 10]);
    let network = Network::initial(&config, PIXELS);
    let quantities = [Quantity::Spikes, Quantity::Bursts, Quantity::BurstApical];
    let recording = record(&config, &network, &quantities);
    let kernel = |k: usize| ((-(k as f64) / 10.0).exp() - (-(k as f64) / 3.0).exp()) / 7.0;
    for (layer, feedback) in reference_of(&config, &network).layers[..2].iter().enumerate() {
        let next = config.layers[layer + 1];
        let array = |name: &str, layer: usize| recording.get(&format!("{name}{layer}")).unwrap();
        for image in 0..BATCH {
            let end = recording.steps[image] as usize;
            let (spikes, bursts) = (array("spikes", layer + 1), array("bursts", layer + 1));
            let at =
                |series: &[f32], step: usize, unit: usize| f64::from(series[step * next + unit]);
            let filtered = |unit: usize| {
                let deviation = |step: usize| {
                    let b = at(bursts.image(image), step, unit);
                    // NaN before the first burst that is drawn.
                    if b.is_nan() { 0.0 } else { b - 0.5 * at(spikes.image(image), step, unit) }
                };
                let of_step = |step: usize| {
                    (1..=10).map(|k| kernel(k) * deviation(step + 1 - k)).sum::<f64>()
                };
                (end - 20..end).map(of_step).sum::<f64>() / 20.0
            };
            let filtered: Vec<f64> = (0..next).map(filtered).collect();
            let with = &array("burst_apical", layer).image(image)[config.layers[layer]..];
            for (found, weights) in with.iter().zip(&feedback.feedback) {
                let expected: f64 = weights.iter().zip(&filtered).map(|(y, b)| y * b).sum();
                let difference = (f64::from(*found) - expected).abs();
                assert!(difference < 1e-5, "layer {layer}: {found} instead of {expected}");
            }
        }
    }
}

#[test]
fn recording_by_steps_and_in_blocks_agree() {
    for config in [config(&[20, 17, 10]), spiking(&[20, 17, 10])] {
        let network = Network::initial(&config, PIXELS);
        // Somatic voltages are recorded step by step, errors alone in blocks of steps.
        let quantities = [Quantity::Errors, Quantity::Soma, Quantity::Angles];
        let stepwise = record(&config, &network, &quantities);
        let angles = stepwise.values("angle1");
        assert!(angles.iter().all(|&angle| (1.0..179.0).contains(&angle)), "{angles:?}");
        let blocks = record(&config, &network, &[Quantity::Errors]);
        for name in ["errors0", "errors1", "errors2"] {
            let errors = blocks.values(name);
            assert!(!errors.is_empty() && errors == stepwise.values(name), "{name}");
        }
    }
}

#[test]
fn voltages_of_a_test_are_those_of_two_phases() {
    let bursts = spiking(&[20, 17, 10]);
    let network = Network::initial(&bursts, PIXELS);
    let phases = Config { rule: LearningRule::Phases, ..bursts.clone() };
    let images = &order(&bursts, &dataset(), 1)[..BATCH];
    let [of_bursts, of_phases] = [bursts, phases].map(|config| {
        let mut session = open(&config, &network, &[Quantity::Soma, Quantity::Basal]).unwrap();
        session.show(images, Mode::Test, &mut |_| ()).expect("images are shown")
    });
    for name in ["soma0", "basal0", "soma1", "basal1", "soma2", "basal2"] {
        let voltages = of_bursts.values(name);
        assert!(!voltages.is_empty() && voltages.iter().all(|voltage| voltage.is_finite()));
        assert_eq!(voltages, of_phases.values(name), "{name}");
    }
}
