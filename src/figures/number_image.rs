//! A small image of numbers.

use super::colour::diverging;

/// A small image of numbers on its own scale, symmetric around 0: positive numbers are blue, negative ones orange. With
/// three channels, each number is a shade of its channel and 0 is grey.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NumberImage {
    /// Title below the image; may be empty.
    pub title: String,
    /// Number of rows of pixels.
    pub height: usize,
    /// Number of pixels per row.
    pub width: usize,
    /// Numbers per pixel: 1, or 3 for red, green and blue.
    pub channels: usize,
    /// Numbers, row by row.
    pub values: Vec<f64>,
}

impl NumberImage {
    /// Returns the RGB colour of each pixel, row by row. The largest magnitude has the full colour.
    pub fn pixels(&self) -> Vec<[u8; 3]> {
        let finite = self.values.iter().filter(|value| value.is_finite());
        let largest = finite.fold(0.0, |most: f64, value| most.max(value.abs()));
        // Avoid 0 / 0 if all are 0.
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

/// Returns the byte of a channel for a number from -1 to 1.
fn shade(part: f64) -> u8 {
    (127.5 + 127.5 * part.clamp(-1.0, 1.0)).round() as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_numbers_become_channels() {
        let cell = |channels, values: &[f64]| NumberImage {
            height: 1,
            width: values.len() / channels,
            channels,
            values: values.to_vec(),
            ..NumberImage::default()
        };
        let colours = cell(3, &[2.0, -2.0, 0.0, 0.0, 0.0, 1.0]).pixels();
        assert_eq!(colours, [[255, 0, 128], [128, 128, 191]]);
        assert_eq!(cell(1, &[0.0, 0.0]).pixels(), [[255; 3]; 2]);
        // Infinity and NaN do not change the scale.
        let grey = cell(1, &[f64::INFINITY, 1.0, f64::NAN]).pixels();
        assert_eq!(grey[0], grey[1]);
    }
}
