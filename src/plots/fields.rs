//! Receptive fields as pixels, one for each weight.

use std::io::Cursor;

use image::{ImageFormat, RgbImage};

use crate::analysis::statistics;
use crate::network::Network;
use crate::record::ImageShape;
use crate::report::{ReportError, diverging};

/// Most receptive fields that are drawn in one picture, and how many of them in a row.
pub const FIELDS: usize = 50;
/// Fields in a row.
pub const COLUMNS: usize = 10;
/// Pixels between two fields, and their colour.
pub const GAP: usize = 1;
const GAP_COLOUR: [u8; 3] = [110, 110, 110];
/// Side of the square that a weight becomes in a PNG.
const ENLARGED: usize = 3;

/// A picture of pixels.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pixels {
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Red, green and blue, row by row.
    pub colours: Vec<[u8; 3]>,
}

/// The weights from the pixels onto the first `fields` neurons of the lowest layer, `columns` neurons in a row:
/// positive ones blue, negative ones orange, the largest of a neuron in full colour. The mean of a square of
/// `shrunk` by `shrunk` weights becomes one pixel. `None` where there is nothing to see.
pub fn receptive_fields(
    network: &Network,
    images: &ImageShape,
    fields: usize,
    columns: usize,
    shrunk: usize,
) -> Option<Pixels> {
    let layer = network.layers.first()?;
    let (height, width) = (images.height.div_ceil(shrunk), images.width.div_ceil(shrunk));
    let (fields, columns) = (fields.min(layer.units), columns.min(fields).min(layer.units));
    if fields == 0 || columns == 0 || images.height * images.width != layer.below {
        return None;
    }
    let side = |count: usize, length: usize| count * (length + GAP) - GAP;
    let (all_width, all_height) = (side(columns, width), side(fields.div_ceil(columns), height));
    let mut colours = vec![GAP_COLOUR; all_width * all_height];
    for unit in 0..fields {
        let weights: Vec<f32> =
            (0..layer.below).map(|pixel| layer.weights[pixel * layer.units + unit]).collect();
        let weights = shrink(&weights, images, shrunk);
        let largest = weights.iter().fold(0.0, |most: f64, weight| most.max(weight.abs()));
        let (top, left) = (unit / columns * (height + GAP), unit % columns * (width + GAP));
        for (pixel, weight) in weights.iter().enumerate() {
            let part = weight / largest;
            // Where all are 0, none is a part of the largest.
            let colour = diverging(if part.is_nan() { 0.0 } else { part });
            let (row, column) = (top + pixel / width, left + pixel % width);
            colours[row * all_width + column] = [colour.0, colour.1, colour.2];
        }
    }
    Some(Pixels { width: all_width, height: all_height, colours })
}

/// Means of squares of weights; those at the right and lower edge may be cut.
fn shrink(weights: &[f32], images: &ImageShape, shrunk: usize) -> Vec<f64> {
    let &ImageShape { height, width, .. } = images;
    let square = |top: usize, left: usize| {
        let rows = top..height.min(top + shrunk);
        let columns = left..width.min(left + shrunk);
        let places = rows.flat_map(|row| columns.clone().map(move |column| row * width + column));
        let values: Vec<f64> = places.map(|place| f64::from(weights[place])).collect();
        statistics::mean(&values)
    };
    let tops = (0..height).step_by(shrunk);
    tops.flat_map(|top| (0..width).step_by(shrunk).map(move |left| square(top, left))).collect()
}

impl Pixels {
    /// Each pixel as a larger square.
    pub fn enlarged(&self) -> Pixels {
        let (width, height) = (self.width * ENLARGED, self.height * ENLARGED);
        let places = (0..height).flat_map(|row| (0..width).map(move |column| (row, column)));
        let colour = |(row, column)| self.colours[row / ENLARGED * self.width + column / ENLARGED];
        Pixels { width, height, colours: places.map(colour).collect() }
    }

    /// # Errors
    /// When it cannot be encoded.
    pub fn png(&self) -> Result<Vec<u8>, ReportError> {
        let error = |reason: String| ReportError::Draw { title: "pixels".to_string(), reason };
        let bytes = self.colours.concat();
        let image = RgbImage::from_raw(self.width as u32, self.height as u32, bytes)
            .ok_or_else(|| error("pixels are missing".to_string()))?;
        let mut png = Cursor::new(Vec::new());
        let written = image.write_to(&mut png, ImageFormat::Png);
        written.map_err(|reason| error(reason.to_string()))?;
        Ok(png.into_inner())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::Layer;

    #[test]
    fn each_weight_is_a_pixel_of_its_neurons_field() {
        // Three neurons that see 1 x 2 pixels.
        let rows = [1.0, -2.0, 0.0, 0.0, 0.5, 0.25];
        let layer = Layer::from_rows(3, 2, &rows, &[0.0; 3], &[]);
        let network = Network { layers: vec![layer] };
        let images = ImageShape::grey(1, 2, 3, 255);
        let pixels = receptive_fields(&network, &images, 9, 2, 1).unwrap();
        assert_eq!((pixels.width, pixels.height), (5, 3));
        let [white, gap] = [[255; 3], GAP_COLOUR];
        let colour = |part: f64| {
            let colour = diverging(part);
            [colour.0, colour.1, colour.2]
        };
        let (first, third) = ([colour(0.5), colour(-1.0)], [colour(1.0), colour(0.5)]);
        let expected = [
            [first[0], first[1], gap, white, white],
            [gap; 5],
            [third[0], third[1], gap, gap, gap],
        ];
        assert_eq!(pixels.colours, expected.concat());
        // Orange is more red than blue, blue more blue than red.
        assert!(first[1][0] > first[1][2] && third[0][2] > third[0][0]);

        let large = pixels.enlarged();
        assert_eq!((large.width, large.height), (15, 9));
        assert_eq!(large.colours[5 * 15 + 14], gap);
        assert_eq!(large.colours[8 * 15 + 3], third[1]);
        let read = image::load_from_memory(&large.png().unwrap()).unwrap().to_rgb8();
        assert_eq!(read.into_raw(), large.colours.concat());
    }

    #[test]
    fn squares_of_weights_become_their_means() {
        let images = ImageShape::grey(3, 3, 3, 255);
        let weights = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, -9.0];
        assert_eq!(shrink(&weights, &images, 2), [3.0, 4.5, 7.5, -9.0]);
        assert_eq!(shrink(&weights, &images, 1), weights.map(f64::from));
        let layer = Layer::from_rows(1, 9, &weights, &[0.0], &[]);
        let network = Network { layers: vec![layer] };
        let pixels = receptive_fields(&network, &images, 1, 1, 2).unwrap();
        assert_eq!((pixels.width, pixels.height, pixels.colours.len()), (2, 2, 4));
    }

    #[test]
    fn images_of_another_size_have_no_fields() {
        let layer = Layer::from_rows(1, 2, &[1.0, 1.0], &[0.0], &[]);
        let network = Network { layers: vec![layer] };
        let images = ImageShape::grey(3, 2, 3, 255);
        assert_eq!(receptive_fields(&network, &images, 9, 2, 1), None);
    }
}
