//! Sets of image folders: a folder of images per class.
//!
//! Classes are interleaved, so that any run of consecutive images has every class.

use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::array::{ByteArray, product};
use super::class_folder::{ClassFolder, image_kinds, skipped_warning};
use super::class_names::list_names;
use super::conversions::{ConversionCounts, ImageConversion};
use super::error::invalid;
use super::file_tree::FileTree;
use super::location::Origin;
use super::read_options::{ImageSize, ReadOptions};
use super::{DatasetError, Location, SplitData};
use crate::files;

/// Largest number of classes, since a label is a byte.
const MAX_CLASSES: usize = 256;

/// One set: a folder with a folder of images per class.
pub(super) struct SplitFolder {
    /// Path from the root of the tree.
    pub folder: PathBuf,
    /// Sorted by name.
    pub classes: Vec<ClassFolder>,
    pub warnings: Vec<String>,
}

impl SplitFolder {
    /// Lists the classes in a folder of the tree, and their images.
    ///
    /// # Errors
    /// Returns an error if a folder cannot be read.
    pub fn of(tree: &FileTree, folder: &Path) -> Result<SplitFolder, DatasetError> {
        let mut split_folder =
            SplitFolder { folder: folder.to_owned(), classes: Vec::new(), warnings: Vec::new() };
        let entries = tree.entries(folder)?;
        for folder in entries.folders {
            let class = ClassFolder::of(tree, folder, &mut split_folder.warnings)?;
            split_folder.classes.push(class);
        }
        let why = "not in a class folder";
        split_folder.warnings.extend(skipped_warning(&tree.join(folder), &entries.files, why));
        Ok(split_folder)
    }

    /// Returns the number of images.
    pub fn image_count(&self) -> usize {
        self.classes.iter().map(|class| class.files.len()).sum()
    }

    /// Checks that there are classes, each with images.
    ///
    /// # Errors
    /// Returns an error that names the folder.
    pub fn check_training_set(&self, tree: &FileTree) -> Result<(), DatasetError> {
        if self.classes.is_empty() {
            return Err(invalid(
                tree.location(&self.folder),
                "a folder of images per class",
                "none",
            ));
        }
        if self.classes.len() > MAX_CLASSES {
            let expected = format!("at most {MAX_CLASSES} folders, one per class");
            return Err(invalid(tree.location(&self.folder), expected, self.classes.len()));
        }
        match self.classes.iter().find(|class| class.files.is_empty()) {
            Some(class) => {
                Err(invalid(tree.location(&class.folder), image_kinds(), class.describe_files()))
            }
            None => Ok(()),
        }
    }

    /// Orders the classes of another set as in the training set. `set`: "test" or "validation".
    ///
    /// # Errors
    /// Returns an error if the set has a class that the training set lacks, or no images.
    pub fn align_classes(
        &mut self,
        tree: &FileTree,
        training: &SplitFolder,
        set: &str,
    ) -> Result<(), DatasetError> {
        let mut classes = Vec::new();
        for ClassFolder { name, folder, .. } in &training.classes {
            let at = self.classes.iter().position(|class| class.name == *name);
            let class = at.map(|at| self.classes.remove(at)).unwrap_or_else(|| {
                let folder = self.folder.join(folder.file_name().unwrap_or_default());
                ClassFolder::empty(name.clone(), folder)
            });
            if class.files.is_empty() {
                self.warnings.push(format!("{}: no {set} images", tree.display(&class.folder)));
            }
            classes.push(class);
        }
        if let Some(class) = self.classes.first() {
            let names: Vec<String> = training.classes.iter().map(|c| c.name.clone()).collect();
            let known = list_names(&names);
            let expected = format!("a class of {} ({known})", tree.display(&training.folder));
            return Err(invalid(tree.location(&class.folder), expected, &class.name));
        }
        self.classes = classes;
        if self.classes.iter().all(|class| class.files.is_empty()) {
            return Err(invalid(tree.location(&self.folder), "images in class folders", "none"));
        }
        Ok(())
    }

    /// Reads all images and counts the conversions.
    pub fn read(
        &self,
        tree: &FileTree,
        size: ImageSize,
        options: &ReadOptions,
    ) -> Result<(SplitData, ConversionCounts), DatasetError> {
        let files = self.interleave_classes();
        let folder = tree.display(&self.folder);
        let origin = || Origin::Whole(folder.clone());
        let sizes = [size.height, size.width * options.channels()];
        let length = product(&origin(), &[files.len(), sizes[0], sizes[1]])?;
        let whole = || Location::whole(folder.clone());
        files::check_memory(length as u64, "the images").map_err(DatasetError::memory(whole()))?;
        let mut bytes = Vec::new();
        if bytes.try_reserve_exact(length).is_err() {
            let found = format!("{length} bytes");
            return Err(invalid(Location::whole(folder), "images that fit in memory", found));
        }
        bytes.resize(length, 0);
        let read = bytes.par_chunks_mut(sizes[0] * sizes[1]).zip(&files);
        let read = read.map(|(pixels, (_, file))| -> Result<ImageConversion, DatasetError> {
            let (bytes, conversion) = tree.read_image(file)?.bytes(size, options)?;
            pixels.copy_from_slice(&bytes);
            Ok(conversion)
        });
        let read: Vec<Result<ImageConversion, DatasetError>> = read.collect();
        let mut conversions = ConversionCounts::default();
        read.iter().flatten().for_each(|conversion| conversions.add(conversion));
        let errors: Vec<DatasetError> = read.into_iter().filter_map(Result::err).collect();
        if !errors.is_empty() {
            return Err(DatasetError::Images { errors });
        }
        let labels = files.iter().map(|&(label, _)| label).collect();
        let split = SplitData {
            images: ByteArray::images(origin(), sizes, bytes)?,
            labels: ByteArray::labels(origin(), labels)?,
        };
        Ok((split, conversions))
    }

    /// Returns labels and files with the classes evenly interleaved.
    fn interleave_classes(&self) -> Vec<(u8, &Path)> {
        let mut files = Vec::new();
        for (label, class) in self.classes.iter().enumerate() {
            let count = class.files.len();
            for (index, file) in class.files.iter().enumerate() {
                files.push((2 * index + 1, count, label as u8, file.as_path()));
            }
        }
        // Sort by the relative position in the class, (index + 1/2) / count.
        files.sort_by(|(a, of_a, label_a, _), (b, of_b, label_b, _)| {
            (a * of_b).cmp(&(b * of_a)).then(label_a.cmp(label_b))
        });
        files.into_iter().map(|(_, _, label, file)| (label, file)).collect()
    }
}
