//! The fingerprint of a data set.

use sha2::{Digest, Sha256};

use super::Dataset;
use crate::text::to_hex;

/// Number of words of recordings that are converted to bytes at once.
const WORDS_AT_ONCE: usize = 1 << 14;

impl Dataset {
    /// Returns the SHA-256 over shape, counts, images or recordings, and labels, in hexadecimal. Excludes the name.
    pub fn sha256(&self) -> String {
        let mut digest = Sha256::new();
        for size in [self.height, self.width, self.training_count, self.test_count] {
            digest.update((size as u64).to_le_bytes());
        }
        digest.update(self.images());
        for words in self.recordings().iter().flat_map(|recordings| recordings.words()) {
            for words in words.chunks(WORDS_AT_ONCE) {
                digest
                    .update(words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<u8>>());
            }
        }
        digest.update(self.labels());
        if self.validation_count > 0 {
            digest.update((self.validation_count as u64).to_le_bytes());
            digest.update(&self.images[self.images().len()..]);
            digest.update(self.validation_labels());
        }
        to_hex(&digest.finalize())
    }
}
