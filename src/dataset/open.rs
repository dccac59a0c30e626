//! Opens data sets from files.

use std::path::Path;

use super::error::{invalid_with_hint, list_few};
use super::first_label::number_from_0;
use super::formats;
use super::spikes::SpikeFiles;
use super::stratify::counts;
use super::{DataSource, Dataset, DatasetError, ImageSize, PixelRules, ReadOptions, SplitData};

impl Dataset {
    /// Opens a data set and detects its format:
    ///
    /// - a folder of the four IDX files `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`,
    ///   `t10k-images-idx3-ubyte` and `t10k-labels-idx1-ubyte`. Each may have `.` in place of the `-` before `idx`, and
    ///   `.gz` at the end. The first that exists is used, in the order `-`, `-` with `.gz`, `.`, `.` with `.gz`.
    ///   Compression is detected from the content. Also the names of EMNIST and QMNIST, such as
    ///   `emnist-letters-train-images-idx3-ubyte`; a folder above `NAME/raw`, as torchvision has it; or the path of the
    ///   file of training images;
    /// - a folder with `train/CLASS/*.png` and `test/CLASS/*.png`, or only `CLASS/*.png`, or a zip archive of such a
    ///   folder. Images may be PNG, JPEG, BMP, GIF, WebP, TIFF, PGM or PPM; they are scaled to the size of the first
    ///   and converted to grey;
    /// - a folder with `train.csv` and `test.csv`, or the path of the first of two such files: one image per line, its
    ///   label followed by its pixels. Also `.tsv`, and `.gz`;
    /// - an `.npz` file with `x_train`, `y_train`, `x_test` and `y_test`; or a folder with `train.npz` and `test.npz`, or
    ///   the path of the first of two such files, with `images` and `labels`;
    /// - with the cargo feature `parquet`: a folder with `train-*.parquet` and `test-*.parquet`, or one such file. The
    ///   crate that reads them panics on some damaged files; most are refused before, and a panic becomes an error.
    ///
    /// Recorded spikes, see [`crate::dataset::spikes`]:
    ///
    /// - a folder with `train.npz` and `test.npz`, or the path of the first of two such files, with `times`, `units`,
    ///   `offsets`, `labels` and `shape`;
    /// - a folder with `shd_train.h5` and `shd_test.h5`, or the path of the first of two such files, in the layout of the
    ///   Spiking Heidelberg Digits;
    /// - a folder of N-MNIST: `Train/CLASS/*.bin` and `Test/CLASS/*.bin`.
    ///
    /// Formats of images are tried after those of recordings. A file `class_names.txt` in a folder of IDX files, tables
    /// or archives has one class name per line. A set without a test set needs [`ReadOptions::test_fraction`].
    ///
    /// # Errors
    /// Returns an error if a file is missing or invalid, files do not fit each other, or the training set has only one
    /// class or only black images.
    pub fn open(path: &Path) -> Result<Dataset, DatasetError> {
        Dataset::open_as(path, &ReadOptions::default())
    }

    /// Opens a data set with images of another size, in colour, or with other options.
    ///
    /// # Errors
    /// Returns an error as [`Dataset::open`] does, if the files do not have such images, or if options of recordings are
    /// given for images or the reverse.
    pub fn open_as(path: &Path, options: &ReadOptions) -> Result<Dataset, DatasetError> {
        if let Some(files) = SpikeFiles::detect(path, options)? {
            options.refuse_those_of_images(path)?;
            let dataset = files.open(path, options)?;
            return Ok(Dataset { read_options: *options, ..dataset });
        }
        let format = formats::detect(path)?;
        options.refuse_those_of_recordings(path)?;
        options.refuse_those_of_other_formats(path, format.options(), "other data")?;
        let mut read = format.read(path, options)?;
        let ([mut training, mut test], told) = read.sets.split(path, options)?;
        if options.max_value.is_none() {
            for other in [&test].into_iter().chain(&read.validation) {
                other.check_image_size(&training)?;
                other.check_scale(&training)?;
            }
        }
        let sets = [&mut training, &mut test].into_iter().chain(&mut read.validation);
        let labels = sets.map(|set| &mut set.labels).collect();
        let (class_names, renumbered) = number_from_0(labels, read.class_names);
        read.conversions.extend(renumbered);
        if let Some(ImageSize { width, height }) = options.size {
            let requested = [height, width * options.channels()];
            let [_, height, width] = training.images.sizes;
            if requested != [height, width] {
                let expected =
                    format!("images of {} x {} (--image-size)", requested[0], requested[1]);
                let found = format!("{height} x {width}");
                let hint = "only image files are scaled: omit --image-size";
                let location = training.images.origin.at_size(1);
                return Err(invalid_with_hint(location, expected, found, hint));
            }
        }
        let names = class_names.as_deref().unwrap_or_default();
        let others = [("test", Some(&test)), ("validation", read.validation.as_ref())];
        for (name, set) in others {
            let untrained = set.and_then(|set| untrained_classes(&training, set, names));
            let text = |classes| {
                format!(
                    "{}: no training images of class {classes}, which the {name} images have",
                    path.display()
                )
            };
            read.warnings.extend(untrained.map(text));
        }
        let dataset =
            Dataset::assemble(path.display().to_string(), training, test, read.validation, None)?;
        let is_full = read.white_is_255 || options.max_value.is_some();
        let rules = PixelRules {
            background: options.background,
            max_value: options.max_value.or(read.max_value),
            white: if is_full { u8::MAX } else { dataset.rules.white },
            ..dataset.rules
        };
        let dataset = Dataset {
            channels: options.channels(),
            source: DataSource::Files,
            read_options: *options,
            warnings: read.warnings,
            conversions: read.conversions.into_iter().chain(told).collect(),
            source_files: read.source_files,
            rules,
            ..dataset
        };
        match class_names {
            Some(class_names) => dataset.with_class_names(class_names),
            None => Ok(dataset),
        }
    }
}

/// Returns the classes of another set that no training image has, if there are any. `names`: names of the classes, if
/// the data have them.
fn untrained_classes(training: &SplitData, set: &SplitData, names: &[String]) -> Option<String> {
    let [trained, labels] = [training, set].map(|set| counts(&set.labels.bytes));
    let is_untrained = |&label: &usize| labels[label] > 0 && trained[label] == 0;
    let name = |label: usize| names.get(label).map_or_else(|| label.to_string(), String::clone);
    let classes: Vec<String> = (0..labels.len()).filter(is_untrained).map(name).collect();
    (!classes.is_empty()).then(|| list_few(&classes))
}
