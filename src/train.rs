//! The loop: epochs of minibatches, quick tests, full tests. It prints nothing; whoever runs it hears
//! of its progress by typed events.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rand::seq::SliceRandom;
use serde::Serialize;
use thiserror::Error;

use crate::config::{Config, ConfigError};
use crate::dataset::{Dataset, DatasetError};
use crate::evaluate::{Evaluation, error_percent};
use crate::layout::BackendError;
use crate::network::Network;
use crate::random::{Purpose, Stream};
use crate::schedule::{self, Device, Image, Selection, Simulation};

/// Time between two progress events.
const PROGRESS_EVERY: Duration = Duration::from_millis(500);

/// Why a training cannot start or go on.
#[derive(Debug, Error)]
pub enum TrainError {
    #[error("this setting cannot be")]
    Config(#[from] ConfigError),
    #[error("the data set cannot be used")]
    Dataset(#[from] DatasetError),
    #[error("the device cannot go on")]
    Backend(#[from] BackendError),
}

/// What happens during a training. Errors are percent of images.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// Some images of the epoch are done.
    Progress {
        epoch: u32,
        images: usize,
        of_images: usize,
        /// Error of the forward phases of the epoch's images so far, each seen before its update.
        train_error: f64,
        /// Images a second since the epoch began, tests left out.
        images_per_second: f64,
    },
    /// A test on a part of the test set.
    QuickTest { epoch: u32, images: usize, test_error: f64, test_images: usize },
    /// An epoch and its full test are done.
    Epoch {
        epoch: u32,
        train_error: f64,
        test_error: f64,
        /// Mean over the images of the output's loss, summed over its neurons.
        loss: f64,
        images_per_second: f64,
        test_images_per_second: f64,
    },
}

/// What a finished training says.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    pub evaluation: Evaluation,
    pub seconds: f64,
    /// Whether the listener stopped it before its last epoch.
    pub stopped: bool,
}

/// A network in training.
pub struct Training {
    config: Config,
    dataset: Arc<Dataset>,
    device: Device,
    simulation: Simulation,
    network: Network,
    /// Test images shown so far: positions of their draws.
    tested: u32,
}

impl Training {
    /// Checks the settings, opens the device and puts the initial network on it.
    ///
    /// # Errors
    /// When a setting cannot be, more images are wanted than there are, or no such device works.
    pub fn new(
        config: Config,
        dataset: Dataset,
        selection: &Selection,
    ) -> Result<Self, TrainError> {
        config.validate(dataset.pixels(), dataset.classes)?;
        let dataset = Arc::new(dataset.truncated(config.images, config.test_images)?);
        let network = Network::initial(&config, dataset.pixels());
        let opened = schedule::open(selection, std::slice::from_ref(&config), &dataset)?;
        let simulation = Simulation::new(opened.backend, &config, &dataset, &network)?;
        Ok(Training { config, dataset, device: opened.device, simulation, network, tested: 0 })
    }

    /// Where the training runs.
    pub fn device(&self) -> &Device {
        &self.device
    }

    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The network as the last epoch left it.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// Trains to the last epoch, or until `listen` breaks off; what was learned until then is kept.
    ///
    /// # Errors
    /// When the device fails.
    pub fn run(
        &mut self,
        listen: &mut dyn FnMut(&Event) -> ControlFlow<()>,
    ) -> Result<Summary, TrainError> {
        let start = Instant::now();
        let mut stopped = false;
        let mut evaluation = None;
        for epoch in 1..=self.config.epochs {
            let (tested, flow) = self.epoch(epoch, listen)?;
            evaluation = Some(tested);
            stopped = flow.is_break();
            if stopped {
                break;
            }
        }
        self.simulation.read_networks(std::slice::from_mut(&mut self.network))?;
        let evaluation = match evaluation {
            Some(evaluation) => evaluation,
            None => self.test(self.dataset.test_count)?,
        };
        Ok(Summary { evaluation, seconds: start.elapsed().as_secs_f64(), stopped })
    }

    /// One epoch with its full test.
    fn epoch(
        &mut self,
        epoch: u32,
        listen: &mut dyn FnMut(&Event) -> ControlFlow<()>,
    ) -> Result<(Evaluation, ControlFlow<()>), TrainError> {
        let images = order(&self.config, &self.dataset, epoch);
        let labels: Vec<u8> = images.iter().map(|image| image.label).collect();
        let mut flow = ControlFlow::Continue(());
        let mut training = Stopwatch::default();
        let mut last_progress = Instant::now();
        let mut done = 0;
        for minibatch in images.chunks(self.config.batch) {
            training.time(|| self.simulation.train(minibatch))?;
            done += minibatch.len();
            let every = self.config.quick_test_every;
            let is_quick_test = every > 0 && done / every > (done - minibatch.len()) / every;
            if last_progress.elapsed() >= PROGRESS_EVERY || is_quick_test {
                let found = training.time(|| self.found(0..done))?;
                flow = listen(&Event::Progress {
                    epoch,
                    images: done,
                    of_images: images.len(),
                    train_error: error_percent(&labels[..done], &found),
                    images_per_second: training.rate(done),
                });
                last_progress = Instant::now();
            }
            if flow.is_break() {
                break;
            }
            if is_quick_test && done < images.len() {
                let count = self.config.quick_test_images.clamp(1, self.dataset.test_count);
                let test_error = self.test(count)?.error();
                flow = listen(&Event::QuickTest {
                    epoch,
                    images: done,
                    test_error,
                    test_images: count,
                });
            }
        }
        let outcomes = training.time(|| self.simulation.outcomes(done))?.swap_remove(0);
        let found: Vec<u8> = outcomes.iter().map(|outcome| outcome.class).collect();
        let loss = outcomes.iter().map(|outcome| f64::from(outcome.loss)).sum::<f64>();
        let mut testing = Stopwatch::default();
        let evaluation = testing.time(|| self.test(self.dataset.test_count))?;
        let told = listen(&Event::Epoch {
            epoch,
            train_error: error_percent(&labels[..done], &found),
            test_error: evaluation.error(),
            loss: loss / done as f64,
            images_per_second: training.rate(done),
            test_images_per_second: testing.rate(self.dataset.test_count),
        });
        Ok((evaluation, if flow.is_break() { flow } else { told }))
    }

    /// Tests on the first `count` test images, each with fresh draws.
    fn test(&mut self, count: usize) -> Result<Evaluation, BackendError> {
        let first = self.tested;
        self.tested = self.tested.wrapping_add(count as u32);
        test(&mut self.simulation, &self.dataset, count, first)
    }

    /// Classes found for the epoch's images so far.
    fn found(&mut self, slots: std::ops::Range<usize>) -> Result<Vec<u8>, BackendError> {
        let outcomes = self.simulation.outcomes(slots.end)?.swap_remove(0);
        Ok(outcomes[slots].iter().map(|outcome| outcome.class).collect())
    }
}

/// The training images in the order in which an epoch (the first is 1) shows them.
pub fn order(config: &Config, dataset: &Dataset, epoch: u32) -> Vec<Image> {
    let count = dataset.training_count;
    let mut indices: Vec<usize> = (0..count).collect();
    indices.shuffle(&mut Stream::new(config.seed, Purpose::Order, 0, epoch));
    let before = (epoch - 1).wrapping_mul(count as u32);
    let image = |(slot, index): (usize, usize)| Image {
        index,
        label: dataset.labels()[index],
        position: before.wrapping_add(slot as u32),
        slot,
    };
    indices.into_iter().enumerate().map(image).collect()
}

/// Opens a device and tests a trained network on the test set.
///
/// # Errors
/// When a setting cannot be, the network does not fit settings and images, more test images are
/// wanted than there are, or no such device works.
pub fn test_network(
    config: &Config,
    dataset: Dataset,
    network: &Network,
    selection: &Selection,
) -> Result<(Evaluation, Device), TrainError> {
    config.validate(dataset.pixels(), dataset.classes)?;
    // No training image is shown; a data set has at least one.
    let dataset = Arc::new(dataset.truncated(1, config.test_images)?);
    let opened = schedule::open(selection, std::slice::from_ref(config), &dataset)?;
    let mut simulation = Simulation::new(opened.backend, config, &dataset, network)?;
    let evaluation = test(&mut simulation, &dataset, dataset.test_count, 0)?;
    Ok((evaluation, opened.device))
}

/// The paper's test on the first `count` test images; their draws have positions from
/// `first_position` on.
///
/// # Errors
/// When the device fails.
pub fn test(
    simulation: &mut Simulation,
    dataset: &Dataset,
    count: usize,
    first_position: u32,
) -> Result<Evaluation, BackendError> {
    let labels = &dataset.test_labels()[..count];
    let image = |(number, &label): (usize, &u8)| Image {
        index: dataset.training_count + number,
        label,
        position: first_position.wrapping_add(number as u32),
        slot: dataset.training_count + number,
    };
    let images: Vec<Image> = labels.iter().enumerate().map(image).collect();
    simulation.test(&images)?;
    let outcomes = simulation.outcomes(dataset.training_count + count)?.swap_remove(0);
    let found: Vec<u8> =
        outcomes[dataset.training_count..].iter().map(|outcome| outcome.class).collect();
    Ok(Evaluation::new(dataset.classes, labels, &found))
}

/// Adds up the time that some work takes.
#[derive(Default)]
struct Stopwatch {
    spent: Duration,
}

impl Stopwatch {
    fn time<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let result = work();
        self.spent += start.elapsed();
        result
    }

    fn rate(&self, count: usize) -> f64 {
        count as f64 / self.spent.as_secs_f64().max(1e-9)
    }
}
