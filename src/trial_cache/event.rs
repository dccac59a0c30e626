//! Events of a series of trials.

use std::ops::ControlFlow;

use crate::device::DeviceInfo;
use crate::network::Network;
use crate::run_dir::Trial;
use crate::train::Event;

/// Event of a series of trials.
#[derive(Clone, Debug, PartialEq)]
pub enum TrialEvent<'a> {
    /// Start of the next networks, or their continuation on another device.
    Device {
        /// Device of the networks.
        device: &'a DeviceInfo,
    },
    /// Progress of the networks that train side by side.
    Progress {
        /// Number of networks that train side by side.
        networks: usize,
        /// An [`Event::Progress`].
        progress: &'a Event,
    },
    /// End of a training. The result is stored after the listener returns.
    Trained {
        /// Settings and result.
        trial: &'a Trial,
        /// Network after the last epoch.
        network: &'a Network,
    },
}

/// Listener for events, which may stop the trials.
pub type TrialListener<'a> = &'a mut dyn FnMut(TrialEvent) -> ControlFlow<()>;
