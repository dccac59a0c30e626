//! Philox as a sequential generator, for numbers that only the host draws: image orders, initial weights.

use std::convert::Infallible;

use rand::TryRng;

use super::{RngStream, key, philox, philox_counter0};

/// Sequential generator of the words of one random stream. Implements the traits of `rand`, so that its shuffles
/// and distributions draw from Philox.
pub struct PhiloxRng {
    counter0: u32,
    substream: u32,
    key: [u32; 2],
    block: u64,
    words: [u32; 4],
    used: usize,
}

impl PhiloxRng {
    /// Creates a generator. `population` and `substream` (the epoch, for example) separate generators of the same
    /// random stream.
    pub fn new(seed: u64, stream: RngStream, population: u32, substream: u32) -> Self {
        PhiloxRng {
            counter0: philox_counter0(stream, population, 0),
            substream,
            key: key(seed),
            block: 0,
            words: [0; 4],
            used: 4,
        }
    }

    /// Returns a uniform number in (-1, 1) with 53 random bits.
    pub fn uniform_signed(&mut self) -> f64 {
        const SCALE: f64 = 1.0 / (1u64 << 53) as f64;
        let bits = rand::Rng::next_u64(self) >> 11;
        2.0 * ((bits as f64 + 0.5) * SCALE) - 1.0
    }

    fn next_word(&mut self) -> u32 {
        if self.used == 4 {
            let counter =
                [self.counter0, self.substream, self.block as u32, (self.block >> 32) as u32];
            self.words = philox(counter, self.key);
            self.block += 1;
            self.used = 0;
        }
        let word = self.words[self.used];
        self.used += 1;
        word
    }
}

impl TryRng for PhiloxRng {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(self.next_word())
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(u64::from(self.next_word()) | u64::from(self.next_word()) << 32)
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for chunk in bytes.chunks_mut(4) {
            chunk.copy_from_slice(&self.next_word().to_le_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}
