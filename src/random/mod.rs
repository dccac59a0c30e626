//! Counter-based random numbers: a draw depends on its counter and the seed, never on the thread or the order.
//!
//! Generator: Philox4x32-10 (Salmon, Moraes, Dror & Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC11).
//! Twin of `shaders/shared/philox.wgsl`.

mod philox_rng;

pub use philox_rng::PhiloxRng;

pub(crate) const MULTIPLIER_0: u32 = 0xD251_1F53;
pub(crate) const MULTIPLIER_1: u32 = 0xCD9E_8D57;
pub(crate) const KEY_STEP_0: u32 = 0x9E37_79B9;
pub(crate) const KEY_STEP_1: u32 = 0xBB67_AE85;
pub(crate) const ROUNDS: usize = 10;

/// Independent random stream, by use: the low byte of the first word of the counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum RngStream {
    /// Spikes of the input (population 0) or spike candidates of a layer. One call covers eight steps, half a
    /// word each; the low halves of the four words belong to the first four steps.
    Spikes = 0,
    /// Selection among three or more candidates of one step.
    Thinning = 1,
    /// Durations of the phases.
    PhaseLength = 2,
    /// Order of the images in an epoch.
    Order = 3,
    /// Initial feed-forward weights of a layer.
    Weights = 4,
    /// Initial biases of a layer.
    Biases = 5,
    /// Feedback weights of a layer.
    Feedback = 6,
    /// Low half of a word of [`RngStream::Spikes`], if the high half does not determine the count.
    LowHalf = 7,
    /// Selection of the zeros among a layer's feedback weights (sparse feedback).
    Sparsity = 8,
    /// Noise of symmetric feedback weights.
    FeedbackNoise = 9,
    /// Leads of the plateau potentials.
    PlateauTime = 10,
    /// Shuffles of recorded values, for controls.
    Shuffle = 11,
    /// Initial positions of points in a two-dimensional embedding.
    Layout = 12,
    /// Initial apical biases of a layer.
    ApicalBiases = 13,
    /// Order of the images within a class, in data sorted by class.
    Subset = 14,
    /// Bursts of a layer's spikes. One call covers one spike of each of eight steps, half a word each as in
    /// [`RngStream::Spikes`]. The fourth word of the counter is the index of these steps, plus 2^16 times the index of the
    /// spike in its step.
    Bursts = 15,
    /// Low half of a word of [`RngStream::Bursts`], if the high half does not decide. The fourth word of the counter is the
    /// step, plus 2^20 times the index of the spike in the step.
    BurstLowHalf = 16,
}

/// Split of the images that a draw belongs to, so that tests do not change the draws of the training.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Split {
    /// Images of training minibatches.
    Training = 0,
    /// Images shown as in a test, with the forward phase only.
    Test = 1,
}

/// Returns the first word of a counter. `population`: index of the population (0: input). `split`: a [`Split`].
#[inline(always)]
pub fn philox_counter0(stream: RngStream, population: u32, split: u32) -> u32 {
    stream as u32 | population << 8 | split << 24
}

/// Returns the key of a run: its seed, low word first.
pub fn key(seed: u64) -> [u32; 2] {
    [seed as u32, (seed >> 32) as u32]
}

/// Returns four random words for one counter.
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

/// Returns [`philox`] of `N` counters that differ in their third word (the unit). The loops over `i` are
/// vectorised. Word `w` of counter `i` is `result[w][i]`.
#[inline(always)]
pub fn philox_units<const N: usize>(
    counter0: u32,
    draw_index: u32,
    units: &[u32; N],
    index: u32,
    mut key: [u32; 2],
) -> [[u32; N]; 4] {
    // Each word is the low half of a 64-bit number, as the 64-bit products need it; the high half is
    // never read.
    const LOW: u64 = u32::MAX as u64;
    let mut word_0 = [u64::from(counter0); N];
    let mut word_1 = [u64::from(draw_index); N];
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

/// Number of bits of each uniform number that [`approx_normal`] adds: an `f32` represents their sum exactly.
const UNIFORM_BITS: u32 = 20;
/// Right shift that leaves this number of bits of a word.
pub const UNIFORM_SHIFT: u32 = 32 - UNIFORM_BITS;
/// Factor that scales these numbers to [0, 1).
pub const UNIFORM_SCALE: f32 = 1.0 / (1 << UNIFORM_BITS) as f32;

/// Returns an approximately normal number of mean 0 and standard deviation 1: the sum of twelve uniform numbers
/// minus 6. Uses the words of `counter` and of the next two counters.
pub fn approx_normal(counter: [u32; 4], key: [u32; 2]) -> f32 {
    let [counter0, draw_index, unit, index] = counter;
    let words = (0..3).flat_map(|block| philox([counter0, draw_index, unit, index + block], key));
    let sum: u32 = words.map(|word| word >> UNIFORM_SHIFT).sum();
    sum as f32 * UNIFORM_SCALE - 6.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn philox_units_equals_philox_per_unit() {
        let units: [u32; 16] = std::array::from_fn(|i| 7 * i as u32 + 3);
        let together = philox_units(5, 77, &units, 9, [1, 2]);
        for (i, &unit) in units.iter().enumerate() {
            let alone = philox([5, 77, unit, 9], [1, 2]);
            assert_eq!(alone, together.map(|words| words[i]));
        }
    }
}
