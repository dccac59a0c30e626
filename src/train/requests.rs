//! What a listener may ask a training for.

use std::sync::atomic::{AtomicBool, Ordering};

/// What a listener asks a training for: its networks as they are, each in an
/// [`Event::Network`](super::Event::Network). They are read from the device only where somebody asks, and
/// reading them changes nothing.
#[derive(Debug, Default)]
pub struct Requests {
    after_epochs: AtomicBool,
    now: AtomicBool,
}

impl Requests {
    /// Asks for the networks after each epoch, from now on.
    pub fn networks_after_epochs(&self) {
        self.after_epochs.store(true, Ordering::Relaxed);
    }

    /// Asks for the networks once, after the next progress that is told.
    pub fn networks_now(&self) {
        self.now.store(true, Ordering::Relaxed);
    }

    pub(super) fn are_after_epochs(&self) -> bool {
        self.after_epochs.load(Ordering::Relaxed)
    }

    /// Whether they were asked for since the last call.
    pub(super) fn take_now(&self) -> bool {
        self.now.swap(false, Ordering::Relaxed)
    }
}
