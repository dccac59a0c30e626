//! Stub of the dashboard for builds without the feature `tui`.

use std::path::PathBuf;

use super::CliError;
use super::progress::TimeEstimate;
use super::train::TrainingSize;
use super::train::listener::{Flow, Listener};
use apical::config::Config;
use apical::run_dir::ImageSpec;
use apical::train::{Event, Training};

/// Dashboard that cannot be created.
pub(super) enum Dashboard {}

/// Refuses the dashboard.
///
/// # Errors
/// Always returns an error.
pub(super) fn ensure_usable(_: bool, _: bool) -> Result<(), CliError> {
    let message = "cannot show the dashboard: apical was built without the feature tui";
    Err(CliError::Usage(message.to_string()))
}

/// Whether the dashboard uses the terminal.
pub(super) fn has_terminal() -> bool {
    false
}

/// Does nothing: the terminal is never taken.
pub(super) fn restore_terminal() {}

impl Dashboard {
    pub(super) fn open(
        _: &TrainingSize,
        _: &Training,
        _: &Config,
        _: ImageSpec,
        _: Option<PathBuf>,
        _: TimeEstimate,
    ) -> Result<Self, CliError> {
        ensure_usable(false, false).map(|()| unreachable!("the stub always refuses"))
    }
}

impl Listener for Dashboard {
    fn on_event(&mut self, _: &Event) -> Flow {
        match *self {}
    }
}
