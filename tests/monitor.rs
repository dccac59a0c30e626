//! Proves: recordings from the CPU and from a GPU are equal bit for bit. Recorded voltages obey the equations of
//! `docs/concepts/model.md` at each step. Plateau potentials, losses and gradients follow from the voltages by its
//! sections on phases and learning, computed here in double precision. A recording of selected neurons, steps and
//! layers equals that part of the whole recording. A monitored network learns the same bits. Files hold the recorded
//! values; their writing takes memory that does not grow with the number of images, and never leaves a part of a file.
//!
//! Does not prove: the values of quantities in trained networks (see `apical reproduce`).

#[path = "monitor/files.rs"]
mod files;
#[cfg(target_os = "linux")]
#[path = "monitor/memory.rs"]
mod memory;

use std::ops::Range;
use std::sync::Arc;

use apical::analysis::statistics::mean;
use apical::config::{Config, Feedback, Recipe};
use apical::dataset::Dataset;
use apical::device::{BackendKind, DeviceOptions};
use apical::model::weight_init::WeightInit;
use apical::monitor::{Mode, MonitorSession, MonitorSpec, Quantity, Recording};
use apical::network::Network;
use apical::plan::Presentation;
use apical::train::{Training, order};

use crate::support;

const IMAGES: usize = 10;
/// Maximum difference relative to max(1, expected): rounding of some hundred operations in single precision.
const TOLERANCE: f64 = 2e-5;

fn config(g_apical: f64) -> Config {
    Config {
        layers: vec![20, 12, 10],
        batch_size: 2,
        epochs: 1,
        g_apical,
        eta: vec![0.05],
        weight_init: WeightInit::PaperCommit,
        feedback: Feedback::Layerwise,
        test_ms: 80,
        eval_every: 0,
        ..Recipe::one_hidden_layer().config()
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

/// Records images on a backend.
fn record(config: &Config, backend: BackendKind, spec: &MonitorSpec, mode: Mode) -> Recording {
    let dataset = dataset();
    let network = Network::initial(config, dataset.pixels());
    let options = DeviceOptions { backend, ..DeviceOptions::default() };
    let session = MonitorSession::open(config, &dataset, &network, spec.clone(), &options);
    let images = images(&dataset);
    session.unwrap().show(&images, mode, &mut |_| ()).unwrap()
}

/// Selects all quantities of networks without bursts, see `bursts/recordings.rs` for the others.
fn all_quantities() -> MonitorSpec {
    use Quantity::{BurstApical, BurstProbabilities, BurstRates, Bursts};
    let of_bursts = [Bursts, BurstRates, BurstProbabilities, BurstApical];
    let all = Quantity::ALL.into_iter().filter(|quantity| !of_bursts.contains(quantity));
    MonitorSpec::new(&all.collect::<Vec<_>>())
}

/// Asserts that both recordings have equal bits, also of NaN.
fn assert_same_bits(one: &Recording, other: &Recording) {
    assert_eq!(
        (&one.images, &one.labels, &one.predicted),
        (&other.images, &other.labels, &other.predicted)
    );
    let names = |recording: &Recording| -> Vec<String> {
        recording.arrays.iter().map(|array| array.name.clone()).collect()
    };
    assert_eq!(names(one), names(other));
    for (one, other) in one.arrays.iter().zip(&other.arrays) {
        assert_eq!(
            (&one.axes, &one.shape, &one.first_index),
            (&other.axes, &other.shape, &other.first_index)
        );
        let differing =
            one.values.iter().zip(&other.values).filter(|(a, b)| a.to_bits() != b.to_bits());
        assert_eq!(differing.count(), 0, "{}", one.name);
    }
}

fn assert_close(found: f64, expected: f64, name: &str) {
    let difference = (found - expected).abs() / expected.abs().max(1.0);
    assert!(difference < TOLERANCE, "{name}: expected {expected}, found {found}");
}

#[test]
fn show_on_cpu_and_gpu_gives_equal_bits() {
    for g_apical in [0.0, 0.05] {
        for mode in [Mode::Test, Mode::TrainFrozen, Mode::Train] {
            let config = config(g_apical);
            let cpu = record(&config, BackendKind::Cpu, &all_quantities(), mode);
            let gpu = record(&config, BackendKind::Gpu, &all_quantities(), mode);
            let arrays = if mode == Mode::Test { 22 } else { 39 };
            assert_eq!(cpu.arrays.len(), arrays, "{mode:?}");
            assert_same_bits(&cpu, &gpu);
        }
    }
}

#[test]
fn voltages_obey_the_equations_at_each_step() {
    for g_apical in [0.0, 0.05, 0.6] {
        let recording =
            record(&config(g_apical), BackendKind::Cpu, &all_quantities(), Mode::TrainFrozen);
        let series =
            |name: &str, image, unit| recording.get(name).unwrap().time_series(image, unit);
        for image in 0..IMAGES {
            for (layer, units) in [(0, 20), (1, 12)] {
                for unit in 0..units {
                    let [soma, basal, apical, rates] = ["soma", "basal", "apical", "rates"]
                        .map(|name| series(&format!("{name}{layer}"), image, unit));
                    let mut voltage = 0.0;
                    for step in 0..soma.len() {
                        voltage += -0.1 * voltage
                            + 0.6 * (basal[step] - voltage)
                            + g_apical * (apical[step] - voltage);
                        assert_close(soma[step], voltage, "soma");
                        voltage = soma[step];
                        assert_close(rates[step], 0.2 / (1.0 + (-voltage).exp()), "rate");
                    }
                }
            }
            let forward = recording.get("phases").unwrap().image(image)[0] as usize;
            let label = usize::from(recording.labels[image]);
            for unit in 0..10 {
                let [soma, basal] = ["soma2", "basal2"].map(|name| series(name, image, unit));
                let mut voltage = 0.0;
                for step in 0..soma.len() {
                    let teaching = match (step >= forward, unit == label) {
                        (false, _) => 0.0,
                        (true, true) => 8.0 - voltage,
                        (true, false) => -8.0 - voltage,
                    };
                    voltage += -0.1 * voltage + 0.6 * (basal[step] - voltage) + teaching;
                    assert_close(soma[step], voltage, "output soma");
                    voltage = soma[step];
                }
            }
        }
    }
}

#[test]
fn derived_quantities_follow_from_the_voltages() {
    let recording = record(&config(0.05), BackendKind::Cpu, &all_quantities(), Mode::TrainFrozen);
    let get = |name: &str| recording.get(name).unwrap();
    let sigma = |x: f64| 1.0 / (1.0 + (-x).exp());
    for image in 0..IMAGES {
        let phases = get("phases").image(image);
        let [forward, end] = [phases[0] as usize, (phases[0] + phases[1]) as usize];
        // Averaging windows: the last 20 steps of a phase.
        let windows = [forward - 20..forward, end - 20..end];
        for (layer, units) in [(0, 20), (1, 12)] {
            let mut loss = 0.0;
            for unit in 0..units {
                let series = |name: &str| get(&format!("{name}{layer}")).time_series(image, unit);
                let (apical, soma, rates) = (series("apical"), series("soma"), series("rates"));
                assert_eq!(apical.len(), end);
                let plateaus = windows.clone().map(|window| sigma(mean(&apical[window])));
                let recorded = get(&format!("plateaus{layer}")).image(image);
                for (phase, plateau) in plateaus.iter().enumerate() {
                    assert_close(f64::from(recorded[phase * units + unit]), *plateau, "plateau");
                }
                let rate = 0.2 * sigma(mean(&soma[windows[0].clone()]));
                let representation = get(&format!("representations{layer}")).image(image)[unit];
                assert_close(f64::from(representation), rate, "representation");
                let difference =
                    mean(&rates[windows[0].clone()]) + plateaus[1] - plateaus[0] - rate;
                loss += difference * difference;
                // Section 4: P_hidden k_B phi_max = 20 k_B, k_B = 0.8 with g_A = 0.05.
                let error =
                    -(plateaus[1] - plateaus[0]) * 20.0 * 0.8 * (rate / 0.2) * (1.0 - rate / 0.2);
                let recorded = get(&format!("errors{layer}")).image(image)[unit];
                assert_close(f64::from(recorded), error, "error");
                let gradients = get(&format!("gradients{layer}"));
                let columns = gradients.shape[2];
                let gradient = gradients.image(image)[(unit + 1) * columns - 1];
                assert_eq!(
                    gradient.to_bits(),
                    recorded.to_bits(),
                    "the gradient of the bias differs from the error"
                );
            }
            assert_close(f64::from(get(&format!("loss{layer}")).image(image)[0]), loss, "L0");
        }
        let mut loss = 0.0;
        for unit in 0..10 {
            let (rates, soma) =
                (get("rates2").time_series(image, unit), get("soma2").time_series(image, unit));
            let expected = 0.2 * sigma(mean(&soma[windows[0].clone()]));
            let difference = mean(&rates[windows[1].clone()]) - expected;
            loss += difference * difference;
        }
        assert_close(f64::from(get("output_loss").image(image)[0]), loss, "L1");
        for layer in 0..2 {
            let angle = get(&format!("angle{layer}")).image(image)[0];
            assert!((0.0..=180.0).contains(&angle), "{angle} degrees");
        }
    }
    assert_eq!(get("jacobian_product").shape, [10, 10]);
    assert!(get("eigenvalue").values[0] >= 0.0);
}

#[test]
fn angles_of_backpropagation_to_itself_are_zero() {
    let exact = Config {
        credit_assignment: apical::config::CreditAssignment::Backpropagation,
        ..config(0.0)
    };
    let spec = MonitorSpec::new(&[Quantity::Angles]);
    let angles = record(&exact, BackendKind::Cpu, &spec, Mode::TrainFrozen);
    let local = record(&config(0.0), BackendKind::Cpu, &spec, Mode::TrainFrozen);
    for layer in ["angle0", "angle1"] {
        assert!(angles.values(layer).iter().all(|&angle| angle < 0.01), "{layer}");
        assert!(local.values(layer).iter().all(|&angle| angle > 1.0), "{layer}");
    }
}

#[test]
fn selection_equals_part_of_the_whole_recording() {
    let full = record(&config(0.0), BackendKind::Cpu, &all_quantities(), Mode::TrainFrozen);
    let spec = MonitorSpec {
        populations: Some(vec![0, 2]),
        units: Some(3..7),
        steps: Some(30..60),
        ..all_quantities()
    };
    let selected = record(&config(0.0), BackendKind::Cpu, &spec, Mode::TrainFrozen);
    assert!(selected.get("soma0").is_none() && selected.get("spikes_input").is_some());
    for (name, unit, step) in [("spikes_input", 3, 30), ("soma1", 5, 45), ("apical1", 6, 59)] {
        let (full, selected) = (full.get(name).unwrap(), selected.get(name).unwrap());
        assert_eq!(
            (selected.shape[1], selected.shape[2], &selected.first_index[..]),
            (30, 4, &[0, 30, 3][..])
        );
        for image in 0..IMAGES {
            let expected = full.image(image)[step * full.shape[2] + unit];
            let found = selected.image(image)[(step - 30) * 4 + unit - 3];
            assert_eq!(found.to_bits(), expected.to_bits(), "{name}");
        }
    }
    let (full, selected) = (full.get("plateaus1").unwrap(), selected.get("plateaus1").unwrap());
    assert_eq!(selected.shape, [IMAGES, 2, 4]);
    assert_eq!(selected.image(1)[4..], full.image(1)[12 + 3..12 + 7]);
}

#[test]
fn reversed_ranges_record_no_values() {
    let units = MonitorSpec { units: Some(Range { start: 7, end: 3 }), ..all_quantities() };
    let steps = MonitorSpec { steps: Some(Range { start: 60, end: 30 }), ..all_quantities() };
    for spec in [units, steps] {
        let recording = record(&config(0.0), BackendKind::Cpu, &spec, Mode::TrainFrozen);
        assert!(recording.get("soma1").unwrap().values.is_empty());
        assert_eq!(recording.predicted.len(), IMAGES);
    }
}

#[test]
fn train_monitored_network_learns_the_same_bits() {
    for g_apical in [0.0, 0.05] {
        let config = config(g_apical);
        let dataset = dataset();
        let options = DeviceOptions { backend: BackendKind::Cpu, ..DeviceOptions::default() };
        let mut training =
            Training::new(config.clone(), Dataset::clone(&dataset), &options).unwrap();
        training.run(&mut |_| std::ops::ControlFlow::Continue(())).unwrap();
        let mut network = Network::initial(&config, dataset.pixels());
        let mut session =
            MonitorSession::open(&config, &dataset, &network, all_quantities(), &options).unwrap();
        let images = order(&config, &dataset, 1);
        session.show(&images[..4], Mode::Train, &mut |_| ()).unwrap();
        session.train(&images[4..]).unwrap();
        session.read_network(&mut network).unwrap();
        assert_eq!(network, training.networks()[0], "g_A = {g_apical}");
    }
}
