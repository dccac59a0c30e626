//! Unlabelled images for prediction: image files, folders and zip archives of them, IDX files of images, tables.

use std::fs;
use std::path::{Path, PathBuf};

use image::{DynamicImage, GrayImage};
use rayon::prelude::*;

use super::array::product;
use super::class_names::sanitize;
use super::conversions::{ConversionCounts, ImageConversion};
use super::error::{invalid, list_few};
use super::file_pair::has_ending;
use super::file_tree::FileTree;
use super::format_option::FormatOption;
use super::image_file::{LoadedImage, is_image, kind_names, open_image};
use super::image_folders::check_16_bit_range;
use super::location::Origin;
use super::{DatasetError, ImageSize, Location, PixelRules, ReadOptions, csv, idx, npz};
use crate::files;
use crate::text::plural;

/// Images of one size with their names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImageList {
    /// File of each image, with an index if it holds many: `a.png`, `images.gz[7]`.
    pub names: Vec<String>,
    /// Pixels, `[images, height, width]`, or in colour `[images, height, width, 3]`.
    pub bytes: Vec<u8>,
    /// Pixel conversions made while reading, one sentence each.
    pub conversions: Vec<String>,
    counts: ConversionCounts,
}

/// Preprocessing that makes images look like a network's training images.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preprocess {
    /// Size to which image files are scaled.
    pub size: ImageSize,
    /// Options for reading the files.
    pub read_options: ReadOptions,
    /// Whether to swap dark and light.
    pub inverted: bool,
    /// Byte that stands for white.
    pub white: u8,
    /// Whether the caller gave the files' value of white, which then becomes `white`.
    pub is_max_value_given: bool,
}

/// Reads images in the order of `paths`: files, folders and zip archives with their subfolders sorted by name, IDX files
/// of images, and tables.
///
/// # Errors
/// Returns an error if a file is unreadable or no image, or a folder or archive has no images. Names all invalid image
/// files.
pub fn collect(paths: &[PathBuf], preprocess: Preprocess) -> Result<ImageList, DatasetError> {
    let mut images = ImageList::default();
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            let before = files.len();
            find_images(path, &mut files)?;
            if files.len() == before {
                let location = Location::whole(path.display().to_string());
                let expected = format!("images ({}) in this folder", kind_names());
                return Err(invalid(location, expected, list_files(path)));
            }
            continue;
        }
        match files::kind_of(path) {
            Some("an IDX file" | "a gzip file") if !csv::has_table_name(path) => {
                // Keep the order of the command line.
                images.add_files(&std::mem::take(&mut files), preprocess)?;
                images.add_idx(path, preprocess)?;
            }
            Some(_) if csv::has_table_name(path) => {
                images.add_files(&std::mem::take(&mut files), preprocess)?;
                images.add_table(path, preprocess)?;
            }
            Some(_) if npz::starts_as_zip(path) && !has_ending(path, "npz") => {
                images.add_files(&std::mem::take(&mut files), preprocess)?;
                images.add_zip(path, preprocess)?;
            }
            // Reading reports missing and invalid files all at once.
            _ => files.push(path.clone()),
        }
    }
    images.add_files(&files, preprocess)?;
    if images.counts.sixteen_bit > 0 && preprocess.read_options.max_value.is_none() {
        check_16_bit_range("the images", images.counts.largest_16_bit)?;
    }
    let lines = images.counts.lines(preprocess.size, &preprocess.read_options);
    images.conversions.extend(lines);
    if preprocess.is_max_value_given && preprocess.white < u8::MAX {
        let max_value = preprocess.read_options.max_value.unwrap_or(u32::from(u8::MAX));
        images.conversions.push(format!("values scaled: {max_value} becomes {}", preprocess.white));
    }
    Ok(images)
}

/// Returns the names of the files in a folder without images.
fn list_files(folder: &Path) -> String {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let names = entries.map(|entry| sanitize(&entry.file_name().to_string_lossy()));
    let mut names: Vec<String> = names.collect();
    names.sort();
    if names.is_empty() { "none".to_string() } else { list_few(&names) }
}

/// Collects the image files of a folder and its subfolders. Skips linked folders, which could form a cycle.
fn find_images(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), DatasetError> {
    let read = || DatasetError::read(Location::whole(folder.display().to_string()));
    let entries = fs::read_dir(folder).map_err(read())?;
    let mut entries = entries.collect::<Result<Vec<_>, _>>().map_err(read())?;
    entries.retain(|entry| !entry.file_name().to_string_lossy().starts_with('.'));
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        if entry.file_type().map_err(read())?.is_dir() {
            find_images(&path, files)?;
        } else if is_image(&path) && !path.is_dir() {
            files.push(path);
        }
    }
    Ok(())
}

impl ImageList {
    /// Returns the number of images.
    pub fn count(&self) -> usize {
        self.names.len()
    }

    /// Compares the brightness with that of the training images. Returns warnings.
    ///
    /// # Errors
    /// Returns an error if the images are more than twice as bright, unless the value of white was given.
    pub fn check_brightness(
        &self,
        max_pixel: u8,
        rules: &PixelRules,
        preprocess: Preprocess,
    ) -> Result<Vec<String>, DatasetError> {
        // Compare on the scale of the training images.
        let rules = PixelRules { white: preprocess.white, ..*rules };
        rules.check_brightness("the images", &self.bytes, max_pixel, preprocess.is_max_value_given)
    }

    fn add_files(&mut self, files: &[PathBuf], preprocess: Preprocess) -> Result<(), DatasetError> {
        if let Some(file) = files.first() {
            preprocess.read_options.refuse_those_of_other_formats(file, &[], "an image")?;
        }
        let display = |file: &PathBuf| file.display().to_string();
        self.add_images(files, display, |file| open_image(file), preprocess)
    }

    fn add_zip(&mut self, path: &Path, preprocess: Preprocess) -> Result<(), DatasetError> {
        preprocess.read_options.refuse_those_of_other_formats(path, &[], "images")?;
        let tree = FileTree::open(path)?;
        let (mut files, mut folders) = (Vec::new(), vec![PathBuf::new()]);
        while let Some(folder) = folders.pop() {
            let entries = tree.entries(&folder)?;
            files.extend(entries.files.into_iter().filter(|file| is_image(file)));
            folders.extend(entries.folders);
        }
        if files.is_empty() {
            let location = Location::whole(path.display().to_string());
            let expected = format!("images ({}) in this archive", kind_names());
            return Err(invalid(location, expected, "none"));
        }
        files.sort();
        self.conversions.extend(tree.warnings());
        let display = |file: &PathBuf| tree.display(file);
        self.add_images(&files, display, |file| tree.read_image(file), preprocess)
    }

    /// Adds image files. `display`: returns the name of one. `open`: reads one.
    fn add_images(
        &mut self,
        files: &[PathBuf],
        display: impl Fn(&PathBuf) -> String,
        open: impl Fn(&PathBuf) -> Result<LoadedImage, DatasetError> + Sync,
        preprocess: Preprocess,
    ) -> Result<(), DatasetError> {
        let read = |file: &PathBuf| preprocess.bytes_of(&open(file)?);
        let length = product(
            &Origin::Memory("the images".to_string()),
            &[
                files.len(),
                preprocess.size.height,
                preprocess.size.width,
                preprocess.read_options.channels(),
            ],
        )?;
        files::check_memory(2 * length as u64, "the images")
            .map_err(DatasetError::memory(Location::whole(plural(files.len(), "image"))))?;
        let read: Vec<Result<(Vec<u8>, ImageConversion), DatasetError>> =
            files.par_iter().map(read).collect();
        let mut errors = Vec::new();
        for (file, read) in files.iter().zip(read) {
            match read {
                Ok((bytes, conversion)) => {
                    self.names.push(display(file));
                    self.bytes.extend(bytes);
                    self.counts.add(&conversion);
                }
                Err(error) => errors.push(error),
            }
        }
        match errors.len() {
            0 => Ok(()),
            1 => Err(errors.remove(0)),
            _ => Err(DatasetError::Images { errors }),
        }
    }

    fn add_table(&mut self, path: &Path, preprocess: Preprocess) -> Result<(), DatasetError> {
        let mut images = csv::read_images(path, preprocess.size, &preprocess.read_options)?;
        preprocess.adapt(&mut images.bytes);
        self.names.extend((0..images.count).map(|index| format!("{}[{index}]", path.display())));
        self.bytes.extend(images.bytes);
        self.conversions.extend(images.conversions);
        Ok(())
    }

    fn add_idx(&mut self, path: &Path, preprocess: Preprocess) -> Result<(), DatasetError> {
        let own = [FormatOption::Transposed];
        preprocess.read_options.refuse_those_of_other_formats(path, &own, "an IDX file")?;
        let (images, conversions) = idx::open_images(path, &preprocess.idx_options())?;
        self.conversions.extend(conversions);
        let [_, height, width] = images.sizes;
        let (rows, columns) = (height as u32, width as u32);
        for (index, bytes) in images.bytes.chunks(height * width).enumerate() {
            self.names.push(format!("{}[{index}]", path.display()));
            let image = GrayImage::from_raw(columns, rows, bytes.to_vec()).unwrap_or_default();
            let file = format!("{}[{index}]", path.display());
            let image = DynamicImage::from(image);
            let loaded = LoadedImage::upright(image, file);
            let (bytes, conversion) = preprocess.bytes_of(&loaded)?;
            self.bytes.extend(bytes);
            self.counts.add(&conversion);
        }
        Ok(())
    }
}

impl Preprocess {
    /// Returns the preprocessing for a network trained on images of `[height, width, channels]` read by `rules`.
    /// `options`: the user's settings, which take precedence.
    pub fn of(
        [height, width, channels]: [usize; 3],
        rules: &PixelRules,
        options: Option<&ReadOptions>,
    ) -> Self {
        let size = ImageSize { width: width / channels.max(1), height };
        let options = options.copied().unwrap_or_default();
        let is_max_value_given = options.max_value.is_some();
        let read_options = ReadOptions {
            size: Some(size),
            colour: channels > 1,
            background: options.background.or(rules.background),
            max_value: options.max_value.or(rules.max_value),
            csv_header: options.csv_header,
            transposed: options.transposed,
            ..ReadOptions::default()
        };
        Preprocess { size, read_options, inverted: false, white: rules.white, is_max_value_given }
    }

    /// Returns the options for IDX files: bytes are scaled with those of image files.
    fn idx_options(self) -> ReadOptions {
        ReadOptions { max_value: None, ..self.read_options }
    }

    fn bytes_of(self, loaded: &LoadedImage) -> Result<(Vec<u8>, ImageConversion), DatasetError> {
        let (mut bytes, conversion) = loaded.bytes(self.size, &self.read_options)?;
        self.adapt(&mut bytes);
        Ok((bytes, conversion))
    }

    /// Scales bytes up to 255 to the white of the training images, and swaps dark and light if asked to.
    fn adapt(self, bytes: &mut [u8]) {
        let white = u32::from(self.white);
        for byte in bytes {
            if self.is_max_value_given {
                *byte = ((2 * u32::from(*byte) * white + 255) / (2 * 255)) as u8;
            }
            if self.inverted {
                *byte = self.white.saturating_sub(*byte);
            }
        }
    }
}
