//! Folders of images: `train/CLASS/*.png` and `test/CLASS/*.png`, also JPEG, of any size. Classes are
//! called and sorted as their folders.
//!
//! Images of all classes take turns, so that the first and the last of them, too, are of every class.

use std::fs;
use std::path::{Path, PathBuf};

use image::GenericImageView;
use rayon::prelude::*;

use super::array::{ByteArray, product};
use super::error::counted;
use super::image_file::{ENDINGS, bytes_of, is_image, open_image};
use super::names::{listed, printable};
use super::place::Origin;
use super::reading::{ImageSize, Reading};
use super::{DatasetError, Half, Place, ReadSet, fault};

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
            let (width, height) = open_image(first)?.dimensions();
            ImageSize::of_first(&first.display().to_string(), width, height)?
        }
    };
    let mut notes = [&training.notes[..], &test.notes].concat();
    let [training_set, test_set] = match [&training, &test].map(|set| set.read(size, reading)) {
        [Ok(training), Ok(test)] => [training, test],
        // The faults of both are told at once.
        results => {
            let errors = results.into_iter().filter_map(Result::err);
            let faults = errors.flat_map(|error| match error {
                DatasetError::Images { faults, .. } => faults,
                error => vec![error],
            });
            return Err(DatasetError::Images {
                folder: folder.to_owned(),
                faults: faults.collect(),
            });
        }
    };
    for (listing, scaled) in [(&training, training_set.1), (&test, test_set.1)] {
        if scaled > 0 {
            let images = counted(scaled, "image");
            notes.push(format!("{}: {images} scaled to {size} pixels", listing.folder.display()));
        }
    }
    let class_names = training.classes.into_iter().map(|class| class.name).collect();
    Ok(ReadSet { halves: [training_set.0, test_set.0], class_names: Some(class_names), notes })
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
            Some(class) => Err(fault(place(&class.folder), images(), "none")),
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
                Class { name: name.clone(), folder, files: Vec::new() }
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

    /// Reads all images, and tells how many were of another size.
    fn read(&self, size: ImageSize, reading: &Reading) -> Result<(Half, usize), DatasetError> {
        let files = self.in_turns();
        let folder = self.folder.display().to_string();
        let origin = || Origin::Whole(folder.clone());
        let sizes = [size.height, size.width * reading.channels()];
        let length = product(&origin(), &[files.len(), sizes[0], sizes[1]])?;
        let mut bytes = Vec::new();
        if bytes.try_reserve_exact(length).is_err() {
            let found = format!("{length} bytes");
            return Err(fault(Place::whole(folder), "images that fit in memory", found));
        }
        bytes.resize(length, 0);
        let read = bytes.par_chunks_mut(sizes[0] * sizes[1]).zip(&files);
        let read = read.map(|(pixels, (_, file))| -> Result<bool, DatasetError> {
            let image = open_image(file)?;
            pixels.copy_from_slice(&bytes_of(&image, size, reading.colour));
            Ok(image.dimensions() != (size.width as u32, size.height as u32))
        });
        let read: Vec<Result<bool, DatasetError>> = read.collect();
        let scaled = read.iter().filter(|read| matches!(read, Ok(true))).count();
        let faults: Vec<DatasetError> = read.into_iter().filter_map(Result::err).collect();
        if !faults.is_empty() {
            return Err(DatasetError::Images { folder: self.folder.clone(), faults });
        }
        let labels = files.iter().map(|&(label, _)| label).collect();
        let half = Half {
            images: ByteArray::images(origin(), sizes, bytes)?,
            labels: ByteArray::labels(origin(), labels)?,
        };
        Ok((half, scaled))
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
        Ok(Class { name: printable(&name), folder, files })
    }
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
    let name = |path: &PathBuf| printable(&path.file_name().unwrap_or_default().to_string_lossy());
    let mut names: Vec<String> = skipped.iter().take(NAMED).map(name).collect();
    if skipped.len() > NAMED {
        names.push("..".to_string());
    }
    let count = counted(skipped.len(), "file");
    let names = names.join(", ");
    (!skipped.is_empty()).then(|| format!("{}: {count} skipped, {why}: {names}", folder.display()))
}
