//! Progress of experiments.

use std::ops::ControlFlow;

/// Progress of an experiment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StudyEvent<'a> {
    /// An experiment starts.
    Started {
        /// Name of the experiment.
        experiment: &'static str,
    },
    /// Progress of training, over all networks of an experiment, or of recording.
    Progress {
        /// Name of the counted items.
        what: &'a str,
        /// Number completed.
        done: u64,
        /// Number in total.
        total: u64,
    },
}

/// Receives progress and may interrupt.
pub type StudyListener<'a> = &'a mut dyn FnMut(StudyEvent) -> ControlFlow<()>;
