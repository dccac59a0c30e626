//! Networks that train side by side in one run of a device; often only one.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rayon::prelude::*;

use super::checkpoint::{Checkpoint, CheckpointInterval};
use super::event::or_break;
use super::finite_snapshot::{FiniteSnapshot, find_nonfinite};
use super::position::TrainPosition;
use super::sampler::EpochSampler;
use super::stopwatch::Stopwatch;
use super::{EventListener, TrainError, TrainerControl};
use crate::config::Config;
use crate::dataset::Dataset;
use crate::device::{self, DeviceInfo, DeviceOptions};
use crate::interface::BackendError;
use crate::network::Network;
use crate::plan::Presentation;
use crate::simulation::{SampleResult, Simulation, SimulationState};
use crate::test_results::{Evaluation, error_percent};

/// Time between two progress events.
pub(super) const PROGRESS_EVERY: Duration = Duration::from_millis(500);

/// Index, weights and last full evaluation of a network.
pub(super) type NetworkResult<'a> = (usize, &'a Network, &'a Evaluation);

/// Networks of one shape with equal numbers of images and equal minibatch sizes.
pub(super) struct ReplicaGroup {
    /// Index of each network among those of the training.
    pub(super) replicas: Vec<usize>,
    pub(super) configs: Vec<Config>,
    pub(super) device: DeviceInfo,
    /// Networks after the last epoch or checkpoint.
    pub(super) networks: Vec<Network>,
    pub(super) control: Arc<TrainerControl>,
    pub(super) dataset: Arc<Dataset>,
    pub(super) simulation: Simulation,
    pub(super) position: TrainPosition,
    /// Interval between checkpoints; `None`: none are sent.
    pub(super) checkpoint_interval: Option<CheckpointInterval>,
    /// Start of the training since the last resume.
    start: Instant,
    /// Time spent before the last resume, s.
    before: f64,
    /// Each network's last full evaluation.
    pub(super) evaluations: Vec<Evaluation>,
    /// Last position with finite weights.
    pub(super) finite_snapshot: FiniteSnapshot,
}

/// Arguments of [`ReplicaGroup::new`].
pub(super) struct GroupSpec<'a> {
    /// Index of each network among those of the training.
    pub(super) replicas: Vec<usize>,
    pub(super) configs: Vec<Config>,
    pub(super) dataset: Arc<Dataset>,
    pub(super) options: &'a DeviceOptions,
    /// One per network, or empty; all at the same position.
    pub(super) checkpoints: Vec<&'a Checkpoint>,
    pub(super) checkpoint_interval: Option<CheckpointInterval>,
    pub(super) control: Arc<TrainerControl>,
}

impl ReplicaGroup {
    /// Opens the device and writes the networks to it. The settings must have been checked.
    pub(super) fn new(spec: GroupSpec) -> Result<Self, TrainError> {
        let GroupSpec {
            replicas,
            configs,
            dataset,
            options,
            checkpoints,
            checkpoint_interval,
            control,
        } = spec;
        let position = checkpoints.first().map_or(TrainPosition::START, |first| first.position);
        for checkpoint in &checkpoints {
            let Config { epochs, batch_size: batch, .. } = configs[0];
            checkpoint.position.check(epochs, dataset.training_count, batch)?;
        }
        let opened = device::open(options, &configs, &dataset)?;
        let initial = |config| Network::initial(config, dataset.pixels());
        let networks: Vec<Network> = match checkpoints.is_empty() {
            true => configs.par_iter().map(initial).collect(),
            false => checkpoints.iter().map(|checkpoint| checkpoint.network.clone()).collect(),
        };
        let mut simulation =
            Simulation::of_replicas(opened.backend, &configs, &dataset, &networks)?;
        let states: Vec<&SimulationState> =
            checkpoints.iter().map(|checkpoint| &checkpoint.state).collect();
        simulation.load_state(&states)?;
        simulation.stop_on(&options.stop);
        let untested = Evaluation::new(dataset.classes, &[], &[]);
        let mut evaluations = vec![untested; configs.len()];
        for (evaluation, checkpoint) in evaluations.iter_mut().zip(&checkpoints) {
            if let Some(last) = &checkpoint.evaluation {
                *evaluation = last.clone();
            }
        }
        let mut group = ReplicaGroup {
            replicas,
            evaluations,
            configs,
            device: opened.device,
            networks,
            control,
            dataset,
            simulation,
            finite_snapshot: FiniteSnapshot::new(position),
            position,
            checkpoint_interval,
            start: Instant::now(),
            before: position.seconds,
        };
        group.take_snapshot()?;
        Ok(group)
    }

    /// Trains to the last epoch, or until `listen` breaks. Returns whether it stopped before the last epoch.
    pub(super) fn run(&mut self, listen: EventListener) -> Result<bool, TrainError> {
        self.start = Instant::now();
        let epochs = self.configs[0].epochs;
        let mut stopped = false;
        while self.position.epoch <= epochs && !stopped {
            // A stop after the last epoch is not an interruption.
            stopped = self.epoch(listen)?.is_break() && self.position.epoch <= epochs;
        }
        self.read_networks()?;
        Ok(stopped)
    }

    /// Returns the index, weights and last full evaluation of each network.
    pub(super) fn results(&self) -> impl Iterator<Item = NetworkResult<'_>> {
        let results = self.networks.iter().zip(&self.evaluations);
        self.replicas
            .iter()
            .zip(results)
            .map(|(&replica, (network, last))| (replica, network, last))
    }

    /// Trains on the rest of the epoch, with its evaluations.
    fn epoch(&mut self, listen: EventListener) -> Result<ControlFlow<()>, TrainError> {
        let TrainPosition { epoch, images: begun, .. } = self.position;
        let orders = self.orders(epoch);
        let count = self.dataset.training_count;
        let mut training = Stopwatch::default();
        let mut last_progress = Instant::now();
        loop {
            let done = self.position.images;
            if self.position.eval_pending {
                let flow = match done < count {
                    true => self.partial_eval(listen)?,
                    false => {
                        let speed = (done > begun).then(|| training.per_second(done - begun));
                        self.full_eval(&orders, speed, listen)?
                    }
                };
                if done == count || flow.is_break() {
                    return Ok(flow);
                }
            }
            let before = self.images_of_run();
            match training.time(|| self.minibatch(&orders)) {
                Err(BackendError::Stopped) => return self.stop(listen),
                learned => learned?,
            }
            let mut flow = ControlFlow::Continue(());
            if last_progress.elapsed() >= PROGRESS_EVERY || self.position.eval_pending {
                flow = self.emit_progress(&orders, begun, &mut training, listen)?;
                last_progress = Instant::now();
                if self.finite_snapshot.is_stale(&self.position) {
                    self.read_networks()?;
                }
            }
            if flow.is_continue() {
                flow = self.emit_requested_networks(listen)?;
            }
            if flow.is_continue() && self.control.take_eval_request() {
                flow = self.requested_eval(listen)?;
            }
            let after = self.images_of_run();
            let ends_interval = self
                .checkpoint_interval
                .is_some_and(|interval| interval.is_due_between(before, after));
            if flow.is_break() || ends_interval {
                flow = or_break(flow, self.emit_checkpoints(false, true, listen)?);
            }
            if flow.is_break() {
                return Ok(flow);
            }
        }
    }

    /// Returns the order of each network's images in an epoch.
    pub(super) fn orders(&self, epoch: u32) -> Vec<EpochSampler> {
        self.configs.iter().map(|config| EpochSampler::new(config, &self.dataset, epoch)).collect()
    }

    /// Trains on the next minibatch.
    pub(super) fn minibatch(&mut self, orders: &[EpochSampler]) -> Result<(), BackendError> {
        let Config { batch_size: batch, eval_every, .. } = self.configs[0];
        let (count, done) = (self.dataset.training_count, self.position.images);
        let places = done..count.min(done + batch);
        let images = |order: &EpochSampler| order.images(&self.dataset, places.clone());
        let images: Vec<Vec<Presentation>> = orders.iter().map(images).collect();
        let images: Vec<&[Presentation]> = images.iter().map(Vec::as_slice).collect();
        self.simulation.train_each(&images)?;
        self.position.images = places.end;
        self.position.eval_pending =
            places.end == count || (eval_every > 0 && places.end / eval_every > done / eval_every);
        Ok(())
    }

    /// Reads the weights back and checks that they are finite.
    pub(super) fn read_networks(&mut self) -> Result<(), TrainError> {
        self.simulation.read_networks(&mut self.networks)?;
        if find_nonfinite(&self.networks).is_some() {
            return Err(self.locate_divergence()?);
        }
        if self.finite_snapshot.is_stale(&self.position) {
            self.take_snapshot()?;
        }
        Ok(())
    }

    /// Returns the number of training images shown so far to each network.
    fn images_of_run(&self) -> usize {
        (self.position.epoch as usize - 1) * self.dataset.training_count + self.position.images
    }

    /// Returns the time spent so far, including the time before the last resume, s.
    pub(super) fn seconds(&self) -> f64 {
        self.before + self.start.elapsed().as_secs_f64()
    }

    /// Returns the training error of the epoch so far, one per network.
    pub(super) fn errors(
        &self,
        orders: &[EpochSampler],
        outcomes: &[Vec<SampleResult>],
    ) -> Vec<f64> {
        let error = |(order, outcomes): (&EpochSampler, &Vec<SampleResult>)| {
            let found: Vec<u8> = outcomes.iter().map(|outcome| outcome.class).collect();
            error_percent(&order.labels(&self.dataset, found.len()), &found)
        };
        orders.iter().zip(outcomes).map(error).collect()
    }
}
