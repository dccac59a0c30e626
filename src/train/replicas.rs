//! Training of many networks: networks with arrays of one shape train side by side, as many as the device holds, and
//! the others in later waves.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Instant;

use super::checkpoint::{CheckpointInterval, ResumeFrom};
use super::replica_group::{GroupSpec, ReplicaGroup};
use super::{Event, Summary, TrainError, TrainerControl};
use crate::config::{Config, Variant};
use crate::dataset::Dataset;
use crate::device::{self, Device, DeviceOptions, Fit};
use crate::interface::{BackendError, RunParams, Shape};
use crate::network::Network;
use crate::plan::{self, Capacity};

/// Event of a training of many networks.
#[derive(Clone, Copy, Debug)]
pub enum ReplicaEvent<'a> {
    /// Start of a wave.
    GroupStarted {
        /// Number of the wave, from 1.
        group: usize,
        /// Number of waves planned so far. A wave that does not fit on the device is split in two when it starts.
        total_groups: usize,
        /// Indices of the networks.
        replicas: &'a [usize],
        /// Reason for the limit on the number of networks, if more could have shared the wave.
        limited_by: Option<&'a str>,
        /// Device of the wave.
        device: &'a Device,
    },
    /// Progress of all networks of the wave.
    Progress {
        /// An [`Event::Progress`] of all networks together.
        progress: &'a Event,
    },
    /// Event of one network.
    Replica {
        /// Index of the network among the variants.
        replica: usize,
        /// Any event but an [`Event::Progress`].
        event: &'a Event,
    },
    /// End or stop of a network's training.
    Finished {
        /// Index of the network among the variants.
        replica: usize,
        /// Weights at the end.
        network: &'a Network,
        /// Last evaluation of the network, and training time of its group.
        summary: &'a Summary,
    },
}

/// Result of a training of many networks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReplicasSummary {
    /// Time of [`Replicas::run`], without the time before checkpoints, s.
    pub seconds: f64,
    /// Whether the listener stopped the training before the last epoch of the last wave.
    pub stopped: bool,
}

/// Networks to train. Each has the same bits as if [`super::Training`] trained it alone.
pub struct Replicas {
    plan: Plan,
    /// First wave, opened early to find errors before the training starts.
    first: ReplicaGroup,
}

impl Replicas {
    /// Checks the settings of every network, plans the waves and opens the first.
    ///
    /// # Errors
    /// Returns an error if there is no network, a setting is invalid, more images are requested than available, no
    /// requested device works, or the device cannot hold one network.
    pub fn new(
        variants: &[Variant],
        dataset: Dataset,
        selection: &DeviceOptions,
    ) -> Result<Self, TrainError> {
        let starts = vec![ResumeFrom::Initial; variants.len()];
        Replicas::resume(variants, dataset, selection, starts, None)
    }

    /// Resumes the networks: `starts` has one start per network. Sends checkpoints at the interval `every`.
    ///
    /// # Errors
    /// As [`Replicas::new`], and if all networks are finished, or a checkpoint is of a network of another shape.
    pub fn resume(
        variants: &[Variant],
        dataset: Dataset,
        selection: &DeviceOptions,
        starts: Vec<ResumeFrom>,
        every: Option<CheckpointInterval>,
    ) -> Result<Self, TrainError> {
        if variants.is_empty() {
            return Err(TrainError::NoNetworks);
        }
        for variant in variants {
            let valid = variant.config.validate(dataset.pixels(), dataset.classes);
            valid.map_err(|source| match variant.to_string() {
                settings if settings.is_empty() => TrainError::Config(source),
                settings => TrainError::Variant { settings, source },
            })?;
        }
        let configs: Vec<Config> = variants.iter().map(|variant| variant.config.clone()).collect();
        let selection = selection.clone();
        let mut plan = Plan { groups: Vec::new(), selection, configs, starts, every };
        for alike in plan.compatible_groups(dataset)? {
            let config = &plan.configs[alike.replicas[0]];
            let room = device::max_replicas(
                &plan.selection,
                config,
                &alike.dataset,
                alike.replicas.len(),
            )?;
            plan.groups.extend(alike.split(&room));
        }
        if plan.groups.is_empty() {
            return Err(TrainError::NoNetworks);
        }
        let first = plan.open(0)?;
        Ok(Replicas { plan, first })
    }

    /// Returns the device of the first wave.
    pub fn device(&self) -> &Device {
        &self.first.device
    }

    /// Returns the control for requests before and during the training.
    pub fn control(&self) -> Arc<TrainerControl> {
        self.first.control.clone()
    }

    /// Trains wave after wave to the last epoch, or until `listen` breaks. After a stop, the networks of the current
    /// wave are sent as they are, and those of later waves are not sent.
    ///
    /// # Errors
    /// Returns an error if the device fails.
    pub fn run(
        self,
        listen: &mut dyn FnMut(ReplicaEvent) -> ControlFlow<()>,
    ) -> Result<ReplicasSummary, TrainError> {
        let Replicas { mut plan, first } = self;
        let start = Instant::now();
        let requests = first.control.clone();
        let mut opened = Some(first);
        let mut number = 0;
        let mut stopped = false;
        while number < plan.groups.len() && !stopped {
            if opened.is_none() && plan.selection.stop.is_requested() {
                stopped = true;
                break;
            }
            let mut wave = match opened.take() {
                Some(wave) => wave,
                None => plan.open(number)?,
            };
            wave.control = requests.clone();
            let PlannedGroup { replicas, limited_by: obstacle, .. } = &plan.groups[number];
            number += 1;
            let begun = listen(ReplicaEvent::GroupStarted {
                group: number,
                total_groups: plan.groups.len(),
                replicas,
                limited_by: obstacle.as_deref(),
                device: &wave.device,
            });
            if begun.is_break() {
                stopped = true;
                break;
            }
            let summaries = wave.run(&mut |replica, event| {
                listen(match replica {
                    None => ReplicaEvent::Progress { progress: event },
                    Some(index) => ReplicaEvent::Replica { replica: replicas[index], event },
                })
            })?;
            for ((&replica, network), summary) in
                replicas.iter().zip(&wave.networks).zip(&summaries)
            {
                let told = listen(ReplicaEvent::Finished { replica, network, summary });
                stopped |= summary.stopped || told.is_break();
            }
        }
        Ok(ReplicasSummary { seconds: start.elapsed().as_secs_f64(), stopped })
    }
}

/// Waves still to train.
struct Plan {
    groups: Vec<PlannedGroup>,
    selection: DeviceOptions,
    configs: Vec<Config>,
    /// One per network.
    starts: Vec<ResumeFrom>,
    every: Option<CheckpointInterval>,
}

/// Networks that can train side by side.
#[derive(Clone)]
struct PlannedGroup {
    replicas: Vec<usize>,
    dataset: Arc<Dataset>,
    limited_by: Option<String>,
}

impl Plan {
    /// Opens a wave. A GPU reports too little memory only on allocation: the wave is then split in two.
    fn open(&mut self, number: usize) -> Result<ReplicaGroup, TrainError> {
        loop {
            let wave = &mut self.groups[number];
            let configs = wave.replicas.iter().map(|&index| self.configs[index].clone()).collect();
            let checkpoint = |&index: &usize| self.starts[index].checkpoint();
            let begin = GroupSpec {
                configs,
                dataset: wave.dataset.clone(),
                selection: &self.selection,
                checkpoints: wave.replicas.iter().filter_map(checkpoint).collect(),
                checkpoint_interval: self.every,
            };
            match ReplicaGroup::new(begin) {
                Err(TrainError::Backend(error @ BackendError::OutOfMemory { .. }))
                    if wave.replicas.len() > 1 =>
                {
                    wave.limited_by = Some(error.to_string());
                    let mut rest = wave.clone();
                    rest.replicas = wave.replicas.split_off(wave.replicas.len().div_ceil(2));
                    self.groups.insert(number + 1, rest);
                }
                opened => return opened,
            }
        }
    }

    /// Groups the networks that have one array shape, the same kernel constants, equal numbers of images, equal
    /// minibatch sizes and the same position. Omits finished networks.
    fn compatible_groups(&self, dataset: Dataset) -> Result<Vec<PlannedGroup>, TrainError> {
        let mut parts: Vec<([usize; 3], Arc<Dataset>)> = Vec::new();
        let mut found: Vec<(GroupKey, PlannedGroup)> = Vec::new();
        for (index, (config, start)) in self.configs.iter().zip(&self.starts).enumerate() {
            if matches!(start, ResumeFrom::Finished) {
                continue;
            }
            let sizes @ [validation, images, test_images] =
                [config.validation_images, config.train_images, config.test_images];
            let part = match parts.iter().find(|(of, _)| *of == sizes) {
                Some((_, part)) => part.clone(),
                None => {
                    let part = Arc::new(dataset.clone().subset(validation, images, test_images)?);
                    parts.push((sizes, part.clone()));
                    part
                }
            };
            let kind = GroupKey::new(config, &part);
            let is_alike = |(known, planned): &&mut (GroupKey, PlannedGroup)| {
                *known == kind && start.is_at_same_step(&self.starts[planned.replicas[0]])
            };
            match found.iter_mut().find(is_alike) {
                Some((_, planned)) => planned.replicas.push(index),
                None => {
                    let planned =
                        PlannedGroup { replicas: vec![index], dataset: part, limited_by: None };
                    found.push((kind, planned));
                }
            }
        }
        Ok(found.into_iter().map(|(_, planned)| planned).collect())
    }
}

impl PlannedGroup {
    /// Splits the group into the fewest waves that fit, of nearly equal size.
    fn split(self, room: &Fit) -> Vec<PlannedGroup> {
        let waves = self.replicas.len().div_ceil(room.replicas);
        let size = self.replicas.len().div_ceil(waves);
        let obstacle = room.limited_by.as_ref().map(ToString::to_string);
        let wave = |replicas: &[usize]| PlannedGroup {
            replicas: replicas.to_vec(),
            dataset: self.dataset.clone(),
            limited_by: obstacle.clone(),
        };
        self.replicas.chunks(size).map(wave).collect()
    }
}

/// Properties shared by the networks of a wave.
#[derive(PartialEq)]
struct GroupKey {
    /// Shape of one network with one sample.
    shape: Shape,
    constants: RunParams,
    images: usize,
    validation: usize,
    epochs: u32,
    batch: usize,
    eval_every: usize,
    eval_images: usize,
}

impl GroupKey {
    fn new(config: &Config, dataset: &Dataset) -> Self {
        let &Config {
            validation_images: validation,
            epochs,
            batch_size: batch,
            eval_every,
            eval_images,
            ..
        } = config;
        let shape = plan::shape(config, dataset, &Capacity::new(1, 1, 1));
        GroupKey {
            constants: plan::constants(config, &shape, dataset.classes),
            shape,
            images: dataset.training_count,
            validation,
            epochs,
            batch,
            eval_every,
            eval_images,
        }
    }
}
