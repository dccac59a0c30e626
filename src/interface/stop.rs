//! Stop request, shared between threads.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Stop request. Clones share it; it cannot be revoked.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Requests a stop. Safe to call from any thread, and more than once.
    pub fn request(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// Whether a stop was requested.
    pub fn is_requested(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// Compares identity: clones of one request are equal.
impl PartialEq for Stop {
    fn eq(&self, other: &Stop) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Stop {}

/// Work that a stop may skip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stoppable {
    /// Skips nothing: the whole list of launches runs.
    Nothing,
    /// Skips launches of single samples. Once weights change, the list runs to its end.
    Samples,
    /// Skips any launch: weights may be partly updated.
    All,
}
