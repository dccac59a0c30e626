//! Which data set a command uses: that of the run, or of the weights, unless the command line names one.

use std::path::Path;

use super::CliError;
use super::machine::DataArgs;
use super::output::tell;
use apical::dataset::{DataIdentity, Dataset};
use apical::run_dir::training_data::{check_class_names, data_identity_of_run, open_training_data};
use apical::run_dir::{RunInfo, SavedNetwork};

/// What `--data` may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Allowed {
    /// The data set of the run, in another place.
    Moved,
    /// Any data set whose images the network can be shown.
    Other {
        /// Dark and light change places.
        inverted: bool,
    },
}

/// A data set for a network.
pub(super) struct RunData {
    /// With the labels of the network.
    pub(super) dataset: Dataset,
    pub(super) used: DataIdentity,
    /// What the network was trained on, if that is known.
    pub(super) trained_on: Option<DataIdentity>,
}

impl RunData {
    /// Whether the network was trained on this data set; `None` if that is not known.
    pub(super) fn is_of_run(&self) -> Option<bool> {
        self.trained_on.as_ref().map(|data| data.sha256 == self.used.sha256)
    }
}

/// Opens the data set for a network and says on standard error which one it is. `owner`: the file of weights, or the
/// folder of the run.
///
/// # Errors
/// Returns an error if the data set cannot be found or read, is another one than `allowed`, or does not fit the network.
pub(super) fn open(
    saved: &SavedNetwork,
    owner: &Path,
    arguments: &DataArgs,
    allowed: Allowed,
) -> Result<RunData, CliError> {
    let trained_on = saved.images.data.clone().or_else(|| data_identity_of_run(owner));
    let dataset = match (&trained_on, arguments.folder()) {
        (Some(data), None) => {
            let dataset = open_training_data(data, owner)?;
            dataset.warnings.iter().for_each(tell);
            dataset
        }
        (Some(data), Some(_)) if allowed == Allowed::Moved => {
            arguments.or(data.read_options).open()?
        }
        (_, Some(_)) => arguments.or(saved.images.read_options()).open()?,
        (None, None) => arguments.open()?,
    };
    let used = DataIdentity::of(&dataset);
    match &trained_on {
        None => tell(format_args!(
            "data: {used}; {} does not name the data that it was trained on{}",
            owner.display(),
            if arguments.folder().is_none() { ": --data does" } else { "" }
        )),
        Some(data) if data.sha256 == used.sha256 => {
            if allowed == Allowed::Moved {
                check_class_names(data, &used, owner)?;
            }
            tell(format_args!("data: {used}"));
        }
        Some(data) if allowed == Allowed::Moved => {
            return Err(CliError::NotOfRun {
                folder: owner.to_owned(),
                data: Box::new([data.clone(), used]),
            });
        }
        Some(data) => tell(format_args!("data: {used}; trained on other data: {data}")),
    }
    let (dataset, notes) = saved.fit(dataset, allowed == Allowed::Other { inverted: true })?;
    notes.iter().for_each(tell);
    Ok(RunData { dataset, used, trained_on })
}

/// Says which data set a command uses that trains, and that settings are those of a run on other data.
pub(super) fn announce(dataset: &Dataset, arguments: &DataArgs, config: Option<&Path>) {
    tell(format_args!(
        "data: {} ({} training and {} test images)",
        dataset.name, dataset.training_count, dataset.test_count
    ));
    warn_of_other_data(dataset, arguments, config);
}

/// Says that settings are those of a run on other data, if `--data` was left out.
pub(super) fn warn_of_other_data(dataset: &Dataset, arguments: &DataArgs, config: Option<&Path>) {
    let Some(config) = config.filter(|_| arguments.folder().is_none()) else { return };
    let folder =
        config.parent().map(|folder| if folder == Path::new("") { Path::new(".") } else { folder });
    let Some(Ok(info)) = folder.map(RunInfo::read) else { return };
    if info.data.is_some() {
        tell(format_args!(
            "warning: {} is of a run on {}; without --data, {} is used",
            config.display(),
            info.data_identity(),
            dataset.name
        ));
    }
}
