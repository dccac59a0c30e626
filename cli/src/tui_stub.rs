//! In place of the dashboard, where the command is built without it.

use std::ops::ControlFlow;
use std::path::PathBuf;

use super::CliError;
use super::progress::TimeEstimate;
use super::train::Plan;
use apical::run_dir::ImageSpec;
use apical::train::{Event, Training};

/// There is none.
pub(super) enum Dashboard {}

/// Refuses it.
///
/// # Errors
/// Always.
pub(super) fn ensure_usable(_: bool, _: bool) -> Result<(), CliError> {
    let message = "--tui: this command was built without its dashboard, the feature tui";
    Err(CliError::Usage(message.to_string()))
}

/// Whether a dashboard has the terminal.
pub(super) fn has_terminal() -> bool {
    false
}

/// Does nothing: no dashboard took the terminal.
pub(super) fn give_terminal_back() {}

impl Dashboard {
    pub(super) fn open(
        _: &Plan,
        _: &Training,
        _: ImageSpec,
        _: Option<PathBuf>,
        _: TimeEstimate,
    ) -> Result<Self, CliError> {
        ensure_usable(false, false).map(|()| unreachable!("it is always refused"))
    }

    pub(super) fn on_event(&mut self, _: &Event) -> ControlFlow<()> {
        match *self {}
    }
}
