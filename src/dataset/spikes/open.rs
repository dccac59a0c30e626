//! Detects and opens files of recordings.

use std::path::{Path, PathBuf};

use super::archive;
use super::assemble::assemble;
use super::heidelberg::{self, HeidelbergSet};
use super::n_mnist::{self, NMnistSet};
use super::options::SpikeOptions;
use crate::dataset::class_names::{self, list_names};
use crate::dataset::error::invalid;
use crate::dataset::file_pair::with_test_file;
use crate::dataset::{DataSource, Dataset, DatasetError, Location};

/// Training and test files of recordings.
pub(in crate::dataset) enum SpikeFiles {
    /// `.npz` archives.
    Archives([PathBuf; 2]),
    /// HDF5 files as those of the Spiking Heidelberg Digits.
    Heidelberg([PathBuf; 2]),
    /// Folders of N-MNIST.
    NMnist([PathBuf; 2]),
}

impl SpikeFiles {
    /// Returns the files of recordings at a path; `None` if it has none.
    ///
    /// # Errors
    /// Returns an error if an archive cannot be read, or there is no test set.
    pub fn detect(path: &Path) -> Result<Option<SpikeFiles>, DatasetError> {
        if path.is_dir() {
            let pair = ["train.npz", "test.npz"].map(|name| path.join(name));
            if pair.iter().all(|file| file.is_file()) && archive::has_recordings(&pair[0])? {
                return Ok(Some(SpikeFiles::Archives(pair)));
            }
            let files = heidelberg::detect_folder(path)?.map(SpikeFiles::Heidelberg);
            return Ok(files.or_else(|| n_mnist::detect(path).map(SpikeFiles::NMnist)));
        }
        if path.is_file()
            && let Some(files) = heidelberg::detect_file(path)?
        {
            return Ok(Some(SpikeFiles::Heidelberg(files)));
        }
        let is_npz = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("npz"));
        if !is_npz || !path.is_file() || !archive::has_recordings(path)? {
            return Ok(None);
        }
        Ok(Some(SpikeFiles::Archives(with_test_file(path)?)))
    }

    /// Reads and joins both sets. `path`: as given by the user, the name of the data set.
    ///
    /// # Errors
    /// Returns an error if a file is damaged, or the files do not fit each other.
    pub fn open(self, path: &Path, options: &SpikeOptions) -> Result<Dataset, DatasetError> {
        let name = path.display().to_string();
        // A set of spoken words may lack classes of its list of names.
        let mut classes = None;
        let (splits, source_files, class_names, mut warnings) = match self {
            SpikeFiles::Archives([training, test]) => {
                let unused = [archive::unused(&training)?, archive::unused(&test)?];
                let (training, training_file) = archive::read(&training, options)?;
                let (test, test_file) = archive::read(&test, options)?;
                let names = if path.is_dir() { class_names::read_folder(path)? } else { None };
                let warnings = unused.into_iter().flatten().collect();
                ([training, test], vec![training_file, test_file], names, warnings)
            }
            SpikeFiles::Heidelberg([training_path, test_path]) => {
                let training = heidelberg::read(&training_path, options)?;
                let HeidelbergSet { split, class_names: names, source } = training;
                let test = heidelberg::read(&test_path, options)?;
                if test.class_names != names {
                    let expected = format!("the class names of {}", source.file);
                    let location = Location::whole(test.source.file);
                    let found = list_names(&test.class_names.unwrap_or_default());
                    return Err(invalid(location, expected, found));
                }
                classes = names.as_ref().map(Vec::len);
                ([split, test.split], vec![source, test.source], names, Vec::new())
            }
            SpikeFiles::NMnist([training, test]) => {
                let training = n_mnist::read(&training, None, options)?;
                let NMnistSet { split, class_names, source, warnings } = training;
                let test = n_mnist::read(&test, Some(&class_names), options)?;
                let warnings = [warnings, test.warnings].concat();
                ([split, test.split], vec![source, test.source], Some(class_names), warnings)
            }
        };
        let dataset = assemble(name, splits, classes, options)?;
        warnings.extend(dataset.warnings);
        let dataset = Dataset { source: DataSource::Files, source_files, warnings, ..dataset };
        match class_names {
            Some(class_names) => dataset.with_class_names(class_names),
            None => Ok(dataset),
        }
    }
}
