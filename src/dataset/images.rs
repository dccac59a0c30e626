//! Folders of images: `train/CLASS/*.png` and `test/CLASS/*.png`, also JPEG, of any size. Classes are
//! called and sorted as their folders.
//!
//! Images of all classes take turns, so that the first and the last of them, too, are of every class.

use std::fs;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::array::{ByteArray, product};
use super::conversions::{Conversions, Facts};
use super::error::counted;
use super::image_file::{ENDINGS, is_image, open_image};
use super::names::{listed, printable};
use super::place::Origin;
use super::reading::{FULL_SCALE, ImageSize, Reading};
use super::{DatasetError, Half, Part, Place, ReadSet, fault, fault_with_hint};
use crate::files;

/// A label is a byte.
const CLASSES_MAX: usize = 256;
/// Most skipped files that a note names.
const NAMED: usize = 3;

pub(super) const TRAINING: &str = "train";
pub(super) const TEST: &str = "test";

/// The images of a folder that has one for each class.
struct Listing {
    folder: PathBuf,
    /// Sorted by name.
    classes: Vec<Class>,
    notes: Vec<String>,
}

struct Class {
    name: String,
    folder: PathBuf,
    /// Sorted by name.
    files: Vec<PathBuf>,
    /// Names of files that are no images by their names.
    skipped: Vec<String>,
}

/// Reads the folders `train` and `test` of a folder.
pub(super) fn read_folder(folder: &Path, reading: &Reading) -> Result<ReadSet, DatasetError> {
    let training = Listing::of(&folder.join(TRAINING))?;
    training.check_as_training_set()?;
    let mut test = Listing::of(&folder.join(TEST))?;
    test.take_classes_of(&training)?;
    let size = match reading.size {
        Some(size) => size,
        None => {
            let first = &training.classes[0].files[0];
            let image = open_image(first)?.image;
            ImageSize::of_first(&first.display().to_string(), image.width(), image.height())?
        }
    };
    let notes = [&training.notes[..], &test.notes].concat();
    let [training_set, test_set] = match [&training, &test].map(|set| set.read(size, reading)) {
        [Ok(training), Ok(test)] => [training, test],
        // The faults of both are told at once.
        results => {
            let errors = results.into_iter().filter_map(Result::err);
            let faults = errors.flat_map(|error| match error {
                DatasetError::Images { faults } => faults,
                error => vec![error],
            });
            return Err(DatasetError::Images { faults: faults.collect() });
        }
    };
    let mut all = training_set.1.clone();
    all.join(&test_set.1);
    let max_value = checked_depth(folder, &all, reading)?;
    let (mut conversions, mut parts) = (Vec::new(), Vec::new());
    for (listing, converted) in [(&training, &training_set.1), (&test, &test_set.1)] {
        let folder = listing.folder.display().to_string();
        let lines = converted.lines(size, reading);
        conversions.extend(lines.into_iter().map(|line| format!("{folder}: {line}")));
        let files: usize = listing.classes.iter().map(|class| class.files.len()).sum();
        let classes = listing.classes.len();
        let text = format!("a folder for each of {classes} classes, {}", counted(files, "image"));
        parts.push(Part { file: folder, text });
    }
    let class_names = training.classes.into_iter().map(|class| class.name).collect();
    Ok(ReadSet {
        halves: [training_set.0, test_set.0],
        class_names: Some(class_names),
        notes,
        conversions,
        parts,
        are_pictures: true,
        max_value,
    })
}

/// The scale of images of 16 bits, if there are any and none was given.
///
/// # Errors
/// Returns an error if they use a small part of it: 12 bits of a camera would become 16 shades.
fn checked_depth(
    folder: &Path,
    converted: &Conversions,
    reading: &Reading,
) -> Result<Option<u32>, DatasetError> {
    let (deep, largest) = (converted.deep, converted.largest_deep);
    if deep == 0 || reading.max_value.is_some() {
        return Ok(None);
    }
    check_depth(&folder.display().to_string(), largest)?;
    Ok(Some(FULL_SCALE))
}

/// Checks that values of 16 bits up to `largest` keep at least 64 shades.
pub(super) fn check_depth(file: &str, largest: u32) -> Result<(), DatasetError> {
    const LEAST: u32 = 1 << 14;
    if largest >= LEAST {
        return Ok(());
    }
    let shades = largest / 257 + 1;
    let found = format!("{largest} as the largest, of which {shades} shades would be left");
    let hint = "--max-value N makes N the brightest (4095 for 12 bits); --max-value 65535 keeps the full scale";
    let expected = "values of 16 bits up to 65535";
    Err(fault_with_hint(Place::whole(file), expected, found, hint))
}

impl Listing {
    fn of(folder: &Path) -> Result<Listing, DatasetError> {
        let mut listing =
            Listing { folder: folder.to_owned(), classes: Vec::new(), notes: Vec::new() };
        let mut skipped = Vec::new();
        for path in sorted(folder)? {
            if path.is_dir() {
                listing.classes.push(Class::of(path, &mut listing.notes)?);
            } else {
                skipped.push(path);
            }
        }
        listing.notes.extend(note(folder, &skipped, "in no folder of a class"));
        Ok(listing)
    }

    fn check_as_training_set(&self) -> Result<(), DatasetError> {
        let place = |folder: &Path| Place::whole(folder.display().to_string());
        if self.classes.is_empty() {
            return Err(fault(place(&self.folder), "a folder of images for each class", "none"));
        }
        if self.classes.len() > CLASSES_MAX {
            let expected = format!("at most {CLASSES_MAX} folders, one for each class");
            return Err(fault(place(&self.folder), expected, self.classes.len()));
        }
        match self.classes.iter().find(|class| class.files.is_empty()) {
            Some(class) => Err(fault(place(&class.folder), images(), class.found())),
            None => Ok(()),
        }
    }

    /// Puts the classes of a test set in the places that they have in the training set.
    fn take_classes_of(&mut self, training: &Listing) -> Result<(), DatasetError> {
        let mut classes = Vec::new();
        for Class { name, folder, .. } in &training.classes {
            let at = self.classes.iter().position(|class| class.name == *name);
            let class = at.map(|at| self.classes.remove(at)).unwrap_or_else(|| {
                let folder = self.folder.join(folder.file_name().unwrap_or_default());
                Class { name: name.clone(), folder, files: Vec::new(), skipped: Vec::new() }
            });
            if class.files.is_empty() {
                self.notes.push(format!("{}: no images to test on", class.folder.display()));
            }
            classes.push(class);
        }
        if let Some(class) = self.classes.first() {
            let place = Place::whole(class.folder.display().to_string());
            let names: Vec<String> = training.classes.iter().map(|c| c.name.clone()).collect();
            let known = listed(&names);
            let expected = format!("a class of {} ({known})", training.folder.display());
            return Err(fault(place, expected, &class.name));
        }
        self.classes = classes;
        if self.classes.iter().all(|class| class.files.is_empty()) {
            let place = Place::whole(self.folder.display().to_string());
            return Err(fault(place, "images in a folder for each class", "none"));
        }
        Ok(())
    }

    /// Reads all images, and counts what was done to them.
    fn read(
        &self,
        size: ImageSize,
        reading: &Reading,
    ) -> Result<(Half, Conversions), DatasetError> {
        let files = self.in_turns();
        let folder = self.folder.display().to_string();
        let origin = || Origin::Whole(folder.clone());
        let sizes = [size.height, size.width * reading.channels()];
        let length = product(&origin(), &[files.len(), sizes[0], sizes[1]])?;
        let whole = || Place::whole(folder.clone());
        files::check_memory(length as u64, "the images").map_err(DatasetError::memory(whole()))?;
        let mut bytes = Vec::new();
        if bytes.try_reserve_exact(length).is_err() {
            let found = format!("{length} bytes");
            return Err(fault(Place::whole(folder), "images that fit in memory", found));
        }
        bytes.resize(length, 0);
        let read = bytes.par_chunks_mut(sizes[0] * sizes[1]).zip(&files);
        let read = read.map(|(pixels, (_, file))| -> Result<Facts, DatasetError> {
            let (bytes, facts) = open_image(file)?.bytes(size, reading)?;
            pixels.copy_from_slice(&bytes);
            Ok(facts)
        });
        let read: Vec<Result<Facts, DatasetError>> = read.collect();
        let mut converted = Conversions::default();
        read.iter().flatten().for_each(|facts| converted.add(facts));
        let faults: Vec<DatasetError> = read.into_iter().filter_map(Result::err).collect();
        if !faults.is_empty() {
            return Err(DatasetError::Images { faults });
        }
        let labels = files.iter().map(|&(label, _)| label).collect();
        let half = Half {
            images: ByteArray::images(origin(), sizes, bytes)?,
            labels: ByteArray::labels(origin(), labels)?,
        };
        Ok((half, converted))
    }

    /// Labels and files, so that each class is spread evenly over all.
    fn in_turns(&self) -> Vec<(u8, &Path)> {
        let mut files = Vec::new();
        for (label, class) in self.classes.iter().enumerate() {
            let count = class.files.len();
            for (index, file) in class.files.iter().enumerate() {
                files.push((2 * index + 1, count, label as u8, file.as_path()));
            }
        }
        // Where in its class a file lies, (index + 1/2) / count, tells where it lies among all.
        files.sort_by(|(a, of_a, label_a, _), (b, of_b, label_b, _)| {
            (a * of_b).cmp(&(b * of_a)).then(label_a.cmp(label_b))
        });
        files.into_iter().map(|(_, _, label, file)| (label, file)).collect()
    }
}

impl Class {
    fn of(folder: PathBuf, notes: &mut Vec<String>) -> Result<Class, DatasetError> {
        let (files, skipped): (Vec<_>, Vec<_>) =
            sorted(&folder)?.into_iter().partition(|path| is_image(path) && !path.is_dir());
        notes.extend(note(&folder, &skipped, "no images by their names"));
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        let skipped = skipped.iter().map(|path| file_name(path)).collect();
        Ok(Class { name: printable(&name), folder, files, skipped })
    }

    /// What is there instead of images.
    fn found(&self) -> String {
        if self.skipped.is_empty() { "none".to_string() } else { listed(&self.skipped) }
    }
}

fn file_name(path: &Path) -> String {
    printable(&path.file_name().unwrap_or_default().to_string_lossy())
}

fn images() -> String {
    format!("images (.{})", ENDINGS.join(", ."))
}

/// What is in a folder, sorted by name, without what systems hide there.
fn sorted(folder: &Path) -> Result<Vec<PathBuf>, DatasetError> {
    let read = || DatasetError::read(Place::whole(folder.display().to_string()));
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(read())? {
        let name = entry.map_err(read())?.file_name();
        if !name.to_string_lossy().starts_with('.') {
            names.push(name);
        }
    }
    names.sort();
    Ok(names.into_iter().map(|name| folder.join(name)).collect())
}

/// That files were skipped.
fn note(folder: &Path, skipped: &[PathBuf], why: &str) -> Option<String> {
    let mut names: Vec<String> = skipped.iter().take(NAMED).map(|path| file_name(path)).collect();
    if skipped.len() > NAMED {
        names.push("..".to_string());
    }
    let count = counted(skipped.len(), "file");
    let names = names.join(", ");
    (!skipped.is_empty()).then(|| format!("{}: {count} skipped, {why}: {names}", folder.display()))
}
