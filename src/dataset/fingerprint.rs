//! The fingerprint of a data set.

use sha2::{Digest, Sha256};

use super::Dataset;
use crate::text::to_hex;

impl Dataset {
    /// Returns the SHA-256 over shape, counts, images and labels, in hexadecimal. Excludes the name.
    pub fn sha256(&self) -> String {
        let mut digest = Sha256::new();
        for size in [self.height, self.width, self.training_count, self.test_count] {
            digest.update((size as u64).to_le_bytes());
        }
        digest.update(self.images());
        digest.update(self.labels());
        to_hex(&digest.finalize())
    }
}
