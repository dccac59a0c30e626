//! Trainings with stored results: trials in the file of finished ones are not trained again.

mod event;
mod trial_fields;
mod writer;

pub use event::{TrialEvent, TrialListener};
pub use trial_fields::{device_name, training_images};

use thiserror::Error;

use crate::config::{Config, Variant};
use crate::dataset::{DataIdentity, Dataset};
use crate::device::DeviceOptions;
use crate::run_dir::{StorageError, TrialStore};
use crate::train::{CheckpointInterval, TrainError, Training};
use writer::TrialWriter;

/// Error that prevents trials from continuing.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "each message says what it is")]
pub enum TrialsError {
    #[error(transparent)]
    Train(#[from] TrainError),
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Trains every network of `configs` that is not in `trials`, in order, at most `parallel` side by side. A stopped
/// training resumes with the same bits. Returns whether all are finished: a stop or the listener may interrupt the
/// trials, and the weights trained so far are kept.
///
/// # Errors
/// Returns an error if a setting is invalid, the device fails or the file cannot be written.
pub fn run(
    trials: &mut TrialStore,
    configs: &[Config],
    dataset: &Dataset,
    selection: &DeviceOptions,
    parallel: usize,
    listen: TrialListener,
) -> Result<bool, TrialsError> {
    let data = DataIdentity::of(dataset);
    let mut missing: Vec<&Config> = Vec::new();
    for config in configs {
        if trials.find_by_data(config, &data).is_some() {
            // A process that was killed after it added the trial may have left checkpoints.
            trials.remove_unfinished(config, &data.sha256)?;
        } else if !missing.contains(&config) {
            missing.push(config);
        }
    }
    if missing.is_empty() {
        return Ok(true);
    }
    for configs in missing.chunks(parallel.max(1)) {
        if selection.stop.is_requested()
            || !train(trials, configs, (dataset, &data), selection, listen)?
        {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Trains all of `configs` side by side, in groups if they do not fit.
fn train(
    trials: &mut TrialStore,
    configs: &[&Config],
    (dataset, data): (&Dataset, &DataIdentity),
    selection: &DeviceOptions,
    listen: TrialListener,
) -> Result<bool, TrialsError> {
    let (mut unfinished, mut starts) = (Vec::new(), Vec::new());
    for config in configs {
        let (trial, start, epochs) = trials.unfinished(config, &data.sha256)?;
        unfinished.push((trial, epochs));
        starts.push(start);
    }
    // Each network is the only one of its trial.
    let variants: Vec<Variant> =
        configs.iter().map(|&config| Variant::alone(config.clone())).collect();
    let mut training = Training::resume_variants(&variants, dataset.clone(), selection, starts)?;
    training.send_checkpoints(CheckpointInterval::Epochs(1));
    let device = training.device().clone();
    if listen(TrialEvent::Device { device: &device }).is_break() {
        return Ok(false);
    }
    let mut writer = TrialWriter::new(trials, configs, dataset, data, unfinished, device);
    let summary = training.run(&mut |event| {
        let is_stopped = selection.stop.is_requested();
        writer.on_event(event, is_stopped, listen)
    })?;
    writer.finish()?;
    Ok(!summary.stopped)
}
