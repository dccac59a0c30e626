//! Simulates an event camera that looks at MNIST's digits while it moves, as N-MNIST was recorded, and compares a
//! network trained on its spikes with one trained on the images.
//!
//! The camera of 34 x 34 pixels moves along a triangle in three saccades of 100 ms. A pixel sends an event when its
//! brightness, interpolated between the image's pixels, has changed by a quarter of white since its last event: on if
//! it became brighter, off if darker.
//!
//! `cargo run --release --example synthetic_saccades [IMAGES]` takes about a minute for 5000 images on one core.

use std::ops::ControlFlow;
use std::slice::from_ref;
use std::sync::Arc;

use apical::config::{Config, Recipe};
use apical::dataset::Dataset;
use apical::dataset::spikes::{EventSet, EventTimes, SpikeDataset, SpikeOptions, TimeRange};
use apical::device::{self, BackendKind, DeviceOptions};
use apical::interface::Kernel;
use apical::network::Network;
use apical::simulation::Simulation;
use apical::train::{Event, Training, order};

/// Side of the sensor, pixels.
const SENSOR: usize = 34;
/// Side of an image, pixels.
const SIDE: usize = 28;
/// Length of a saccade, ms.
const SACCADE_MS: usize = 100;
/// Corners of the camera's path: columns and rows by which the image is displaced.
const CORNERS: [[f32; 2]; 4] = [[3.0, 0.0], [0.0, 6.0], [6.0, 6.0], [3.0, 0.0]];
/// Change of brightness per event, as a fraction of white.
const THRESHOLD: f32 = 0.25;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let images = std::env::args().nth(1).map_or(Ok(5_000), |count| count.parse())?;
    let mnist = Dataset::mnist()?.subset(0, images, images.min(1000))?;
    let config = Config {
        layers: vec![100, 10],
        epochs: 1,
        train_images: images,
        test_images: mnist.test_count,
        batch_size: 8,
        ..Recipe::one_hidden_layer().config()
    };
    let recordings = SpikeDataset {
        name: "synthetic saccades".to_string(),
        sensor: [2, SENSOR, SENSOR],
        training: record(&mnist, 0..mnist.training_count),
        test: record(&mnist, mnist.training_count..mnist.training_count + mnist.test_count),
    };
    let range = |start, end| Some(TimeRange { start, end });
    let one = SpikeOptions { forward: range(0, 100), target: range(0, 100), ..Default::default() };
    let next = SpikeOptions { target: range(100, 200), test: range(0, 300), ..one };
    println!("image: {}", input_time(&config, &mnist)?);
    println!("image: {:.1} % of the test images are wrong", test_error(&config, mnist)?);
    for (what, options) in [
        ("one saccade in both phases and tests", one),
        ("the next saccade in the target phase, all three in tests", next),
        ("pixels of 2 x 2, one saccade", SpikeOptions { pool: 2, ..one }),
    ] {
        let dataset = recordings.bin(&options)?;
        let spikes = dataset.recordings().map_or(0, |recordings| recordings.event_count());
        let each = spikes / dataset.labels().len();
        println!("{what}: {}", input_time(&config, &dataset)?);
        let error = test_error(&config, dataset)?;
        println!("{what} ({each} spikes each): {error:.1} % are wrong");
    }
    Ok(())
}

/// Trains a network and returns its test error, %.
fn test_error(config: &Config, dataset: Dataset) -> Result<f64, Box<dyn std::error::Error>> {
    let mut training = Training::new(config.clone(), dataset, &DeviceOptions::default())?;
    let mut error = f64::NAN;
    training.run(&mut |event| {
        if let Event::Epoch { test_error, .. } = event {
            error = *test_error;
        }
        ControlFlow::Continue(())
    })?;
    Ok(error)
}

/// Measures the kernels of the input on one thread of the CPU, per training image: the shortest of 5 minibatches.
fn input_time(config: &Config, dataset: &Dataset) -> Result<String, Box<dyn std::error::Error>> {
    const IMAGES: usize = 200;
    let dataset = Arc::new(dataset.clone());
    let config = Config { batch_size: IMAGES, ..config.clone() };
    let options =
        DeviceOptions { backend: BackendKind::Cpu, threads: 1, ..DeviceOptions::default() };
    let backend = device::open(&options, from_ref(&config), &dataset)?.backend;
    let network = Network::initial(&config, dataset.pixels());
    let mut simulation = Simulation::new(backend, &config, &dataset, &network)?;
    let images = order(&config, &dataset, 1);
    let mut best = [f64::INFINITY; 2];
    for minibatch in images.chunks(IMAGES).cycle().take(5) {
        simulation.backend().set_profiling(true);
        simulation.train(minibatch)?;
        let times = simulation.backend().kernel_times()?.unwrap_or_default();
        let input = times.of(Kernel::EncodeSpikes) + times.of(Kernel::RecordedSpikes);
        let micros = [input, times.of(Kernel::SynapticInputSpikes)]
            .map(|time| time.as_secs_f64() * 1e6 / minibatch.len() as f64);
        best = [0, 1].map(|k| best[k].min(micros[k]));
    }
    let [input, sums] = best;
    Ok(format!("input spikes take {input:.1} us per image, sums of weights {sums:.1} us"))
}

/// Records the images with these indices.
fn record(mnist: &Dataset, indices: std::ops::Range<usize>) -> EventSet {
    let labels = mnist.labels()[indices.clone()].to_vec();
    let (mut times, mut units, mut offsets) = (Vec::new(), Vec::new(), vec![0]);
    for index in indices {
        look_at(mnist.image(index), |time, unit| {
            times.push(time);
            units.push(unit);
        });
        offsets.push(times.len() as u64);
    }
    EventSet { times: EventTimes::Microseconds(times), units, offsets, labels }
}

/// Moves the camera over an image. `event` receives the time in µs and the unit of each event.
fn look_at(image: &[u8], mut event: impl FnMut(i64, u32)) {
    let mut last = vec![0.0; SENSOR * SENSOR];
    brightness(image, CORNERS[0], &mut |pixel, value| last[pixel] = value);
    for (saccade, corners) in CORNERS.windows(2).enumerate() {
        for step in 1..=SACCADE_MS {
            let part = step as f32 / SACCADE_MS as f32;
            let shift = [0, 1].map(|k| corners[0][k] + part * (corners[1][k] - corners[0][k]));
            let time = (saccade * SACCADE_MS + step - 1) as i64 * 1000;
            brightness(image, shift, &mut |pixel, value| {
                let change = value - last[pixel];
                if change.abs() >= THRESHOLD {
                    last[pixel] += THRESHOLD.copysign(change);
                    let polarity = usize::from(change > 0.0);
                    event(time, (polarity * SENSOR * SENSOR + pixel) as u32);
                }
            });
        }
    }
}

/// Calls `pixel` with the index and the brightness of each pixel of the sensor, the image displaced by `shift`.
fn brightness(image: &[u8], [right, down]: [f32; 2], pixel: &mut impl FnMut(usize, f32)) {
    let at = |x: isize, y: isize| -> f32 {
        let is_inside = |side: isize| (0..SIDE as isize).contains(&side);
        let inside = is_inside(x) && is_inside(y);
        if inside { f32::from(image[y as usize * SIDE + x as usize]) / 255.0 } else { 0.0 }
    };
    for row in 0..SENSOR {
        for column in 0..SENSOR {
            let (x, y) = (column as f32 - right, row as f32 - down);
            let (left, top) = (x.floor(), y.floor());
            let (dx, dy) = (x - left, y - top);
            let (left, top) = (left as isize, top as isize);
            let upper = (1.0 - dx) * at(left, top) + dx * at(left + 1, top);
            let lower = (1.0 - dx) * at(left, top + 1) + dx * at(left + 1, top + 1);
            pixel(row * SENSOR + column, (1.0 - dy) * upper + dy * lower);
        }
    }
}
