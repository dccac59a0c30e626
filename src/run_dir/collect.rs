//! Collection of the results of a run of many networks from the networks' folders, which several processes may still be
//! writing.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use rayon::ThreadPoolBuilder;
use rayon::prelude::*;
use serde::Serialize;

use super::file_names::{METRICS, WEIGHTS};
use super::replica_summary::{ReplicaResult, ReplicaSummary};
use super::run::{final_metrics, last_epoch};
use super::{RunInfo, StorageError};
use crate::config::{Part, Variant};
use crate::files::open_regular;

/// Number of threads: a read waits for the network file system, not for the processor.
const READERS: usize = 32;
/// Bytes at the end of the metrics that are read first. They usually hold the last epoch.
const TAIL: u64 = 1 << 12;

/// Network of a run without a result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MissingNetwork {
    /// Index of the network.
    pub replica: usize,
    /// Number of its part, from 1.
    pub part: usize,
    /// Number of finished epochs; `None` if it was not started.
    pub epochs: Option<u32>,
}

/// Results of a run, as far as they exist.
#[derive(Clone, Debug, PartialEq)]
pub struct CollectedRun {
    /// Description of the run.
    pub info: RunInfo,
    /// Results of the finished networks.
    pub summary: ReplicaSummary,
    /// Networks without a result, by index.
    pub missing: Vec<MissingNetwork>,
}

impl CollectedRun {
    /// Returns the number of networks of the run.
    pub fn networks(&self) -> usize {
        self.summary.replicas.len() + self.missing.len()
    }
}

/// State of a network, from the end of its metrics.
enum NetworkState {
    Finished(Box<ReplicaResult>),
    /// Number of finished epochs; `None` if the network was not started.
    Unfinished(Option<u32>),
}

/// Reads the results of all networks of the run in a folder, without a lock.
///
/// # Errors
/// Returns [`StorageError::NoRun`] if there is no run, or an error if a file cannot be read.
pub fn collect(folder: &Path) -> Result<CollectedRun, StorageError> {
    let info = RunInfo::read(folder)?;
    let variants = info.variants()?;
    let state = |variant: &Variant| network_state(&info, folder, variant);
    let read = || variants.par_iter().map(state).collect::<Result<Vec<NetworkState>, _>>();
    let states = match ThreadPoolBuilder::new().num_threads(READERS).build() {
        Ok(pool) => pool.install(read)?,
        Err(_) => read()?,
    };
    let (mut results, mut missing) = (Vec::new(), Vec::new());
    for (replica, state) in states.into_iter().enumerate() {
        match state {
            NetworkState::Finished(result) => results.push(*result),
            NetworkState::Unfinished(epochs) => {
                let part = Part::number_of(replica, info.parts);
                missing.push(MissingNetwork { replica, part, epochs });
            }
        }
    }
    let mut summary = ReplicaSummary::new(results);
    summary.missing = missing.iter().map(|network| network.replica).collect();
    Ok(CollectedRun { info, summary, missing })
}

/// Reads the state of a network.
fn network_state(
    info: &RunInfo,
    folder: &Path,
    variant: &Variant,
) -> Result<NetworkState, StorageError> {
    let folder = info.network_folder(folder, variant.index);
    let path = folder.join(METRICS);
    let lines = match read_tail(&path) {
        Ok(lines) => lines,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Ok(NetworkState::Unfinished(None));
        }
        Err(error) => return Err(StorageError::io("read", &path)(error)),
    };
    let (epoch, train_error) = match last_epoch(&lines) {
        Some(found) => found,
        None => return Ok(NetworkState::Unfinished(Some(0))),
    };
    // The metrics of a run that is being extended may still end with the result of fewer epochs.
    match final_metrics(&lines) {
        Some(metrics) if epoch == variant.config.epochs && folder.join(WEIGHTS).is_file() => {
            let result = ReplicaResult::new(variant, metrics, train_error)?;
            Ok(NetworkState::Finished(Box::new(result)))
        }
        _ => Ok(NetworkState::Unfinished(Some(epoch))),
    }
}

/// Reads the end of the metrics, back to the line of an epoch, or all of them. The first line may be incomplete.
fn read_tail(path: &Path) -> io::Result<String> {
    let mut file = open_regular(path)?;
    let length = file.metadata()?.len();
    let mut tail = TAIL;
    loop {
        let lines = read_from(&mut file, length.saturating_sub(tail))?;
        if tail >= length || last_epoch(&lines).is_some() {
            return Ok(lines);
        }
        tail *= 16;
    }
}

fn read_from(file: &mut File, start: u64) -> io::Result<String> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(start))?;
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
