//! What every experiment works with: how much to do, where to compute, and trained networks.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use super::ExperimentError;
use super::output::Claim;
pub use super::trained_networks::TrainedNetwork;
use super::trained_networks::TrainedNetworks;
use crate::config::{Config, Preset};
use crate::dataset::{DataIdentity, Dataset};
use crate::figures::{Finding, NO_DEVICE};
use crate::model::initial::Initial;
use crate::monitor::{MonitorSession, MonitorSpec};
use crate::network::Network;
use crate::run_dir::{Notice, StorageError};
use crate::schedule::{Image, Selection};
use crate::trials::device_name;

/// The paper's numbers are of the commit that it cites.
const INITIAL: Initial = Initial::Cited;
/// Epochs of a quick experiment, where the paper's last is the 60th.
const QUICK_EPOCHS: u32 = 8;
/// Points of percent within which an error agrees with the paper's.
pub(super) const TOLERANCE: f64 = 0.3;

/// How far an experiment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StudyEvent<'a> {
    /// An experiment begins.
    Started {
        /// Its name.
        experiment: &'static str,
    },
    /// Training images, of all networks that an experiment trains; or images shown for a recording.
    Progress {
        /// What is trained or recorded.
        what: &'a str,
        /// Images that are done.
        done: u64,
        /// Images in all.
        total: u64,
    },
}

/// Hears of it, and may break off.
pub type StudyEventSink<'a> = &'a mut dyn FnMut(StudyEvent) -> ControlFlow<()>;

/// How an experiment is done.
pub struct Study<'a> {
    /// Fewer images, epochs and seeds than the paper.
    pub quick: bool,
    /// Networks of each condition, whose seeds are 1 and so on.
    pub seeds: u64,
    /// The images that networks learn.
    pub dataset: Arc<Dataset>,
    /// What the data set is.
    pub data: DataIdentity,
    /// Where to compute.
    pub selection: Selection,
    /// Networks that train side by side.
    pub parallel: usize,
    networks: TrainedNetworks,
    emit_event: StudyEventSink<'a>,
    device: Option<String>,
}

impl<'a> Study<'a> {
    /// `folder`: where trained networks are kept.
    ///
    /// # Errors
    /// When the folder cannot be read or written.
    pub fn new(
        quick: bool,
        seeds: u64,
        dataset: Dataset,
        selection: Selection,
        parallel: usize,
        folder: &Path,
        emit_event: StudyEventSink<'a>,
    ) -> Result<Self, StorageError> {
        let (data, dataset) = (DataIdentity::of(&dataset), Arc::new(dataset));
        let networks = TrainedNetworks::open(folder)?;
        let device = None;
        Ok(Study { quick, seeds, dataset, data, selection, parallel, networks, emit_event, device })
    }

    /// What was wrong with the folder of trained networks.
    pub fn notices(&self) -> impl Iterator<Item = &Notice> {
        self.networks.notices()
    }

    /// One of two extents.
    pub fn quick_or_full<T>(&self, quick: T, full: T) -> T {
        if self.quick { quick } else { full }
    }

    /// The paper's settings for a net, over as many epochs as its figures show where not told otherwise.
    pub fn paper(&self, preset: Preset) -> Config {
        Config {
            weight_init: INITIAL,
            epochs: self.quick_or_full(QUICK_EPOCHS, 60),
            eval_every: 0,
            ..preset.config()
        }
    }

    /// Trains a network of each seed under each condition, `[conditions][seeds]`.
    ///
    /// # Errors
    /// When a training fails or was broken off.
    pub fn train(
        &mut self,
        conditions: &[Config],
    ) -> Result<Vec<Vec<TrainedNetwork>>, ExperimentError> {
        let seeds = 1..=self.seeds;
        let seeded = |config: &Config| -> Vec<Config> {
            seeds.clone().map(|seed| Config { seed, ..config.clone() }).collect()
        };
        let trained = self.train_all(&conditions.iter().flat_map(seeded).collect::<Vec<_>>())?;
        Ok(trained.chunks(self.seeds as usize).map(<[TrainedNetwork]>::to_vec).collect())
    }

    /// Trains a network of each seed.
    ///
    /// # Errors
    /// When a training fails or was broken off.
    pub fn train_one(
        &mut self,
        condition: &Config,
    ) -> Result<Vec<TrainedNetwork>, ExperimentError> {
        Ok(self.train(std::slice::from_ref(condition))?.concat())
    }

    /// Trains networks with just these settings.
    ///
    /// # Errors
    /// When a training fails or was broken off.
    pub fn train_all(
        &mut self,
        configs: &[Config],
    ) -> Result<Vec<TrainedNetwork>, ExperimentError> {
        let Study { networks, dataset, data, selection, parallel, emit_event, .. } = self;
        let trained =
            networks.get(configs, (dataset, data), selection, *parallel, &mut |done, total| {
                emit_event(StudyEvent::Progress { what: "training images", done, total })
            })?;
        self.device = trained.last().map(|trained| trained.trial.device.clone());
        Ok(trained)
    }

    /// Where was computed last.
    pub fn device(&self) -> &str {
        self.device.as_deref().unwrap_or(NO_DEVICE)
    }

    /// A test error beside the paper's: judged after as many epochs as the paper trained.
    pub(super) fn judge_error(&self, what: &str, paper: f64, errors: &[f64]) -> Finding {
        let text = paper.to_string();
        let claim = Claim { what, unit: "%", paper: &text };
        let criterion = format!("within {TOLERANCE} points");
        if self.quick {
            let note = "a quick run ends after fewer epochs than the paper's 60: not judged";
            return claim.report_only(errors, &criterion, note);
        }
        claim.in_range(errors, [paper - TOLERANCE, paper + TOLERANCE], &criterion)
    }

    /// A network that can be looked into.
    ///
    /// # Errors
    /// When no device works.
    pub fn session(
        &mut self,
        config: &Config,
        network: &Network,
        recorder: MonitorSpec,
    ) -> Result<MonitorSession, ExperimentError> {
        let session =
            MonitorSession::open(config, &self.dataset, network, recorder, &self.selection)?;
        self.device = Some(device_name(session.device()));
        Ok(session)
    }

    /// The first images of the test set, or drawn ones if it is sorted by class.
    pub fn test_images(&self, count: usize) -> Vec<Image> {
        let labels = self.dataset.labels();
        let image = |(place, index): (usize, usize)| Image {
            index,
            label: labels[index],
            position: place as u32,
            slot: index,
        };
        self.dataset.test_sample(count).into_iter().enumerate().map(image).collect()
    }

    /// Tells how far a recording is.
    ///
    /// # Errors
    /// When whoever listens breaks off.
    pub fn report_progress(
        &mut self,
        what: &str,
        done: usize,
        total: usize,
    ) -> Result<(), ExperimentError> {
        let (done, total) = (done as u64, total as u64);
        self.emit(StudyEvent::Progress { what, done, total })
    }

    pub(super) fn emit(&mut self, event: StudyEvent) -> Result<(), ExperimentError> {
        match (self.emit_event)(event) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(ExperimentError::Interrupted),
        }
    }
}
