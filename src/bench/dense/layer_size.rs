//! Sizes of the compared layers.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;
use thiserror::Error;

/// Size of a layer and of the population below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct LayerSize {
    /// Number of presynaptic neurons.
    pub n_pre: usize,
    /// Number of neurons.
    pub units: usize,
}

/// Error of a text that is no [`LayerSize`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("expected the sizes of two populations, at least 1, such as 784x500")]
pub struct InvalidLayerSize;

impl LayerSize {
    /// Returns the number of weights, without biases.
    pub fn weights(self) -> usize {
        self.n_pre * self.units
    }
}

impl fmt::Display for LayerSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.n_pre, self.units)
    }
}

impl FromStr for LayerSize {
    type Err = InvalidLayerSize;

    fn from_str(text: &str) -> Result<Self, InvalidLayerSize> {
        let (n_pre, units) = text.split_once('x').ok_or(InvalidLayerSize)?;
        let count =
            |text: &str| text.parse().ok().filter(|&count| count > 0).ok_or(InvalidLayerSize);
        Ok(LayerSize { n_pre: count(n_pre)?, units: count(units)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layer_size_reads_its_own_text() {
        let size = LayerSize { n_pre: 784, units: 500 };
        assert_eq!(size.to_string(), "784x500");
        assert_eq!("784x500".parse(), Ok(size));
        for text in ["", "784", "784x", "0x500", "784x500x10", "-1x5"] {
            assert_eq!(text.parse::<LayerSize>(), Err(InvalidLayerSize), "{text}");
        }
    }
}
