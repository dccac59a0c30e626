//! Images stored column by column, as EMNIST's files have them.

use std::path::Path;

use super::ReadOptions;

/// Start of the names of EMNIST's files, in any of their formats.
const EMNIST: &str = "emnist";

impl ReadOptions {
    /// Returns whether the images of a file are stored column by column: as the options say, or if its name is that of
    /// a file of EMNIST.
    pub(super) fn are_transposed(&self, file: &Path) -> bool {
        let name = file.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        self.transposed.unwrap_or_else(|| name.starts_with(EMNIST))
    }

    /// Returns a sentence on a file whose images were turned upright.
    pub(super) fn transposed_note(&self, file: &Path) -> String {
        let file = file.display();
        match self.transposed {
            Some(_) => format!("{file}: images are transposed (--transposed)"),
            None => format!(
                "{file}: images are transposed, as files named {EMNIST} store them column by column; \
                 --transposed false keeps them"
            ),
        }
    }
}

/// Converts images of `[height, width]` pixels from columns to rows. `channels`: bytes per pixel.
pub(crate) fn columns_to_rows(images: &mut [u8], [height, width]: [usize; 2], channels: usize) {
    let mut columns = Vec::new();
    for image in images.chunks_exact_mut((height * width * channels).max(1)) {
        columns.clear();
        columns.extend_from_slice(image);
        for (at, pixel) in image.chunks_exact_mut(channels).enumerate() {
            let (row, column) = (at / width, at % width);
            let start = (column * height + row) * channels;
            pixel.copy_from_slice(&columns[start..start + channels]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_become_rows() {
        let mut images = [1, 2, 3, 4, 5, 6, 6, 5, 4, 3, 2, 1];
        columns_to_rows(&mut images, [2, 3], 1);
        assert_eq!(images, [1, 3, 5, 2, 4, 6, 6, 4, 2, 5, 3, 1]);
        let mut colours = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
        columns_to_rows(&mut colours, [2, 2], 3);
        assert_eq!(colours, [1, 2, 3, 7, 8, 9, 4, 5, 6, 10, 11, 12]);
    }

    #[test]
    fn file_name_decides_unless_asked() {
        let asked = |transposed| ReadOptions { transposed, ..ReadOptions::default() };
        let emnist = Path::new("EMNIST/raw/emnist-letters-train-images-idx3-ubyte");
        let other = Path::new("emnist/train-images-idx3-ubyte.gz");
        assert!(asked(None).are_transposed(emnist) && !asked(None).are_transposed(other));
        assert!(!asked(Some(false)).are_transposed(emnist));
        assert!(asked(Some(true)).are_transposed(other));
    }
}
