//! Event files of TensorBoard: numbers, histograms and pictures by steps, in records of protobuf
//! messages that are appended while a run goes on.

mod frame;
pub mod messages;

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process;
use std::time::{Duration, SystemTime};

use prost::Message;

use super::RecordError;
use frame::frame;
use messages::event::What;
use messages::{Event, Summary, Value};

/// TensorBoard reads every file with this in its name, in the order of the numbers behind it.
const NAME: &str = "events.out.tfevents";
/// The version that each file begins with.
const VERSION: &str = "brain.Event:2";

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
        fs::create_dir_all(folder).map_err(RecordError::io("created", folder))?;
        let seconds = since_1970().as_secs();
        let path = folder.join(format!("{NAME}.{seconds:010}.apical.{}", process::id()));
        File::create_new(&path).map_err(RecordError::io("created", &path))?;
        let file = EventFile { path };
        file.write(0, What::FileVersion(VERSION.to_string()))?;
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
        // One write a record: a reader meanwhile, or a crash, never meets half of one.
        let file = File::options().append(true).open(&self.path);
        let written = file.and_then(|mut file| file.write_all(&record));
        written.map_err(RecordError::io("written", &self.path))
    }
}

/// A clock that stands before 1970 is wrong, and no reason to stop.
fn since_1970() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}
