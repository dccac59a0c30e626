//! Trains a network on generated images of horizontal and vertical lines on noise.
//!
//! cargo run --release --example custom_dataset

use std::error::Error;
use std::ops::ControlFlow;

use apical::config::Config;
use apical::dataset::Dataset;
use apical::device::DeviceOptions;
use apical::random::{PhiloxRng, RngStream};
use apical::train::Training;
use rand::{Rng, RngExt};

const SIDE: usize = 12;

/// Returns `count` images, [images, rows, columns], one byte per pixel, and their labels: 0 horizontal, 1 vertical.
fn lines(count: usize, random: &mut impl Rng) -> (Vec<u8>, Vec<u8>) {
    let (mut images, mut labels) = (Vec::new(), Vec::new());
    for _ in 0..count {
        let mut image = [[0u8; SIDE]; SIDE];
        image.as_flattened_mut().fill_with(|| random.random_range(0..80));
        let (is_vertical, position) = (random.random_bool(0.5), random.random_range(0..SIDE));
        for along in 0..SIDE {
            let (row, column) = if is_vertical { (along, position) } else { (position, along) };
            image[row][column] = 255;
        }
        images.extend(image.as_flattened());
        labels.push(is_vertical.into());
    }
    (images, labels)
}

pub fn main() -> Result<(), Box<dyn Error>> {
    let mut random = PhiloxRng::new(1, RngStream::Order, 0, 0);
    let training = lines(2000, &mut random);
    let test = lines(500, &mut random);
    let names = vec!["horizontal".to_string(), "vertical".to_string()];
    let dataset =
        Dataset::from_parts("lines", SIDE, SIDE, training, test)?.with_class_names(names)?;

    let config = Config { layers: vec![40, 2], epochs: 8, batch_size: 4, ..Config::default() };
    let mut training = Training::new(config, dataset, &DeviceOptions::default())?;
    let summary = training.run(&mut |_| ControlFlow::Continue(()))?;
    println!("{:.1} % of the test images are wrong", summary.evaluations[0].error());
    println!("class, found: {:?}", summary.evaluations[0].confusion);
    assert!(summary.evaluations[0].error() < 10.0);
    Ok(())
}
