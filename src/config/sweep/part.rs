//! Part of a run's networks, so that several processes share a run.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use super::VARIANTS_MAX;

/// One of `count` parts of a run. The networks are dealt out in turn: part 1 of 3 has the networks 0, 3, 6 and so on. So
/// parts take about equally long if the first setting of a sweep changes the time of a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// Number of the part, from 1.
    number: usize,
    /// Number of parts.
    count: usize,
}

/// Error for a text that is not a [`Part`].
#[derive(Debug, Error, PartialEq, Eq)]
#[error("expected a part and the number of parts, as 1/8 .. 8/8 of at most {VARIANTS_MAX}")]
pub struct PartError;

impl Part {
    /// Returns a part, or an error if `number` is not in `1 ..= count` or there are too many parts.
    ///
    /// # Errors
    /// Returns [`PartError`] if there is no such part.
    pub fn new(number: usize, count: usize) -> Result<Self, PartError> {
        match (1..=count).contains(&number) && count <= VARIANTS_MAX {
            true => Ok(Part { number, count }),
            false => Err(PartError),
        }
    }

    /// Returns the number of the part, from 1.
    pub fn number(self) -> usize {
        self.number
    }

    /// Returns the number of parts.
    pub fn count(self) -> usize {
        self.count
    }

    /// Whether the network with this index is in the part.
    pub fn contains(self, network: usize) -> bool {
        Part::number_of(network, self.count) == self.number
    }

    /// Returns the number of the part that has a network, if the run has `count` parts.
    pub fn number_of(network: usize, count: usize) -> usize {
        network % count + 1
    }
}

impl FromStr for Part {
    type Err = PartError;

    fn from_str(text: &str) -> Result<Self, PartError> {
        let (number, count) = text.split_once('/').ok_or(PartError)?;
        let parse = |text: &str| text.trim().parse().map_err(|_| PartError);
        Part::new(parse(number)?, parse(count)?)
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_share_the_networks() {
        let count = 3;
        let of = |number| -> Vec<usize> {
            let part = Part::new(number, count).unwrap();
            (0..8).filter(|&network| part.contains(network)).collect()
        };
        assert_eq!([of(1), of(2), of(3)], [vec![0, 3, 6], vec![1, 4, 7], vec![2, 5]]);
    }

    #[test]
    fn part_outside_its_range_is_refused() {
        assert_eq!("3/8".parse(), Ok(Part { number: 3, count: 8 }));
        assert_eq!("8/8".parse::<Part>().unwrap().to_string(), "8/8");
        for text in ["", "3", "0/8", "9/8", "1/0", "-1/8", "1/65536", "a/8", "1/8/2"] {
            assert_eq!(text.parse::<Part>(), Err(PartError), "{text}");
        }
    }
}
