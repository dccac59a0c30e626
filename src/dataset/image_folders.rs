//! Reads folders of images: `train/CLASS/*.png` and `test/CLASS/*.png`, also JPEG, of any size. Folder names are class
//! names; classes are sorted by them.
//!
//! Classes are interleaved, so that any run of consecutive images has every class.

use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::array::{ByteArray, product};
use super::class_folder::{ClassFolder, image_kinds, skipped_warning, sorted};
use super::class_names::list_names;
use super::conversions::{ConversionCounts, ImageConversion};
use super::error::{invalid, invalid_with_hint};
use super::file_pair::{TEST, TRAINING};
use super::format::DataFormat;
use super::image_file::open_image;
use super::loaded::LoadedSets;
use super::location::Origin;
use super::read_options::{FULL_SCALE, ImageSize, ReadOptions};
use super::{DatasetError, LoadedDataset, Location, SourceFile, SplitData};
use crate::files;
use crate::text::plural;

/// Largest number of classes, since a label is a byte.
const MAX_CLASSES: usize = 256;

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
        Ok([TRAINING, TEST].iter().any(|name| path.join(name).is_dir()))
    }

    fn read(&self, path: &Path, options: &ReadOptions) -> Result<LoadedDataset, DatasetError> {
        let [training, test] = [TRAINING, TEST].map(|name| path.join(name));
        if !training.is_dir() {
            let expected = format!("the folder {TRAINING} with a folder per class");
            let location = Location::whole(path.display().to_string());
            return Err(invalid(location, expected, format!("{TEST} only")));
        }
        if !test.is_dir() {
            let make = format!(
                "create the folder {} with a folder of images per class, as in {TRAINING}",
                test.display()
            );
            return Err(DatasetError::NoTestSet { path: path.to_owned(), make });
        }
        read_folder(path, options)
    }
}

/// One set: a folder with a folder of images per class.
struct SplitFolder {
    folder: PathBuf,
    /// Sorted by name.
    classes: Vec<ClassFolder>,
    warnings: Vec<String>,
}

/// Reads the folders `train` and `test` in a folder.
fn read_folder(folder: &Path, options: &ReadOptions) -> Result<LoadedDataset, DatasetError> {
    let training = SplitFolder::of(&folder.join(TRAINING))?;
    training.check_training_set()?;
    let mut test = SplitFolder::of(&folder.join(TEST))?;
    test.align_classes(&training)?;
    let size = match options.size {
        Some(size) => size,
        None => {
            let first = &training.classes[0].files[0];
            let image = open_image(first)?.image;
            ImageSize::of_first(&first.display().to_string(), image.width(), image.height())?
        }
    };
    let warnings = [&training.warnings[..], &test.warnings].concat();
    let [training_set, test_set] = match [&training, &test].map(|set| set.read(size, options)) {
        [Ok(training), Ok(test)] => [training, test],
        // Report the errors of both sets at once.
        results => {
            let errors = results.into_iter().filter_map(Result::err);
            let errors = errors.flat_map(|error| match error {
                DatasetError::Images { errors } => errors,
                error => vec![error],
            });
            return Err(DatasetError::Images { errors: errors.collect() });
        }
    };
    let mut all = training_set.1.clone();
    all.join(&test_set.1);
    let max_value = full_scale_if_16_bit(folder, &all, options)?;
    let (mut conversions, mut source_files) = (Vec::new(), Vec::new());
    for (split_folder, counts) in [(&training, &training_set.1), (&test, &test_set.1)] {
        let folder = split_folder.folder.display().to_string();
        let lines = counts.lines(size, options);
        conversions.extend(lines.into_iter().map(|line| format!("{folder}: {line}")));
        let files: usize = split_folder.classes.iter().map(|class| class.files.len()).sum();
        let classes = split_folder.classes.len();
        let format = format!("{classes} class folders, {}", plural(files, "image"));
        source_files.push(SourceFile { file: folder, format });
    }
    let class_names = training.classes.into_iter().map(|class| class.name).collect();
    Ok(LoadedDataset {
        sets: LoadedSets::Both([training_set.0, test_set.0]),
        validation: None,
        class_names: Some(class_names),
        warnings,
        conversions,
        source_files,
        white_is_255: true,
        max_value,
    })
}

/// Returns the full scale if there are 16-bit images and no scale was given.
///
/// # Errors
/// Returns an error if they use a small part of it: 12-bit camera images would keep only 16 shades.
fn full_scale_if_16_bit(
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

impl SplitFolder {
    fn of(folder: &Path) -> Result<SplitFolder, DatasetError> {
        let mut split_folder =
            SplitFolder { folder: folder.to_owned(), classes: Vec::new(), warnings: Vec::new() };
        let mut skipped = Vec::new();
        for path in sorted(folder)? {
            if path.is_dir() {
                split_folder.classes.push(ClassFolder::of(path, &mut split_folder.warnings)?);
            } else {
                skipped.push(path);
            }
        }
        split_folder.warnings.extend(skipped_warning(folder, &skipped, "not in a class folder"));
        Ok(split_folder)
    }

    fn check_training_set(&self) -> Result<(), DatasetError> {
        let location = |folder: &Path| Location::whole(folder.display().to_string());
        if self.classes.is_empty() {
            return Err(invalid(location(&self.folder), "a folder of images per class", "none"));
        }
        if self.classes.len() > MAX_CLASSES {
            let expected = format!("at most {MAX_CLASSES} folders, one per class");
            return Err(invalid(location(&self.folder), expected, self.classes.len()));
        }
        match self.classes.iter().find(|class| class.files.is_empty()) {
            Some(class) => {
                Err(invalid(location(&class.folder), image_kinds(), class.describe_files()))
            }
            None => Ok(()),
        }
    }

    /// Orders the test set's classes as in the training set.
    fn align_classes(&mut self, training: &SplitFolder) -> Result<(), DatasetError> {
        let mut classes = Vec::new();
        for ClassFolder { name, folder, .. } in &training.classes {
            let at = self.classes.iter().position(|class| class.name == *name);
            let class = at.map(|at| self.classes.remove(at)).unwrap_or_else(|| {
                let folder = self.folder.join(folder.file_name().unwrap_or_default());
                ClassFolder { name: name.clone(), folder, files: Vec::new(), skipped: Vec::new() }
            });
            if class.files.is_empty() {
                self.warnings.push(format!("{}: no test images", class.folder.display()));
            }
            classes.push(class);
        }
        if let Some(class) = self.classes.first() {
            let location = Location::whole(class.folder.display().to_string());
            let names: Vec<String> = training.classes.iter().map(|c| c.name.clone()).collect();
            let known = list_names(&names);
            let expected = format!("a class of {} ({known})", training.folder.display());
            return Err(invalid(location, expected, &class.name));
        }
        self.classes = classes;
        if self.classes.iter().all(|class| class.files.is_empty()) {
            let location = Location::whole(self.folder.display().to_string());
            return Err(invalid(location, "images in class folders", "none"));
        }
        Ok(())
    }

    /// Reads all images and counts the conversions.
    fn read(
        &self,
        size: ImageSize,
        options: &ReadOptions,
    ) -> Result<(SplitData, ConversionCounts), DatasetError> {
        let files = self.interleave_classes();
        let folder = self.folder.display().to_string();
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
            let (bytes, conversion) = open_image(file)?.bytes(size, options)?;
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
