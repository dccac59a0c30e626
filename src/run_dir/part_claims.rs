//! Claims of the parts of a run that several processes share, also on a network file system.
//!
//! A claim is a file of the run's folder, `part-N.claim`, that names its process. It is created and renamed atomically;
//! file locks, which not every network file system has, are not used. The process shows that it is alive by a count in a
//! second file, which others watch on their own clock. So clocks may differ between machines.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::StorageError;
use super::claim_owner::ClaimOwner;
use super::write::{create_folder, write_atomic};
use crate::files::{atomic, read_bounded};

/// Interval between two counts.
const BEAT: Duration = Duration::from_secs(if cfg!(test) { 1 } else { 5 });
/// Time without a new count after which a process counts as dead.
const SILENCE: Duration = Duration::from_secs(if cfg!(test) { 2 } else { 30 });
/// Time without a check after which a process checks its claims before it writes.
const LEASE: Duration = Duration::from_secs(if cfg!(test) { 1 } else { 20 });
/// Time between taking over a claim and checking that no other process did so, too.
const SETTLE: Duration = Duration::from_millis(500);
/// Time between two looks at the counts of other processes.
const POLL: Duration = Duration::from_millis(500);
/// Maximum size of a claim, bytes.
const CLAIM_MAX: u64 = 1 << 16;

/// Claims of parts of a run, held by this process until the value is dropped.
#[derive(Debug)]
pub struct PartClaims {
    claims: Arc<Claims>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Claims {
    folder: PathBuf,
    /// Numbers of the parts, from 1.
    parts: Vec<usize>,
    owner: ClaimOwner,
    state: Mutex<State>,
    /// Signalled when the claims are dropped.
    dropped: Condvar,
}

#[derive(Debug)]
struct State {
    count: u64,
    checked: Instant,
    is_dropped: bool,
}

impl PartClaims {
    /// Claims these parts of the run in a folder, which is created if it is missing. Waits up to 30 s to find out whether
    /// a process on another machine that claims one of them is alive; `report` receives a message before.
    ///
    /// # Errors
    /// Returns [`StorageError::PartInUse`] if another process is alive, or an error if a claim cannot be written.
    pub fn acquire(
        folder: &Path,
        parts: &[usize],
        report: &mut dyn FnMut(&str),
    ) -> Result<Self, StorageError> {
        create_folder(folder)?;
        let state = State { count: 0, checked: Instant::now(), is_dropped: false };
        let claims = Claims {
            folder: folder.to_owned(),
            parts: Vec::new(),
            owner: ClaimOwner::this_process(atomic::random_number()),
            state: Mutex::new(state),
            dropped: Condvar::new(),
        };
        let found = claims.found(parts)?;
        claims.ensure_dead(&found, report)?;
        // Dropping the value releases the claims so far.
        let mut acquired = PartClaims { claims: Arc::new(claims), thread: None };
        let claims = Arc::get_mut(&mut acquired.claims).expect("not shared yet");
        for &part in parts {
            let dead = found.iter().find(|(number, _)| *number == part);
            claims.write(part, dead.map(|(_, owner)| owner.as_ref()))?;
            claims.parts.push(part);
        }
        claims.beat()?;
        if !found.is_empty() {
            thread::sleep(SETTLE);
        }
        claims.check()?;
        claims.remove_partials();
        let shared = acquired.claims.clone();
        let thread = thread::Builder::new().name("part claims".to_string());
        let thread =
            thread.spawn(move || shared.keep()).map_err(StorageError::io("claimed", folder))?;
        acquired.thread = Some(thread);
        Ok(acquired)
    }

    /// Checks that the claims still hold, before a write. Costs no access to the disk if they were checked within 20 s.
    ///
    /// # Errors
    /// Returns [`StorageError::PartInUse`] if another process took over a claim, because this one seemed dead: it was
    /// suspended, or could not reach the disk.
    pub fn ensure_held(&self) -> Result<(), StorageError> {
        match self.claims.state().checked.elapsed() < LEASE {
            true => Ok(()),
            false => self.claims.check(),
        }
    }
}

impl Claims {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn path(&self, part: usize) -> PathBuf {
        self.folder.join(format!("part-{part:03}.claim"))
    }

    fn count_path(&self, owner: &ClaimOwner) -> PathBuf {
        self.folder.join(format!("claims-{}.alive", owner.token))
    }

    /// Returns the owner of a claim; `None` if there is no claim. The owner of a damaged claim is unknown.
    fn owner_of(&self, part: usize) -> Result<Option<Option<ClaimOwner>>, StorageError> {
        let path = self.path(part);
        match read_bounded(&path, CLAIM_MAX) {
            Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes).ok())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(StorageError::io("read", &path)(error)),
        }
    }

    /// Returns the claims of other processes, each with its part.
    fn found(&self, parts: &[usize]) -> Result<Vec<(usize, Option<ClaimOwner>)>, StorageError> {
        let claim = |&part: &usize| Ok(self.owner_of(part)?.map(|owner| (part, owner)));
        parts.iter().map(claim).filter_map(Result::transpose).collect()
    }

    /// Returns an error if one of the claims belongs to a process that is alive.
    fn ensure_dead(
        &self,
        found: &[(usize, Option<ClaimOwner>)],
        report: &mut dyn FnMut(&str),
    ) -> Result<(), StorageError> {
        let mut unknown = Vec::new();
        for (part, owner) in found {
            let Some(owner) = owner else { continue };
            match owner.is_running(&self.owner) {
                Some(true) => return Err(self.in_use(*part, owner)),
                Some(false) => {}
                None => unknown.push((*part, owner, fs::read(self.count_path(owner)).ok())),
            }
        }
        if let Some((part, owner, _)) = unknown.first() {
            report(&format!(
                "part {part} was in use by {}: waiting up to {} s for a sign of life",
                owner.describe(),
                SILENCE.as_secs()
            ));
        }
        let start = Instant::now();
        while !unknown.is_empty() && start.elapsed() < SILENCE {
            thread::sleep(POLL);
            for (part, owner, count) in &unknown {
                if fs::read(self.count_path(owner)).ok() != *count {
                    return Err(self.in_use(*part, owner));
                }
            }
        }
        for (_, owner) in found {
            if let Some(owner) = owner {
                // Ignore a failed clean-up: the file only shows that the process was alive.
                let _ = fs::remove_file(self.count_path(owner));
            }
        }
        Ok(())
    }

    fn in_use(&self, part: usize, owner: &ClaimOwner) -> StorageError {
        StorageError::PartInUse { folder: self.folder.clone(), part, owner: owner.describe() }
    }

    /// Writes the claim of a part. `dead`: owner of the claim that it replaces.
    fn write(&self, part: usize, dead: Option<Option<&ClaimOwner>>) -> Result<(), StorageError> {
        let path = self.path(part);
        let bytes = serde_json::to_vec(&self.owner)
            .map_err(|source| StorageError::Json { path: path.clone(), source })?;
        if let Some(dead) = dead {
            // Another process that waited longer may have replaced the claim.
            return match self.owner_of(part)? {
                Some(Some(owner)) if Some(&owner) != dead => Err(self.in_use(part, &owner)),
                _ => write_atomic(&path, &bytes),
            };
        }
        match atomic::write_new(&path, &bytes) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => self.check_part(part),
            written => written.map_err(StorageError::io("written", &path)),
        }
    }

    /// Returns an error if another process has the claim of a part, or there is none.
    fn check_part(&self, part: usize) -> Result<(), StorageError> {
        match self.owner_of(part)? {
            Some(Some(owner)) if owner == self.owner => Ok(()),
            Some(Some(owner)) => Err(self.in_use(part, &owner)),
            _ => Err(StorageError::PartInUse {
                folder: self.folder.clone(),
                part,
                owner: "another process: its claim was removed".to_string(),
            }),
        }
    }

    /// Checks all claims.
    fn check(&self) -> Result<(), StorageError> {
        self.parts.iter().try_for_each(|&part| self.check_part(part))?;
        self.state().checked = Instant::now();
        Ok(())
    }

    /// Removes files of processes that were killed while they claimed these parts.
    fn remove_partials(&self) {
        let claims: Vec<PathBuf> = self.parts.iter().map(|&part| self.path(part)).collect();
        for entry in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            let path = entry.path();
            // The name of a partial file ends with two numbers and `.partial`.
            let whole = path.with_extension("").with_extension("").with_extension("");
            if atomic::is_partial(&path) && claims.contains(&whole) {
                // Ignore a failed clean-up: no command reads the file.
                let _ = fs::remove_file(path);
            }
        }
    }

    /// Writes the next count.
    fn beat(&self) -> Result<(), StorageError> {
        let path = self.count_path(&self.owner);
        let count = self.state().count;
        fs::write(&path, count.to_string()).map_err(StorageError::io("written", &path))?;
        self.state().count += 1;
        Ok(())
    }

    /// Counts until the claims are dropped or lost.
    fn keep(&self) {
        let mut state = self.state();
        while !state.is_dropped {
            let waited = self.dropped.wait_timeout(state, BEAT);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
            if state.is_dropped {
                return;
            }
            drop(state);
            // The next write reports a lost claim. Ignore a full disk: the next write reports it, too.
            if self.check().is_ok() {
                let _ = self.beat();
            }
            state = self.state();
        }
    }
}

impl Drop for PartClaims {
    fn drop(&mut self) {
        self.claims.state().is_dropped = true;
        self.claims.dropped.notify_all();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        for &part in &self.claims.parts {
            if self.claims.check_part(part).is_ok() {
                // A claim that cannot be removed counts as that of a dead process.
                let _ = fs::remove_file(self.claims.path(part));
            }
        }
        let _ = fs::remove_file(self.claims.count_path(&self.claims.owner));
    }
}

#[cfg(test)]
mod tests;
