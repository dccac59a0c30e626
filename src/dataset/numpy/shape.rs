//! Shape of arrays of images: grey or colour, with the channels before or after the pixels.

use super::order::channels_last;
use crate::dataset::DatasetError;
use crate::dataset::array::product;
use crate::dataset::error::{invalid, invalid_with_hint};
use crate::dataset::location::Origin;
use crate::dataset::npy::format_shape;
use crate::dataset::read_options::{ChannelOrder, ReadOptions};

/// Shape of one image of an array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ImageShape {
    /// Number of rows.
    pub height: usize,
    /// Number of values per row in the data set: columns times channels.
    pub row: usize,
    /// Number of channels in the file.
    channels: usize,
    /// Place of the channels, if they have an axis.
    order: Option<ChannelOrder>,
    /// Whether colours become grey.
    is_greyscaled: bool,
}

impl ImageShape {
    /// Returns the shape of the images of an array.
    ///
    /// # Errors
    /// Returns an error if the array has another number of axes or channels, or the axis of the channels is ambiguous.
    pub fn of(
        origin: &Origin,
        shape: &[usize],
        options: &ReadOptions,
    ) -> Result<ImageShape, DatasetError> {
        let plain = |height, row| {
            let channels = options.channels();
            ImageShape { height, row, channels, order: None, is_greyscaled: false }
        };
        match (shape, options.channel_order, options.colour) {
            (&[_, height, width], None, false) => Ok(plain(height, width)),
            (&[_, values], None, _) => {
                let [height, row] = options.row_shape(origin.at_size(1), values)?;
                Ok(plain(height, row))
            }
            (&[_, first, second, third], ..) => {
                ImageShape::with_channels(origin, [first, second, third], options)
            }
            _ => Err(wrong_shape(origin, shape, options)),
        }
    }

    /// Returns the shape of images whose channels have an axis, the first or the last of these.
    fn with_channels(
        origin: &Origin,
        shape: [usize; 3],
        options: &ReadOptions,
    ) -> Result<ImageShape, DatasetError> {
        let is_possible = |order: ChannelOrder| {
            let channels = if order == ChannelOrder::First { shape[0] } else { shape[2] };
            let has_channels = channels == 3 || channels == 1 && !options.colour;
            has_channels && options.channel_order.is_none_or(|given| given == order)
        };
        let order = match [ChannelOrder::First, ChannelOrder::Last].map(is_possible) {
            [true, false] => ChannelOrder::First,
            [false, true] => ChannelOrder::Last,
            [true, true] => {
                let expected = "one axis of channels (of length 1 or 3)";
                let hint = "--channels last reads [images, height, width, channels], --channels first [images, \
                            channels, height, width]";
                let found = format!("two: images of {}", format_shape(&shape));
                return Err(invalid_with_hint(origin.at_size(0), expected, found, hint));
            }
            [false, false] => {
                let [first, second, third] = shape;
                return Err(wrong_shape(origin, &[0, first, second, third], options));
            }
        };
        let [height, width, channels] = match order {
            ChannelOrder::First => [shape[1], shape[2], shape[0]],
            ChannelOrder::Last => shape,
        };
        let is_greyscaled = channels > 1 && !options.colour;
        let row = if is_greyscaled { width } else { product(origin, &[width, channels])? };
        Ok(ImageShape { height, row, channels, order: Some(order), is_greyscaled })
    }

    /// Returns the bytes of images in the order of a data set: rows, columns, channels.
    pub fn arrange(&self, bytes: Vec<u8>) -> Vec<u8> {
        let is_first = self.order == Some(ChannelOrder::First) && self.channels > 1;
        let width = if self.is_greyscaled { self.row } else { self.row / self.channels };
        let bytes = match is_first {
            true => channels_last(&bytes, self.channels, self.height * width),
            false => bytes,
        };
        if self.is_greyscaled { bytes.chunks_exact(3).map(grey).collect() } else { bytes }
    }

    /// Describes the order of the channels, if they have an axis: `, channels last`.
    pub fn describe(&self) -> &'static str {
        match self.order {
            Some(ChannelOrder::First) => ", channels first",
            Some(ChannelOrder::Last) => ", channels last",
            None => "",
        }
    }

    /// Returns a sentence on the conversion of colours, if there is one.
    pub fn conversion(&self) -> Option<&'static str> {
        self.is_greyscaled.then_some(
            "converted to grey (0.2126 red + 0.7152 green + 0.0722 blue); --rgb keeps the colours",
        )
    }
}

/// Returns the brightness of a pixel, as the image crate does for image files.
fn grey(pixel: &[u8]) -> u8 {
    let [red, green, blue] = [pixel[0], pixel[1], pixel[2]].map(u32::from);
    ((2126 * red + 7152 * green + 722 * blue) / 10_000) as u8
}

fn wrong_shape(origin: &Origin, shape: &[usize], options: &ReadOptions) -> DatasetError {
    let expected = match (options.colour, options.channel_order) {
        (_, Some(ChannelOrder::First)) => {
            "the shape [images, channels, height, width] (--channels first)"
        }
        (_, Some(ChannelOrder::Last)) => {
            "the shape [images, height, width, channels] (--channels last)"
        }
        (true, None) => {
            "the shape [images, height, width, 3], [images, 3, height, width] or [images, values] (--rgb)"
        }
        (false, None) => {
            "the shape [images, height, width] or [images, values], or one with an axis of 1 or 3 channels"
        }
    };
    let images = shape.iter().skip(1).map(usize::to_string);
    let found = format!("images of [{}]", images.collect::<Vec<_>>().join(", "));
    invalid(origin.at_size(0), expected, found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(
        shape: &[usize],
        colour: bool,
        order: Option<ChannelOrder>,
    ) -> Result<ImageShape, String> {
        let options = ReadOptions { colour, channel_order: order, ..ReadOptions::default() };
        let origin = Origin::Memory("array".to_string());
        ImageShape::of(&origin, shape, &options).map_err(|error| error.to_string())
    }

    #[test]
    fn image_shapes_have_channels_first_or_last() {
        let grey =
            |sizes: &[usize]| shape(sizes, false, None).map(|shape| (shape.height, shape.row));
        assert_eq!(grey(&[9, 4, 5]), Ok((4, 5)));
        assert_eq!(grey(&[9, 16]), Ok((4, 4)));
        assert_eq!(grey(&[9, 4, 5, 1]), Ok((4, 5)));
        assert_eq!(grey(&[9, 1, 4, 5]), Ok((4, 5)));
        assert_eq!(grey(&[9, 3, 4, 5]), Ok((4, 5)), "converted to grey");
        let colour =
            |sizes: &[usize]| shape(sizes, true, None).map(|shape| (shape.height, shape.row));
        assert_eq!(colour(&[9, 4, 5, 3]), Ok((4, 15)));
        assert_eq!(colour(&[9, 3, 4, 5]), Ok((4, 15)));
        assert_eq!(colour(&[9, 1, 2, 3]), Ok((1, 6)), "--rgb rules out one channel");
        for sizes in [&[9, 4, 5, 2][..], &[9, 4, 5, 4], &[9], &[9, 1, 4, 5, 1]] {
            assert!(shape(sizes, false, None).unwrap_err().contains("axis of 1 or 3 channels"));
        }
    }

    #[test]
    fn ambiguous_channels_are_asked_for() {
        for sizes in [[9, 3, 5, 3], [9, 1, 2, 3], [9, 3, 2, 1], [9, 1, 5, 1]] {
            let message = shape(&sizes, false, None).unwrap_err();
            assert!(message.contains("expected one axis of channels"), "{message}");
        }
        let [first, last] = [ChannelOrder::First, ChannelOrder::Last]
            .map(|order| shape(&[9, 3, 5, 3], true, Some(order)).unwrap());
        assert_eq!([(first.height, first.row), (last.height, last.row)], [(5, 9), (3, 15)]);
        assert!(shape(&[9, 4, 5], false, Some(ChannelOrder::First)).is_err());
    }
}
