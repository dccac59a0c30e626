//! Safetensors files: the length of the header, the header as JSON, then the elements of all arrays.

use std::fs::File;
use std::io::{self, Write};

use serde_json::{Map, Value, json};

use super::array_file::{AXES_KEY, Container, Element, FileArray};

/// Alignment of the first element in bytes.
const ALIGNMENT: usize = 8;

/// Safetensors file. Its arrays are ordered by falling size of their elements, as readers expect.
pub(super) struct Safetensors;

impl Container for Safetensors {
    fn begin(file: &mut File, arrays: &[FileArray], axes: String) -> io::Result<(Self, Vec<u64>)> {
        let mut header = Map::new();
        header.insert("__metadata__".to_string(), json!({ AXES_KEY: axes }));
        let mut offsets = Vec::new();
        let mut end = 0;
        for array in arrays {
            let start = end;
            end += array.bytes();
            offsets.push(start);
            let dtype = match array.element {
                Element::F32 => "F32",
                Element::U32 => "U32",
                Element::U8 => "U8",
            };
            let value = json!({
                "dtype": dtype, "shape": array.shape, "data_offsets": [start, end],
            });
            header.insert(array.name.clone(), value);
        }
        let text = Value::Object(header).to_string();
        let length = text.len().next_multiple_of(ALIGNMENT);
        file.write_all(&(length as u64).to_le_bytes())?;
        file.write_all(format!("{text:length$}").as_bytes())?;
        offsets.iter_mut().for_each(|offset| *offset += 8 + length as u64);
        Ok((Safetensors, offsets))
    }

    fn update(&mut self, _array: usize, _bytes: &[u8]) {}

    fn close(&mut self, _file: &mut File) -> io::Result<()> {
        Ok(())
    }
}
