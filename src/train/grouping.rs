//! Grouping of the networks that train side by side. A group holds networks with arrays of one shape, as many as
//! the device holds.

use std::sync::Arc;

use super::checkpoint::{CheckpointInterval, ResumeFrom};
use super::replica_group::{GroupSpec, ReplicaGroup};
use super::{TrainError, TrainerControl};
use crate::config::{Config, Variant};
use crate::dataset::Dataset;
use crate::device::{self, DeviceOptions, Fit};
use crate::interface::{BackendError, RunParams, Shape};
use crate::plan::{self, Capacity};
use crate::test_results::Evaluation;

/// Groups of a training, and the arguments to open them.
pub(super) struct Grouping {
    pub(super) groups: Vec<GroupMembers>,
    pub(super) options: DeviceOptions,
    /// Interval between checkpoints; `None`: none are sent.
    pub(super) checkpoint_interval: Option<CheckpointInterval>,
    configs: Vec<Config>,
    /// One per network; initial again once its group is open.
    starts: Vec<ResumeFrom>,
    classes: usize,
}

/// Networks of a group, which can train side by side.
#[derive(Clone)]
pub(super) struct GroupMembers {
    /// Indices of the networks.
    pub(super) replicas: Vec<usize>,
    /// Reason for the limit on the number of networks, if more could have shared the group.
    pub(super) limited_by: Option<String>,
    dataset: Arc<Dataset>,
}

impl Grouping {
    /// Checks the settings of every network and divides the networks into groups.
    ///
    /// # Errors
    /// Returns an error if no network is left to train, a setting is invalid, more images are requested than available,
    /// there is no requested device, or the device cannot hold one network.
    pub(super) fn new(
        variants: &[Variant],
        dataset: Dataset,
        options: &DeviceOptions,
        starts: Vec<ResumeFrom>,
    ) -> Result<Self, TrainError> {
        if starts.len() != variants.len() {
            let (networks, starts) = (variants.len(), starts.len());
            return Err(TrainError::Starts { networks, starts });
        }
        for variant in variants {
            let valid = variant.config.validate(dataset.pixels(), dataset.classes);
            valid.map_err(|source| match variant.to_string() {
                settings if settings.is_empty() => TrainError::Config(source),
                settings => TrainError::Variant { settings, source },
            })?;
        }
        let mut grouping = Grouping {
            groups: Vec::new(),
            options: options.clone(),
            checkpoint_interval: None,
            configs: variants.iter().map(|variant| variant.config.clone()).collect(),
            starts,
            classes: dataset.classes,
        };
        for group in grouping.compatible_groups(dataset)? {
            if group.replicas.len() == 1 {
                // There is nothing to split, and opening the device checks whether one network fits.
                grouping.groups.push(group);
                continue;
            }
            let (config, count) = (&grouping.configs[group.replicas[0]], group.replicas.len());
            let fit = device::max_replicas(options, config, &group.dataset, count)?;
            grouping.groups.extend(group.split(&fit));
        }
        if grouping.groups.is_empty() {
            return Err(TrainError::NoNetworks);
        }
        Ok(grouping)
    }

    /// Returns an evaluation on no images per network.
    pub(super) fn no_evaluations(&self) -> Vec<Evaluation> {
        vec![Evaluation::new(self.classes, &[], &[]); self.configs.len()]
    }

    /// Opens a group, which receives the requests of `control`. A GPU reports a lack of memory only when arrays are
    /// allocated. The group is then split in two.
    ///
    /// # Errors
    /// Returns an error if a checkpoint does not fit, or the device fails or cannot hold one network.
    pub(super) fn open(
        &mut self,
        index: usize,
        control: &Arc<TrainerControl>,
    ) -> Result<ReplicaGroup, TrainError> {
        loop {
            let group = &mut self.groups[index];
            let checkpoint = |&replica: &usize| self.starts[replica].checkpoint();
            let spec = GroupSpec {
                replicas: group.replicas.clone(),
                configs: group.replicas.iter().map(|&one| self.configs[one].clone()).collect(),
                dataset: group.dataset.clone(),
                options: &self.options,
                checkpoints: group.replicas.iter().filter_map(checkpoint).collect(),
                checkpoint_interval: self.checkpoint_interval,
                control: control.clone(),
            };
            match ReplicaGroup::new(spec) {
                Err(TrainError::Backend(error @ BackendError::OutOfMemory { .. }))
                    if group.replicas.len() > 1 =>
                {
                    group.limited_by = Some(error.to_string());
                    let mut rest = group.clone();
                    rest.replicas = group.replicas.split_off(group.replicas.len().div_ceil(2));
                    self.groups.insert(index + 1, rest);
                }
                Err(error) => return Err(error),
                Ok(opened) => {
                    // The device holds the states now.
                    for &replica in &group.replicas {
                        self.starts[replica] = ResumeFrom::Initial;
                    }
                    return Ok(opened);
                }
            }
        }
    }

    /// Groups the networks that have one array shape, the same kernel constants, equal numbers of images, equal
    /// minibatch sizes and the same position. Omits finished networks.
    fn compatible_groups(&self, dataset: Dataset) -> Result<Vec<GroupMembers>, TrainError> {
        let mut counts: Vec<[usize; 3]> = Vec::new();
        // Index of each unfinished network and of its subset of the data set.
        let mut unfinished: Vec<(usize, usize)> = Vec::new();
        for (replica, config) in self.configs.iter().enumerate() {
            if matches!(self.starts[replica], ResumeFrom::Finished) {
                continue;
            }
            let wanted = [config.validation_images, config.train_images, config.test_images];
            let subset = counts.iter().position(|known| *known == wanted).unwrap_or_else(|| {
                counts.push(wanted);
                counts.len() - 1
            });
            unfinished.push((replica, subset));
        }
        // The last subset takes the data set itself, so that one subset needs no copy.
        let dataset = Arc::new(dataset);
        let sources = vec![dataset; counts.len()];
        let subset = |(source, [validation, training, test]): (Arc<Dataset>, [usize; 3])| {
            Arc::unwrap_or_clone(source).subset(validation, training, test).map(Arc::new)
        };
        let subsets: Vec<Arc<Dataset>> =
            sources.into_iter().zip(counts).map(subset).collect::<Result<_, _>>()?;
        let mut found: Vec<(GroupKey, GroupMembers)> = Vec::new();
        for (replica, subset) in unfinished {
            let dataset = &subsets[subset];
            let key = GroupKey::new(&self.configs[replica], dataset);
            let start = &self.starts[replica];
            let is_compatible = |(known, group): &&mut (GroupKey, GroupMembers)| {
                *known == key && start.is_at_same_step(&self.starts[group.replicas[0]])
            };
            match found.iter_mut().find(is_compatible) {
                Some((_, group)) => group.replicas.push(replica),
                None => {
                    let (replicas, dataset) = (vec![replica], dataset.clone());
                    found.push((key, GroupMembers { replicas, dataset, limited_by: None }));
                }
            }
        }
        Ok(found.into_iter().map(|(_, group)| group).collect())
    }
}

impl GroupMembers {
    /// Splits the group into the fewest groups that fit, of nearly equal size.
    fn split(self, fit: &Fit) -> Vec<GroupMembers> {
        let groups = self.replicas.len().div_ceil(fit.replicas);
        let size = self.replicas.len().div_ceil(groups);
        let limited_by = fit.limited_by.as_ref().map(ToString::to_string);
        let group = |replicas: &[usize]| GroupMembers {
            replicas: replicas.to_vec(),
            dataset: self.dataset.clone(),
            limited_by: limited_by.clone(),
        };
        self.replicas.chunks(size).map(group).collect()
    }
}

/// Properties shared by the networks of a group.
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
