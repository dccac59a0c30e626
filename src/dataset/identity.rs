//! The identity of a data set: name, source, counts and fingerprint.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Dataset, ReadOptions};

/// Fingerprint of the complete MNIST, see [`Dataset::sha256`].
pub const MNIST_SHA256: &str = "f0d379e048d4d0df62643b531507bdfc6c4a0ed5f95ad14218c6d45d58ca399b";

/// Origin of the images of a data set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DataSource {
    /// Embedded in the program.
    Embedded,
    /// Files, whose path is the name of the data set.
    Files,
    /// Memory of a program that uses the library.
    #[default]
    Memory,
}

/// Description of a data set that a run and its weights store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataIdentity {
    /// `MNIST (embedded)`, the path as given, or a name.
    pub name: String,
    /// Origin of the images.
    pub source: DataSource,
    /// Options used to read the files.
    #[serde(default)]
    pub read_options: ReadOptions,
    /// Number of training images.
    pub training_images: usize,
    /// Number of test images.
    pub test_images: usize,
    /// See [`Dataset::sha256`].
    pub sha256: String,
    /// One name per class, not part of the fingerprint. Empty if unknown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub class_names: Vec<String>,
}

impl DataIdentity {
    /// Computes the identity. Reads all images for the fingerprint.
    pub fn of(dataset: &Dataset) -> Self {
        DataIdentity {
            name: dataset.name.clone(),
            source: dataset.source,
            read_options: dataset.read_options,
            training_images: dataset.training_count,
            test_images: dataset.test_count,
            sha256: dataset.sha256(),
            class_names: dataset.class_names.clone(),
        }
    }

    /// Returns whether images and labels equal those of MNIST, from any source.
    pub fn is_mnist(&self) -> bool {
        self.sha256 == MNIST_SHA256
    }

    /// Returns the command-line arguments that select it, each preceded by a space.
    pub fn arguments(&self) -> String {
        if self.source != DataSource::Files {
            return String::new();
        }
        let is_plain = |c: char| c.is_alphanumeric() || "/._-+,:@%".contains(c);
        let mut text = match self.name.chars().all(is_plain) {
            true => format!(" --data {}", self.name),
            false => format!(" --data '{}'", self.name.replace('\'', r"'\''")),
        };
        if let Some(size) = self.read_options.size {
            text += &format!(" --image-size {size}");
        }
        if self.read_options.colour {
            text += " --rgb";
        }
        if let Some(background) = self.read_options.background {
            text += &format!(" --background {}", background.name());
        }
        if let Some(max_value) = self.read_options.max_value {
            text += &format!(" --max-value {max_value}");
        }
        if let Some(csv_header) = self.read_options.csv_header {
            text += &format!(" --csv-header {csv_header}");
        }
        if let Some(fraction) = self.read_options.test_fraction {
            text += &format!(" --test-fraction {fraction}");
        }
        if let Some(transposed) = self.read_options.transposed {
            text += &format!(" --transposed {transposed}");
        }
        if let Some(order) = self.read_options.channel_order {
            text += &format!(" --channels {}", order.name());
        }
        text += &self.read_options.spikes.arguments();
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
