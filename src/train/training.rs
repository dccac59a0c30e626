//! Training of one or many networks, group after group.

use std::slice::from_ref;
use std::sync::Arc;
use std::time::Instant;

use super::checkpoint::{Checkpoint, CheckpointInterval, ResumeFrom};
use super::grouping::Grouping;
use super::replica_group::ReplicaGroup;
use super::{Event, EventListener, TrainError, TrainerControl};
use crate::config::{Config, Variant};
use crate::dataset::Dataset;
use crate::device::{DeviceInfo, DeviceOptions};
use crate::network::Network;
use crate::test_results::Evaluation;

/// Result of a training.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainingSummary {
    /// Last full evaluation of each network; of no images if this training did none.
    pub evaluations: Vec<Evaluation>,
    /// Time of [`Training::run`], s.
    pub seconds: f64,
    /// Whether the listener stopped the training before the last epoch of the last group.
    pub stopped: bool,
}

/// One or many networks in training. Networks with arrays of one shape train side by side, as many as the device holds,
/// and the others in later groups. A network has the same bits in any group.
pub struct Training {
    grouping: Grouping,
    /// Index of the current group.
    current: usize,
    /// Current group; `None` only if the next group could not be opened.
    group: Option<ReplicaGroup>,
    device: DeviceInfo,
    control: Arc<TrainerControl>,
}

impl Training {
    /// Checks the settings, opens the device and writes the initial network to it.
    ///
    /// # Errors
    /// Returns an error if a setting is invalid, more images are requested than available, no requested device works,
    /// or the device cannot hold the network.
    pub fn new(
        config: Config,
        dataset: Dataset,
        options: &DeviceOptions,
    ) -> Result<Self, TrainError> {
        Training::of_variants(from_ref(&Variant::alone(config)), dataset, options)
    }

    /// Resumes from a checkpoint of a training with these settings and images. The result has the same bits as without
    /// the interruption.
    ///
    /// # Errors
    /// As [`Training::new`], and if the checkpoint is of a network of another shape.
    pub fn resume(
        config: Config,
        dataset: Dataset,
        options: &DeviceOptions,
        checkpoint: &Checkpoint,
    ) -> Result<Self, TrainError> {
        let start = ResumeFrom::Checkpoint(Box::new(checkpoint.clone()));
        Training::resume_variants(from_ref(&Variant::alone(config)), dataset, options, vec![start])
    }

    /// Checks the settings of every network, divides the networks into groups and opens the first group, so that most
    /// errors are found before the training starts.
    ///
    /// # Errors
    /// As [`Training::new`], and if there is no network.
    pub fn of_variants(
        variants: &[Variant],
        dataset: Dataset,
        options: &DeviceOptions,
    ) -> Result<Self, TrainError> {
        let starts = vec![ResumeFrom::Initial; variants.len()];
        Training::resume_variants(variants, dataset, options, starts)
    }

    /// Resumes the networks: `starts` has one start per network.
    ///
    /// # Errors
    /// As [`Training::resume`], and if there is no network to train, because all are finished, or not one start per
    /// network.
    pub fn resume_variants(
        variants: &[Variant],
        dataset: Dataset,
        options: &DeviceOptions,
        starts: Vec<ResumeFrom>,
    ) -> Result<Self, TrainError> {
        let mut grouping = Grouping::new(variants, dataset, options, starts)?;
        let control = Arc::default();
        let group = grouping.open(0, &control)?;
        let device = group.device.clone();
        Ok(Training { grouping, current: 0, group: Some(group), device, control })
    }

    /// Sends checkpoints at this interval from now on. Without this call, none is made and none costs time.
    pub fn send_checkpoints(&mut self, every: CheckpointInterval) {
        self.grouping.checkpoint_interval = Some(every);
        if let Some(group) = &mut self.group {
            group.checkpoint_interval = Some(every);
        }
    }

    /// Returns the device of the current group.
    pub fn device(&self) -> &DeviceInfo {
        &self.device
    }

    /// Returns the networks of the current group: before the training those of the first, after it those of the last.
    pub fn networks(&self) -> &[Network] {
        self.group.as_ref().map_or(&[], |group| &group.networks)
    }

    /// Returns the control for requests before and during the training.
    pub fn control(&self) -> Arc<TrainerControl> {
        self.control.clone()
    }

    /// Trains group after group to the last epoch, or until `listen` breaks. After a stop, the networks of the current
    /// group are sent as they are, and later groups are not trained.
    ///
    /// # Errors
    /// Returns an error if the device fails.
    pub fn run(&mut self, listen: EventListener) -> Result<TrainingSummary, TrainError> {
        let start = Instant::now();
        let mut evaluations = self.grouping.no_evaluations();
        let mut stopped = false;
        while let Some(group) = &mut self.group {
            let members = &self.grouping.groups[self.current];
            let started = listen(&Event::GroupStarted {
                group: self.current + 1,
                total_groups: self.grouping.groups.len(),
                replicas: members.replicas.clone(),
                limited_by: members.limited_by.clone(),
                device: self.device.clone(),
            });
            if started.is_break() {
                stopped = true;
                break;
            }
            stopped = group.run(listen)?;
            for (replica, _, evaluation) in group.results() {
                evaluations[replica].clone_from(evaluation);
            }
            stopped |= group.emit_finished(stopped, listen).is_break();
            if stopped || self.current + 1 == self.grouping.groups.len() {
                break;
            }
            if self.grouping.options.stop.is_requested() {
                stopped = true;
                break;
            }
            self.open_next()?;
        }
        Ok(TrainingSummary { evaluations, seconds: start.elapsed().as_secs_f64(), stopped })
    }

    /// Frees the current group, so that the next one can use its memory, and opens the next.
    fn open_next(&mut self) -> Result<(), TrainError> {
        self.group = None;
        self.current += 1;
        let group = self.grouping.open(self.current, &self.control)?;
        self.device = group.device.clone();
        self.group = Some(group);
        Ok(())
    }
}
