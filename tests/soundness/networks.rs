//! Networks, states and checkpoints that do not match the settings.

use apical::config::Config;
use apical::device::{self, DeviceOptions};
use apical::interface::{BackendError, Values, ValuesRef};
use apical::network::{Layer, Network};
use apical::train::{Checkpoint, TrainError, TrainPosition, Training, test_network};

use super::{BACKENDS, config, dataset, simulation};

#[test]
fn mismatched_networks_and_states_are_an_error() {
    let valid = Network::initial(&config(), 36);
    let mut short = valid.clone();
    short.layers.pop();
    let mut ragged = valid.clone();
    ragged.layers[1].weights.pop();
    let mut no_feedback = valid.clone();
    no_feedback.layers[0].feedback.clear();
    let other = Network::initial(&Config { layers: vec![30, 10], ..config() }, 36);
    let layer = Layer::from_rows(1, 1, &[0.0], &[0.0], &[]).expect("the sizes match");
    let empty = Network { layers: Vec::new() };
    let one = Network { layers: vec![layer] };
    for backend in BACKENDS {
        let options = DeviceOptions { backend, ..DeviceOptions::default() };
        for network in [&short, &ragged, &no_feedback, &other, &empty, &one] {
            let dataset = (*dataset()).clone();
            let result = test_network(&config(), dataset, network, &options, 1, &mut |_| ());
            let Err(error) = result else { panic!("{backend:?}: a mismatched network is tested") };
            let is_expected =
                matches!(error, TrainError::Backend(BackendError::InvalidNetworks(_)));
            assert!(is_expected, "{error}");
        }
        let mut simulation = simulation(backend);
        assert!(simulation.write_networks(&[]).is_err());
        assert!(simulation.write_networks(&[valid.clone(), valid.clone()]).is_err());
        assert!(simulation.read_networks(&mut [short.clone()]).is_err());
        let state = simulation.save_state().expect("the state is read").swap_remove(0);
        assert!(simulation.load_state(&[&state, &state]).is_err());
        let mut truncated = state.clone();
        for values in truncated.arrays.values_mut() {
            *values = ValuesRef::from(&*values).range(0..1).to_values();
        }
        assert!(simulation.load_state(&[&truncated]).is_err());
        let mut of_other_type = state.clone();
        for values in of_other_type.arrays.values_mut() {
            *values = match values {
                Values::U32(values) => Values::F32(vec![0.0; values.len()]),
                Values::F32(values) => Values::U32(vec![0; values.len()]),
            };
        }
        let result = simulation.load_state(&[&of_other_type]);
        assert!(matches!(result, Err(BackendError::WrongType { .. })), "{result:?}");
        simulation.load_state(&[&state]).expect("the simulation's own state fits");
        // Epoch 2 is valid: the end of a training of one epoch.
        for epoch in [0, 3, u32::MAX] {
            let position = TrainPosition {
                epoch,
                images: 0,
                eval_pending: false,
                eval_images_shown: 0,
                seconds: 0.0,
            };
            let (network, state) = (valid.clone(), state.clone());
            let checkpoint =
                Checkpoint { position, network, state, evaluation: None, is_due: true };
            let dataset = (*dataset()).clone();
            let result = Training::resume(config(), dataset, &options, &checkpoint);
            assert!(matches!(result, Err(TrainError::Position { .. })), "epoch {epoch}");
        }
    }
    assert!(device::open(&DeviceOptions::default(), &[], &dataset()).is_err());
}
