//! Numbers as a picture of pixels.

use super::colour::diverging;

/// Numbers as a picture, on a scale of its own that is symmetric about 0: positive ones blue, negative ones orange. In
/// colour each number is a shade of its channel, and 0 is grey.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cell {
    /// Below the tile; may be empty.
    pub title: String,
    /// Rows of pixels.
    pub height: usize,
    /// Pixels of a row.
    pub width: usize,
    /// Numbers of a pixel: 1, or 3 for red, green and blue.
    pub channels: usize,
    /// Row by row.
    pub values: Vec<f64>,
}

impl Cell {
    /// Red, green and blue of each pixel, row by row. The largest magnitude has the full colour.
    pub fn pixels(&self) -> Vec<[u8; 3]> {
        let finite = self.values.iter().filter(|value| value.is_finite());
        let largest = finite.fold(0.0, |most: f64, value| most.max(value.abs()));
        // If all are 0, none is a part of the largest.
        let part = |value: f64| if largest > 0.0 { value / largest } else { 0.0 };
        let pixel = |values: &[f64]| match *values {
            [red, green, blue] => [red, green, blue].map(|value| shade(part(value))),
            _ => {
                let colour = diverging(part(values[0]));
                [colour.0, colour.1, colour.2]
            }
        };
        self.values.chunks_exact(self.channels.max(1)).map(pixel).collect()
    }
}

/// A byte of a channel: 0 is in the middle.
fn shade(part: f64) -> u8 {
    (127.5 + 127.5 * part.clamp(-1.0, 1.0)).round() as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_a_colour_pixel_are_its_channels() {
        let cell = |channels, values: &[f64]| Cell {
            height: 1,
            width: values.len() / channels,
            channels,
            values: values.to_vec(),
            ..Cell::default()
        };
        let colours = cell(3, &[2.0, -2.0, 0.0, 0.0, 0.0, 1.0]).pixels();
        assert_eq!(colours, [[255, 0, 128], [128, 128, 191]]);
        assert_eq!(cell(1, &[0.0, 0.0]).pixels(), [[255; 3]; 2]);
        // Neither infinity nor what is no number hides the others.
        let grey = cell(1, &[f64::INFINITY, 1.0, f64::NAN]).pixels();
        assert_eq!(grey[0], grey[1]);
    }
}
