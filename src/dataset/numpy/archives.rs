//! `.npz` archives of images: one of all sets, or `train.npz` and `test.npz`.

use std::path::Path;

use super::load::load;
use super::names::ArrayName;
use super::places::{DatasetPlaces, SetPlaces, find_sets, of_archive};
use crate::dataset::format::DataFormat;
use crate::dataset::format_option::FormatOption;
use crate::dataset::{DatasetError, LoadedDataset, ReadOptions, file_pair, npz};

/// An archive of all sets, or an archive for each.
pub(in crate::dataset) struct NpzArchives;

/// Ending of the names of archives.
const ENDING: &str = "npz";

impl DataFormat for NpzArchives {
    fn folder_content(&self) -> Option<&'static str> {
        Some("train.npz and test.npz")
    }

    fn file_kind(&self) -> Option<&'static str> {
        Some("an .npz file")
    }

    fn detect(&self, path: &Path) -> Result<bool, DatasetError> {
        Ok(match path.is_dir() {
            true => file_pair::is_in_folder(path, ENDING),
            false => file_pair::has_ending(path, ENDING) || npz::starts_as_zip(path),
        })
    }

    fn options(&self) -> &'static [FormatOption] {
        &[FormatOption::ChannelOrder]
    }

    fn read(&self, path: &Path, options: &ReadOptions) -> Result<LoadedDataset, DatasetError> {
        let has_file_per_set =
            path.is_dir() || file_pair::has_training_name(path) && has_one_set(path)?;
        let (places, files) = if has_file_per_set {
            let (training, test) = match file_pair::lone(path, ENDING, options) {
                Some(training) => (training, None),
                None => {
                    let [training, test] = file_pair::find(path, ENDING)?;
                    (training, Some(test))
                }
            };
            let validation = training.with_file_name("val.npz");
            let validation = (path.is_dir() && validation.is_file()).then_some(validation);
            let places = DatasetPlaces {
                training: only_set(&training)?,
                test: test.as_deref().map(only_set).transpose()?,
                validation: validation.as_deref().map(only_set).transpose()?,
            };
            (places, [training].into_iter().chain(test).chain(validation).collect())
        } else {
            npz::check_is_archive_of_arrays(path)?;
            (find_sets(path, &of_archive(path)?)?, vec![path.to_owned()])
        };
        let read = load(path, &places, options)?;
        let mut warnings = Vec::new();
        for file in &files {
            warnings.extend(npz::all_except(file, &places.used_of(file))?);
        }
        LoadedDataset { warnings, ..read }.with_class_names_of(path)
    }
}

/// Returns whether an archive has images and labels without the name of a set.
fn has_one_set(path: &Path) -> Result<bool, DatasetError> {
    let names = npz::names(path)?;
    Ok(!names.iter().filter_map(|name| ArrayName::parse(name)).any(|name| name.set.is_some()))
}

/// Returns the set of an archive that has one set.
fn only_set(path: &Path) -> Result<SetPlaces, DatasetError> {
    npz::check_is_archive_of_arrays(path)?;
    let arrays = of_archive(path)?.into_iter();
    // Sets of other names are not those of the file.
    let is_without_set = |name: &str| ArrayName::parse(name).is_none_or(|name| name.set.is_none());
    let arrays: Vec<_> = arrays.filter(|(name, _)| is_without_set(name)).collect();
    Ok(find_sets(path, &arrays)?.training)
}
