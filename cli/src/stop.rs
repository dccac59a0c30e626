//! Ctrl-C and SIGTERM: the first asks for an end, the second is one.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

use super::CliError;

/// By convention, a program that a signal ended exits with this more than its number.
pub(super) const EXIT_OF_SIGNALS: u8 = 128;

/// Whether someone asked for an end.
#[derive(Clone, Debug)]
pub(super) struct Stop {
    /// The number of the signal; 0 as long as there was none.
    signal: Arc<AtomicUsize>,
}

impl Stop {
    /// From now on the first signal is only noted; the next ends the program at once.
    ///
    /// # Errors
    /// When the system does not let signals be heard.
    pub(super) fn listen() -> Result<Self, CliError> {
        let signal = Arc::new(AtomicUsize::new(0));
        let is_asked = Arc::new(AtomicBool::new(false));
        for number in [SIGINT, SIGTERM] {
            // In this order: the first signal finds that none was before.
            let status = i32::from(EXIT_OF_SIGNALS) + number;
            flag::register_conditional_shutdown(number, status, is_asked.clone())
                .and_then(|_| flag::register_usize(number, signal.clone(), number as usize))
                .and_then(|_| flag::register(number, is_asked.clone()))
                .map_err(|error: io::Error| CliError::Signals(error))?;
        }
        Ok(Stop { signal })
    }

    /// The signal that asked for an end.
    pub(super) fn signal(&self) -> Option<u8> {
        match self.signal.load(Ordering::Relaxed) {
            0 => None,
            number => Some(number as u8),
        }
    }
}
