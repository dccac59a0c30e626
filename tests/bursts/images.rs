//! Single images: hidden errors vanish with the output's, and recording refuses quantities that bursts lack.

use std::sync::Arc;

use apical::config::Config;
use apical::device::{BackendKind, DeviceOptions};
use apical::interface::{ArrayId, Kernel, Launch, ValuesRef};
use apical::monitor::{Mode, MonitorSession, MonitorSpec, Quantity};
use apical::network::Network;
use apical::plan::Presentation;
use apical::simulation::Simulation;
use apical::train::{TrainError, order};

use super::spikes::spiking;
use super::{BATCH, IMAGES, PIXELS, config, dataset};
use crate::support;

#[test]
fn hidden_errors_without_output_error_are_zero() {
    let config = config(&[20, 17, 10]);
    let dataset = support::random_dataset(5, 8, 9, IMAGES);
    let network = Network::initial(&config, PIXELS);
    let backend = support::cpu(&config, &dataset, &support::capacity(BATCH, IMAGES, 8));
    let mut simulation = Simulation::new(backend, &config, &dataset, &network).unwrap();
    let image = |index: usize| Presentation {
        index,
        label: dataset.labels()[index],
        draw_index: index as u32,
        result_slot: index,
    };
    let images: Vec<Presentation> = (0..BATCH).map(image).collect();
    simulation.train(&images).unwrap();
    let (minibatches, samples, _) = simulation.prepare_training(&images);
    let zeros = vec![0.0; BATCH * 10];
    simulation.backend().write(ArrayId::Errors(2), ValuesRef::F32(&zeros)).unwrap();
    for layer in [1, 0] {
        let before = support::floats(simulation.backend(), ArrayId::Errors(layer));
        assert!(before.iter().all(|&error| error != 0.0), "layer {layer}");
        let launches = [Kernel::ApicalBursts, Kernel::BurstError].map(|kernel| Launch {
            kernel,
            layer,
            first: 0,
            count: 1,
        });
        simulation.run(&minibatches, &samples, &launches).unwrap();
        let after = support::floats(simulation.backend(), ArrayId::Errors(layer));
        assert!(after.iter().all(|&error| error == 0.0), "layer {layer}: {after:?}");
    }
}

#[test]
fn recording_refuses_quantities_without_bursts() {
    for config in [config(&[20, 17, 10]), spiking(&[20, 17, 10])] {
        check_recording(&config);
    }
}

fn check_recording(config: &Config) {
    let dataset = Arc::new(dataset());
    let network = Network::initial(config, PIXELS);
    let options = DeviceOptions { backend: BackendKind::Cpu, ..DeviceOptions::default() };
    let open = |quantities: &[Quantity]| {
        let spec = MonitorSpec::new(quantities);
        MonitorSession::open(config, &dataset, &network, spec, &options)
    };
    let Err(TrainError::Config(error)) = open(&[Quantity::Errors, Quantity::Plateaus]) else {
        panic!("plateau potentials are refused");
    };
    assert_eq!(error.reason, "networks with bursts have no plateaus to record");
    let mut session = open(&[Quantity::Errors, Quantity::Soma, Quantity::Angles]).unwrap();
    let images = &order(config, &dataset, 1)[..BATCH];
    let recording = session.show(images, Mode::TrainFrozen, &mut |_| ()).unwrap();
    let angles = recording.values("angle1");
    assert!(angles.iter().all(|&angle| (1.0..179.0).contains(&angle)), "{angles:?}");
    // Somatic voltages are recorded step by step, errors alone in blocks of steps.
    let mut session = open(&[Quantity::Errors]).unwrap();
    let errors = session.show(images, Mode::TrainFrozen, &mut |_| ()).unwrap();
    for name in ["errors0", "errors1", "errors2"] {
        let errors = errors.values(name);
        assert!(!errors.is_empty() && errors == recording.values(name), "{name}");
    }
}
