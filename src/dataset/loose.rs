//! Images without labels, to be shown to a network: image files, folders of them, IDX files of images.

use std::fs;
use std::path::{Path, PathBuf};

use image::{DynamicImage, GrayImage};
use rayon::prelude::*;

use super::image_file::{bytes_of, is_image, open_image};
use super::{DatasetError, ImageSize, Place, fault, idx};

/// Images of one size, and what they are called.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Loose {
    /// The file of each, with the image's place behind it in a file of many: `a.png`, `images.gz[7]`.
    pub names: Vec<String>,
    /// `[images, height, width]`, or in colour `[images, height, width, 3]`.
    pub bytes: Vec<u8>,
}

/// How loose images are made alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    /// They are scaled to it.
    pub size: ImageSize,
    /// A pixel gives three bytes instead of one.
    pub colour: bool,
    /// Dark becomes light, light becomes dark.
    pub inverted: bool,
}

/// Reads images in the order of their paths: files, what lies in folders and the folders in them, sorted by
/// name, and IDX files of images.
///
/// # Errors
/// When a file cannot be read or is no image, or a folder holds none; of several image files, all are named.
pub fn gather(paths: &[PathBuf], shown: Shown) -> Result<Loose, DatasetError> {
    let mut loose = Loose::default();
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            let before = files.len();
            walk(path, &mut files)?;
            if files.len() == before {
                let place = Place::whole(path.display().to_string());
                return Err(fault(place, "PNG or JPEG images in this folder", "none"));
            }
        } else if is_image(path) || !path.is_file() {
            files.push(path.clone());
        } else {
            // Their order is that of the command line.
            loose.add_files(&std::mem::take(&mut files), shown)?;
            loose.add_idx(path, shown)?;
        }
    }
    loose.add_files(&files, shown)?;
    Ok(loose)
}

/// Image files of a folder and of the folders in it. Links to folders are not followed: they may lead back.
fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), DatasetError> {
    let read = || DatasetError::read(Place::whole(folder.display().to_string()));
    let entries = fs::read_dir(folder).map_err(read())?;
    let mut entries = entries.collect::<Result<Vec<_>, _>>().map_err(read())?;
    entries.retain(|entry| !entry.file_name().to_string_lossy().starts_with('.'));
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        if entry.file_type().map_err(read())?.is_dir() {
            walk(&path, files)?;
        } else if is_image(&path) && !path.is_dir() {
            files.push(path);
        }
    }
    Ok(())
}

impl Loose {
    /// Number of images.
    pub fn count(&self) -> usize {
        self.names.len()
    }

    fn add_files(&mut self, files: &[PathBuf], shown: Shown) -> Result<(), DatasetError> {
        let read = |file: &PathBuf| Ok(shown.bytes_of(&open_image(file)?));
        let read: Vec<Result<Vec<u8>, DatasetError>> = files.par_iter().map(read).collect();
        let mut faults = Vec::new();
        for (file, read) in files.iter().zip(read) {
            match read {
                Ok(bytes) => {
                    self.names.push(file.display().to_string());
                    self.bytes.extend(bytes);
                }
                Err(fault) => faults.push(fault),
            }
        }
        match faults.len() {
            0 => Ok(()),
            1 => Err(faults.remove(0)),
            _ => {
                let folder = files[0].parent().unwrap_or(Path::new("")).to_owned();
                Err(DatasetError::Images { folder, faults })
            }
        }
    }

    fn add_idx(&mut self, path: &Path, shown: Shown) -> Result<(), DatasetError> {
        let images = idx::open_images(path)?;
        let [_, height, width] = images.sizes;
        let (rows, columns) = (height as u32, width as u32);
        for (index, bytes) in images.bytes.chunks(height * width).enumerate() {
            self.names.push(format!("{}[{index}]", path.display()));
            let image = GrayImage::from_raw(columns, rows, bytes.to_vec()).unwrap_or_default();
            self.bytes.extend(shown.bytes_of(&DynamicImage::from(image)));
        }
        Ok(())
    }
}

impl Shown {
    /// As a network takes images of so many rows and bytes of a row.
    pub fn of(height: usize, width: usize, channels: usize) -> Self {
        let size = ImageSize { width: width / channels.max(1), height };
        Shown { size, colour: channels > 1, inverted: false }
    }

    fn bytes_of(self, image: &DynamicImage) -> Vec<u8> {
        let mut bytes = bytes_of(image, self.size, self.colour);
        if self.inverted {
            bytes.iter_mut().for_each(|byte| *byte = u8::MAX - *byte);
        }
        bytes
    }
}
