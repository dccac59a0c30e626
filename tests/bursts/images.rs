//! Single images: hidden errors vanish with the output's.

use apical::interface::{ArrayId, Kernel, Launch, ValuesRef};
use apical::network::Network;
use apical::plan::Presentation;
use apical::simulation::Simulation;

use super::{BATCH, IMAGES, PIXELS, config};
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
