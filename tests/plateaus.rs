//! Proves: with random plateau timing, each plateau potential is the sigmoid of a mean apical voltage. The averaging
//! window ends before the phase's end by the neuron's lead. With feedback by rates, the apical voltage is the
//! unfiltered sum over the rates of the previous step. Both options also work together. Expected values are computed
//! in double precision from recorded voltages and rates.
//!
//! Does not prove: that GPUs agree (see `exactness.rs`), or how well such networks learn (see `apical reproduce fig6s
//! fig7a`).

use std::sync::Arc;

use apical::config::{Config, Feedback, PlateauTiming, Signal};
use apical::dataset::Dataset;
use apical::device::{BackendKind, DeviceOptions};
use apical::model::plateau_timing::plateau_lead;
use apical::model::weight_init::WeightInit;
use apical::monitor::{Mode, MonitorSession, MonitorSpec, Quantity, Recording};
use apical::network::Network;
use apical::plan::Presentation;

use crate::support;

const IMAGES: usize = 10;
const WINDOW: usize = 20;
const TOLERANCE: f64 = 2e-5;

fn base() -> Config {
    Config {
        layers: vec![20, 12, 10],
        weight_init: WeightInit::PaperCommit,
        feedback: Feedback::Layerwise,
        seed: 5,
        ..Config::default()
    }
}

fn record(config: &Config, quantities: &[Quantity]) -> (Recording, Network) {
    let dataset: Arc<Dataset> = support::random_dataset(5, 8, 9, IMAGES);
    let network = Network::initial(config, dataset.pixels());
    let options = DeviceOptions { backend: BackendKind::Cpu, ..DeviceOptions::default() };
    let spec = MonitorSpec::new(quantities);
    let mut session = MonitorSession::open(config, &dataset, &network, spec, &options).unwrap();
    let labels = dataset.labels().iter().take(IMAGES).enumerate();
    let images: Vec<Presentation> = labels
        .map(|(index, &label)| Presentation {
            index,
            label,
            draw_index: 100 + index as u32,
            result_slot: index,
        })
        .collect();
    (session.show(&images, Mode::TrainFrozen, &mut |_| ()).unwrap(), network)
}

/// Returns the expected plateau potential of a neuron per phase, from its apical voltage at every step.
fn expected(apical: &[f64], ends: [usize; 2], leads: [u32; 2]) -> [f64; 2] {
    [0, 1].map(|phase| {
        let end = ends[phase] - leads[phase] as usize;
        let mean = apical[end - WINDOW..end].iter().sum::<f64>() / WINDOW as f64;
        1.0 / (1.0 + (-mean).exp())
    })
}

fn ends(recording: &Recording, image: usize) -> [usize; 2] {
    let phases = recording.get("phases").unwrap().image(image);
    [phases[0] as usize, (phases[0] + phases[1]) as usize]
}

fn assert_plateaus(
    recording: &Recording,
    config: &Config,
    apical: impl Fn(usize, usize, usize) -> Vec<f64>,
) {
    let mut total_lead = 0;
    for image in 0..IMAGES {
        for (layer, units) in [(0, 20), (1, 12)] {
            let plateaus = recording.get(&format!("plateaus{layer}")).unwrap().image(image);
            for unit in 0..units {
                let leads = match config.plateau_timing {
                    PlateauTiming::Synchronous => [0, 0],
                    PlateauTiming::Random => {
                        let (population, draw_index) = (layer as u32 + 1, 100 + image as u32);
                        plateau_lead(config.seed, population, draw_index, unit as u32)
                    }
                };
                total_lead += leads[0] + leads[1];
                let voltages = apical(image, layer, unit);
                let expected = expected(&voltages, ends(recording, image), leads);
                for (phase, expected) in expected.into_iter().enumerate() {
                    let found = f64::from(plateaus[phase * units + unit]);
                    let difference = (found - expected).abs();
                    assert!(difference < TOLERANCE, "{found}, expected {expected}");
                }
            }
        }
    }
    assert_eq!(total_lead > 0, config.plateau_timing == PlateauTiming::Random);
}

#[test]
fn plateau_windows_end_early_by_the_lead() {
    for g_apical in [0.0, 0.05] {
        // The default phases, and the shortest that contain every window and the kernel before it.
        for (taps, phase_ms) in [(10, 50), (0, 50), (10, 36), (0, 26)] {
            let random = PlateauTiming::Random;
            let config = Config {
                plateau_timing: random,
                g_apical,
                psp_kernel_ms: taps,
                phase_ms,
                ..base()
            };
            assert!(Config { phase_ms: 25, ..config.clone() }.validate(72, 10).is_err());
            let quantities =
                [Quantity::Apical, Quantity::Plateaus, Quantity::PlateauTimes, Quantity::Phases];
            let (recording, _) = record(&config, &quantities);
            let timings = recording.get("plateau_times0").unwrap().image(3);
            let ends = ends(&recording, 3);
            for unit in 0..20 {
                let leads = plateau_lead(config.seed, 1, 103, unit as u32);
                for phase in 0..2 {
                    let expected = ends[phase] - leads[phase] as usize;
                    assert_eq!(timings[phase * 20 + unit], expected as f32);
                }
            }
            assert_plateaus(&recording, &config, |image, layer, unit| {
                recording.get(&format!("apical{layer}")).unwrap().time_series(image, unit)
            });
        }
    }
}

#[test]
fn feedback_rates_are_not_filtered() {
    let timings = [PlateauTiming::Synchronous, PlateauTiming::Random];
    for (plateau_timing, taps) in
        timings.into_iter().flat_map(|timings| [(timings, 10), (timings, 0)])
    {
        let feedback_signal = Signal::Rates;
        let config = Config { plateau_timing, feedback_signal, psp_kernel_ms: taps, ..base() };
        let quantities = [Quantity::Rates, Quantity::Plateaus, Quantity::Phases];
        let (recording, network) = record(&config, &quantities);
        assert_plateaus(&recording, &config, |image, layer, unit| {
            let rates = recording.get(&format!("rates{}", layer + 1)).unwrap();
            let n_feedback = network.layers[layer].n_feedback;
            let weights = network.layers[layer].feedback_rows();
            let series: Vec<Vec<f64>> =
                (0..n_feedback).map(|neuron| rates.time_series(image, neuron)).collect();
            let apical_voltage = |step: usize| -> f64 {
                let product = |(neuron, rates_of_neuron): (usize, &Vec<f64>)| -> f64 {
                    let before = step.checked_sub(1).map_or(0.0, |before| rates_of_neuron[before]);
                    f64::from(weights[unit * n_feedback + neuron]) * before
                };
                series.iter().enumerate().map(product).sum()
            };
            (0..series[0].len()).map(apical_voltage).collect()
        });
    }
}
