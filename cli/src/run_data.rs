//! Data set of a command: that of the run or weights, unless `--data` names another.

use std::path::Path;

use super::CliError;
use super::output::eprint_line;
use super::shared_args::DataArgs;
use apical::dataset::{DataIdentity, Dataset};
use apical::run_dir::training_data::{check_class_names, data_identity_of_run, open_training_data};
use apical::run_dir::{RunInfo, SavedNetwork};

/// Data sets that `--data` may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DataPolicy {
    /// The data set of the run, possibly moved.
    SameImages,
    /// Any data set that fits the network.
    AnyImages {
        /// Whether to invert dark and light.
        inverted: bool,
    },
}

/// Data set opened for a network.
pub(super) struct RunData {
    /// Data set with the network's labels.
    pub(super) dataset: Dataset,
    /// Identity of the data set.
    pub(super) used: DataIdentity,
    /// Identity of the training data; `None` if unknown.
    pub(super) trained_on: Option<DataIdentity>,
}

impl RunData {
    /// Whether the network was trained on this data set; `None` if unknown.
    pub(super) fn is_of_run(&self) -> Option<bool> {
        self.trained_on.as_ref().map(|data| data.sha256 == self.used.sha256)
    }
}

/// Opens the data set for a network and prints its identity on standard error. `owner`: file of weights or folder of the
/// run.
///
/// # Errors
/// Returns an error if the data set cannot be found or read, is not allowed, or does not fit the network.
pub(super) fn open(
    saved: &SavedNetwork,
    owner: &Path,
    arguments: &DataArgs,
    allowed: DataPolicy,
) -> Result<RunData, CliError> {
    let trained_on = saved.images.data.clone().or_else(|| data_identity_of_run(owner));
    let dataset = match (&trained_on, arguments.path()) {
        (Some(data), None) => {
            let dataset = open_training_data(data, owner)?;
            dataset.warnings.iter().for_each(eprint_line);
            dataset
        }
        (Some(data), Some(_)) if allowed == DataPolicy::SameImages => {
            arguments.with_defaults(data.read_options).open()?
        }
        (_, Some(_)) => arguments.with_defaults(saved.images.read_options()).open()?,
        (None, None) => arguments.open()?,
    };
    let used = DataIdentity::of(&dataset);
    match &trained_on {
        None => eprint_line(format_args!(
            "data: {used}; {} does not name the data that it was trained on{}",
            owner.display(),
            if arguments.path().is_none() { ": --data does" } else { "" }
        )),
        Some(data) if data.sha256 == used.sha256 => {
            if allowed == DataPolicy::SameImages {
                check_class_names(data, &used, owner)?;
            }
            eprint_line(format_args!("data: {used}"));
        }
        Some(data) if allowed == DataPolicy::SameImages => {
            return Err(CliError::DataMismatch {
                folder: owner.to_owned(),
                data: Box::new([data.clone(), used]),
            });
        }
        Some(data) => eprint_line(format_args!("data: {used}; trained on other data: {data}")),
    }
    let (dataset, notes) =
        saved.fit(dataset, allowed == DataPolicy::AnyImages { inverted: true })?;
    notes.iter().for_each(eprint_line);
    Ok(RunData { dataset, used, trained_on })
}

/// Prints the data set of a training, and a warning if the settings come from a run on other data.
pub(super) fn print_dataset(dataset: &Dataset, arguments: &DataArgs, config: Option<&Path>) {
    eprint_line(format_args!(
        "data: {} ({} training and {} test images)",
        dataset.name, dataset.training_count, dataset.test_count
    ));
    warn_if_other_data(dataset, arguments, config);
}

/// Prints a warning if the settings come from a run on other data and `--data` is not given.
pub(super) fn warn_if_other_data(dataset: &Dataset, arguments: &DataArgs, config: Option<&Path>) {
    let Some(config) = config.filter(|_| arguments.path().is_none()) else { return };
    let folder =
        config.parent().map(|folder| if folder == Path::new("") { Path::new(".") } else { folder });
    let Some(Ok(info)) = folder.map(RunInfo::read) else { return };
    if info.data.is_some() {
        eprint_line(format_args!(
            "warning: {} is of a run on {}; without --data, {} is used",
            config.display(),
            info.data_identity(),
            dataset.name
        ));
    }
}
