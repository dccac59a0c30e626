//! Trains a network on the first images of MNIST, writes it to a file, reads it back and tests it with other spikes.
//!
//! cargo run --release --example train

use std::error::Error;
use std::ops::ControlFlow;

use apical::analysis::statistics::MeanSd;
use apical::config::Config;
use apical::dataset::Dataset;
use apical::device::DeviceOptions;
use apical::run_dir::{ImageSpec, weights};
use apical::train::{Event, Training, test_network};

pub fn main() -> Result<(), Box<dyn Error>> {
    let config = Config {
        layers: vec![100, 10],
        epochs: 2,
        batch_size: 8,
        train_images: 5000,
        test_images: 500,
        ..Config::default()
    };
    let dataset = Dataset::mnist()?;
    let images = ImageSpec::from_dataset(&dataset);

    // Uses a hardware GPU if there is one, else the CPU. Both give equal bits.
    let mut training = Training::new(config.clone(), dataset, &DeviceOptions::default())?;
    println!("on {}", training.device().name);
    let summary = training.run(&mut |event| {
        if let Event::Epoch { epoch, train_error, test_error, .. } = event {
            println!(
                "epoch {epoch}: training error {train_error:.1} %, test error {test_error:.1} %"
            );
        }
        ControlFlow::Continue(()) // `Break` stops the training.
    })?;

    let file =
        std::env::temp_dir().join(format!("apical-example-{}.safetensors", std::process::id()));
    weights::save(&file, &training.networks()[0], &config, &images)?;
    let saved = weights::load(&file)?;
    std::fs::remove_file(&file)?;

    let (tests, _) = test_network(
        &saved.config,
        Dataset::mnist()?,
        &saved.network,
        &DeviceOptions::default(),
        5,
        &mut |done| println!("{done} tests done"),
    )?;
    let errors: Vec<f64> = tests.iter().map(|test| test.error()).collect();
    let MeanSd { mean, sd, .. } = MeanSd::of(&errors);
    println!("error of five tests with other spikes: {mean:.1} ± {:.1} %", sd.unwrap_or(0.0));
    assert_eq!(saved.network, training.networks()[0]);
    assert!(mean < 30.0 && summary.evaluations[0].error() < 30.0); // chance: 90 %
    Ok(())
}
