//! TensorBoard event files: scalars, histograms and images per step, appended as records of protobuf messages during the
//! run.

mod frame;
pub mod messages;

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process;
use std::time::{Duration, SystemTime};

use prost::Message;

use super::StorageError;
use super::jsonl_file::append;
use super::write::create_folder;
use frame::frame;
use messages::event::What;
use messages::{Event, SessionLog, Summary, Value};

/// Start of the name of an event file. TensorBoard reads all such files in the order of the numbers that follow.
const NAME_PREFIX: &str = "events.out.tfevents";
/// Format version, the first record of each file.
const FILE_VERSION: &str = "brain.Event:2";

/// Status of a session that starts, see `SessionLog` in `event.proto`.
const SESSION_START: i32 = 1;

/// Append-only event file. Each write opens the file, as in [`JsonlFile`](super::JsonlFile).
#[derive(Debug)]
pub struct EventFile {
    path: PathBuf,
}

impl EventFile {
    /// Creates a file in a folder, and the folder if it is missing.
    ///
    /// # Errors
    /// Returns an error if the file cannot be created.
    pub fn create(folder: &Path) -> Result<Self, StorageError> {
        create_folder(folder)?;
        // Sorts after all existing files, even if the clock was set back.
        let mut seconds = unix_time().as_secs().max(last_seconds(folder)?.saturating_add(1));
        loop {
            let path = folder.join(format!("{NAME_PREFIX}.{seconds:010}.apical.{}", process::id()));
            match File::create_new(&path) {
                Ok(_) => {
                    let file = EventFile { path };
                    file.write(0, What::FileVersion(FILE_VERSION.to_string()))?;
                    return Ok(file);
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => seconds += 1,
                Err(error) => return Err(StorageError::io("created", &path)(error)),
            }
        }
    }

    /// Creates a file for a run that resumes after `step`. Readers drop the later steps of earlier files: the resumed run
    /// writes them again.
    ///
    /// # Errors
    /// Returns an error if the file cannot be created.
    pub fn resume(folder: &Path, step: u64) -> Result<Self, StorageError> {
        let file = EventFile::create(folder)?;
        // Readers drop events from the session's step on; those of `step` itself stay valid.
        file.write(step as i64 + 1, What::SessionLog(SessionLog { status: SESSION_START }))?;
        Ok(file)
    }

    /// Appends the values of a step. Readers see them when this returns.
    ///
    /// # Errors
    /// Returns an error if the file cannot be written.
    pub fn append(&self, step: u64, values: Vec<Value>) -> Result<(), StorageError> {
        self.write(step as i64, What::Summary(Summary { values }))
    }

    fn write(&self, step: i64, what: What) -> Result<(), StorageError> {
        let event = Event { wall_time: unix_time().as_secs_f64(), step, what: Some(what) };
        let record = frame(&event.encode_to_vec());
        append(&self.path, &record)
    }
}

/// Returns the largest number in the names of a folder's event files, or 0.
fn last_seconds(folder: &Path) -> Result<u64, StorageError> {
    let mut last = 0;
    for entry in fs::read_dir(folder).map_err(StorageError::io("read", folder))? {
        let name = entry.map_err(StorageError::io("read", folder))?.file_name();
        let name = name.to_string_lossy();
        let number = name
            .strip_prefix(NAME_PREFIX)
            .and_then(|rest| rest.strip_prefix('.')?.split('.').next()?.parse().ok());
        last = last.max(number.unwrap_or(0));
    }
    Ok(last)
}

/// Returns the time since 1970, or 0 if the clock is set before 1970.
fn unix_time() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}
