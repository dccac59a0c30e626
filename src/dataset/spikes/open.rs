//! Detects and opens files of recordings.

use std::path::{Path, PathBuf};

use super::archive;
use super::assemble::{SpikeSets, SpikeSplit, assemble};
use super::heidelberg::{self, HeidelbergSet};
use super::n_mnist::{self, NMnistSet};
use super::options::SpikeOptions;
use crate::dataset::class_names::{self, list_names};
use crate::dataset::error::invalid;
use crate::dataset::file_pair::{lone, with_test_file};
use crate::dataset::lone_set::TrainingAndTest;
use crate::dataset::{DataSource, Dataset, DatasetError, Location, ReadOptions, SourceFile};

/// Training and test files of recordings.
pub(in crate::dataset) enum SpikeFiles {
    /// `.npz` archives.
    Archives(TrainingAndTest<PathBuf>),
    /// HDF5 files as those of the Spiking Heidelberg Digits.
    Heidelberg(TrainingAndTest<PathBuf>),
    /// Folders of N-MNIST.
    NMnist([PathBuf; 2]),
}

impl SpikeFiles {
    /// Returns the files of recordings at a path; `None` if it has none.
    ///
    /// # Errors
    /// Returns an error if an archive cannot be read, or a training file has no test file and no fraction is given.
    pub fn detect(path: &Path, options: &ReadOptions) -> Result<Option<SpikeFiles>, DatasetError> {
        if path.is_dir() {
            let training = path.join("train.npz");
            let has_test = path.join("test.npz").is_file() || options.test_fraction.is_some();
            if training.is_file() && has_test && archive::has_recordings(&training)? {
                return Ok(Some(SpikeFiles::Archives(sets_of(training, options)?)));
            }
            if let Some(training) = heidelberg::detect_folder(path)? {
                return Ok(Some(SpikeFiles::Heidelberg(sets_of(training, options)?)));
            }
            return Ok(n_mnist::detect(path).map(SpikeFiles::NMnist));
        }
        if path.is_file() && heidelberg::is_file_of(path)? {
            return Ok(Some(SpikeFiles::Heidelberg(sets_of(path.to_owned(), options)?)));
        }
        let is_npz = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("npz"));
        if !is_npz || !path.is_file() || !archive::has_recordings(path)? {
            return Ok(None);
        }
        Ok(Some(SpikeFiles::Archives(sets_of(path.to_owned(), options)?)))
    }

    /// Reads and joins all sets. `path`: as given by the user, the name of the data set.
    ///
    /// # Errors
    /// Returns an error if a file is damaged, or the files do not fit each other.
    pub fn open(self, path: &Path, options: &ReadOptions) -> Result<Dataset, DatasetError> {
        let spikes = &options.spikes;
        let read = match self {
            SpikeFiles::Archives(files) => read_archives(&files, path, spikes)?,
            SpikeFiles::Heidelberg(files) => read_heidelberg(&files, spikes)?,
            SpikeFiles::NMnist(folders) => read_n_mnist(&folders, spikes)?,
        };
        let LoadedRecordings { sets, validation, classes, class_names, source_files, mut warnings } =
            read;
        let ([training, test], told) =
            sets.split(path, options.test_fraction, SpikeSplit::file, SpikeSplit::split)?;
        let sets = SpikeSets { training, test, validation };
        let mut dataset = assemble(path.display().to_string(), sets, classes, spikes)?;
        dataset.conversions.extend(told);
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
    sets: TrainingAndTest<SpikeSplit>,
    /// Own validation set.
    validation: Option<SpikeSplit>,
    /// Number of classes; `None`: as many as the training labels have.
    classes: Option<usize>,
    class_names: Option<Vec<String>>,
    source_files: Vec<SourceFile>,
    warnings: Vec<String>,
}

/// Returns a training file and its test file, or a file that is split.
///
/// # Errors
/// Returns an error if a training file has no test file and no fraction of test recordings is given.
fn sets_of(
    training: PathBuf,
    options: &ReadOptions,
) -> Result<TrainingAndTest<PathBuf>, DatasetError> {
    if options.test_fraction.is_some() && lone(&training, "", options).is_some() {
        return Ok(TrainingAndTest { training, test: None });
    }
    let [training, test] = with_test_file(&training)?;
    Ok(TrainingAndTest { training, test: Some(test) })
}

/// Reads archives. `path`: the folder of the archives, or one of them.
fn read_archives(
    files: &TrainingAndTest<PathBuf>,
    path: &Path,
    options: &SpikeOptions,
) -> Result<LoadedRecordings, DatasetError> {
    let TrainingAndTest { training, test } = files;
    let mut warnings = Vec::from_iter(archive::unused(training)?);
    let (training, training_file) = archive::read(training, options)?;
    let mut source_files = vec![training_file];
    let mut read_test = |path: &PathBuf| {
        warnings.extend(archive::unused(path)?);
        let (test, test_file) = archive::read(path, options)?;
        source_files.push(test_file);
        Ok(test)
    };
    let test = test.as_ref().map(&mut read_test).transpose()?;
    Ok(LoadedRecordings {
        sets: TrainingAndTest { training, test },
        validation: None,
        classes: None,
        class_names: class_names::read_of(path)?,
        source_files,
        warnings,
    })
}

/// Reads HDF5 files, and the one of an own validation set beside them, such as `ssc_valid.h5`.
fn read_heidelberg(
    files: &TrainingAndTest<PathBuf>,
    options: &SpikeOptions,
) -> Result<LoadedRecordings, DatasetError> {
    let training = heidelberg::read(&files.training, options)?;
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
    let test = files.test.as_deref().map(&mut read_other).transpose()?;
    let validation_path = heidelberg::validation_file(&files.training);
    let validation = validation_path.map(|path| read_other(&path)).transpose()?;
    Ok(LoadedRecordings {
        sets: TrainingAndTest { training: split, test },
        validation,
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
        sets: TrainingAndTest { training: split, test: Some(test.split) },
        validation: None,
        classes: None,
        class_names: Some(class_names),
        source_files: vec![source, test.source],
        warnings: [warnings, test.warnings].concat(),
    })
}
