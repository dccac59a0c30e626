//! Detects and opens files of recordings.

use std::path::{Path, PathBuf};

use super::archive;
use super::assemble::{SpikeSets, assemble};
use super::heidelberg::{self, HeidelbergSet};
use super::n_mnist::{self, NMnistSet};
use super::options::SpikeOptions;
use crate::dataset::class_names::{self, list_names};
use crate::dataset::error::invalid;
use crate::dataset::file_pair::with_test_file;
use crate::dataset::{DataSource, Dataset, DatasetError, Location, SourceFile};

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

    /// Reads and joins all sets. `path`: as given by the user, the name of the data set.
    ///
    /// # Errors
    /// Returns an error if a file is damaged, or the files do not fit each other.
    pub fn open(self, path: &Path, options: &SpikeOptions) -> Result<Dataset, DatasetError> {
        let read = match self {
            SpikeFiles::Archives(files) => read_archives(&files, path, options)?,
            SpikeFiles::Heidelberg(files) => read_heidelberg(&files, options)?,
            SpikeFiles::NMnist(folders) => read_n_mnist(&folders, options)?,
        };
        let LoadedRecordings { sets, classes, class_names, source_files, mut warnings } = read;
        let dataset = assemble(path.display().to_string(), sets, classes, options)?;
        warnings.extend(dataset.warnings);
        let dataset = Dataset { source: DataSource::Files, source_files, warnings, ..dataset };
        match class_names {
            Some(class_names) => dataset.with_class_names(class_names),
            None => Ok(dataset),
        }
    }
}

/// Recordings as read from their files.
struct LoadedRecordings {
    sets: SpikeSets,
    /// Number of classes; `None`: as many as the training labels have.
    classes: Option<usize>,
    class_names: Option<Vec<String>>,
    source_files: Vec<SourceFile>,
    warnings: Vec<String>,
}

/// Reads archives. `path`: the folder of the archives, or one of them.
fn read_archives(
    [training, test]: &[PathBuf; 2],
    path: &Path,
    options: &SpikeOptions,
) -> Result<LoadedRecordings, DatasetError> {
    let unused = [archive::unused(training)?, archive::unused(test)?];
    let (training, training_file) = archive::read(training, options)?;
    let (test, test_file) = archive::read(test, options)?;
    Ok(LoadedRecordings {
        sets: SpikeSets { training, test, validation: None },
        classes: None,
        class_names: if path.is_dir() { class_names::read_folder(path)? } else { None },
        source_files: vec![training_file, test_file],
        warnings: unused.into_iter().flatten().collect(),
    })
}

/// Reads HDF5 files, and the one of an own validation set beside them, such as `ssc_valid.h5`.
fn read_heidelberg(
    [training_path, test_path]: &[PathBuf; 2],
    options: &SpikeOptions,
) -> Result<LoadedRecordings, DatasetError> {
    let training = heidelberg::read(training_path, options)?;
    let HeidelbergSet { split, class_names, source } = training;
    let mut source_files = vec![source];
    let mut read_other = |path: &Path| {
        let set = heidelberg::read(path, options)?;
        if set.class_names != class_names {
            let expected = format!("the class names of {}", source_files[0].file);
            let location = Location::whole(set.source.file);
            let found = list_names(&set.class_names.unwrap_or_default());
            return Err(invalid(location, expected, found));
        }
        source_files.push(set.source);
        Ok(set.split)
    };
    let test = read_other(test_path)?;
    let validation_path = heidelberg::validation_file(training_path);
    let validation = validation_path.map(|path| read_other(&path)).transpose()?;
    Ok(LoadedRecordings {
        sets: SpikeSets { training: split, test, validation },
        // A set of spoken words may lack classes of its list of names.
        classes: class_names.as_ref().map(Vec::len),
        class_names,
        source_files,
        warnings: Vec::new(),
    })
}

/// Reads folders of N-MNIST.
fn read_n_mnist(
    [training, test]: &[PathBuf; 2],
    options: &SpikeOptions,
) -> Result<LoadedRecordings, DatasetError> {
    let training = n_mnist::read(training, None, options)?;
    let NMnistSet { split, class_names, source, warnings } = training;
    let test = n_mnist::read(test, Some(&class_names), options)?;
    Ok(LoadedRecordings {
        sets: SpikeSets { training: split, test: test.split, validation: None },
        classes: None,
        class_names: Some(class_names),
        source_files: vec![source, test.source],
        warnings: [warnings, test.warnings].concat(),
    })
}
