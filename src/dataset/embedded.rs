//! MNIST inside the program, so that a first run needs no download. Crates from a registry, which limits their size,
//! have a sample.
//!
//! Origin, licence (CC BY-SA 3.0) and checksums: `data/mnist/README.md`.

use super::idx::{read_images, read_labels};
use super::{DataSource, Dataset, DatasetError, SplitData};

/// Embeds a file of the folder chosen at build time.
macro_rules! file {
    ($name:literal) => {
        (
            $name,
            include_bytes!(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/",
                env!("APICAL_MNIST"),
                "/",
                $name
            )),
        )
    };
}

/// The four gzip'd IDX files with their names: training images, training labels, test images, test labels.
pub static MNIST_FILES: [(&str, &[u8]); 4] = [
    file!("train-images-idx3-ubyte.gz"),
    file!("train-labels-idx1-ubyte.gz"),
    file!("t10k-images-idx3-ubyte.gz"),
    file!("t10k-labels-idx1-ubyte.gz"),
];

/// Name of the data set if only a sample is embedded.
const SAMPLE: &str = "a sample of MNIST ('apical data fetch mnist' downloads all of it)";

impl Dataset {
    /// Returns the embedded MNIST digits: 60,000 training and 10,000 test images of 28 x 28 bytes, 10 classes. A program
    /// built from a registry crate has 1,600 and 400 of them.
    ///
    /// # Errors
    /// Returns an error if the program file is damaged.
    pub fn mnist() -> Result<Dataset, DatasetError> {
        let [training_images, training_labels, test_images, test_labels] = MNIST_FILES;
        let split =
            |images: (&str, &[u8]), labels: (&str, &[u8])| -> Result<SplitData, DatasetError> {
                Ok(SplitData {
                    images: read_images(images.1, &format!("embedded {}", images.0))?,
                    labels: read_labels(labels.1, &format!("embedded {}", labels.0))?,
                })
            };
        let training = split(training_images, training_labels)?;
        let test = split(test_images, test_labels)?;
        let is_whole = env!("APICAL_MNIST") == "data/mnist";
        let name = if is_whole { "MNIST (embedded)" } else { SAMPLE };
        let dataset = Dataset::assemble(name.to_owned(), training, test, None, None)?;
        Ok(Dataset { source: DataSource::Embedded, ..dataset })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::identity::MNIST_SHA256;

    #[test]
    fn mnist_sha256_matches_the_embedded_images() {
        let mnist = Dataset::mnist().unwrap();
        let is_whole = mnist.name != SAMPLE;
        assert_eq!(mnist.sha256() == MNIST_SHA256, is_whole);
    }
}
