//! Starts of a run other than random weights: more epochs of a finished run, and given weights.

use std::path::Path;

use super::TrainArgs;
use super::job::TrainJob;
use crate::CliError;
use crate::weights::load_weights;
use apical::config::{Config, Variant};
use apical::dataset::Dataset;
use apical::run_dir::file_names::INITIAL_WEIGHTS;
use apical::run_dir::{RunInfo, SavedNetwork, weights_sha256};
use apical::train::{Checkpoint, ResumeFrom};
use clap::ValueEnum;

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
    /// Returns an error if one has other layers, feedback from other layers or another kind of event feedback, or input
    /// of another kind or size.
    pub(super) fn check_initial_weights(
        &self,
        variants: &[Variant],
        dataset: &Dataset,
    ) -> Result<(), CliError> {
        let Some(saved) = &self.initial else { return Ok(()) };
        saved.check_size(dataset)?;
        let given = &saved.config;
        let refuse = |have: String, needed: String| {
            let weights = "cannot start with the weights of --initial-weights";
            Err(CliError::Usage(format!("{weights}: they have {have}, the run has {needed}")))
        };
        for Variant { config, .. } in variants {
            if config.layers != given.layers {
                let list = |layers: &[usize]| {
                    layers.iter().map(usize::to_string).collect::<Vec<_>>().join(",")
                };
                let [have, needed] = [given, config].map(|config| list(&config.layers));
                return refuse(format!("layers {have}"), format!("layers {needed}"));
            }
            if feedback_sizes(config) != feedback_sizes(given) {
                let [have, needed] = [given, config].map(|config| name(config.feedback));
                let hint = format!("; give --feedback {have}");
                return refuse(format!("{have} feedback"), format!("{needed} feedback{hint}"));
            }
            let learns_events = |config: &Config| config.network_model().learns_event_feedback();
            if learns_events(config) != learns_events(given) {
                let [have, needed] = [given, config].map(|config| name(config.event_feedback));
                let hint = format!("; give --event-feedback {have}");
                let needed = format!("{needed} event feedback{hint}");
                return refuse(format!("{have} event feedback"), needed);
            }
        }
        Ok(())
    }

    /// Returns the start of a network without a checkpoint.
    pub(super) fn initial_start(&self) -> ResumeFrom {
        self.initial.as_ref().map_or(ResumeFrom::Initial, |saved| {
            ResumeFrom::Checkpoint(Box::new(Checkpoint::of_network(saved.network.clone())))
        })
    }
}

/// Returns the number of units that feed back to each hidden layer.
fn feedback_sizes(config: &Config) -> Vec<usize> {
    let layers = config.layers.len();
    let hidden = 0..layers.saturating_sub(1);
    hidden.map(|layer| config.layers[config.feedback.population(layer, layers) - 1]).collect()
}

/// Returns the name of a setting's value as flags take it.
fn name(value: impl ValueEnum) -> String {
    let value = value.to_possible_value();
    value.map_or(String::new(), |value| value.get_name().to_string())
}
