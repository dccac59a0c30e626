//! Requests of a listener to a running training.

use std::sync::atomic::{AtomicBool, Ordering};

/// Requests of a listener: current networks, each sent as an [`Event::Network`](super::Event::Network), and extra
/// tests, each sent as an [`Event::RequestedEval`](super::Event::RequestedEval). Neither happens without a request, and
/// neither changes a bit of the weights.
#[derive(Debug, Default)]
pub struct TrainerControl {
    after_epochs: AtomicBool,
    now: AtomicBool,
    test: AtomicBool,
}

impl TrainerControl {
    /// Requests the networks after each epoch, from now on.
    pub fn request_networks_after_epochs(&self) {
        self.after_epochs.store(true, Ordering::Relaxed);
    }

    /// Requests the networks once, after the next minibatch.
    pub fn request_networks(&self) {
        self.now.store(true, Ordering::Relaxed);
    }

    /// Requests an evaluation on all test images, after the next minibatch.
    pub fn request_eval(&self) {
        self.test.store(true, Ordering::Relaxed);
    }

    pub(super) fn wants_networks_after_epochs(&self) -> bool {
        self.after_epochs.load(Ordering::Relaxed)
    }

    /// Returns whether networks were requested since the last call.
    pub(super) fn take_network_request(&self) -> bool {
        self.now.swap(false, Ordering::Relaxed)
    }

    /// Returns whether an evaluation was requested since the last call.
    pub(super) fn take_eval_request(&self) -> bool {
        self.test.swap(false, Ordering::Relaxed)
    }
}
