//! Progress on standard error: a bar for people at a terminal, lines for logs.

mod estimate;

use std::fmt::Display;
use std::io::IsTerminal;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use indicatif::{HumanDuration, ProgressBar, ProgressStyle};

use super::output::{eprint_line, is_quiet, is_verbose};

pub(super) use estimate::TimeEstimate;

/// Time between two lines of progress in a log.
const LOG_INTERVAL: Duration = Duration::from_secs(10);
const VERBOSE_LOG_INTERVAL: Duration = Duration::from_secs(1);
/// Time between two turns of the spinner, which says that the program lives.
const SPINNER_INTERVAL: Duration = Duration::from_millis(100);
const TEMPLATE: &str = "{spinner} {prefix} {wide_bar} {pos}/{len} {msg}";

/// Whether there is a bar on the terminal.
static HAS_BAR: AtomicBool = AtomicBool::new(false);

pub(super) fn has_bar() -> bool {
    HAS_BAR.load(Ordering::Relaxed)
}

/// How far some work is.
pub(super) enum Progress {
    Bar(ProgressBar),
    Lines { last: Instant },
}

fn log_interval() -> Duration {
    if is_verbose() { VERBOSE_LOG_INTERVAL } else { LOG_INTERVAL }
}

impl Progress {
    pub(super) fn new() -> Self {
        if is_quiet() || !std::io::stderr().is_terminal() {
            return Progress::Lines { last: Instant::now() };
        }
        let bar = ProgressBar::no_length().with_prefix("starting");
        // The template is a constant; were it wrong, the default would do.
        if let Ok(style) = ProgressStyle::with_template(TEMPLATE) {
            bar.set_style(style);
        }
        bar.enable_steady_tick(SPINNER_INTERVAL);
        HAS_BAR.store(true, Ordering::Relaxed);
        Progress::Bar(bar)
    }

    /// Shows nothing: something else does.
    pub(super) fn hidden() -> Self {
        Progress::Bar(ProgressBar::hidden())
    }

    /// Says that `done` of `total` parts of `what` are done. A log gets a line now and then.
    pub(super) fn update(
        &mut self,
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
            Progress::Lines { last } if last.elapsed() >= log_interval() => {
                *last = Instant::now();
                eprint_line(format_args!("{what}: {done}/{total}, {message}"));
            }
            Progress::Lines { .. } => {}
        }
    }

    /// Leaves a line, above the bar where there is one.
    pub(super) fn print_line(&self, line: impl Display) {
        self.suspend(|| eprint_line(line));
    }

    /// Prints something while the bar is out of the way.
    pub(super) fn suspend<T>(&self, print: impl FnOnce() -> T) -> T {
        match self {
            Progress::Bar(bar) => bar.suspend(print),
            Progress::Lines { .. } => print(),
        }
    }

    /// Takes the bar away: the work is done.
    pub(super) fn clear(&self) {
        if let Progress::Bar(bar) = self {
            bar.finish_and_clear();
            HAS_BAR.store(false, Ordering::Relaxed);
        }
    }
}

/// A bar must not stay behind, whatever happened.
impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
    }
}

/// The time that is left, in words.
pub(super) fn time_left(left: Option<Duration>) -> String {
    match left {
        Some(left) => format!("{} left", HumanDuration(left)),
        None => "time left not known yet".to_string(),
    }
}
