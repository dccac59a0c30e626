//! The fingerprint of a data set.

use sha2::{Digest, Sha256};

use super::Dataset;

impl Dataset {
    /// Returns the SHA-256 over shape, counts, images and labels, in hexadecimal. Excludes the name.
    pub fn sha256(&self) -> String {
        let mut digest = Sha256::new();
        for size in [self.height, self.width, self.training_count, self.test_count] {
            digest.update((size as u64).to_le_bytes());
        }
        digest.update(self.images());
        digest.update(self.labels());
        digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
