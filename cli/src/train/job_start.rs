//! Starts of a run other than random weights: more epochs of a finished run, and given weights.

use std::path::Path;

use super::TrainArgs;
use super::job::TrainJob;
use crate::CliError;
use crate::weights::load_weights;
use apical::dataset::Dataset;
use apical::run_dir::file_names::INITIAL_WEIGHTS;
use apical::run_dir::{RunInfo, SavedNetwork, weights_sha256};
use apical::train::{Checkpoint, ResumeFrom};

impl TrainJob {
    /// Extends the run to more epochs.
    ///
    /// # Errors
    /// Returns an error if it has more, or if the result would differ from that of a run with this number from the start.
    pub(super) fn extend(&mut self, epochs: u32) -> Result<(), CliError> {
        let (found, folder) = (self.info.config.epochs, self.folder.clone().unwrap_or_default());
        if epochs < found {
            let difference = format!("epochs is {found}, not {epochs}");
            return Err(CliError::SettingsMismatch { folder, difference });
        }
        if epochs == found {
            return Ok(());
        }
        let refused = |reason: &str| {
            let folder = folder.display();
            let message = format!("{folder}: cannot extend this run to {epochs} epochs: {reason}");
            Err(CliError::Usage(message))
        };
        if self.info.sweeps.iter().any(|sweep| sweep.key() == "epochs") {
            return refused("its sweep defines the numbers of epochs");
        }
        if self.variants()?.iter().any(|variant| variant.config.depends_on_epochs()) {
            return refused(
                "with --lr-schedule cosine, the learning rates of all epochs depend on their number; start a new run \
                 with --initial-weights",
            );
        }
        self.info.config.epochs = epochs;
        self.is_extended = true;
        Ok(())
    }

    /// Returns the weights with which the networks of a resumed run start, if they were given.
    pub(super) fn initial_weights(
        arguments: &TrainArgs,
        folder: &Path,
        info: &RunInfo,
    ) -> Result<Option<SavedNetwork>, CliError> {
        let Some(sha256) = &info.initial_weights_sha256 else { return Ok(None) };
        let copy = folder.join(INITIAL_WEIGHTS);
        // A process that was killed at once may not have copied them.
        let path = match &arguments.initial_weights {
            Some(given) if !copy.exists() => given,
            _ => &copy,
        };
        let saved = load_weights(path)?;
        match weights_sha256(&saved.network) == *sha256 {
            true => Ok(Some(saved)),
            false => {
                let difference = format!("{} holds other initial weights", path.display());
                Err(CliError::SettingsMismatch { folder: folder.to_owned(), difference })
            }
        }
    }

    /// Checks that the networks of the run can start with the given weights.
    ///
    /// # Errors
    /// Returns an error if they have other layers, or input of another kind or size.
    pub(super) fn check_initial_weights(&self, dataset: &Dataset) -> Result<(), CliError> {
        let Some(saved) = &self.initial else { return Ok(()) };
        saved.check_size(dataset)?;
        let (given, needed) = (&saved.config.layers, &self.info.config.layers);
        if given == needed {
            return Ok(());
        }
        let list =
            |layers: &[usize]| layers.iter().map(usize::to_string).collect::<Vec<_>>().join(",");
        Err(CliError::Usage(format!(
            "cannot start with the weights of --initial-weights: they have layers {}, the run has layers {}",
            list(given),
            list(needed)
        )))
    }

    /// Returns the start of a network without a checkpoint.
    pub(super) fn initial_start(&self) -> ResumeFrom {
        self.initial.as_ref().map_or(ResumeFrom::Initial, |saved| {
            ResumeFrom::Checkpoint(Box::new(Checkpoint::of_network(saved.network.clone())))
        })
    }
}
