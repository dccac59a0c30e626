//! What tells one data set from another, and where to find it again.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::embedded::MNIST_SHA256;
use super::{Dataset, Reading};

/// Where the images of a data set are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DataSource {
    /// Inside the program.
    Embedded,
    /// In files, whose path is the name of the data set.
    Files,
    /// In the memory of a program that used the library.
    #[default]
    Memory,
}

/// What a run and its weights store about their data set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataIdentity {
    /// `MNIST (embedded)`, the path as it was given, or a name.
    pub name: String,
    /// Where the images are.
    pub source: DataSource,
    /// How the files were read.
    #[serde(default)]
    pub reading: Reading,
    /// Number of training images.
    pub training_images: usize,
    /// Number of test images.
    pub test_images: usize,
    /// See [`Dataset::sha256`].
    pub sha256: String,
    /// One name per class, which the fingerprint leaves out. Empty if unknown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub class_names: Vec<String>,
}

impl DataIdentity {
    /// Reads all images of a data set for its fingerprint.
    pub fn of(dataset: &Dataset) -> Self {
        DataIdentity {
            name: dataset.name.clone(),
            source: dataset.source,
            reading: dataset.reading,
            training_images: dataset.training_count,
            test_images: dataset.test_count,
            sha256: dataset.sha256(),
            class_names: dataset.class_names.clone(),
        }
    }

    /// Whether images and labels are those of the MNIST inside the program, wherever they were read from.
    pub fn is_mnist(&self) -> bool {
        self.sha256 == MNIST_SHA256
    }

    /// The arguments of the command line that name it, each with a blank before it.
    pub fn arguments(&self) -> String {
        if self.source != DataSource::Files {
            return String::new();
        }
        let is_plain = |c: char| c.is_alphanumeric() || "/._-+,:@%".contains(c);
        let mut text = match self.name.chars().all(is_plain) {
            true => format!(" --data {}", self.name),
            false => format!(" --data '{}'", self.name.replace('\'', r"'\''")),
        };
        if let Some(size) = self.reading.size {
            text += &format!(" --image-size {size}");
        }
        if self.reading.colour {
            text += " --colour";
        }
        text
    }
}

impl fmt::Display for DataIdentity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let DataIdentity { name, training_images, test_images, sha256, .. } = self;
        let short = sha256.get(..8).unwrap_or(sha256);
        write!(
            formatter,
            "{name} ({training_images} training and {test_images} test images, sha256 {short})"
        )
    }
}
