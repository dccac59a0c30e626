//! The program in README.md: trains a network on MNIST and prints its test errors.
//!
//! cargo run --release --example readme

pub fn main() -> Result<(), Box<dyn std::error::Error>> {
    use apical::{
        config::Config,
        dataset::Dataset,
        device::DeviceOptions,
        train::{Event, Training},
    };

    let config = Config { layers: vec![500, 10], epochs: 2, ..Config::default() };
    let mut training = Training::new(config, Dataset::mnist()?, &DeviceOptions::default())?;
    training.run(&mut |event| {
        if let Event::Epoch { epoch, test_error, .. } = event {
            println!("epoch {epoch}: {test_error:.2} %");
        }
        std::ops::ControlFlow::Continue(())
    })?;
    Ok(())
}
