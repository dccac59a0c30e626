//! Records a quantity of its own: the number of spikes of the hidden layer in each millisecond of a test image, before
//! and after learning.
//!
//! cargo run --release --example own_recorder

use std::error::Error;
use std::slice::from_ref;
use std::sync::Arc;

use apical::config::Config;
use apical::dataset::Dataset;
use apical::device::{self, DeviceOptions};
use apical::interface::{ArrayId, BackendError, COUNT_BITS, COUNT_MASK, STEPS_PER_WORD};
use apical::network::Network;
use apical::plan::Presentation;
use apical::simulation::Simulation;
use apical::train::order;

/// Returns the number of spikes of the lowest hidden layer in each step of a test image, [steps].
fn spikes_by_step(
    simulation: &mut Simulation,
    image: Presentation,
) -> Result<Vec<u32>, BackendError> {
    simulation.test(from_ref(&image))?;
    let backend = simulation.backend();
    // [samples, words, units]; the image is the first sample.
    let array = ArrayId::Spikes(1);
    let words = backend.read(array)?.into_u32(array)?;
    let shape = backend.shape();
    let (history, units) = (shape.history_words() as usize, shape.units(0));
    let count = |step: u32| {
        let row = history + (step / STEPS_PER_WORD) as usize;
        let shift = step % STEPS_PER_WORD * COUNT_BITS;
        words[row * units..][..units].iter().map(|word| word >> shift & COUNT_MASK).sum()
    };
    Ok((0..250).map(count).collect())
}

pub fn main() -> Result<(), Box<dyn Error>> {
    let config =
        Config { layers: vec![100, 10], train_images: 3000, test_images: 10, ..Config::default() };
    let dataset = Arc::new(Dataset::mnist()?.subset(0, config.train_images, config.test_images)?);
    let network = Network::initial(&config, dataset.pixels());

    // Per-sample arrays are readable only with this option: without it the CPU keeps fewer arrays and is faster.
    let options = DeviceOptions { per_sample_access: true, ..DeviceOptions::default() };
    let opened = device::open(&options, from_ref(&config), &dataset)?;
    let mut simulation = Simulation::new(opened.backend, &config, &dataset, &network)?;

    let first = dataset.training_count; // Test images follow the training images.
    let image = Presentation {
        index: first,
        label: dataset.labels()[first],
        draw_index: 0,
        result_slot: first,
    };
    let before = spikes_by_step(&mut simulation, image)?;
    for minibatch in order(&config, &dataset, 1).chunks(config.batch_size) {
        simulation.train(minibatch)?;
    }
    let after = spikes_by_step(&mut simulation, image)?;

    let mean = |spikes: &[u32]| spikes.iter().sum::<u32>() as f64 / spikes.len() as f64;
    println!("spikes of 100 neurons per ms before learning: {:.2}", mean(&before));
    println!("after learning: {:.2}", mean(&after));
    println!("first 20 ms: {:?}", &after[..20]);
    assert!(before != after && mean(&after) > 0.0);
    Ok(())
}
