//! What the bytes of a data set mean, for images that the trained network is shown later.

use serde::{Deserialize, Serialize};

use super::reading::Background;

/// How values of a file became bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PixelRules {
    /// The ground below transparent pixels.
    pub background: Option<Background>,
    /// The value that became 255.
    pub max_value: Option<u32>,
    /// The byte of white: 255, or the largest byte of arrays that keep to less than half of that.
    pub white: u8,
    /// Mean byte of the training images, if known.
    pub mean: Option<u8>,
}

impl Default for PixelRules {
    fn default() -> Self {
        PixelRules { background: None, max_value: None, white: u8::MAX, mean: None }
    }
}

impl PixelRules {
    /// The rules of arrays with bytes up to `range`.
    pub(super) fn of(bytes: &[u8], range: u8) -> Self {
        let sum: u64 = bytes.iter().map(|&byte| u64::from(byte)).sum();
        let mean = (sum as f64 / bytes.len().max(1) as f64).round() as u8;
        let white = if range > u8::MAX / 2 { u8::MAX } else { range };
        PixelRules { white, mean: Some(mean), ..PixelRules::default() }
    }
}
