//! Voltages beyond which a random word alone tells the spike count. A spike is drawn by comparing a
//! word with the rate, `phi_max sigma(C)`; for a given word that is comparing C with a voltage. So most
//! draws are settled by a look into a small table, most others by one into a larger table, without the
//! exponential of the rate. The tables only say where the exact rule cannot decide otherwise; they
//! change no bit.

use crate::layout::Replica;
use crate::model::spikes::{FRACTION_BITS, LOW16};

/// Entries of the small table, as many as two vector registers hold.
pub const ENTRIES: usize = 32;
/// Entries of the large table: it leaves most of a core's nearest cache to others.
const FINE_ENTRIES: usize = 1024;

/// Room for what rounding may do to a probability in the exact rule, relative: a few units in the last
/// place of products, and the error of the exponential.
const MARGIN: f64 = 1e-5;

/// The spike counts of all words that share their highest bits.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// Below this voltage there is no spike.
    pub none_below: f32,
    /// Between these there is one.
    pub one_above: f32,
    pub one_below: f32,
    /// Above this there are two.
    pub two_above: f32,
}

/// What words tell with the voltage.
#[derive(Clone, Debug)]
pub struct Bounds {
    /// Larger words mean no spike, whatever the voltage.
    pub largest: u32,
    /// A word's entry in the small table is the word shifted right by so many bits.
    pub shift: u32,
    /// Below this voltage there is no spike.
    pub none_below: [f32; ENTRIES],
    /// Above this voltage there is one, and no second.
    pub one_above: [f32; ENTRIES],
    fine_shift: u32,
    fine: Vec<Entry>,
}

impl Bounds {
    pub fn new(replica: &Replica) -> Self {
        let largest = replica.candidates[0] | LOW16;
        let shift_to = |entries: usize| {
            let shift = (u32::BITS - entries.ilog2()).saturating_sub(largest.leading_zeros());
            // The low half of a word is not known: an entry is of all that it may be.
            shift.max(u32::BITS / 2)
        };
        let (shift, fine_shift) = (shift_to(ENTRIES), shift_to(FINE_ENTRIES));
        let entries: [Entry; ENTRIES] =
            std::array::from_fn(|index| Entry::new(replica, index, shift));
        Bounds {
            largest,
            shift,
            none_below: entries.map(|entry| entry.none_below),
            one_above: entries.map(|entry| match entry.one_below {
                f32::INFINITY => entry.one_above,
                _ => f32::INFINITY,
            }),
            fine_shift,
            fine: (0..FINE_ENTRIES).map(|index| Entry::new(replica, index, fine_shift)).collect(),
        }
    }

    /// The spike count of a word that is not above the largest, or [`OPEN`] where its bounds do not tell.
    #[inline(always)]
    pub fn count(&self, word: u32, voltage: f32) -> u32 {
        let Entry { none_below, one_above, one_below, two_above } =
            self.fine[(word >> self.fine_shift) as usize % FINE_ENTRIES];
        // Without branches: which way it goes cannot be foreseen.
        let met = u32::from(voltage < none_below)
            | u32::from(voltage > one_above) << 1
            | u32::from(voltage < one_below) << 2
            | u32::from(voltage > two_above) << 3;
        COUNTS[met as usize]
    }
}

/// No count.
pub const OPEN: u32 = u32::MAX;

/// Counts by which of the four conditions of an [`Entry`] are met.
const COUNTS: [u32; 16] = {
    let mut counts = [OPEN; 16];
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

impl Entry {
    /// Of words that shifted right by `shift` are `index`.
    fn new(replica: &Replica, index: usize, shift: u32) -> Self {
        let first = ((index as u64) << shift) as f64;
        let end = ((index as u64 + 1) << shift) as f64;
        let [one, two, three, ..] = replica.candidates.map(f64::from);
        let place = |word: f64, from: f64, to: f64| ((word - from) / (to - from)).clamp(0.0, 1.0);
        // The exact rule cuts a place off behind so many bits.
        let least = |word, from, to| {
            let cut_off = 2.0 / f64::from(1 << FRACTION_BITS);
            (place(word, from, to) - cut_off).max(0.0)
        };
        // Of two candidates, each kept with probability `p`, at least one is with `2 p - p^2`, both with
        // `p^2`.
        let either = |place: f64| 1.0 - (1.0 - place).sqrt();
        let never = Entry {
            none_below: f32::NEG_INFINITY,
            one_above: f32::INFINITY,
            one_below: f32::NEG_INFINITY,
            two_above: f32::INFINITY,
        };
        if first < three || first < two && end > two {
            // Three candidates or more are thinned one by one; and some entry has words of two kinds.
            never
        } else if first < two {
            let (first, end) = (least(first, three, two), place(end, three, two));
            Entry {
                none_below: below(either(first)),
                one_above: above(either(end)),
                one_below: below(first.sqrt()),
                two_above: above(end.sqrt()),
            }
        } else {
            Entry {
                none_below: below(least(first, two, one)),
                one_above: above(place(end, two, one)),
                one_below: f32::INFINITY,
                ..never
            }
        }
    }
}

/// A voltage at which a candidate is surely kept with less than `probability`.
fn below(probability: f64) -> f32 {
    (voltage(probability * (1.0 - MARGIN)) as f32).next_down()
}

/// A voltage at which a candidate is surely kept with more than `probability`.
fn above(probability: f64) -> f32 {
    (voltage(probability * (1.0 + MARGIN)) as f32).next_up()
}

/// Where a candidate is kept with `probability`.
fn voltage(probability: f64) -> f64 {
    if probability < 1.0 { libm::log(probability / (1.0 - probability)) } else { f64::INFINITY }
}

#[cfg(test)]
mod tests {
    use super::super::neuron::kept;
    use super::*;
    use crate::config::Config;
    use crate::model::exact_math::exp_exact;
    use crate::model::spikes::SpikeDistribution;
    use crate::plan::replica;
    use crate::random::philox;

    /// The count by the exact rule, where no candidate is thinned by a word of its own.
    fn exact(replica: &Replica, word: u32, voltage: f32) -> Option<u32> {
        let [one, _, three, ..] = replica.candidates;
        if word >= one {
            return Some(0);
        }
        (word >= three).then(|| kept(replica, word, 1.0 + exp_exact(-voltage)))
    }

    /// Words around every border of entries and kinds, and random ones, each at voltages around its bounds
    /// and far from them: the exact rule finds what the tables tell, and they tell most.
    #[test]
    fn what_the_tables_tell_is_what_the_exact_rule_finds() {
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
            let bounds = Bounds::new(&replica);
            let borders = (0..FINE_ENTRIES as u64).map(|index| (index << bounds.fine_shift) as u32);
            let near = |word: u32| [0, 1, 2].map(|more| word.wrapping_add(more).wrapping_sub(1));
            let random = (0..2000).flat_map(|index| philox([index, 0, 0, 0], [1, 2]));
            let words = borders.chain(replica.candidates).flat_map(near).chain(random);
            let (mut told, mut open) = (0, 0);
            for word in words.filter(|&word| word <= bounds.largest) {
                let entry = bounds.fine[(word >> bounds.fine_shift) as usize];
                let of_entry =
                    [entry.none_below, entry.one_above, entry.one_below, entry.two_above];
                let close = of_entry.into_iter().filter(|bound| bound.is_finite());
                let close = close.flat_map(|bound| {
                    [bound.next_down(), bound, bound.next_up(), bound - 1e-3, bound + 1e-3]
                });
                let far = (-50..=50).map(|i| i as f32 * 0.9);
                let index = (word >> bounds.shift) as usize;
                // Only the high half of a word is known: whatever the low one is, the count is the same.
                let whole = [word & !LOW16, word, (word | LOW16).min(bounds.largest)];
                for (voltage, word) in
                    close.chain(far).flat_map(|voltage| whole.map(|word| (voltage, word)))
                {
                    let expected = exact(&replica, word, voltage);
                    let count = bounds.count(whole[1], voltage);
                    if count == OPEN {
                        open += 1;
                    } else {
                        told += 1;
                        assert_eq!(Some(count), expected, "word {word:#x} at {voltage}");
                    }
                    if voltage < bounds.none_below[index] {
                        assert_eq!(expected, Some(0), "word {word:#x} at {voltage}");
                    }
                    if voltage > bounds.one_above[index] {
                        assert_eq!(expected, Some(1), "word {word:#x} at {voltage}");
                    }
                }
                assert_eq!(bounds.count(word, f32::NAN), OPEN);
            }
            // Tables of rarer words are too coarse to tell much.
            if phi_max > 0.1 {
                assert!(told > 4 * open, "{told} told, {open} open at a rate of {phi_max}");
            }
        }
    }
}
