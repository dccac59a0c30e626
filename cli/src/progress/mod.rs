//! Progress on standard error: a bar on a terminal, lines in a log.

mod estimate;

use std::cell::Cell;
use std::fmt::Display;
use std::io::IsTerminal;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use indicatif::{HumanDuration, ProgressBar, ProgressStyle};

use super::output::{eprint_line, is_quiet, is_verbose};

pub(super) use estimate::TimeEstimate;

/// Time before the first progress line in a log.
const FIRST_LOG_LINE: Duration = Duration::from_secs(1);
/// Time between two progress lines in a log.
const LOG_INTERVAL: Duration = Duration::from_secs(10);
const VERBOSE_LOG_INTERVAL: Duration = Duration::from_secs(1);
/// Time between two frames of the spinner.
const SPINNER_INTERVAL: Duration = Duration::from_millis(100);
const TEMPLATE: &str = "{spinner} {prefix} {wide_bar} {pos}/{len} {msg}";

/// Whether a bar is shown on the terminal.
static HAS_BAR: AtomicBool = AtomicBool::new(false);

pub(super) fn has_bar() -> bool {
    HAS_BAR.load(Ordering::Relaxed)
}

/// Progress display.
pub(super) enum Progress {
    Bar(ProgressBar),
    /// `next`: earliest time of the next line.
    Lines {
        next: Cell<Instant>,
    },
}

fn log_interval() -> Duration {
    if is_verbose() { VERBOSE_LOG_INTERVAL } else { LOG_INTERVAL }
}

impl Progress {
    pub(super) fn new() -> Self {
        if is_quiet() || !std::io::stderr().is_terminal() {
            return Progress::Lines { next: Cell::new(Instant::now() + FIRST_LOG_LINE) };
        }
        let bar = ProgressBar::no_length().with_prefix("starting");
        // The template is constant and valid; otherwise the default style is used.
        if let Ok(style) = ProgressStyle::with_template(TEMPLATE) {
            bar.set_style(style);
        }
        bar.enable_steady_tick(SPINNER_INTERVAL);
        HAS_BAR.store(true, Ordering::Relaxed);
        Progress::Bar(bar)
    }

    /// Creates a hidden display, for use with the dashboard.
    pub(super) fn hidden() -> Self {
        Progress::Bar(ProgressBar::hidden())
    }

    /// Shows that `done` of `total` units of `what` are done. In a log, prints at most one line per interval.
    pub(super) fn update(
        &self,
        what: impl Display,
        done: usize,
        total: usize,
        message: impl Display,
    ) {
        match self {
            Progress::Bar(bar) => {
                bar.set_prefix(what.to_string());
                bar.set_length(total as u64);
                bar.set_position(done as u64);
                bar.set_message(message.to_string());
            }
            Progress::Lines { next } if Instant::now() >= next.get() => {
                next.set(Instant::now() + log_interval());
                eprint_line(format_args!("{what}: {done}/{total}, {message}"));
            }
            Progress::Lines { .. } => {}
        }
    }

    /// Prints a line above the bar.
    pub(super) fn print_line(&self, line: impl Display) {
        self.suspend(|| eprint_line(line));
    }

    /// Hides the bar while `print` runs.
    pub(super) fn suspend<T>(&self, print: impl FnOnce() -> T) -> T {
        match self {
            Progress::Bar(bar) => bar.suspend(print),
            Progress::Lines { .. } => print(),
        }
    }

    /// Removes the bar.
    pub(super) fn clear(&self) {
        if let Progress::Bar(bar) = self {
            bar.finish_and_clear();
            HAS_BAR.store(false, Ordering::Relaxed);
        }
    }
}

/// Removes the bar on every exit path.
impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
    }
}

/// Formats the remaining time.
pub(super) fn time_left(left: Option<Duration>) -> String {
    match left {
        Some(left) => format!("{} left", HumanDuration(left)),
        None => "remaining time unknown".to_string(),
    }
}
