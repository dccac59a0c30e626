//! MNIST inside the program, so that a first run needs no download.
//!
//! Origin, licence (CC BY-SA 3.0) and checksums: `data/mnist/README.md`.

use super::idx::{read_images, read_labels};
use super::{Dataset, DatasetError, Half};

/// The four gzip'd IDX files with their names: training images, training labels, test images, test
/// labels.
pub static MNIST_FILES: [(&str, &[u8]); 4] = [
    ("train-images-idx3-ubyte.gz", include_bytes!("../../data/mnist/train-images-idx3-ubyte.gz")),
    ("train-labels-idx1-ubyte.gz", include_bytes!("../../data/mnist/train-labels-idx1-ubyte.gz")),
    ("t10k-images-idx3-ubyte.gz", include_bytes!("../../data/mnist/t10k-images-idx3-ubyte.gz")),
    ("t10k-labels-idx1-ubyte.gz", include_bytes!("../../data/mnist/t10k-labels-idx1-ubyte.gz")),
];

impl Dataset {
    /// The MNIST digits that the program carries: 60,000 training and 10,000 test images of 28 x 28
    /// bytes, 10 classes.
    ///
    /// # Errors
    /// As [`Dataset::open`], should the program file itself be damaged.
    pub fn mnist() -> Result<Dataset, DatasetError> {
        let [training_images, training_labels, test_images, test_labels] = MNIST_FILES;
        let half = |images: (&str, &[u8]), labels: (&str, &[u8])| -> Result<Half, DatasetError> {
            Ok(Half {
                images: read_images(images.1, &format!("embedded {}", images.0))?,
                labels: read_labels(labels.1, &format!("embedded {}", labels.0))?,
            })
        };
        let training = half(training_images, training_labels)?;
        let test = half(test_images, test_labels)?;
        Dataset::assemble("MNIST (embedded)".to_owned(), training, test)
    }
}
