//! Finds the data set that a network was trained on.

use std::path::{Path, PathBuf};

use thiserror::Error;

use super::RunInfo;
use crate::dataset::class_names::list_names;
use crate::dataset::{DataIdentity, DataSource, Dataset, DatasetError};

/// Folders above a file of weights in which its data set is looked for, and its `run.json`.
const LEVELS: usize = 4;

/// Why the data set of a network cannot be opened.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "each message says what it is")]
pub enum DataError {
    #[error("{}: cannot find the data set that it was trained on, {data}", .owner.display())]
    NotFound { owner: PathBuf, data: Box<DataIdentity> },
    #[error("{}: expected the data set that it was trained on, {data}; {found} holds other images", .owner.display())]
    Changed { owner: PathBuf, data: Box<DataIdentity>, found: String },
    #[error(
        "{}: expected the data set that it was trained on, {data}; {name} has the same images, but classes have \
         other names: {changes}",
        .owner.display()
    )]
    ClassNames { owner: PathBuf, data: Box<DataIdentity>, name: String, changes: String },
    #[error("{}: cannot read the data set that it was trained on, {data}", .owner.display())]
    Dataset { owner: PathBuf, data: Box<DataIdentity>, source: Box<DatasetError> },
}

/// What is known of the data set of a run, or of weights in it, from the `run.json` of the run. `owner`: the folder, or
/// a file below it.
pub fn identity_of_run(owner: &Path) -> Option<DataIdentity> {
    run_of(owner).map(|info| info.data_identity())
}

/// Opens the data set that a network was trained on and checks that it is the same. `owner`: the file of its weights or
/// the folder of its run. A relative path counts from the working folder, then from the folders above `owner`; last, the
/// `run.json` there names an absolute one.
///
/// # Errors
/// Returns [`DataError::NotFound`] if nothing is there, [`DataError::Changed`] if other images are,
/// [`DataError::ClassNames`] if the images are the same and their classes have other names.
pub fn open_data(data: &DataIdentity, owner: &Path) -> Result<Dataset, DataError> {
    let (owned, identity) = (|| owner.to_owned(), || Box::new(data.clone()));
    let mut failure = DataError::NotFound { owner: owned(), data: identity() };
    let candidates: Vec<Option<PathBuf>> = match data.source {
        DataSource::Embedded => vec![None],
        DataSource::Files => paths(data, owner).into_iter().map(Some).collect(),
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
                failure = DataError::Changed { owner: owned(), data: identity(), found };
            }
            Err(source) if matches!(failure, DataError::NotFound { .. }) => {
                failure = DataError::Dataset {
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

/// Checks that `found` names its classes as `data` does.
///
/// # Errors
/// Returns [`DataError::ClassNames`] if it does not. The same images then mean something else.
pub fn check_class_names(
    data: &DataIdentity,
    found: &DataIdentity,
    owner: &Path,
) -> Result<(), DataError> {
    check_names(data, &found.name, &found.class_names, owner)
}

fn check_names(
    data: &DataIdentity,
    name: &str,
    class_names: &[String],
    owner: &Path,
) -> Result<(), DataError> {
    if data.class_names.is_empty() || class_names.is_empty() || data.class_names == class_names {
        return Ok(());
    }
    let pairs = data.class_names.iter().zip(class_names).filter(|(was, is)| was != is);
    let changes: Vec<String> = pairs.map(|(was, is)| format!("{was} is now {is}")).collect();
    Err(DataError::ClassNames {
        owner: owner.to_owned(),
        data: Box::new(data.clone()),
        name: name.to_string(),
        changes: list_names(&changes),
    })
}

/// Paths where the data set may be, each of which exists.
fn paths(data: &DataIdentity, owner: &Path) -> Vec<PathBuf> {
    let mut paths = vec![PathBuf::from(&data.name)];
    paths.extend(folders_above(owner).map(|folder| folder.join(&data.name)));
    let of_run = run_of(owner).filter(|info| info.dataset_sha256 == data.sha256);
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

/// The nearest `run.json` at or above a path.
fn run_of(owner: &Path) -> Option<RunInfo> {
    folders_above(owner).find_map(|folder| RunInfo::read(&folder).ok())
}

/// A folder, or that of a file, and the folders above it.
fn folders_above(owner: &Path) -> impl Iterator<Item = PathBuf> {
    let owner = owner.canonicalize().or_else(|_| std::path::absolute(owner)).unwrap_or_default();
    let skipped = usize::from(!owner.is_dir());
    let folders: Vec<PathBuf> = owner.ancestors().skip(skipped).map(Path::to_owned).collect();
    folders.into_iter().take(LEVELS)
}
