//! Files of contiguous arrays. All sizes are known at the start, so that the arrays grow side by side, each in its place.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};

use bytemuck::NoUninit;
use serde_json::{Value, json};

use super::format_writer::{Description, FormatWriter};
use crate::monitor::{ArrayInfo, RecordedArray};

/// Name of the description of the axes.
pub(super) const AXES_KEY: &str = "axes";

/// Type of the elements of an array, all little-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Element {
    F32,
    U32,
    U8,
}

impl Element {
    fn bytes(self) -> u64 {
        match self {
            Element::F32 | Element::U32 => 4,
            Element::U8 => 1,
        }
    }
}

/// Array of a file.
pub(super) struct FileArray {
    pub(super) name: String,
    pub(super) element: Element,
    pub(super) shape: Vec<usize>,
}

impl FileArray {
    /// Returns the size of the elements in bytes.
    pub(super) fn bytes(&self) -> u64 {
        self.shape.iter().map(|&length| length as u64).product::<u64>() * self.element.bytes()
    }
}

/// Format that surrounds the arrays.
pub(super) trait Container: Sized {
    /// Writes everything that precedes the arrays. Returns the offset of the elements of each array.
    fn begin(file: &mut File, arrays: &[FileArray], axes: String) -> io::Result<(Self, Vec<u64>)>;

    /// Receives the next elements of an array.
    fn update(&mut self, array: usize, bytes: &[u8]);

    /// Completes the file.
    fn close(&mut self, file: &mut File) -> io::Result<()>;
}

/// File of arrays that grow side by side.
pub(super) struct ArrayFile<C> {
    file: File,
    container: C,
    description: Description,
    /// Offset of the next element of each array.
    next: Vec<u64>,
}

impl<C: Container> ArrayFile<C> {
    pub(super) fn begin(mut file: File, description: Description) -> io::Result<Self> {
        let mut arrays: Vec<FileArray> = Vec::new();
        let mut add = |name: &str, element, shape: &[usize]| {
            arrays.push(FileArray { name: name.to_string(), element, shape: shape.to_vec() });
        };
        for info in &description.arrays {
            add(&info.name, Element::F32, &info.shape);
        }
        let images = [description.images.indices.len()];
        add("images", Element::U32, &images);
        add("labels", Element::U8, &images);
        add("predicted", Element::U8, &images);
        let axes = axes(&description).to_string();
        let (container, next) = C::begin(&mut file, &arrays, axes)?;
        Ok(ArrayFile { file, container, description, next })
    }

    /// Writes the next elements of an array.
    fn write(&mut self, array: usize, bytes: &[u8]) -> io::Result<()> {
        self.container.update(array, bytes);
        self.file.seek(SeekFrom::Start(self.next[array]))?;
        self.file.write_all(bytes)?;
        self.next[array] += bytes.len() as u64;
        Ok(())
    }
}

impl<C: Container> FormatWriter for ArrayFile<C> {
    fn append(&mut self, arrays: &[&RecordedArray]) -> io::Result<()> {
        for (index, array) in arrays.iter().enumerate() {
            self.write(index, &little_endian(&array.values, |value| value.to_le_bytes()))?;
        }
        Ok(())
    }

    fn finish(&mut self, predicted: &[u8], arrays: &[&RecordedArray]) -> io::Result<()> {
        let count = self.description.arrays.len();
        for (index, array) in (count - arrays.len()..count).zip(arrays) {
            self.write(index, &little_endian(&array.values, |value| value.to_le_bytes()))?;
        }
        let indices = std::mem::take(&mut self.description.images.indices);
        self.write(count, &little_endian(&indices, |index| index.to_le_bytes()))?;
        let labels = std::mem::take(&mut self.description.images.labels);
        self.write(count + 1, &labels)?;
        self.write(count + 2, predicted)?;
        self.container.close(&mut self.file)
    }
}

/// Returns axes and first indices of each array, and the identity of the data set.
pub(super) fn axes(description: &Description) -> Value {
    let array = |array: &ArrayInfo| {
        let axes: Vec<&str> = array.axes.iter().map(|axis| axis.name()).collect();
        (array.name.clone(), json!({ "axes": axes, "first": array.first_index }))
    };
    let data = description.data.as_ref().map(|data| ("data".to_string(), json!(data)));
    Value::Object(description.arrays.iter().map(array).chain(data).collect())
}

/// Returns the elements as little-endian bytes, without a copy on little-endian machines.
pub(super) fn little_endian<T: NoUninit>(
    values: &[T],
    to_bytes: fn(&T) -> [u8; 4],
) -> Cow<'_, [u8]> {
    match cfg!(target_endian = "little") {
        true => Cow::Borrowed(bytemuck::cast_slice(values)),
        false => Cow::Owned(values.iter().flat_map(to_bytes).collect()),
    }
}
