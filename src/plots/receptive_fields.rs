//! Receptive fields as images, one pixel per weight.

use std::io::Cursor;

use image::ImageFormat;

use crate::analysis::statistics;
use crate::figures::{FigureError, NumberImage};
use crate::network::Network;
use crate::run_dir::ImageSpec;

/// Largest number of receptive fields in one chart.
pub const MAX_FIELDS: usize = 50;
/// Number of fields per row.
pub const COLUMNS: usize = 10;
/// Gap between two fields, pixels, and its colour.
pub const GAP: usize = 1;
const GAP_COLOUR: [u8; 3] = [110, 110, 110];
/// Side of a weight's square in a PNG, pixels.
const PIXEL_SIDE: usize = 3;

/// An RGB image.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RgbImage {
    /// Number of columns.
    pub width: usize,
    /// Number of rows.
    pub height: usize,
    /// RGB colours, row by row.
    pub colours: Vec<[u8; 3]>,
}

/// Draws the input weights of the first `fields` neurons of the lowest layer, `columns` per row, each as a [`NumberImage`].
/// Averages squares of `shrunk` by `shrunk` weights into one pixel. Returns `None` if there is nothing to draw.
pub fn receptive_fields(
    network: &Network,
    images: &ImageSpec,
    fields: usize,
    columns: usize,
    shrunk: usize,
) -> Option<RgbImage> {
    let cells = field_cells(network, images, fields, shrunk);
    let first = cells.first()?;
    let columns = columns.min(cells.len());
    if columns == 0 {
        return None;
    }
    let side = |count: usize, length: usize| count * (length + GAP) - GAP;
    let (width, height) =
        (side(columns, first.width), side(cells.len().div_ceil(columns), first.height));
    let mut colours = vec![GAP_COLOUR; width * height];
    for (unit, cell) in cells.iter().enumerate() {
        let (top, left) =
            (unit / columns * (cell.height + GAP), unit % columns * (cell.width + GAP));
        for (pixel, colour) in cell.pixels().into_iter().enumerate() {
            let (row, column) = (top + pixel / cell.width, left + pixel % cell.width);
            colours[row * width + column] = colour;
        }
    }
    Some(RgbImage { width, height, colours })
}

/// Returns the input weights of the first `fields` neurons of the lowest layer. Empty if images of this shape do not
/// fit the network.
pub(super) fn field_cells(
    network: &Network,
    images: &ImageSpec,
    fields: usize,
    shrunk: usize,
) -> Vec<NumberImage> {
    let Some(layer) = network.layers.first() else { return Vec::new() };
    if images.height * images.width != layer.n_pre || layer.n_pre == 0 || shrunk == 0 {
        return Vec::new();
    }
    let channels = images.channels.max(1);
    let (height, width) =
        (images.height.div_ceil(shrunk), (images.width / channels).div_ceil(shrunk));
    let cell = |unit: usize| {
        let weights: Vec<f32> =
            (0..layer.n_pre).map(|pixel| layer.weights[pixel * layer.units + unit]).collect();
        let values = shrink(&weights, images, shrunk);
        NumberImage { title: String::new(), height, width, channels, values }
    };
    (0..fields.min(layer.units)).map(cell).collect()
}

/// Averages squares of weights per channel. Squares at the right and lower edge may be smaller.
fn shrink(weights: &[f32], images: &ImageSpec, shrunk: usize) -> Vec<f64> {
    let &ImageSpec { height, width: bytes, channels, .. } = images;
    let (channels, width) = (channels.max(1), bytes / channels.max(1));
    let square = |top: usize, left: usize, channel: usize| {
        let rows = top..height.min(top + shrunk);
        let columns = left..width.min(left + shrunk);
        let positions = rows.flat_map(|row| {
            columns.clone().map(move |column| row * bytes + column * channels + channel)
        });
        let values: Vec<f64> = positions.map(|position| f64::from(weights[position])).collect();
        statistics::mean(&values)
    };
    let mut means = Vec::new();
    for top in (0..height).step_by(shrunk) {
        for left in (0..width).step_by(shrunk) {
            means.extend((0..channels).map(|channel| square(top, left, channel)));
        }
    }
    means
}

impl RgbImage {
    /// Enlarges each pixel to a square.
    pub fn enlarged(&self) -> RgbImage {
        let (width, height) = (self.width * PIXEL_SIDE, self.height * PIXEL_SIDE);
        let positions = (0..height).flat_map(|row| (0..width).map(move |column| (row, column)));
        let colour =
            |(row, column)| self.colours[row / PIXEL_SIDE * self.width + column / PIXEL_SIDE];
        RgbImage { width, height, colours: positions.map(colour).collect() }
    }

    /// Encodes the image as PNG.
    ///
    /// # Errors
    /// Returns an error if encoding fails.
    pub fn png(&self) -> Result<Vec<u8>, FigureError> {
        let error = |reason: String| FigureError::Draw { title: "pixels".to_string(), reason };
        let bytes = self.colours.concat();
        let image = image::RgbImage::from_raw(self.width as u32, self.height as u32, bytes)
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
    fn each_weight_is_a_pixel_of_its_field() {
        // Three neurons with 1 x 2 input pixels.
        let rows = [1.0, -2.0, 0.0, 0.0, 0.5, 0.25];
        let layer = Layer::from_rows(3, 2, &rows, &[0.0; 3], &[]).unwrap();
        let network = Network { layers: vec![layer] };
        let images = ImageSpec::grey(1, 2, 3, 255);
        let pixels = receptive_fields(&network, &images, 9, 2, 1).unwrap();
        assert_eq!((pixels.width, pixels.height), (5, 3));
        let [white, gap] = [[255; 3], GAP_COLOUR];
        let colours = |values: [f64; 2]| {
            let values = values.to_vec();
            NumberImage { height: 1, width: 2, channels: 1, values, ..NumberImage::default() }
                .pixels()
        };
        let (first, third) = (colours([0.5, -1.0]), colours([1.0, 0.5]));
        let expected = [
            [first[0], first[1], gap, white, white],
            [gap; 5],
            [third[0], third[1], gap, gap, gap],
        ];
        assert_eq!(pixels.colours, expected.concat());
        // Orange has more red than blue, blue more blue than red.
        assert!(first[1][0] > first[1][2] && third[0][2] > third[0][0]);

        let large = pixels.enlarged();
        assert_eq!((large.width, large.height), (15, 9));
        assert_eq!(large.colours[5 * 15 + 14], gap);
        assert_eq!(large.colours[8 * 15 + 3], third[1]);
        let read = image::load_from_memory(&large.png().unwrap()).unwrap().to_rgb8();
        assert_eq!(read.into_raw(), large.colours.concat());
    }

    #[test]
    fn shrink_averages_squares_of_weights() {
        let images = ImageSpec::grey(3, 3, 3, 255);
        let weights = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, -9.0];
        assert_eq!(shrink(&weights, &images, 2), [3.0, 4.5, 7.5, -9.0]);
        assert_eq!(shrink(&weights, &images, 1), weights.map(f64::from));
        let layer = Layer::from_rows(1, 9, &weights, &[0.0], &[]).unwrap();
        let network = Network { layers: vec![layer] };
        let pixels = receptive_fields(&network, &images, 1, 1, 2).unwrap();
        assert_eq!((pixels.width, pixels.height, pixels.colours.len()), (2, 2, 4));
    }

    #[test]
    fn fields_of_colour_images_are_in_colour() {
        // One neuron with 1 x 2 input pixels of red, green and blue.
        let weights = [1.0, -1.0, 0.0, 0.0, 0.0, 0.5];
        let layer = Layer::from_rows(1, 6, &weights, &[0.0], &[]).unwrap();
        let network = Network { layers: vec![layer] };
        let images = ImageSpec { channels: 3, ..ImageSpec::grey(1, 6, 3, 255) };
        let pixels = receptive_fields(&network, &images, 9, 3, 1).unwrap();
        assert_eq!((pixels.width, pixels.height), (2, 1));
        assert_eq!(pixels.colours, [[255, 0, 128], [128, 128, 191]]);
        assert_eq!(shrink(&weights, &images, 2), [0.5, -0.5, 0.25]);
    }

    #[test]
    fn images_of_another_size_have_no_fields() {
        let layer = Layer::from_rows(1, 2, &[1.0, 1.0], &[0.0], &[]).unwrap();
        let network = Network { layers: vec![layer] };
        let images = ImageSpec::grey(3, 2, 3, 255);
        assert_eq!(receptive_fields(&network, &images, 9, 2, 1), None);
    }
}
