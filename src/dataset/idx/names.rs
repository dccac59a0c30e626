//! Names of IDX files, and the data sets that a folder has by them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::super::class_names::sanitize;
use super::super::error::{invalid, invalid_with_hint, list_few};
use super::super::{DatasetError, Location};

/// Folder of torchvision between a data set's name and its files.
const RAW: &str = "raw";
/// Start of the names of QMNIST's files.
pub(super) const QMNIST: &str = "qmnist";

/// Content of a file by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Content {
    TrainingImages,
    TrainingLabels,
    TestImages,
    TestLabels,
}

impl Content {
    const ALL: [Content; 4] = [
        Content::TrainingImages,
        Content::TrainingLabels,
        Content::TestImages,
        Content::TestLabels,
    ];

    /// Returns the parts of a name that mean this content, and its usual ending.
    fn stems(self) -> (&'static [&'static str], &'static str) {
        match self {
            Content::TrainingImages => (&["train-images"], "idx3-ubyte"),
            Content::TrainingLabels => (&["train-labels"], "idx1-ubyte"),
            Content::TestImages => (&["t10k-images", "test-images"], "idx3-ubyte"),
            Content::TestLabels => (&["t10k-labels", "test-labels"], "idx1-ubyte"),
        }
    }
}

/// A name of an IDX file, such as `emnist-letters-train-images-idx3-ubyte.gz`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct IdxName {
    /// Part before the content, such as `emnist-letters-`.
    pub prefix: String,
    pub content: Content,
    /// Place in the order of preference of names that differ in `-` and `.idx`, and in `.gz`.
    rank: usize,
}

impl IdxName {
    /// Parses a name; `None` if it is not of this kind.
    pub fn of(path: &Path) -> Option<IdxName> {
        let name = path.file_name()?.to_str()?;
        let (stem, is_gzip) = name.strip_suffix(".gz").map_or((name, false), |stem| (stem, true));
        Content::ALL.into_iter().find_map(|content| {
            let (at, part) =
                content.stems().0.iter().find_map(|part| Some((stem.rfind(part)?, part)))?;
            let (prefix, ending) = (&stem[..at], &stem[at + part.len()..]);
            let is_dotted = ending.starts_with('.');
            let ending = ending.strip_prefix(['-', '.'])?.strip_prefix("idx")?;
            let is_plain = ending.starts_with(|c: char| c.is_ascii_digit());
            let is_separated = prefix.is_empty() || prefix.ends_with(['-', '_', '.']);
            let rank = 2 * usize::from(is_dotted) + usize::from(is_gzip);
            (is_plain && is_separated).then(|| IdxName {
                prefix: prefix.to_string(),
                content,
                rank,
            })
        })
    }
}

/// Files of one data set in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct IdxSet {
    folder: PathBuf,
    /// Part of the names before the content, such as `emnist-letters-`.
    pub prefix: String,
    files: BTreeMap<Content, Vec<(usize, PathBuf)>>,
}

impl IdxSet {
    /// Returns the only data set at a path: the folder, its folder `raw`, or `NAME/raw` in it, as torchvision names them;
    /// or the data set whose file of training images is at the path. `None` if there is none.
    ///
    /// # Errors
    /// Returns an error if there are several.
    pub fn find(path: &Path) -> Result<Option<IdxSet>, DatasetError> {
        if path.is_file() {
            let name = IdxName::of(path).filter(|name| name.content == Content::TrainingImages);
            let (Some(name), Some(folder)) = (name, path.parent()) else { return Ok(None) };
            let sets = sets_in(folder).into_iter();
            let mut set = sets.filter(|set| set.prefix == name.prefix).map(|mut set| {
                set.files.insert(Content::TrainingImages, vec![(0, path.to_owned())]);
                set
            });
            return Ok(set.next());
        }
        let mut sets = sets_in(path);
        if sets.is_empty() {
            sets = sets_in(&path.join(RAW));
        }
        if sets.is_empty() {
            let entries = fs::read_dir(path).into_iter().flatten().flatten();
            let mut folders: Vec<PathBuf> = entries.map(|entry| entry.path().join(RAW)).collect();
            folders.sort();
            sets = folders.iter().flat_map(|folder| sets_in(folder)).collect();
        }
        if sets.len() < 2 {
            return Ok(sets.pop());
        }
        let names: Vec<String> = sets.iter().map(|set| set.name(path)).collect();
        let location = Location::whole(path.display().to_string());
        let found = format!("{}: {}", sets.len(), list_few(&names));
        let hint = "pass the folder of one of them, or its file of training images";
        Err(invalid_with_hint(location, "one data set of IDX files", found, hint))
    }

    /// Returns the name of the set below `root` for messages: `EMNIST/raw/emnist-letters`.
    fn name(&self, root: &Path) -> String {
        let folder = self.folder.strip_prefix(root).unwrap_or(&self.folder).display().to_string();
        let prefix = self.prefix.trim_end_matches(['-', '_', '.']);
        let name = match (folder.is_empty(), prefix.is_empty()) {
            (false, false) => format!("{folder}/{prefix}"),
            (false, true) => folder,
            (true, false) => prefix.to_string(),
            (true, true) => "train-images".to_string(),
        };
        sanitize(&name)
    }

    /// Returns the folder of the files.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns whether the names are those of a data set such as `emnist`.
    pub fn is(&self, set: &str) -> bool {
        self.prefix.to_lowercase().starts_with(set)
    }

    /// Returns the training images, training labels, test images and test labels.
    ///
    /// # Errors
    /// Returns an error if one of them is missing, or there are two test sets.
    pub fn files(&self) -> Result<[PathBuf; 4], DatasetError> {
        let [images, labels, test_images, test_labels] =
            Content::ALL.map(|content| self.file(content));
        Ok([images?, labels?, test_images?, test_labels?])
    }

    fn file(&self, content: Content) -> Result<PathBuf, DatasetError> {
        let (stems, ending) = content.stems();
        let found = self.files.get(&content).map_or(&[][..], |files| files);
        let is_of = |stem: &str, path: &Path| {
            path.file_name().is_some_and(|name| name.to_string_lossy().contains(stem))
        };
        let present = stems.iter().filter(|stem| found.iter().any(|(_, path)| is_of(stem, path)));
        if present.count() > 1 {
            let location = Location::whole(self.folder.display().to_string());
            let found = format!("{}{} and {}{}", self.prefix, stems[0], self.prefix, stems[1]);
            return Err(invalid(location, "one test set", found));
        }
        if let Some((_, path)) = found.iter().min() {
            return Ok(path.clone());
        }
        // Name the missing file as its companion is named.
        let is_test = [Content::TestImages, Content::TestLabels].iter().any(|content| {
            let files = self.files.get(content).into_iter().flatten();
            files.into_iter().any(|(_, path)| stems.len() > 1 && is_of("test-", path))
        });
        let stem = stems[usize::from(is_test)];
        let names = ["-", "."].map(|separator| format!("{}{stem}{separator}{ending}", self.prefix));
        let names = names.map(|name| [name.clone(), name + ".gz"]).concat().join(", ");
        Err(DatasetError::MissingFile { folder: self.folder.clone(), names })
    }
}

/// Returns the data sets in a folder, sorted by name; none if it cannot be read. Some archives unpack each file into a
/// folder of its name: folders are skipped.
fn sets_in(folder: &Path) -> Vec<IdxSet> {
    let mut sets: BTreeMap<String, IdxSet> = BTreeMap::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let Some(name) = IdxName::of(&path).filter(|_| path.is_file()) else { continue };
        let set = sets.entry(name.prefix.clone()).or_insert_with(|| IdxSet {
            folder: folder.to_owned(),
            prefix: name.prefix,
            files: BTreeMap::new(),
        });
        set.files.entry(name.content).or_default().push((name.rank, path));
    }
    sets.into_values().collect()
}
