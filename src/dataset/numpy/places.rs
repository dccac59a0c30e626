//! Arrays of a data set in archives and files.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use super::names::{ArrayName, Content, SetName};
use crate::dataset::class_names::sanitize;
use crate::dataset::error::{invalid_with_hint, list_few};
use crate::dataset::location::{Origin, Position};
use crate::dataset::npy::{self, Npy};
use crate::dataset::{DatasetError, Location, npz};
use crate::files;

/// Place of an array.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// An array of an archive.
    Archive { path: PathBuf, array: String },
    /// A file of one array.
    File(PathBuf),
}

impl Place {
    /// Reads the array.
    ///
    /// # Errors
    /// Returns an error if it is damaged or does not fit into memory.
    pub fn read(&self) -> Result<Npy, DatasetError> {
        match self {
            Place::Archive { path, array } => npz::read_array(path, array),
            Place::File(path) => {
                let origin = Origin::Whole(path.display().to_string());
                let open = || -> std::io::Result<(File, u64)> {
                    let file = files::open_regular(path)?;
                    let length = file.metadata()?.len();
                    Ok((file, length))
                };
                let (file, length) = open().map_err(DatasetError::read(origin.at_size(0)))?;
                let reader: Box<dyn Read> = Box::new(BufReader::new(file));
                npy::open(reader, length, origin)?.read(length)
            }
        }
    }
}

/// Images and labels of a set.
pub(super) struct SetPlaces {
    pub images: Place,
    pub labels: Place,
}

/// Arrays of a data set.
pub(super) struct DatasetPlaces {
    /// Training set, or the only set.
    pub training: SetPlaces,
    pub test: Option<SetPlaces>,
    pub validation: Option<SetPlaces>,
}

/// Finds the sets among named arrays. `path`: archive or folder, for messages.
///
/// # Errors
/// Returns an error if images or labels are missing or given twice.
pub(super) fn find_sets(
    path: &Path,
    arrays: &[(String, Place)],
) -> Result<DatasetPlaces, DatasetError> {
    let named: Vec<(ArrayName, &Place)> = arrays
        .iter()
        .filter_map(|(name, place)| ArrayName::parse(name).map(|parsed| (parsed, place)))
        .collect();
    let found = || {
        let mut names: Vec<&str> = arrays.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        if names.is_empty() { "none".to_string() } else { sanitize(&list_few(&names)) }
    };
    let refuse = |expected: String, found: String| {
        let location = Location::whole(path.display().to_string());
        let hint = "names such as x_train, y_train, x_test and y_test say which array is which";
        invalid_with_hint(location, expected, found, hint)
    };
    if let Some((first, _)) = named.first()
        && let Some((other, _)) = named.iter().find(|(name, _)| name.rest != first.rest)
    {
        let found = format!("'{}' and '{}'", first.rest.join("-"), other.rest.join("-"));
        return Err(refuse("arrays of one data set".to_string(), sanitize(&found)));
    }
    let find = |set: Option<SetName>, content: Content| -> Result<Option<Place>, DatasetError> {
        let mut places =
            named.iter().filter(|(name, _)| (name.set, name.content) == (set, content));
        match (places.next(), places.next()) {
            (Some((_, place)), None) => Ok(Some((*place).clone())),
            (None, _) => Ok(None),
            (Some(_), Some(_)) => {
                Err(refuse(format!("one array of {}", describe(set, content)), found()))
            }
        }
    };
    let set = |set: Option<SetName>| -> Result<Option<SetPlaces>, DatasetError> {
        let missing = |content| refuse(format!("an array of {}", describe(set, content)), found());
        match (find(set, Content::Images)?, find(set, Content::Labels)?) {
            (Some(images), Some(labels)) => Ok(Some(SetPlaces { images, labels })),
            (None, None) => Ok(None),
            (Some(_), None) => Err(missing(Content::Labels)),
            (None, Some(_)) => Err(missing(Content::Images)),
        }
    };
    let test = set(Some(SetName::Test))?;
    // A validation set is no part of most trainings: without labels it is reported as unused.
    let validation = set(Some(SetName::Validation)).ok().flatten();
    let training = match set(Some(SetName::Training))? {
        None if test.is_none() && validation.is_none() => set(None)?,
        training => training,
    };
    match training {
        Some(training) => Ok(DatasetPlaces { training, test, validation }),
        None => Err(refuse(
            "arrays of images and labels, such as x_train, y_train, x_test and y_test".to_string(),
            found(),
        )),
    }
}

/// Names the content of an array, with an example of its name.
fn describe(set: Option<SetName>, content: Content) -> String {
    let (set, suffix) = match set {
        Some(SetName::Training) => ("training ", "_train"),
        Some(SetName::Test) => ("test ", "_test"),
        Some(SetName::Validation) => ("validation ", "_val"),
        None => ("", ""),
    };
    match content {
        Content::Images => format!("{set}images, such as x{suffix}"),
        Content::Labels => format!("{set}labels, such as y{suffix}"),
    }
}

impl DatasetPlaces {
    /// Returns the names of the arrays of an archive that have a place in the data set.
    pub fn used_of(&self, archive: &Path) -> Vec<&str> {
        let sets = [Some(&self.training), self.test.as_ref(), self.validation.as_ref()];
        let places = sets.into_iter().flatten().flat_map(|set| [&set.images, &set.labels]);
        let mut names = Vec::new();
        for place in places {
            if let Place::Archive { path, array } = place
                && path == archive
            {
                names.push(array.as_str());
            }
        }
        names
    }
}

/// Returns the arrays of an archive with their names.
pub(super) fn of_archive(path: &Path) -> Result<Vec<(String, Place)>, DatasetError> {
    let place = |array: String| (array.clone(), Place::Archive { path: path.to_owned(), array });
    Ok(npz::names(path)?.into_iter().map(place).collect())
}

/// Returns the place of the only array of an archive.
///
/// # Errors
/// Returns an error if it has none or several.
pub(super) fn only_array(path: &Path) -> Result<Place, DatasetError> {
    match &npz::names(path)?[..] {
        [array] => Ok(Place::Archive { path: path.to_owned(), array: array.clone() }),
        names => {
            let location = Location { file: path.display().to_string(), position: Position::Whole };
            let hint = "an archive per array has one array, as those of KMNIST";
            Err(invalid_with_hint(location, "one array", names.len(), hint))
        }
    }
}
