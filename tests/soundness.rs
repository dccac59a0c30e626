//! Proves: invalid images, result slots, labels, steps, launches, spikes, networks, states and sizes are errors on
//! both backends before a kernel runs, and do not change a simulation. Both backends refuse arrays of samples without
//! `per_sample_access`.
//!
//! Does not prove: that kernels stay within their arrays for valid input (see `exactness.rs`).

#[path = "soundness/networks.rs"]
mod networks;
#[path = "soundness/shapes.rs"]
mod shapes;

use std::slice::from_ref;
use std::sync::Arc;

use apical::config::Config;
use apical::dataset::Dataset;
use apical::device::{self, BackendKind, DeviceOptions};
use apical::interface::{
    ArrayId, BackendError, ElementType, Kernel, Launch, Sample, Values, ValuesRef,
};
use apical::network::Network;
use apical::plan::Presentation;
use apical::simulation::Simulation;
use apical::train::{order, test};

use crate::support;

const BACKENDS: [BackendKind; 2] = [BackendKind::Cpu, BackendKind::Gpu];

fn config() -> Config {
    Config { layers: vec![20, 10], batch_size: 3, epochs: 1, ..Config::default() }
}

fn dataset() -> Arc<Dataset> {
    support::random_dataset(2, 6, 6, 12)
}

fn simulation(backend: BackendKind) -> Simulation {
    simulation_with(backend, &config(), true)
}

fn simulation_with(backend: BackendKind, config: &Config, per_sample_access: bool) -> Simulation {
    let dataset = dataset();
    let options = DeviceOptions { backend, per_sample_access, ..DeviceOptions::default() };
    let opened = device::open(&options, from_ref(config), &dataset).expect("the backend opens");
    let network = Network::initial(config, dataset.pixels());
    Simulation::new(opened.backend, config, &dataset, &network).expect("the network fits")
}

fn read_network(simulation: &mut Simulation) -> Network {
    let mut networks = [Network::initial(&config(), 36)];
    simulation.read_networks(&mut networks).expect("the weights are read");
    let [network] = networks;
    network
}

#[test]
fn invalid_images_are_an_error() {
    let image = order(&config(), &dataset(), 1)[0];
    for backend in BACKENDS {
        let mut simulation = simulation(backend);
        let before = read_network(&mut simulation);
        let huge = [24, 1_000, 100_000_000, 4_000_000_000, (1 << 32) + 1, usize::MAX];
        for index in huge {
            for image in
                [Presentation { index, ..image }, Presentation { result_slot: index, ..image }]
            {
                let result = simulation.train(&[image]);
                assert!(
                    matches!(result, Err(BackendError::InvalidSamples(_))),
                    "{backend:?}: {result:?}"
                );
                let result = simulation.test(&[image]);
                assert!(
                    matches!(result, Err(BackendError::InvalidSamples(_))),
                    "{backend:?}: {result:?}"
                );
            }
        }
        let result = simulation.train(&[Presentation { label: 10, ..image }]);
        assert!(matches!(result, Err(BackendError::InvalidSamples(_))), "{backend:?}: {result:?}");
        let result = simulation.train(&[]);
        assert!(matches!(result, Err(BackendError::InvalidSamples(_))), "{backend:?}: {result:?}");
        let many = vec![image; 100_000];
        let result = simulation.train(&many);
        assert!(matches!(result, Err(BackendError::TooManySamples { .. })), "{result:?}");
        let result = simulation.train_each(&[&[image], &[image]]);
        assert!(result.is_err(), "{result:?}");
        let result = test(&mut simulation, &dataset(), 13, 0);
        assert!(matches!(result, Err(BackendError::InvalidSamples(_))), "{result:?}");
        // Each draw index is valid: the counter wraps around.
        simulation.test(&[Presentation { draw_index: u32::MAX, ..image }]).expect("a test runs");
        assert_eq!(read_network(&mut simulation), before, "{backend:?}: the weights changed");
        simulation.train(&[image]).expect("a minibatch runs");
        assert_ne!(read_network(&mut simulation), before);
    }
}

#[test]
fn invalid_samples_and_launches_are_an_error() {
    let image = order(&config(), &dataset(), 1)[0];
    for backend in BACKENDS {
        let mut simulation = simulation(backend);
        let (minibatches, samples, list) = simulation.prepare_training(&[image]);
        let shape = simulation.backend().shape().clone();
        let sample = samples[0];
        for wrong in [
            Sample { image: u32::MAX, ..sample },
            Sample { result_slot: u32::MAX, ..sample },
            Sample { index: 1, ..sample },
            Sample { replica: 1, ..sample },
            Sample { steps_forward: u32::MAX, ..sample },
            Sample { steps_target: shape.steps, ..sample },
            Sample { window_forward: sample.steps_forward + 1, ..sample },
            Sample {
                steps_forward: 2,
                window_forward: 1,
                steps_target: 2,
                window_target: 1,
                ..sample
            },
        ] {
            let result = simulation.backend().run(&minibatches, &[wrong], &list);
            assert!(result.is_err(), "{backend:?}: {wrong:?}");
        }
        let result = simulation.backend().run(&minibatches, &[], &list);
        assert!(matches!(result, Err(BackendError::SampleMismatch { .. })), "{result:?}");
        let result = simulation.backend().run(&[], &samples, &list);
        assert!(matches!(result, Err(BackendError::SampleMismatch { .. })), "{result:?}");
        let launch = |kernel, layer, first, steps| Launch { kernel, layer, first, steps };
        for wrong in [
            launch(Kernel::WeightUpdate, 2, 0, 8),
            launch(Kernel::WindowMeanSpikes, 3, 0, 8),
            launch(Kernel::Plateau, 1, 0, 8),
            launch(Kernel::BackpropError, 1, 0, 8),
            launch(Kernel::HiddenStep, 1, 0, 8),
            launch(Kernel::OutputStep, 0, 0, 8),
            launch(Kernel::EmitRates, 0, 0, 1),
            launch(Kernel::ApicalStepSpikes, 0, 0, 1),
            launch(Kernel::SynapticInputSpikes, 0, 0, shape.block + 1),
            launch(Kernel::SynapticInputSpikes, 0, shape.steps, 8),
            launch(Kernel::EncodeSpikes, 0, u32::MAX, u32::MAX),
            launch(Kernel::Classify, usize::MAX, 0, 8),
        ] {
            let result = simulation.backend().run(&minibatches, &samples, &[wrong]);
            assert!(
                matches!(result, Err(BackendError::InvalidLaunch { .. })),
                "{backend:?}: {wrong:?}"
            );
        }
        simulation.backend().run(&minibatches, &samples, &list).expect("the valid launches run");
    }
}

#[test]
fn invalid_replayed_spikes_are_an_error() {
    let image = order(&config(), &dataset(), 1)[0];
    for backend in BACKENDS {
        let mut simulation = simulation(backend);
        let spikes = |steps: usize| [36, 20, 10].map(|units| vec![0; steps * units]).to_vec();
        let mut replay = |image: Presentation, phases, spikes: &[Vec<u8>]| {
            let (minibatches, samples, launches) =
                simulation.prepare_replay(&image, phases, spikes)?;
            simulation.run(&minibatches, &samples, &launches)
        };
        for (phases, steps) in [([50, 50], 99), ([1, 50], 51), ([u32::MAX, 2], 100)] {
            let result = replay(image, phases, &spikes(steps));
            assert!(matches!(result, Err(BackendError::InvalidReplay(_))), "{result:?}");
        }
        let result = replay(image, [50, 50], &spikes(100)[..2]);
        assert!(matches!(result, Err(BackendError::InvalidReplay(_))), "{result:?}");
        let mut many = spikes(100);
        many[1][7] = 16;
        let result = replay(image, [50, 50], &many);
        assert!(matches!(result, Err(BackendError::InvalidReplay(_))), "{result:?}");
        let absent = Presentation { index: 4_000_000_000, ..image };
        let result = replay(absent, [50, 50], &spikes(100));
        assert!(matches!(result, Err(BackendError::InvalidSamples(_))), "{result:?}");
        replay(image, [50, 50], &spikes(100)).expect("valid spikes are replayed");
    }
}

#[test]
fn array_of_absent_layer_is_an_error() {
    let arrays = [
        ArrayId::Weights(2),
        ArrayId::Weights(99),
        ArrayId::Feedback(2),
        ArrayId::Moments(usize::MAX),
        ArrayId::Compartments(2),
        ArrayId::SynapticInput(7),
        ArrayId::Spikes(3),
        ArrayId::Rates(3),
        ArrayId::WindowMeans(usize::MAX),
    ];
    for backend in BACKENDS {
        let mut simulation = simulation(backend);
        let backend = simulation.backend();
        for array in arrays {
            for result in [
                backend.read(array).map(|_| ()),
                backend.read_samples(array, 1).map(|_| ()),
                backend.read_persistent(array).map(|_| ()),
                backend.write(array, ValuesRef::U32(&[1, 2])),
                backend.write(array, ValuesRef::F32(&[])),
                backend.write_persistent(array, ValuesRef::F32(&[1.0])),
            ] {
                let is_expected = matches!(result, Err(BackendError::NoArray { layers: 2, .. }));
                assert!(is_expected, "{array:?}: {result:?}");
            }
        }
        // A larger number than there are samples reads all.
        let all = backend.read(ArrayId::Compartments(0)).expect("the array is read");
        let samples = backend.read_samples(ArrayId::Compartments(0), usize::MAX);
        let samples = samples.expect("the array is read");
        assert_eq!(all, samples);
    }
}

/// Without access, arrays of samples are refused on both backends; arrays of replicas and persistent rows are not.
#[test]
fn sample_arrays_without_access_are_an_error() {
    // A history of 8 steps: a whole word of spikes, in which no bits are undefined.
    let config = Config { psp_kernel_ms: 9, ..config() };
    let image = order(&config, &dataset(), 1)[0];
    let mut persistent = Vec::new();
    for backend in BACKENDS {
        let mut simulation = simulation_with(backend, &config, false);
        simulation.train(&[image]).expect("a minibatch runs");
        let backend = simulation.backend();
        let shape = backend.shape().clone();
        for array in shape.arrays() {
            let values = Values::zeros(array.element_type(), shape.len(array));
            let samples = backend.read_samples(array, 1).map(|_| ());
            let results =
                [samples, backend.read(array).map(|_| ()), backend.write(array, (&values).into())];
            let rows = backend.read_persistent(array).expect("persistent rows are read");
            assert_eq!(rows.len(), shape.persistent_len(array) * shape.copies(array), "{array}");
            backend.write_persistent(array, (&rows).into()).expect("persistent rows are written");
            let again = backend.read_persistent(array).expect("persistent rows are read");
            support::assert_same_bits(&array.to_string(), &rows, &again);
            persistent.push((array, rows));
            let (is_per_sample, is_images) = (shape.is_per_sample(array), array == ArrayId::Images);
            for (is_write, result) in [false, false, true].into_iter().zip(results) {
                match result {
                    Ok(()) if !(is_per_sample || is_images && is_write) => {}
                    Err(BackendError::NoAccess { array: named }) if is_per_sample => {
                        assert_eq!(named, array);
                    }
                    Err(BackendError::ReadOnly { .. }) if is_images && is_write => {}
                    result => panic!("{array}: {result:?}"),
                }
            }
        }
    }
    let (cpu, gpu) = persistent.split_at(persistent.len() / 2);
    for ((array, cpu), (_, gpu)) in cpu.iter().zip(gpu) {
        support::assert_same_bits(&array.to_string(), cpu, gpu);
    }
    // The output may be silent for eight steps.
    for array in [ArrayId::Spikes(0), ArrayId::Spikes(1), ArrayId::Compartments(1)] {
        let is_nonzero = |values: &Values| values.bits().iter().any(|&word| word != 0);
        let is_found = cpu.iter().any(|(of, values)| *of == array && is_nonzero(values));
        assert!(is_found, "{array}: all persistent rows are zero");
    }
}

/// A write of the other type is an error on both backends and changes nothing. Bits of NaN and -0 return unchanged.
#[test]
fn values_of_another_type_are_an_error() {
    for backend in BACKENDS {
        let mut simulation = simulation(backend);
        let backend = simulation.backend();
        let shape = backend.shape().clone();
        for array in [ArrayId::Weights(1), ArrayId::InputCdf, ArrayId::Spikes(1)] {
            let other = match array.element_type() {
                ElementType::U32 => ElementType::F32,
                ElementType::F32 => ElementType::U32,
            };
            let assert_wrong_type = |result: Result<(), BackendError>| match result {
                Err(BackendError::WrongType { array: named, expected }) => {
                    assert_eq!((named, expected), (array, array.element_type()));
                }
                result => panic!("{array}: {result:?}"),
            };
            let before = backend.read(array).expect("the array is read");
            let values = Values::zeros(other, shape.len(array));
            assert_wrong_type(backend.write(array, (&values).into()));
            let rows = Values::zeros(other, shape.persistent_len(array) * shape.copies(array));
            assert_wrong_type(backend.write_persistent(array, (&rows).into()));
            assert_eq!(backend.read(array).expect("the array is read"), before, "{array}");
        }
        let bits = [0x7fc0_1234, 0xffff_ffff, 0x7f80_0001, 0x8000_0000, 1];
        for array in [ArrayId::Weights(1), ArrayId::Compartments(0)] {
            let values = bits.map(f32::from_bits).into_iter().cycle();
            let values = Values::F32(values.take(shape.len(array)).collect());
            backend.write(array, (&values).into()).expect("the array is written");
            assert_eq!(backend.read(array).expect("the array is read"), values, "{array}");
        }
    }
}
