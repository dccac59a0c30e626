//! Reads the sets of a data set, which share columns, classes and size of images.

use std::path::Path;

use super::super::array::largest;
use super::super::conversions::ConversionCounts;
use super::super::error::{invalid, list_few};
use super::super::image_folders::full_scale_if_16_bit;
use super::super::loaded::LoadedSets;
use super::super::{DatasetError, LoadedDataset, Location, ReadOptions};
use super::parts::SetParts;
use super::rows::{ReadSet, SetReader};

/// Reads the files of all sets.
///
/// # Errors
/// Returns an error if a file is invalid, or there are no images.
pub(super) fn read(
    parts: SetParts,
    path: &Path,
    options: &ReadOptions,
) -> Result<LoadedDataset, DatasetError> {
    let SetParts { training, test, validation, mut notes, mut warnings } = parts;
    let mut reader = SetReader::new(options);
    let training = reader.read(&training)?;
    let test = test.map(|files| reader.read(&files)).transpose()?;
    let validation = validation.map(|files| reader.read(&files)).transpose()?;
    let name = path.display().to_string();
    let size =
        reader.size().ok_or_else(|| invalid(Location::whole(name.clone()), "images", "none"))?;
    let mut all = ConversionCounts::default();
    let mut source_files = Vec::new();
    let mut classes = 0;
    for set in [Some(&training), test.as_ref(), validation.as_ref()].into_iter().flatten() {
        all.join(&set.counts);
        let file = &set.source_file.file;
        let lines = set.counts.lines(size, options);
        notes.extend(lines.iter().map(|line| format!("{file}: {line}")));
        source_files.push(set.source_file.clone());
        classes = classes.max(usize::from(largest(&set.split.labels.bytes)) + 1);
    }
    warnings.extend(reader.unused_columns(&name));
    let mut class_names = reader.into_class_names();
    if let Some(names) = &mut class_names
        && names.len() > classes
    {
        let others = list_few(&names.split_off(classes));
        warnings.push(format!("{name}: classes without images are left out: {others}"));
    }
    let max_value = full_scale_if_16_bit(path, &all, options)?;
    let sets = match test {
        Some(ReadSet { split, .. }) => LoadedSets::Both([training.split, split]),
        None => LoadedSets::Lone(training.split),
    };
    let read = LoadedDataset {
        validation: validation.map(|set| set.split),
        class_names,
        warnings,
        conversions: notes,
        max_value,
        white_is_255: true,
        ..LoadedDataset::from_arrays(sets, source_files)
    };
    read.with_class_names_of(path)
}
