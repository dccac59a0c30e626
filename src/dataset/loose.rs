//! Images without labels, to be shown to a network: image files, folders of them, IDX files of images.

use std::fs;
use std::path::{Path, PathBuf};

use image::{DynamicImage, GrayImage};
use rayon::prelude::*;

use super::array::product;
use super::conversions::{Conversions, Facts};
use super::error::{counted, listed};
use super::image_file::{Picture, is_image, open_image};
use super::images::check_depth;
use super::names::printable;
use super::place::Origin;
use super::{DatasetError, ImageSize, PixelRules, Place, Reading, fault, idx};
use crate::files;

/// Images of one size, and what they are called.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Loose {
    /// The file of each, with the image's place behind it in a file of many: `a.png`, `images.gz[7]`.
    pub names: Vec<String>,
    /// `[images, height, width]`, or in colour `[images, height, width, 3]`.
    pub bytes: Vec<u8>,
    /// What was done to pixels on reading, a sentence each.
    pub conversions: Vec<String>,
    counts: Conversions,
}

/// How loose images are made alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    /// They are scaled to it.
    pub size: ImageSize,
    /// How their files are read.
    pub reading: Reading,
    /// Dark becomes light, light becomes dark.
    pub inverted: bool,
    /// The byte of white.
    pub white: u8,
    /// Whether the value of white in the files was given: it then becomes the byte of white.
    pub is_scaled: bool,
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
                return Err(fault(place, "PNG or JPEG images in this folder", others(path)));
            }
            continue;
        }
        match files::kind_of(path) {
            Some("an IDX file" | "a gzip file") => {
                // Their order is that of the command line.
                loose.add_files(&std::mem::take(&mut files), shown)?;
                loose.add_idx(path, shown)?;
            }
            // Files that are missing or no images are told with all others.
            _ => files.push(path.clone()),
        }
    }
    loose.add_files(&files, shown)?;
    if loose.counts.deep > 0 && shown.reading.max_value.is_none() {
        check_depth("the images", loose.counts.largest_deep)?;
    }
    loose.conversions = loose.counts.lines(shown.size, &shown.reading);
    if shown.is_scaled && shown.white < u8::MAX {
        let most = shown.reading.max_value.unwrap_or(u32::from(u8::MAX));
        loose.conversions.push(format!("values scaled: {most} becomes {}", shown.white));
    }
    Ok(loose)
}

/// Names of the files in a folder without images.
fn others(folder: &Path) -> String {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let names = entries.map(|entry| printable(&entry.file_name().to_string_lossy()));
    let mut names: Vec<String> = names.collect();
    names.sort();
    if names.is_empty() { "none".to_string() } else { listed(&names) }
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

    /// Compares the brightness of the images with that of the images which a network was trained on, and
    /// returns what is odd.
    ///
    /// # Errors
    /// Returns an error if they are more than twice as bright, unless the value of white was given.
    pub fn check_brightness(
        &self,
        range: u8,
        rules: &PixelRules,
        shown: Shown,
    ) -> Result<Vec<String>, DatasetError> {
        // White is that of training.
        let rules = PixelRules { white: shown.white, ..*rules };
        rules.check_brightness("the images", &self.bytes, range, shown.is_scaled)
    }

    fn add_files(&mut self, files: &[PathBuf], shown: Shown) -> Result<(), DatasetError> {
        let read = |file: &PathBuf| shown.bytes_of(&open_image(file)?);
        let length = product(
            &Origin::Memory("the images".to_string()),
            &[files.len(), shown.size.height, shown.size.width, shown.reading.channels()],
        )?;
        files::check_memory(2 * length as u64, "the images")
            .map_err(DatasetError::memory(Place::whole(counted(files.len(), "image"))))?;
        let read: Vec<Result<(Vec<u8>, Facts), DatasetError>> =
            files.par_iter().map(read).collect();
        let mut faults = Vec::new();
        for (file, read) in files.iter().zip(read) {
            match read {
                Ok((bytes, facts)) => {
                    self.names.push(file.display().to_string());
                    self.bytes.extend(bytes);
                    self.counts.add(&facts);
                }
                Err(fault) => faults.push(fault),
            }
        }
        match faults.len() {
            0 => Ok(()),
            1 => Err(faults.remove(0)),
            _ => Err(DatasetError::Images { faults }),
        }
    }

    fn add_idx(&mut self, path: &Path, shown: Shown) -> Result<(), DatasetError> {
        let images = idx::open_images(path)?;
        let [_, height, width] = images.sizes;
        let (rows, columns) = (height as u32, width as u32);
        for (index, bytes) in images.bytes.chunks(height * width).enumerate() {
            self.names.push(format!("{}[{index}]", path.display()));
            let image = GrayImage::from_raw(columns, rows, bytes.to_vec()).unwrap_or_default();
            let file = format!("{}[{index}]", path.display());
            let image = DynamicImage::from(image);
            let picture = Picture { image, is_turned: false, is_animated: false, file };
            let (bytes, facts) = shown.bytes_of(&picture)?;
            self.bytes.extend(bytes);
            self.counts.add(&facts);
        }
        Ok(())
    }
}

impl Shown {
    /// As a network takes images of so many rows and bytes of a row, that were read by these rules.
    /// `asked`: what the user gives instead.
    pub fn of(
        [height, width, channels]: [usize; 3],
        rules: &PixelRules,
        asked: Option<&Reading>,
    ) -> Self {
        let size = ImageSize { width: width / channels.max(1), height };
        let asked = asked.copied().unwrap_or_default();
        let reading = Reading {
            size: Some(size),
            colour: channels > 1,
            background: asked.background.or(rules.background),
            max_value: asked.max_value.or(rules.max_value),
            csv_header: None,
        };
        let is_scaled = asked.max_value.is_some();
        Shown { size, reading, inverted: false, white: rules.white, is_scaled }
    }

    fn bytes_of(self, picture: &Picture) -> Result<(Vec<u8>, Facts), DatasetError> {
        let (mut bytes, facts) = picture.bytes(self.size, &self.reading)?;
        let white = u32::from(self.white);
        for byte in &mut bytes {
            if self.is_scaled {
                *byte = ((2 * u32::from(*byte) * white + 255) / (2 * 255)) as u8;
            }
            if self.inverted {
                *byte = self.white.saturating_sub(*byte);
            }
        }
        Ok((bytes, facts))
    }
}
