//! Writers of file formats.

use std::io;

use crate::dataset::DataIdentity;
use crate::monitor::{ArrayInfo, RecordedArray, RecordedImages};

/// Contents of a recording, known before its values.
pub(super) struct Description {
    pub(super) images: RecordedImages,
    /// Arrays with an element per image, then others.
    pub(super) arrays: Vec<ArrayInfo>,
    pub(super) data: Option<DataIdentity>,
}

/// Writer of a file format.
pub(super) trait FormatWriter {
    /// Appends the arrays of the next images, in the order of the description.
    fn append(&mut self, arrays: &[&RecordedArray]) -> io::Result<()>;

    /// Writes the predicted classes and the arrays that have no axis of images, and completes the file.
    fn finish(&mut self, predicted: &[u8], arrays: &[&RecordedArray]) -> io::Result<()>;
}
