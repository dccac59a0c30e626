//! Standard output, whose reader may go away, and standard error, whose reader does not matter.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};
use std::sync::atomic::{AtomicU8, Ordering};

use serde::Serialize;

use super::CliError;

/// Standard output.
#[derive(Debug, Default)]
pub(super) struct Output {
    is_closed: bool,
}

impl Output {
    /// Prints text. That nobody reads any more (`apical ... | head`) is no failure.
    ///
    /// # Errors
    /// When it cannot be written, a full disk perhaps.
    pub(super) fn print(&mut self, text: impl Display) -> Result<(), CliError> {
        if self.is_closed {
            return Ok(());
        }
        let mut stdout = io::stdout().lock();
        match writeln!(stdout, "{text}").and_then(|()| stdout.flush()) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                self.is_closed = true;
                Ok(())
            }
            written => written.map_err(CliError::Output),
        }
    }

    /// Prints a value as one line of JSON.
    ///
    /// # Errors
    /// As [`Output::print`].
    pub(super) fn print_json(&mut self, value: &impl Serialize) -> Result<(), CliError> {
        self.print(serde_json::to_string(value)?)
    }

    /// Whether the reader has gone.
    pub(super) fn is_closed(&self) -> bool {
        self.is_closed
    }
}

/// How much is told on standard error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verbosity {
    /// Errors alone.
    Quiet,
    Normal,
    /// Progress more often.
    Verbose,
}

static VERBOSITY: AtomicU8 = AtomicU8::new(Verbosity::Normal as u8);

/// For the whole program, from now on.
pub(super) fn set_verbosity(verbosity: Verbosity) {
    VERBOSITY.store(verbosity as u8, Ordering::Relaxed);
}

pub(super) fn is_quiet() -> bool {
    VERBOSITY.load(Ordering::Relaxed) == Verbosity::Quiet as u8
}

pub(super) fn is_verbose() -> bool {
    VERBOSITY.load(Ordering::Relaxed) == Verbosity::Verbose as u8
}

/// Prints a line on standard error; `eprintln!` would panic where that is closed.
pub(super) fn eprint_line(line: impl Display) {
    if is_quiet() {
        return;
    }
    let _ = writeln!(io::stderr(), "{}", truncate_lines(&line.to_string()));
}

/// Cuts long lines of a message: a damaged file may be quoted in it.
pub(super) fn truncate_lines(message: &str) -> String {
    const MOST: usize = 1000;
    let shorten = |line: &str| match line.char_indices().nth(MOST) {
        None => line.to_string(),
        Some((end, _)) => format!("{} ..", &line[..end]),
    };
    message.split('\n').map(shorten).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shortened_cuts_each_long_line() {
        let long = "\u{e9}".repeat(1001);
        let cut = format!("{} ..", "\u{e9}".repeat(1000));
        assert_eq!(truncate_lines(&format!("a\n{long}\n\nb\n")), format!("a\n{cut}\n\nb\n"));
        assert_eq!(truncate_lines(&long[2..]), long[2..]);
    }
}
