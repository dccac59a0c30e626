//! Event files of TensorBoard: numbers, histograms and pictures by steps, in records of protobuf
//! messages that are appended while a run goes on.

mod frame;
pub mod messages;

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process;
use std::time::{Duration, SystemTime};

use prost::Message;

use super::RecordError;
use super::file::create_folder;
use super::metrics::append;
use frame::frame;
use messages::event::What;
use messages::{Event, SessionLog, Summary, Value};

/// TensorBoard reads every file with this in its name, in the order of the numbers behind it.
const NAME: &str = "events.out.tfevents";
/// The version that each file begins with.
const VERSION: &str = "brain.Event:2";

/// The status of a session that starts.
const SESSION_START: i32 = 1;

/// A file that only grows. It is opened for each record, as [`Metrics`](super::Metrics) is.
#[derive(Debug)]
pub struct EventFile {
    path: PathBuf,
}

impl EventFile {
    /// Starts a file in a folder, which is made with all above it.
    ///
    /// # Errors
    /// When it cannot be created.
    pub fn create(folder: &Path) -> Result<Self, RecordError> {
        create_folder(folder)?;
        // Behind all files that are there, even if the clock was set back.
        let mut seconds = since_1970().as_secs().max(last_seconds(folder)?.saturating_add(1));
        loop {
            let path = folder.join(format!("{NAME}.{seconds:010}.apical.{}", process::id()));
            match File::create_new(&path) {
                Ok(_) => {
                    let file = EventFile { path };
                    file.write(0, What::FileVersion(VERSION.to_string()))?;
                    return Ok(file);
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => seconds += 1,
                Err(error) => return Err(RecordError::io("created", &path)(error)),
            }
        }
    }

    /// Starts a file of a run that goes on after `step`. Readers drop what earlier files hold of later steps: it was
    /// lost, and comes again.
    ///
    /// # Errors
    /// Returns an error if it cannot be created.
    pub fn resume(folder: &Path, step: u64) -> Result<Self, RecordError> {
        let file = EventFile::create(folder)?;
        // Readers drop the step itself too, whose events stay.
        file.write(step as i64 + 1, What::SessionLog(SessionLog { status: SESSION_START }))?;
        Ok(file)
    }

    /// Adds what there is to see at a step; whoever reads the file from now on sees it.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn append(&self, step: u64, values: Vec<Value>) -> Result<(), RecordError> {
        self.write(step as i64, What::Summary(Summary { values }))
    }

    fn write(&self, step: i64, what: What) -> Result<(), RecordError> {
        let event = Event { wall_time: since_1970().as_secs_f64(), step, what: Some(what) };
        let record = frame(&event.encode_to_vec());
        append(&self.path, &record)
    }
}

/// The largest number in the names of a folder's event files.
fn last_seconds(folder: &Path) -> Result<u64, RecordError> {
    let mut last = 0;
    for entry in fs::read_dir(folder).map_err(RecordError::io("read", folder))? {
        let name = entry.map_err(RecordError::io("read", folder))?.file_name();
        let name = name.to_string_lossy();
        let number = name
            .strip_prefix(NAME)
            .and_then(|rest| rest.strip_prefix('.')?.split('.').next()?.parse().ok());
        last = last.max(number.unwrap_or(0));
    }
    Ok(last)
}

/// A clock that stands before 1970 is wrong, and no reason to stop.
fn since_1970() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}
