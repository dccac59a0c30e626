//! Arrays of HDF5 files. Memory is bounded by the size of the file, whatever sizes a damaged file announces.

use std::io;
use std::path::Path;
use std::sync::Arc;

use hdf5_reader::error::Error;
use hdf5_reader::storage::{BlockCacheStorage, FileStorage};
use hdf5_reader::{Dataset as Hdf5Array, Datatype, Hdf5File, OpenOptions, VarLenKind};

use crate::dataset::class_names::sanitize;
use crate::dataset::error::{invalid, list_few};
use crate::dataset::location::Origin;
use crate::dataset::{DatasetError, Location};
use crate::files;

/// Size of a cached block of a file, bytes.
const BLOCK: usize = 256 << 10;
/// Number of cached blocks.
const BLOCKS: usize = 64;
/// Size up to which a read is allowed in a file of any size, bytes.
const SMALL: usize = 4 << 20;
/// Largest number of strings, one per class.
const STRINGS_MAX: u64 = 256;
/// Largest length of a string, bytes.
const STRING_MAX: u32 = 1 << 10;

/// An HDF5 file.
pub(super) struct Hdf5 {
    file: Hdf5File,
    name: String,
    size: u64,
}

/// An array of an HDF5 file.
pub(super) struct Array {
    array: Hdf5Array,
    pub origin: Origin,
    /// Size of the file, bytes.
    file_size: u64,
}

/// Rows of an array whose rows have any length.
pub(super) struct Rows<'a> {
    array: &'a Array,
    references: Vec<u8>,
    element_size: usize,
    next: usize,
    /// Number of bytes of all rows that were read.
    total: u64,
}

impl Hdf5 {
    /// Opens a file.
    pub(super) fn open(path: &Path) -> Result<Hdf5, DatasetError> {
        let name = path.display().to_string();
        let location = || Location::whole(name.clone());
        let file = files::open_regular(path).map_err(DatasetError::read(location()))?;
        let size = file.metadata().map_err(DatasetError::read(location()))?.len();
        // A spike has at least 4 bytes in the file, and 4 bytes in memory.
        files::check_memory(size, "the file").map_err(DatasetError::memory(location()))?;
        let storage = FileStorage::from_file(file).map_err(damaged(location()))?;
        let storage = BlockCacheStorage::new(Arc::new(storage), BLOCK, BLOCKS);
        let most = usize::try_from(size).unwrap_or(usize::MAX).max(SMALL);
        let options = OpenOptions {
            max_chunk_bytes: most.min(OpenOptions::default().max_chunk_bytes),
            max_read_bytes: most,
            max_object_header_bytes: most.min(OpenOptions::default().max_object_header_bytes),
            ..OpenOptions::default()
        };
        let file = Hdf5File::from_storage_with_options(Arc::new(storage), options)
            .map_err(damaged(location()))?;
        Ok(Hdf5 { file, name, size })
    }

    /// Returns whether there is an array with this path.
    pub(super) fn has(&self, path: &str) -> Result<bool, DatasetError> {
        Ok(self.array(path)?.is_some())
    }

    /// Returns the arrays with these paths.
    pub(super) fn arrays<const N: usize>(
        &self,
        paths: [&str; N],
    ) -> Result<[Array; N], DatasetError> {
        let mut arrays = Vec::with_capacity(N);
        for path in paths {
            match self.array(path)? {
                Some(array) => arrays.push(array),
                None => return Err(self.missing(&paths)),
            }
        }
        arrays.try_into().map_err(|_| self.missing(&paths))
    }

    /// Returns the strings of an array; `None` if there is no such array of short strings.
    pub(super) fn strings(&self, path: &str) -> Result<Option<Vec<String>>, DatasetError> {
        let Some(array) = self.array(path)? else { return Ok(None) };
        let count = array.array.num_elements().unwrap_or(u64::MAX);
        if !(1..=STRINGS_MAX).contains(&count) {
            return Ok(None);
        }
        match array.kind() {
            Datatype::String { .. } => {
                array.array.read_strings().map_err(array.damaged()).map(Some)
            }
            Datatype::VarLen { kind: VarLenKind::String, .. } => {
                let references = array.array.read_raw_bytes().map_err(array.damaged())?;
                let string = |reference: &[u8]| {
                    if row_length(reference) > STRING_MAX {
                        return Ok(None);
                    }
                    let bytes = array.array.resolve_vlen_reference_bytes(reference, 1);
                    let bytes = bytes.map_err(array.damaged())?;
                    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
                };
                references.chunks_exact(array.array.vlen_reference_size()).map(string).collect()
            }
            _ => Ok(None),
        }
    }

    /// Returns an array, `None` if there is none.
    fn array(&self, path: &str) -> Result<Option<Array>, DatasetError> {
        let origin = Origin::Array { file: self.name.clone(), array: path.to_string() };
        match self.file.dataset(path) {
            Ok(array) => Ok(Some(Array { array, origin, file_size: self.size })),
            Err(error) if is_missing(&error) => Ok(None),
            Err(error) => Err(damaged(origin.at_size(0))(error)),
        }
    }

    fn missing(&self, paths: &[&str]) -> DatasetError {
        let members = self.file.root_group().and_then(|root| root.member_names());
        let names = members.map(|(groups, arrays)| [groups, arrays].concat()).unwrap_or_default();
        let found = if names.is_empty() { "none".to_string() } else { list_few(&names) };
        let expected = format!("the arrays {}", paths.join(", "));
        invalid(Location::whole(self.name.clone()), expected, sanitize(&found))
    }
}

impl Array {
    /// Returns the type of the elements.
    pub(super) fn kind(&self) -> &Datatype {
        self.array.dtype()
    }

    /// Returns the type of the elements of rows of any length; `None` if the array has no such rows.
    pub(super) fn row_kind(&self) -> Option<&Datatype> {
        match self.kind() {
            Datatype::VarLen { base, kind: VarLenKind::Sequence, .. } => Some(base),
            _ => None,
        }
    }

    /// Returns the number of elements or rows.
    pub(super) fn count(&self) -> usize {
        self.array.num_elements().ok().and_then(|count| usize::try_from(count).ok()).unwrap_or(0)
    }

    /// Returns the bytes of all elements.
    pub(super) fn bytes(&self) -> Result<Vec<u8>, DatasetError> {
        self.array.read_raw_bytes().map_err(self.damaged())
    }

    /// Returns the rows, of elements of `element_size` bytes.
    pub(super) fn rows(&self, element_size: usize) -> Result<Rows<'_>, DatasetError> {
        Ok(Rows { array: self, references: self.bytes()?, element_size, next: 0, total: 0 })
    }

    fn damaged(&self) -> impl Fn(Error) -> DatasetError {
        |error| damaged(self.origin.at_size(0))(error)
    }
}

impl Rows<'_> {
    /// Returns the bytes of the next row.
    ///
    /// # Errors
    /// Returns an error if the file is damaged, if there are no more rows, or if all rows together are longer than the
    /// file: rows of a damaged file may be the same bytes.
    pub(super) fn next(&mut self) -> Result<Vec<u8>, DatasetError> {
        let Rows { array, references, element_size, next, total } = self;
        let size = array.array.vlen_reference_size();
        let damaged = damaged(array.origin.at_element(*next));
        let missing = || Error::InvalidData("the row is missing".to_string());
        let reference = references.chunks_exact(size).nth(*next);
        let row = reference.ok_or_else(missing).and_then(|reference| {
            array.array.resolve_vlen_reference_bytes(reference, *element_size)
        });
        let row = row.map_err(damaged)?;
        *next += 1;
        *total += row.len() as u64;
        if *total > array.file_size {
            let expected =
                format!("rows of at most {} bytes, the size of the file", array.file_size);
            return Err(invalid(array.origin.at_element(*next - 1), expected, "more"));
        }
        Ok(row)
    }
}

/// Returns the number of elements of a row from its reference.
fn row_length(reference: &[u8]) -> u32 {
    reference.first_chunk().map_or(0, |&bytes| u32::from_le_bytes(bytes))
}

fn is_missing(error: &Error) -> bool {
    match error {
        Error::DatasetNotFound(_) | Error::GroupNotFound(_) => true,
        Error::Context { source, .. } => is_missing(source),
        _ => false,
    }
}

fn damaged(location: Location) -> impl Fn(Error) -> DatasetError {
    move |error| DatasetError::Hdf5 { location: location.clone(), source: io::Error::other(error) }
}
