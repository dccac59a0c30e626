//! Search for the data set that a network was trained on.

use std::path::{Path, PathBuf};

use thiserror::Error;

use super::RunInfo;
use crate::dataset::class_names::list_names;
use crate::dataset::{DataIdentity, DataSource, Dataset, DatasetError};

/// Number of enclosing folders of a file of weights that are searched for its data set and its `run.json`.
const SEARCHED_FOLDERS: usize = 4;

/// Error of opening the data set that a network was trained on.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "each message describes its variant")]
pub enum TrainingDataError {
    #[error("{}: cannot find the data set that it was trained on, {data}", .owner.display())]
    NotFound { owner: PathBuf, data: Box<DataIdentity> },
    #[error("{}: expected the data set that it was trained on, {data}; {found} holds other images", .owner.display())]
    Changed { owner: PathBuf, data: Box<DataIdentity>, found: String },
    #[error(
        "{}: expected the data set that it was trained on, {data}; {name} has the same images, but other class \
         names: {changes}",
        .owner.display()
    )]
    ClassNames { owner: PathBuf, data: Box<DataIdentity>, name: String, changes: String },
    #[error("{}: cannot read the data set that it was trained on, {data}", .owner.display())]
    Dataset { owner: PathBuf, data: Box<DataIdentity>, source: Box<DatasetError> },
}

/// Returns the identity of a run's data set from its `run.json`. `owner`: the folder of the run, or a file in it.
pub fn data_identity_of_run(owner: &Path) -> Option<DataIdentity> {
    find_run_info(owner).map(|info| info.data_identity())
}

/// Opens the data set that a network was trained on and compares its SHA-256. `owner`: the file of weights or the folder
/// of the run. Resolves a relative path against the working folder, then against the folders that enclose `owner`. At
/// last tries the absolute path in `run.json`.
///
/// # Errors
/// Returns [`TrainingDataError::NotFound`] if no such path exists, [`TrainingDataError::Changed`] if the images differ,
/// [`TrainingDataError::ClassNames`] if the images are the same and their classes have other names, or
/// [`TrainingDataError::Dataset`] if the data set cannot be read.
pub fn open_training_data(data: &DataIdentity, owner: &Path) -> Result<Dataset, TrainingDataError> {
    let (owned, identity) = (|| owner.to_owned(), || Box::new(data.clone()));
    let mut failure = TrainingDataError::NotFound { owner: owned(), data: identity() };
    let candidates: Vec<Option<PathBuf>> = match data.source {
        DataSource::Embedded => vec![None],
        DataSource::Files => candidate_paths(data, owner).into_iter().map(Some).collect(),
        DataSource::Memory => Vec::new(),
    };
    for candidate in candidates {
        let opened = match &candidate {
            Some(path) => Dataset::open_as(path, &data.read_options),
            None => Dataset::mnist(),
        };
        match opened {
            Ok(dataset) if dataset.sha256() == data.sha256 => {
                match check_names(data, &dataset.name, &dataset.class_names, owner) {
                    Ok(()) => return Ok(dataset),
                    Err(error) => failure = error,
                }
            }
            Ok(Dataset { name: found, .. }) => {
                failure = TrainingDataError::Changed { owner: owned(), data: identity(), found };
            }
            Err(source) if matches!(failure, TrainingDataError::NotFound { .. }) => {
                failure = TrainingDataError::Dataset {
                    owner: owned(),
                    data: identity(),
                    source: Box::new(source),
                };
            }
            Err(_) => {}
        }
    }
    Err(failure)
}

/// Checks that `found` and `data` have the same class names.
///
/// # Errors
/// Returns [`TrainingDataError::ClassNames`] if not. The same labels then have another meaning.
pub fn check_class_names(
    data: &DataIdentity,
    found: &DataIdentity,
    owner: &Path,
) -> Result<(), TrainingDataError> {
    check_names(data, &found.name, &found.class_names, owner)
}

/// Checks class names; no names match any.
fn check_names(
    data: &DataIdentity,
    name: &str,
    class_names: &[String],
    owner: &Path,
) -> Result<(), TrainingDataError> {
    if data.class_names.is_empty() || class_names.is_empty() || data.class_names == class_names {
        return Ok(());
    }
    let pairs = data.class_names.iter().zip(class_names).filter(|(before, now)| before != now);
    let changes: Vec<String> =
        pairs.map(|(before, now)| format!("{before} is now {now}")).collect();
    Err(TrainingDataError::ClassNames {
        owner: owner.to_owned(),
        data: Box::new(data.clone()),
        name: name.to_string(),
        changes: list_names(&changes),
    })
}

/// Returns the existing paths at which the data set may be.
fn candidate_paths(data: &DataIdentity, owner: &Path) -> Vec<PathBuf> {
    let mut paths = vec![PathBuf::from(&data.name)];
    paths.extend(enclosing_folders(owner).map(|folder| folder.join(&data.name)));
    let of_run = find_run_info(owner).filter(|info| info.dataset_sha256 == data.sha256);
    paths.extend(of_run.and_then(|info| info.data));
    let mut known = Vec::new();
    paths.retain(|path| {
        let Ok(real) = path.canonicalize() else { return false };
        let is_new = !known.contains(&real);
        known.push(real);
        is_new
    });
    paths
}

/// Reads the nearest `run.json` in the folders that enclose `owner`.
fn find_run_info(owner: &Path) -> Option<RunInfo> {
    enclosing_folders(owner).find_map(|folder| RunInfo::read(&folder).ok())
}

/// Returns the folder `owner`, or the folder of the file `owner`, and its parents.
fn enclosing_folders(owner: &Path) -> impl Iterator<Item = PathBuf> {
    let owner = owner.canonicalize().or_else(|_| std::path::absolute(owner)).unwrap_or_default();
    let skipped = usize::from(!owner.is_dir());
    let folders: Vec<PathBuf> = owner.ancestors().skip(skipped).map(Path::to_owned).collect();
    folders.into_iter().take(SEARCHED_FOLDERS)
}
