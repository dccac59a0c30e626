//! Names of the folders of training, test and validation set.

use std::path::{Path, PathBuf};

use super::DatasetError;
use super::class_names::sanitize;
use super::error::{invalid, invalid_with_hint};
use super::file_tree::FileTree;
use crate::text::list_first;

/// Names in lower case; folders may have capitals.
pub(super) const TRAINING: [&str; 2] = ["train", "training"];
pub(super) const TEST: [&str; 2] = ["test", "testing"];
pub(super) const VALIDATION: [&str; 3] = ["val", "valid", "validation"];
/// Largest number of unused folders that a warning lists.
const MAX_LISTED: usize = 5;

/// Folders of the sets in a folder of a tree.
pub(super) struct SetFolders {
    /// Folder of the training set, or the folder itself if it has the classes.
    pub training: PathBuf,
    /// Folder of the test set, if there is one.
    pub test: Option<PathBuf>,
    /// Folder of the validation set, if there is a test set, too.
    pub validation: Option<PathBuf>,
    /// Choices among the folders, one sentence each.
    pub notes: Vec<String>,
    /// Folders that are not used.
    pub warnings: Vec<String>,
}

impl SetFolders {
    /// Returns whether a folder has the name of a set.
    pub fn has_name_of_set(folder: &Path) -> bool {
        let name = name(folder).to_lowercase();
        [&TRAINING[..], &TEST, &VALIDATION].into_iter().flatten().any(|known| *known == name)
    }

    /// Finds the folders of the sets by their names.
    ///
    /// # Errors
    /// Returns an error if several folders can be one set, or there is no training set beside another set.
    pub fn of(tree: &FileTree, root: &Path) -> Result<SetFolders, DatasetError> {
        let mut folders = tree.entries(root)?.folders;
        let mut take = |names: &[&str]| take_one(tree, root, &mut folders, names);
        let (training, test) = (take(&TRAINING)?, take(&TEST)?);
        let validation = take(&VALIDATION)?;
        let Some(training) = training else {
            let Some(other) = test.or(validation) else {
                let (training, [test, validation]) = (root.to_owned(), [None, None]);
                let (notes, warnings) = (Vec::new(), Vec::new());
                return Ok(SetFolders { training, test, validation, notes, warnings });
            };
            let expected = format!("the folder {} with a folder per class", TRAINING[0]);
            let found = format!("{} only", name(&other));
            return Err(invalid(tree.location(root), expected, found));
        };
        let (mut notes, mut warnings) = (Vec::new(), Vec::new());
        let (test, validation) = match (test, validation) {
            (None, Some(validation)) => {
                let folder = tree.display(&validation);
                notes.push(format!(
                    "{folder}: the validation set is the test set, since there is none"
                ));
                (Some(validation), None)
            }
            sets => sets,
        };
        if !folders.is_empty() {
            let names: Vec<String> = folders.iter().map(|folder| name(folder)).collect();
            let names = list_first(&names, MAX_LISTED);
            warnings.push(format!("{}: folders not used: {names}", tree.display(root)));
        }
        Ok(SetFolders { training, test, validation, notes, warnings })
    }
}

/// Removes the folder with one of these names.
///
/// # Errors
/// Returns an error if there are several.
fn take_one(
    tree: &FileTree,
    root: &Path,
    folders: &mut Vec<PathBuf>,
    names: &[&str],
) -> Result<Option<PathBuf>, DatasetError> {
    let is_named = |folder: &&PathBuf| names.contains(&name(folder).to_lowercase().as_str());
    let found: Vec<PathBuf> = folders.iter().filter(is_named).cloned().collect();
    match found.len() {
        0 => Ok(None),
        1 => {
            folders.retain(|folder| *folder != found[0]);
            Ok(Some(found[0].clone()))
        }
        _ => {
            let found: Vec<String> = found.iter().map(|folder| name(folder)).collect();
            let expected = format!("one folder {}", names[0]);
            let hint = "join the folders or rename one of them";
            Err(invalid_with_hint(tree.location(root), expected, found.join(" and "), hint))
        }
    }
}

fn name(folder: &Path) -> String {
    sanitize(&folder.file_name().unwrap_or_default().to_string_lossy())
}
