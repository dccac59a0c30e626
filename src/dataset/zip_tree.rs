//! Files of a zip archive as a tree. Nothing is written: an entry is unpacked into memory when it is read.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Error, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use super::DatasetError;
use super::class_names::sanitize;
use super::error::list_few;
use super::folder_entries::{Entries, is_system_name};
use super::zip_names::{self, Archive};
use crate::files;
use crate::text::plural;

/// Largest number of folders around a file. Deeper names are left out, since each folder of a name takes memory.
const MAX_DEPTH: usize = 16;

/// Files of a zip archive.
pub(super) struct ZipTree {
    path: PathBuf,
    /// The reader has one position in the file.
    archive: Mutex<Archive>,
    folders: BTreeMap<PathBuf, Folder>,
    /// Names of entries that are left out.
    unusable: Vec<String>,
}

/// Entries of a folder of an archive.
#[derive(Default)]
struct Folder {
    folders: BTreeSet<String>,
    /// Index in the archive by name.
    files: BTreeMap<String, usize>,
}

impl ZipTree {
    /// Opens an archive and reads the names of its entries.
    ///
    /// # Errors
    /// Returns an error if the archive is damaged, or two entries have one name.
    pub fn open(path: &Path) -> Result<ZipTree, DatasetError> {
        let archive =
            zip_names::open(path, |location, source| DatasetError::Zip { location, source })?;
        let mut tree = ZipTree {
            path: path.to_owned(),
            folders: BTreeMap::new(),
            unusable: Vec::new(),
            archive: Mutex::new(archive),
        };
        tree.index_entries()?;
        Ok(tree)
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the entries of a folder; none if there is no such folder.
    pub fn entries(&self, folder: &Path) -> Entries {
        let Some(content) = self.folders.get(folder) else { return Entries::default() };
        Entries {
            folders: content.folders.iter().map(|name| folder.join(name)).collect(),
            files: content.files.keys().map(|name| folder.join(name)).collect(),
        }
    }

    /// Unpacks a file of at most `most` bytes.
    pub fn read(&self, file: &Path, most: u64) -> io::Result<Vec<u8>> {
        let missing = || Error::new(ErrorKind::NotFound, "the archive has no such file");
        let folder = self.folders.get(file.parent().ok_or_else(missing)?).ok_or_else(missing)?;
        let name = file.file_name().and_then(|name| name.to_str()).ok_or_else(missing)?;
        let index = *folder.files.get(name).ok_or_else(missing)?;
        // A panic of another thread leaves the archive intact: its only state is a position, which each read sets.
        let mut archive = self.archive.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let entry = archive.by_index(index)?;
        let (packed, size) = (entry.compressed_size(), entry.size());
        if size > most {
            let message = format!("the file has {size} bytes; at most {most} are read");
            return Err(Error::new(ErrorKind::FileTooLarge, message));
        }
        files::check_expansion(packed, size)?;
        files::check_memory(size, "the file")?;
        let mut bytes = Vec::new();
        // The announced size may be wrong.
        entry.take(size.saturating_add(1)).read_to_end(&mut bytes)?;
        if bytes.len() as u64 != size {
            let message = format!("the archive announces {size} bytes and has others");
            return Err(Error::new(ErrorKind::InvalidData, message));
        }
        Ok(bytes)
    }

    /// Returns a warning about entries that are left out, if there are any.
    pub fn warnings(&self) -> Vec<String> {
        let count = plural(self.unusable.len(), "file");
        let names = list_few(&self.unusable);
        let why = "the name leaves the archive or has too many folders";
        let warning = format!("{}: {count} skipped, {why}: {names}", self.path.display());
        if self.unusable.is_empty() { Vec::new() } else { vec![warning] }
    }

    /// # Errors
    /// Returns an error if two names are those of one file, such as `a//b` and `a/b`.
    fn index_entries(&mut self) -> Result<(), DatasetError> {
        let archive = self.archive.get_mut().unwrap_or_else(|poisoned| poisoned.into_inner());
        let mut names = Vec::new();
        for (index, name) in archive.file_names().enumerate() {
            names.push((index, name.map(|name| name.into_owned()).unwrap_or_default()));
        }
        for (index, name) in names {
            // Archives of Windows may have backslashes.
            let is_folder = name.ends_with(['/', '\\']);
            let parts = name.split(['/', '\\']).filter(|part| !part.is_empty() && *part != ".");
            let parts: Vec<&str> = parts.take(MAX_DEPTH + 2).collect();
            if parts.iter().any(|part| is_system_name(part) && *part != "..") {
                continue;
            }
            if parts.len() > MAX_DEPTH + 1 || parts.is_empty() || parts.contains(&"..") {
                self.unusable.push(sanitize(&name));
                continue;
            }
            let (file, folders) = match is_folder {
                true => (None, &parts[..]),
                false => (parts.last(), &parts[..parts.len() - 1]),
            };
            let mut folder = PathBuf::new();
            for &part in folders {
                let content = self.folders.entry(folder.clone()).or_default();
                content.folders.insert(part.to_string());
                folder.push(part);
            }
            let content = self.folders.entry(folder).or_default();
            if let Some(&file) = file
                && content.files.insert(file.to_string(), index).is_some()
            {
                return Err(zip_names::named_twice(&self.path, &name));
            }
        }
        Ok(())
    }
}
