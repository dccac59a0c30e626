//! Writers for standard output, which may be closed early, and standard error.

use std::cell::Cell;
use std::fmt::Display;
use std::io::{self, ErrorKind, Write};
use std::sync::atomic::{AtomicU8, Ordering};

use serde::Serialize;

use super::CliError;

/// Standard output.
#[derive(Debug, Default)]
pub(super) struct Output {
    is_closed: Cell<bool>,
}

impl Output {
    /// Prints text. A closed pipe (`apical ... | head`) is not an error.
    ///
    /// # Errors
    /// Returns an error if the text cannot be written, for example to a full disk.
    pub(super) fn print(&self, text: impl Display) -> Result<(), CliError> {
        if self.is_closed.get() {
            return Ok(());
        }
        let mut stdout = io::stdout().lock();
        match writeln!(stdout, "{text}").and_then(|()| stdout.flush()) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                self.is_closed.set(true);
                Ok(())
            }
            written => written.map_err(CliError::Output),
        }
    }

    /// Prints a value as one line of JSON.
    ///
    /// # Errors
    /// Returns the errors of [`Output::print`].
    pub(super) fn print_json(&self, value: &impl Serialize) -> Result<(), CliError> {
        self.print(serde_json::to_string(value)?)
    }

    /// Whether the reader has closed the pipe.
    pub(super) fn is_closed(&self) -> bool {
        self.is_closed.get()
    }
}

/// Amount of output on standard error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verbosity {
    /// Only errors.
    Quiet,
    Normal,
    /// Progress every second.
    Verbose,
}

static VERBOSITY: AtomicU8 = AtomicU8::new(Verbosity::Normal as u8);

/// Sets the verbosity of the program.
pub(super) fn set_verbosity(verbosity: Verbosity) {
    VERBOSITY.store(verbosity as u8, Ordering::Relaxed);
}

pub(super) fn is_quiet() -> bool {
    VERBOSITY.load(Ordering::Relaxed) == Verbosity::Quiet as u8
}

pub(super) fn is_verbose() -> bool {
    VERBOSITY.load(Ordering::Relaxed) == Verbosity::Verbose as u8
}

/// Prints a line on standard error. Unlike `eprintln!`, it does not panic if standard error is closed.
pub(super) fn eprint_line(line: impl Display) {
    if is_quiet() {
        return;
    }
    let _ = writeln!(io::stderr(), "{}", truncate_lines(&line.to_string()));
}

/// Truncates long lines of a message, which may quote a damaged file.
pub(super) fn truncate_lines(message: &str) -> String {
    const MAX_CHARS: usize = 1000;
    let truncate = |line: &str| match line.char_indices().nth(MAX_CHARS) {
        None => line.to_string(),
        Some((end, _)) => format!("{} ..", &line[..end]),
    };
    message.split('\n').map(truncate).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn truncate_lines_truncates_each_long_line() {
        let long = "\u{e9}".repeat(1001);
        let cut = format!("{} ..", "\u{e9}".repeat(1000));
        assert_eq!(truncate_lines(&format!("a\n{long}\n\nb\n")), format!("a\n{cut}\n\nb\n"));
        assert_eq!(truncate_lines(&long[2..]), long[2..]);
    }
}
