//! Tables of voltage bounds that decide spike counts without computing the rate.
//!
//! The exact rule compares a random word with the rate `phi_max sigma(C)`. For a given word this is a comparison of C
//! with a voltage. A coarse table decides most draws and a fine table most others, without the exponential of the rate.
//! A table decides only if the exact rule gives the same count for every word of the entry, so no bit changes.

use crate::cpu::simd::coarse::{BYTE_ENTRIES, BYTE_SCALE, CoarseTables, TABLE_ENTRIES};
use crate::interface::ReplicaParams;
use crate::model::spikes::{FRACTION_BITS, LOW16};

/// Number of entries of the fine table: 16 KiB, which leaves most of the L1 cache free.
const FINE_ENTRIES: usize = 1024;

/// Relative margin for the rounding of probabilities in the exact rule: a few units in the last place of the products,
/// and the error of the exponential.
const MARGIN: f64 = 1e-5;

/// Voltage bounds valid for all words that share their highest bits. Outside them the count is undecided.
#[derive(Clone, Copy, Debug)]
pub struct VoltageBounds {
    /// Below this voltage there is no spike.
    pub no_spike_below: f32,
    /// Above this voltage, and below the next, there is one spike.
    pub one_spike_above: f32,
    /// Upper bound for one spike.
    pub one_spike_below: f32,
    /// Above this voltage there are two spikes.
    pub two_spikes_above: f32,
}

/// Coarse and fine tables of a replica.
#[derive(Clone, Debug)]
pub struct SpikeTables {
    pub coarse: CoarseTables,
    fine_shift: u32,
    fine: Vec<VoltageBounds>,
}

impl SpikeTables {
    pub fn new(replica: &ReplicaParams) -> Self {
        let max_word = replica.candidate_thresholds[0] | LOW16;
        let shift = shift_to(FINE_ENTRIES, max_word);
        let fine = |index| VoltageBounds::new(replica, index, shift);
        SpikeTables {
            coarse: coarse_tables(replica, max_word),
            fine_shift: shift,
            fine: (0..FINE_ENTRIES).map(fine).collect(),
        }
    }

    /// Returns the spike count of a candidate word by the fine table, or [`UNDECIDED`].
    #[inline(always)]
    pub fn count(&self, word: u32, voltage: f32) -> u32 {
        let VoltageBounds { no_spike_below, one_spike_above, one_spike_below, two_spikes_above } =
            self.fine[(word >> self.fine_shift) as usize % FINE_ENTRIES];
        // Branchless: the outcome is unpredictable.
        let met = u32::from(voltage < no_spike_below)
            | u32::from(voltage > one_spike_above) << 1
            | u32::from(voltage < one_spike_below) << 2
            | u32::from(voltage > two_spikes_above) << 3;
        COUNT_BY_BOUNDS[met as usize]
    }
}

/// Returns the shift from a word up to `max_word` to an entry of a table of `entries`. The low half of a word is unknown,
/// so an entry covers all its values.
fn shift_to(entries: usize, max_word: u32) -> u32 {
    let shift = (u32::BITS - entries.ilog2()).saturating_sub(max_word.leading_zeros());
    shift.max(u32::BITS / 2)
}

/// Returns the coarse tables. `max_word`: largest word with a candidate.
fn coarse_tables(replica: &ReplicaParams, max_word: u32) -> CoarseTables {
    let one_spike_above = |bounds: &VoltageBounds| match bounds.one_spike_below {
        f32::INFINITY => bounds.one_spike_above,
        _ => f32::INFINITY,
    };
    let shift = shift_to(TABLE_ENTRIES, max_word);
    let floats: [VoltageBounds; TABLE_ENTRIES] =
        std::array::from_fn(|index| VoltageBounds::new(replica, index, shift));
    let max_half = max_word >> 16;
    let byte_shift = (1..).find(|shift| ((max_half >> shift) as usize) < BYTE_ENTRIES).unwrap_or(1);
    let bytes: [VoltageBounds; BYTE_ENTRIES] =
        std::array::from_fn(|index| VoltageBounds::new(replica, index, 16 + byte_shift));
    CoarseTables {
        max_candidate_word: max_word,
        shift,
        no_spike_below: floats.map(|bounds| bounds.no_spike_below),
        one_spike_above: floats.map(|bounds| one_spike_above(&bounds)),
        byte_shift,
        max_candidate_byte: (max_half >> byte_shift) as u8,
        // A byte stands for voltages up to half a unit beyond it. Conversions to `i8` saturate.
        no_spike_below_byte: bytes
            .map(|bounds| ((bounds.no_spike_below * BYTE_SCALE + 0.5).ceil() - 1.0) as i8),
        one_spike_above_byte: bytes
            .map(|bounds| ((one_spike_above(&bounds) * BYTE_SCALE - 0.5).floor() + 1.0) as i8),
    }
}

/// The table does not determine the count.
pub const UNDECIDED: u32 = u32::MAX;

/// Spike count per combination of the four conditions of an [`VoltageBounds`].
const COUNT_BY_BOUNDS: [u32; 16] = {
    let mut counts = [UNDECIDED; 16];
    let mut met = 0;
    while met < 16 {
        if met & 0b0001 != 0 {
            counts[met] = 0;
        } else if met & 0b0110 == 0b0110 {
            counts[met] = 1;
        } else if met & 0b1000 != 0 {
            counts[met] = 2;
        }
        met += 1;
    }
    counts
};

impl VoltageBounds {
    /// Computes the bounds of the words `word >> shift == index`.
    fn new(replica: &ReplicaParams, index: usize, shift: u32) -> Self {
        let first = ((index as u64) << shift) as f64;
        let end = ((index as u64 + 1) << shift) as f64;
        let [one, two, three, ..] = replica.candidate_thresholds.map(f64::from);
        let place = |word: f64, from: f64, to: f64| ((word - from) / (to - from)).clamp(0.0, 1.0);
        // The exact rule truncates the uniform number to `FRACTION_BITS` bits.
        let least = |word, from, to| {
            let cut_off = 2.0 / f64::from(1 << FRACTION_BITS);
            (place(word, from, to) - cut_off).max(0.0)
        };
        // Of two candidates, each kept with probability `p`, at least one is kept with probability `2 p - p^2` and
        // both with `p^2`.
        let either = |place: f64| 1.0 - (1.0 - place).sqrt();
        let never = VoltageBounds {
            no_spike_below: f32::NEG_INFINITY,
            one_spike_above: f32::INFINITY,
            one_spike_below: f32::NEG_INFINITY,
            two_spikes_above: f32::INFINITY,
        };
        if first < three || first < two && end > two {
            // Three or more candidates need the exact rule, as does an entry that contains words with one and with
            // two candidates.
            never
        } else if first < two {
            let (first, end) = (least(first, three, two), place(end, three, two));
            VoltageBounds {
                no_spike_below: below(either(first)),
                one_spike_above: above(either(end)),
                one_spike_below: below(first.sqrt()),
                two_spikes_above: above(end.sqrt()),
            }
        } else {
            VoltageBounds {
                no_spike_below: below(least(first, two, one)),
                one_spike_above: above(place(end, two, one)),
                one_spike_below: f32::INFINITY,
                ..never
            }
        }
    }
}

/// Returns a voltage at which a candidate is kept with less than `probability`, rounding included.
fn below(probability: f64) -> f32 {
    (voltage(probability * (1.0 - MARGIN)) as f32).next_down()
}

/// Returns a voltage at which a candidate is kept with more than `probability`, rounding included.
fn above(probability: f64) -> f32 {
    (voltage(probability * (1.0 + MARGIN)) as f32).next_up()
}

/// Returns the voltage at which a candidate is kept with `probability`: its logit.
fn voltage(probability: f64) -> f64 {
    if probability < 1.0 { libm::log(probability / (1.0 - probability)) } else { f64::INFINITY }
}

/// Returns how many of one or two candidates are kept, each with probability `1 / odds`, with
/// `odds = 1 + exp(-C) = 1 / sigma(C)`.
#[inline(always)]
pub fn thin_few(replica: &ReplicaParams, word: u32, odds: f32) -> u32 {
    let [_, two, three, ..] = replica.candidate_thresholds;
    if word >= two {
        let fraction = ((word - two) >> replica.one_candidate_shift) as i32 as f32
            * replica.one_candidate_scale;
        return u32::from(fraction * odds < 1.0);
    }
    let fraction =
        ((word - three) >> replica.two_candidate_shift) as i32 as f32 * replica.two_candidate_scale;
    let scaled = fraction * (odds * odds);
    u32::from(scaled < 1.0) + u32::from(scaled < 2.0 * odds - 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::model::exact_math::exp_exact;
    use crate::model::spikes::SpikeDistribution;
    use crate::plan::replica;
    use crate::random::philox;

    /// Returns the count by the exact rule; `None` for three or more candidates.
    fn exact(replica: &ReplicaParams, word: u32, voltage: f32) -> Option<u32> {
        let [one, _, three, ..] = replica.candidate_thresholds;
        if word >= one {
            return Some(0);
        }
        (word >= three).then(|| thin_few(replica, word, 1.0 + exp_exact(-voltage)))
    }

    /// Tests words around every border between entries and candidate counts, and random words, each at voltages near
    /// its bounds and far from them.
    #[test]
    fn spike_tables_agree_with_the_exact_rule() {
        let poisson = SpikeDistribution::Poisson;
        let rates = [
            (0.2, poisson),
            (0.9, poisson),
            (0.01, poisson),
            (1e-6, poisson),
            (0.3, SpikeDistribution::Bernoulli),
        ];
        for (phi_max, spikes) in rates {
            let replica =
                replica(&Config { phi_max, spike_distribution: spikes, ..Config::default() });
            let spike_tables = SpikeTables::new(&replica);
            let coarse = &spike_tables.coarse;
            let borders =
                (0..FINE_ENTRIES as u64).map(|index| (index << spike_tables.fine_shift) as u32);
            let near = |word: u32| [0, 1, 2].map(|more| word.wrapping_add(more).wrapping_sub(1));
            let random = (0..2000).flat_map(|index| philox([index, 0, 0, 0], [1, 2]));
            let words = borders.chain(replica.candidate_thresholds).flat_map(near).chain(random);
            let (mut decided, mut open) = (0, 0);
            for word in words.filter(|&word| word <= coarse.max_candidate_word) {
                let entry = spike_tables.fine[(word >> spike_tables.fine_shift) as usize];
                let of_entry = [
                    entry.no_spike_below,
                    entry.one_spike_above,
                    entry.one_spike_below,
                    entry.two_spikes_above,
                ];
                let close = of_entry.into_iter().filter(|bound| bound.is_finite());
                let close = close.flat_map(|bound| {
                    [bound.next_down(), bound, bound.next_up(), bound - 1e-3, bound + 1e-3]
                });
                let far = (-50..=50).map(|i| i as f32 * 0.9);
                // The count must be the same for every low half of the word.
                let whole = [word & !LOW16, word, (word | LOW16).min(coarse.max_candidate_word)];
                for (voltage, word) in
                    close.chain(far).flat_map(|voltage| whole.map(|word| (voltage, word)))
                {
                    let expected = exact(&replica, word, voltage);
                    let count = spike_tables.count(whole[1], voltage);
                    if count == UNDECIDED {
                        open += 1;
                    } else {
                        decided += 1;
                        assert_eq!(Some(count), expected, "word {word:#x} at {voltage}");
                    }
                    for count in [coarse.by_floats(word, voltage), coarse.by_bytes(word, voltage)] {
                        assert!(count.is_none() || count == expected, "{word:#x} at {voltage}");
                    }
                }
                assert_eq!(spike_tables.count(word, f32::NAN), UNDECIDED);
            }
            // At low rates the tables are too coarse to decide most draws.
            if phi_max > 0.1 {
                assert!(decided > 4 * open, "{decided} decided, {open} open at phi_max {phi_max}");
            }
        }
    }
}
