//! Counter-based random numbers: a draw depends on what it is for, never on who draws it or when.
//!
//! Philox4x32-10 (Salmon, Moraes, Dror & Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC11).
//! The shader twin is `shaders/shared/random.wgsl`.

mod stream;

pub use stream::Stream;

pub(crate) const MULTIPLIER_0: u32 = 0xD251_1F53;
pub(crate) const MULTIPLIER_1: u32 = 0xCD9E_8D57;
pub(crate) const KEY_STEP_0: u32 = 0x9E37_79B9;
pub(crate) const KEY_STEP_1: u32 = 0xBB67_AE85;
pub(crate) const ROUNDS: usize = 10;

/// What a random word is for: the low byte of the first word of its counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Purpose {
    /// Spikes of a population at eight steps, a half word each (the input's, population 0) or spike
    /// candidates: the first four steps have the low halves of the four words.
    Spikes = 0,
    /// Which of several candidates of one step are kept.
    Thinning = 1,
    /// How many steps a phase lasts.
    PhaseLength = 2,
    /// In which order an epoch shows its images.
    Order = 3,
    /// Initial feed-forward weights of a layer.
    Weights = 4,
    /// Initial biases of a layer.
    Biases = 5,
    /// Feedback weights of a layer.
    Feedback = 6,
    /// Low half of a word of [`Purpose::Spikes`], where the high half leaves the count open.
    LowHalf = 7,
    /// Which feedback weights of a layer are zero.
    Sparsity = 8,
    /// Noise of feedback weights that follow the feed-forward ones.
    FeedbackNoise = 9,
    /// How long before its phase's end a neuron's plateau potential comes.
    PlateauTime = 10,
    /// Shuffles of recorded numbers, to compare with.
    Shuffle = 11,
    /// First places of points that are laid out in the plane.
    Layout = 12,
    /// Initial apical biases of a layer.
    ApicalBiases = 13,
    /// Order of the images of a class in data that are sorted by class.
    Subset = 14,
}

/// Which images a draw belongs to, so that a test never disturbs the draws of the training.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Source {
    /// Images of training minibatches.
    Training = 0,
    /// Images shown as in a test: the forward phase alone.
    Test = 1,
}

/// First word of a counter. `population` counts layers from the input (0) to the output.
#[inline(always)]
pub fn counter_head(purpose: Purpose, population: u32, source: u32) -> u32 {
    purpose as u32 | population << 8 | source << 24
}

/// The key of a run: its seed, low word first.
pub fn key(seed: u64) -> [u32; 2] {
    [seed as u32, (seed >> 32) as u32]
}

/// Four random words for one counter.
#[inline(always)]
pub fn philox(mut counter: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
    for _ in 0..ROUNDS {
        let product_0 = u64::from(counter[0]) * u64::from(MULTIPLIER_0);
        let product_1 = u64::from(counter[2]) * u64::from(MULTIPLIER_1);
        counter = [
            (product_1 >> 32) as u32 ^ counter[1] ^ key[0],
            product_1 as u32,
            (product_0 >> 32) as u32 ^ counter[3] ^ key[1],
            product_0 as u32,
        ];
        key = [key[0].wrapping_add(KEY_STEP_0), key[1].wrapping_add(KEY_STEP_1)];
    }
    counter
}

/// [`philox`] for `N` counters that differ in their third word (the unit), in a form that compilers
/// turn into vector instructions. Word `w` of counter `i` is `result[w][i]`.
#[inline(always)]
pub fn philox_units<const N: usize>(
    head: u32,
    position: u32,
    units: &[u32; N],
    index: u32,
    mut key: [u32; 2],
) -> [[u32; N]; 4] {
    // Words live in the low halves of 64-bit numbers, where a product finds them; what lies above
    // is never read.
    const LOW: u64 = u32::MAX as u64;
    let mut word_0 = [u64::from(head); N];
    let mut word_1 = [u64::from(position); N];
    let mut word_2 = [0; N];
    for i in 0..N {
        word_2[i] = u64::from(units[i]);
    }
    let mut word_3 = [u64::from(index); N];
    for _ in 0..ROUNDS {
        for i in 0..N {
            let product_0 = (word_0[i] & LOW) * u64::from(MULTIPLIER_0);
            let product_1 = (word_2[i] & LOW) * u64::from(MULTIPLIER_1);
            word_0[i] = (product_1 >> 32) ^ word_1[i] ^ u64::from(key[0]);
            word_1[i] = product_1;
            word_2[i] = (product_0 >> 32) ^ word_3[i] ^ u64::from(key[1]);
            word_3[i] = product_0;
        }
        key = [key[0].wrapping_add(KEY_STEP_0), key[1].wrapping_add(KEY_STEP_1)];
    }
    let mut words = [[0; N]; 4];
    for i in 0..N {
        words[0][i] = word_0[i] as u32;
        words[1][i] = word_1[i] as u32;
        words[2][i] = word_2[i] as u32;
        words[3][i] = word_3[i] as u32;
    }
    words
}

/// Bits of each of the uniform numbers that [`normal`] adds: their sum is exact as a float.
const UNIFORM_BITS: u32 = 20;
/// What leaves so many of a word.
pub const UNIFORM_SHIFT: u32 = 32 - UNIFORM_BITS;
/// What makes the sum of such numbers one of numbers below 1.
pub const UNIFORM_SCALE: f32 = 1.0 / (1 << UNIFORM_BITS) as f32;

/// Next to normal, mean 0 and spread 1: the sum of twelve uniform numbers less 6. Draws from `counter` and
/// the two behind it.
pub fn normal(counter: [u32; 4], key: [u32; 2]) -> f32 {
    let [head, position, unit, index] = counter;
    let words = (0..3).flat_map(|block| philox([head, position, unit, index + block], key));
    let sum: u32 = words.map(|word| word >> UNIFORM_SHIFT).sum();
    sum as f32 * UNIFORM_SCALE - 6.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_units_at_once_draw_what_each_draws_alone() {
        let units: [u32; 16] = std::array::from_fn(|i| 7 * i as u32 + 3);
        let together = philox_units(5, 77, &units, 9, [1, 2]);
        for (i, &unit) in units.iter().enumerate() {
            let alone = philox([5, 77, unit, 9], [1, 2]);
            assert_eq!(alone, together.map(|words| words[i]));
        }
    }
}
