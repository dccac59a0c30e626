//! Files of one array each: `x_train.npy`, `y_train.npy` and so on, or the four archives of KMNIST.

use std::path::{Path, PathBuf};

use super::load::load;
use super::names::{ArrayName, Content};
use super::places::{Place, find_sets, only_array};
use crate::dataset::folder_entries::sorted;
use crate::dataset::format::DataFormat;
use crate::dataset::format_option::FormatOption;
use crate::dataset::{DatasetError, LoadedDataset, ReadOptions, file_pair};

/// A file per array.
pub(in crate::dataset) struct ArrayFiles;

impl DataFormat for ArrayFiles {
    fn folder_content(&self) -> Option<&'static str> {
        Some("a .npy file per array (x_train.npy, y_train.npy, x_test.npy and y_test.npy)")
    }

    fn file_kind(&self) -> Option<&'static str> {
        Some("an .npy file")
    }

    fn detect(&self, path: &Path) -> Result<bool, DatasetError> {
        if !path.is_dir() {
            return Ok(file_pair::has_ending(path, "npy"));
        }
        let named = named_files(path)?;
        Ok(named.iter().any(|(name, _)| name.content == Content::Images))
    }

    fn options(&self) -> &'static [FormatOption] {
        &[FormatOption::ChannelOrder]
    }

    fn read(&self, path: &Path, options: &ReadOptions) -> Result<LoadedDataset, DatasetError> {
        let folder = if path.is_dir() { path } else { path.parent().unwrap_or(Path::new("")) };
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let mut arrays = Vec::new();
        for (_, file) in named_files(folder)? {
            let place = match file_pair::has_ending(&file, "npz") {
                true => only_array(&file)?,
                false => Place::File(file.clone()),
            };
            arrays.push((stem(&file), place));
        }
        load(path, &find_sets(path, &arrays)?, options)?.with_class_names_of(folder)
    }
}

fn stem(file: &Path) -> String {
    file.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// Returns the files of a folder whose names say what array they have.
fn named_files(folder: &Path) -> Result<Vec<(ArrayName, PathBuf)>, DatasetError> {
    let is_array =
        |file: &PathBuf| ["npy", "npz"].iter().any(|ending| file_pair::has_ending(file, ending));
    let files = sorted(folder)?.into_iter().filter(|file| is_array(file) && file.is_file());
    Ok(files.filter_map(|file| ArrayName::parse(&stem(&file)).map(|name| (name, file))).collect())
}
