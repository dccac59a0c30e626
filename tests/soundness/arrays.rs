//! Reads and writes of arrays: layers, access and types.

use apical::interface::{ArrayId, BackendError, ElementType, Values, ValuesRef};
use apical::train::order;

use super::{BACKENDS, config, dataset, simulation, simulation_with, support};

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
    let config = config();
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
        for array in [ArrayId::Weights(1), ArrayId::InputThresholds, ArrayId::Spikes(1)] {
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
