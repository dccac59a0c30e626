//! Networks that train side by side in one run of a device; often it is one.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rayon::prelude::*;

use super::order::Order;
use super::{Event, Requests, Summary, TrainError, test_each};
use crate::config::Config;
use crate::dataset::Dataset;
use crate::evaluate::{Evaluation, error_percent};
use crate::layout::BackendError;
use crate::network::{Layer, Network};
use crate::schedule::{self, Device, Image, Outcome, Selection, Simulation};

/// Time between two progress events.
const PROGRESS_EVERY: Duration = Duration::from_millis(500);

/// Hears an event of a network, or of all where none is told.
pub(super) type Listen<'a> = &'a mut dyn FnMut(Option<usize>, &Event) -> ControlFlow<()>;

/// Networks of one shape, shown as many images in minibatches of one size.
pub(super) struct Wave {
    pub(super) configs: Vec<Config>,
    pub(super) device: Device,
    /// As the last epoch left them.
    pub(super) networks: Vec<Network>,
    pub(super) requests: Arc<Requests>,
    dataset: Arc<Dataset>,
    simulation: Simulation,
    /// Test images shown so far to each network: positions of their draws.
    tested: u32,
}

impl Wave {
    /// Opens the device and puts the initial networks on it. The settings were checked.
    pub(super) fn new(
        configs: Vec<Config>,
        dataset: Arc<Dataset>,
        selection: &Selection,
    ) -> Result<Self, TrainError> {
        let opened = schedule::open(selection, &configs, &dataset)?;
        let initial = |config| Network::initial(config, dataset.pixels());
        let networks: Vec<Network> = configs.par_iter().map(initial).collect();
        let simulation = Simulation::of_replicas(opened.backend, &configs, &dataset, &networks)?;
        Ok(Wave {
            configs,
            device: opened.device,
            networks,
            requests: Arc::default(),
            dataset,
            simulation,
            tested: 0,
        })
    }

    /// Trains to the last epoch, or until `listen` breaks off. A summary for each network.
    pub(super) fn run(&mut self, listen: Listen) -> Result<Vec<Summary>, TrainError> {
        let start = Instant::now();
        let mut stopped = false;
        let mut evaluations = None;
        for epoch in 1..=self.configs[0].epochs {
            let (tested, flow) = self.epoch(epoch, listen)?;
            evaluations = Some(tested);
            stopped = flow.is_break();
            if stopped {
                break;
            }
        }
        self.simulation.read_networks(&mut self.networks)?;
        let evaluations = match evaluations {
            Some(evaluations) => evaluations,
            None => self.test(self.dataset.test_count)?,
        };
        let seconds = start.elapsed().as_secs_f64();
        let summary = |evaluation| Summary { evaluation, seconds, stopped };
        Ok(evaluations.into_iter().map(summary).collect())
    }

    /// One epoch with its full test.
    fn epoch(
        &mut self,
        epoch: u32,
        listen: Listen,
    ) -> Result<(Vec<Evaluation>, ControlFlow<()>), TrainError> {
        let Config { batch, quick_test_every: every, quick_test_images, .. } = self.configs[0];
        let order = |config| Order::new(config, &self.dataset, epoch);
        let orders: Vec<Order> = self.configs.iter().map(order).collect();
        let (count, networks) = (self.dataset.training_count, orders.len());
        let mut flow = ControlFlow::Continue(());
        let mut training = Stopwatch::default();
        let mut last_progress = Instant::now();
        let mut done = 0;
        while done < count {
            let places = done..count.min(done + batch);
            done = places.end;
            let images = |order: &Order| order.images(&self.dataset, places.clone());
            let images: Vec<Vec<Image>> = orders.iter().map(images).collect();
            let images: Vec<&[Image]> = images.iter().map(Vec::as_slice).collect();
            training.time(|| self.simulation.train_each(&images))?;
            let is_quick_test = every > 0 && done / every > places.start / every;
            if last_progress.elapsed() >= PROGRESS_EVERY || is_quick_test {
                let outcomes = training.time(|| self.simulation.outcomes(done))?;
                let errors = self.errors(&orders, &outcomes).into_iter();
                let progress = Event::Progress {
                    epoch,
                    images: done,
                    of_images: count,
                    train_error: errors.sum::<f64>() / networks as f64,
                    images_per_second: training.rate(done * networks),
                };
                flow = listen(None, &progress);
                if flow.is_continue() && self.requests.take_now() {
                    flow = self.tell_networks(epoch, done, listen)?;
                }
                last_progress = Instant::now();
            }
            if flow.is_break() {
                break;
            }
            if is_quick_test && done < count {
                let test_images = quick_test_images.clamp(1, self.dataset.test_count);
                let evaluations = self.test(test_images)?;
                let event = |evaluation: &Evaluation| {
                    let test_error = evaluation.error();
                    Event::QuickTest { epoch, images: done, test_error, test_images }
                };
                flow = tell(listen, evaluations.iter().map(event));
            }
        }
        let outcomes = training.time(|| self.simulation.outcomes(done))?;
        let train_errors = self.errors(&orders, &outcomes);
        let mut testing = Stopwatch::default();
        let evaluations = testing.time(|| self.test(self.dataset.test_count))?;
        let event = |((outcomes, &train_error), evaluation): ((&Vec<Outcome>, _), &Evaluation)| {
            let loss = outcomes.iter().map(|outcome| f64::from(outcome.loss)).sum::<f64>();
            Event::Epoch {
                epoch,
                images: done,
                train_error,
                test_error: evaluation.error(),
                loss: loss / done as f64,
                images_per_second: training.rate(done),
                test_images_per_second: testing.rate(self.dataset.test_count),
            }
        };
        let mut told =
            tell(listen, outcomes.iter().zip(&train_errors).zip(&evaluations).map(event));
        let weights_every = self.configs[0].weights_every;
        if weights_every > 0 && epoch.is_multiple_of(weights_every) {
            self.simulation.read_networks(&mut self.networks)?;
            let statistics = |network: &Network| {
                let layers = network.layers.iter().map(Layer::statistics).collect();
                Event::Weights { epoch, layers }
            };
            let flow = tell(listen, self.networks.iter().map(statistics));
            told = if told.is_break() { told } else { flow };
        }
        if self.requests.are_after_epochs() {
            let flow = self.tell_networks(epoch, done, listen)?;
            told = if told.is_break() { told } else { flow };
        }
        Ok((evaluations, if flow.is_break() { flow } else { told }))
    }

    /// Tells the networks as they are.
    fn tell_networks(
        &mut self,
        epoch: u32,
        images: usize,
        listen: Listen,
    ) -> Result<ControlFlow<()>, BackendError> {
        self.simulation.read_networks(&mut self.networks)?;
        let event = |network: &Network| {
            let network = Arc::new(network.clone());
            Event::Network { epoch, images, network }
        };
        Ok(tell(listen, self.networks.iter().map(event)))
    }

    /// Tests on the first `count` test images, each with fresh draws.
    fn test(&mut self, count: usize) -> Result<Vec<Evaluation>, BackendError> {
        let first = self.tested;
        self.tested = self.tested.wrapping_add(count as u32);
        test_each(&mut self.simulation, &self.dataset, count, first)
    }

    /// Training errors of the epoch so far, one for each network.
    fn errors(&self, orders: &[Order], outcomes: &[Vec<Outcome>]) -> Vec<f64> {
        let error = |(order, outcomes): (&Order, &Vec<Outcome>)| {
            let found: Vec<u8> = outcomes.iter().map(|outcome| outcome.class).collect();
            error_percent(&order.labels(&self.dataset, found.len()), &found)
        };
        orders.iter().zip(outcomes).map(error).collect()
    }
}

/// Tells the event of each network; breaks off if one listener did.
fn tell(listen: Listen, events: impl Iterator<Item = Event>) -> ControlFlow<()> {
    let mut flow = ControlFlow::Continue(());
    for (replica, event) in events.enumerate() {
        if listen(Some(replica), &event).is_break() {
            flow = ControlFlow::Break(());
        }
    }
    flow
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
