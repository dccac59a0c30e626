//! Reads images in folders, or in a zip archive of folders: `train/CLASS/*.png` and `test/CLASS/*.png`, or `CLASS/*.png`
//! without a test set. Images have any kind and size. Folder names are class names; classes are sorted by them.

use std::path::{Path, PathBuf};

use super::class_folder::ClassFolder;
use super::class_names::sanitize;
use super::conversions::ConversionCounts;
use super::error::{invalid, invalid_with_hint};
use super::file_tree::FileTree;
use super::format::DataFormat;
use super::loaded::LoadedSets;
use super::read_options::{FULL_SCALE, ImageSize, ReadOptions};
use super::set_folders::SetFolders;
use super::split_folder::SplitFolder;
use super::{DatasetError, LoadedDataset, Location, SourceFile, file_pair, npz};
use crate::text::{list_first, plural};

/// Largest number of folders around the content of an archive that are entered.
const MAX_ENCLOSING: usize = 4;
/// Largest number of entries of a folder that a message lists.
const MAX_LISTED: usize = 5;

/// Folders of a training and a test set, each with a folder of images per class.
pub(super) struct ImageFolders;

impl DataFormat for ImageFolders {
    fn folder_content(&self) -> Option<&'static str> {
        Some("the folders train and test with a folder of images for each class")
    }

    fn file_kind(&self) -> Option<&'static str> {
        None
    }

    fn detect(&self, path: &Path) -> Result<bool, DatasetError> {
        if !path.is_dir() {
            return Ok(false);
        }
        let tree = FileTree::open(path)?;
        let folders = tree.entries(Path::new(""))?.folders;
        Ok(folders.iter().any(|folder| SetFolders::has_name_of_set(folder)))
    }

    fn read(&self, path: &Path, options: &ReadOptions) -> Result<LoadedDataset, DatasetError> {
        read_tree(&FileTree::open(path)?, Path::new(""), options)
    }
}

/// A folder of images per class, without a test set.
pub(super) struct ClassFolders;

impl DataFormat for ClassFolders {
    fn folder_content(&self) -> Option<&'static str> {
        Some("a folder of images for each class")
    }

    fn file_kind(&self) -> Option<&'static str> {
        None
    }

    fn detect(&self, path: &Path) -> Result<bool, DatasetError> {
        const LEAST: usize = 2;
        if !path.is_dir() {
            return Ok(false);
        }
        let tree = FileTree::open(path)?;
        let mut classes = 0;
        for folder in tree.entries(Path::new(""))?.folders {
            // Folders that cannot be read belong to something else.
            let class = ClassFolder::of(&tree, folder, &mut Vec::new());
            classes += usize::from(class.is_ok_and(|class| !class.files.is_empty()));
            if classes == LEAST {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn read(&self, path: &Path, options: &ReadOptions) -> Result<LoadedDataset, DatasetError> {
        read_tree(&FileTree::open(path)?, Path::new(""), options)
    }
}

/// A zip archive of image folders.
pub(super) struct ImageZip;

impl DataFormat for ImageZip {
    fn folder_content(&self) -> Option<&'static str> {
        None
    }

    fn file_kind(&self) -> Option<&'static str> {
        Some("a .zip file of images")
    }

    fn detect(&self, path: &Path) -> Result<bool, DatasetError> {
        if !npz::starts_as_zip(path) || file_pair::has_ending(path, "npz") {
            return Ok(false);
        }
        let entries = FileTree::open(path)?.entries(Path::new(""))?;
        Ok(!entries.files.iter().any(|file| file_pair::has_ending(file, "npy")))
    }

    fn read(&self, path: &Path, options: &ReadOptions) -> Result<LoadedDataset, DatasetError> {
        let tree = FileTree::open(path)?;
        let root = enclosed(&tree)?;
        read_tree(&tree, &root, options)
    }
}

/// Returns the folder of an archive that has the sets or classes: the root, or the only folder in it.
fn enclosed(tree: &FileTree) -> Result<PathBuf, DatasetError> {
    let mut root = PathBuf::new();
    for _ in 0..MAX_ENCLOSING {
        let mut folders = tree.entries(&root)?.folders;
        if folders.len() != 1 || SetFolders::has_name_of_set(&folders[0]) {
            break;
        }
        root = folders.remove(0);
    }
    Ok(root)
}

/// Reads the sets in a folder of the tree.
fn read_tree(
    tree: &FileTree,
    root: &Path,
    options: &ReadOptions,
) -> Result<LoadedDataset, DatasetError> {
    let SetFolders { training, test, validation, mut notes, mut warnings } =
        SetFolders::of(tree, root)?;
    warnings.extend(tree.warnings());
    let training = SplitFolder::of(tree, &training)?;
    if training.classes.is_empty() {
        return Err(invalid(
            tree.location(&training.folder),
            "a folder of images per class",
            list_entries(tree, &training.folder)?,
        ));
    }
    training.check_training_set(tree)?;
    let mut sets = vec![training];
    let has_test = test.is_some();
    for (folder, set) in [(test, "test"), (validation, "validation")] {
        if let Some(folder) = folder {
            let mut other = SplitFolder::of(tree, &folder)?;
            other.align_classes(tree, &sets[0], set)?;
            sets.push(other);
        }
    }
    let size = match options.size {
        Some(size) => size,
        None => {
            let first = &sets[0].classes[0].files[0];
            let image = tree.read_image(first)?.image;
            ImageSize::of_first(&tree.display(first), image.width(), image.height())?
        }
    };
    let (mut splits, mut counts, mut errors) = (Vec::new(), Vec::new(), Vec::new());
    for set in &sets {
        match set.read(tree, size, options) {
            Ok((split, conversions)) => {
                splits.push(split);
                counts.push(conversions);
            }
            // Report the errors of all sets at once.
            Err(DatasetError::Images { errors: of_set }) => errors.extend(of_set),
            Err(error) => errors.push(error),
        }
    }
    if !errors.is_empty() {
        return Err(DatasetError::Images { errors });
    }
    let mut all = ConversionCounts::default();
    counts.iter().for_each(|counts| all.join(counts));
    let max_value = full_scale_if_16_bit(&tree.join(root), &all, options)?;
    let mut source_files = Vec::new();
    for (set, counts) in sets.iter().zip(&counts) {
        warnings.extend_from_slice(&set.warnings);
        let file = tree.display(&set.folder);
        let lines = counts.lines(size, options);
        notes.extend(lines.into_iter().map(|line| format!("{file}: {line}")));
        source_files.push(SourceFile { file, format: describe(set) });
    }
    let class_names = sets.swap_remove(0).classes.into_iter().map(|class| class.name).collect();
    let mut splits = splits.into_iter().peekable();
    let training = splits.next().expect("one set per folder");
    let sets = match splits.next_if(|_| has_test) {
        Some(test) => LoadedSets::Both([training, test]),
        None => LoadedSets::Lone(training),
    };
    let validation = splits.next();
    Ok(LoadedDataset {
        sets,
        validation,
        class_names: Some(class_names),
        warnings,
        conversions: notes,
        source_files,
        white_is_255: true,
        max_value,
    })
}

/// Describes the folders of a set.
fn describe(set: &SplitFolder) -> String {
    let nested = set.classes.iter().filter(|class| class.is_nested).count();
    let nested = match nested {
        0 => String::new(),
        count => format!(", {count} with the images in subfolders"),
    };
    let images = plural(set.image_count(), "image");
    format!("{} class folders{nested}, {images}", set.classes.len())
}

/// Lists the entries of a folder without classes.
fn list_entries(tree: &FileTree, folder: &Path) -> Result<String, DatasetError> {
    let entries = tree.entries(folder)?;
    let paths = entries.folders.iter().chain(&entries.files);
    let name = |path: &PathBuf| sanitize(&path.file_name().unwrap_or_default().to_string_lossy());
    let names: Vec<String> = paths.map(name).collect();
    Ok(if names.is_empty() { "none".to_string() } else { list_first(&names, MAX_LISTED) })
}

/// Returns the full scale if there are 16-bit images and no scale was given.
///
/// # Errors
/// Returns an error if they use a small part of it: 12-bit camera images would keep only 16 shades.
pub(super) fn full_scale_if_16_bit(
    folder: &Path,
    conversions: &ConversionCounts,
    options: &ReadOptions,
) -> Result<Option<u32>, DatasetError> {
    let (sixteen_bit, largest) = (conversions.sixteen_bit, conversions.largest_16_bit);
    if sixteen_bit == 0 || options.max_value.is_some() {
        return Ok(None);
    }
    check_16_bit_range(&folder.display().to_string(), largest)?;
    Ok(Some(FULL_SCALE))
}

/// Checks that 16-bit values up to `largest` keep at least 64 shades.
pub(super) fn check_16_bit_range(file: &str, largest: u32) -> Result<(), DatasetError> {
    const MIN_LARGEST: u32 = 1 << 14;
    if largest >= MIN_LARGEST {
        return Ok(());
    }
    let shades = largest / 257 + 1;
    let found = format!("a largest value of {largest}, which keeps only {shades} shades");
    let hint =
        "--max-value N maps N to white (4095 for 12 bits); --max-value 65535 keeps the full scale";
    let expected = "16-bit values up to 65535";
    Err(invalid_with_hint(Location::whole(file), expected, found, hint))
}
