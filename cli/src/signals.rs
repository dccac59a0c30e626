//! Signal handling. The first signal requests a stop: training commands save first, all others end within a second. A
//! command that saves ends early only after the third Ctrl-C, because clusters may send other signals twice. The end of
//! the time of `--stop-after` acts as a signal.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

#[cfg(unix)]
use signal_hook::consts::{SIGHUP, SIGUSR1, SIGUSR2};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::{flag, low_level};

use super::output::is_quiet;
use super::progress::has_bar;
use super::tui;
use super::{CliError, ExitStatus};

/// Exit code of a program stopped by a signal, minus the signal's number (shell convention).
pub(super) const SIGNAL_EXIT_BASE: u8 = 128;
/// Exit code after the third Ctrl-C, as of a killed program.
const EXIT_FORCED: i32 = 137;
/// Number of Ctrl-C presses that end a command that saves.
const INTERRUPTS_TO_FORCE: u32 = 3;

#[cfg(unix)]
const SIGNALS: [i32; 5] = [SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2];
#[cfg(not(unix))]
const SIGNALS: [i32; 2] = [SIGINT, SIGTERM];

/// Time between two checks for signals.
const POLL_INTERVAL: Duration = Duration::from_millis(20);
/// Time in which a command that does not save may end by itself.
const GRACE_PERIOD: Duration = Duration::from_millis(800);

/// How a stop request is handled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum StopMode {
    /// The program exits.
    None,
    /// The command ends by itself without saving.
    Finish,
    /// The command saves and ends by itself.
    Save,
}

static STOP_MODE: AtomicU8 = AtomicU8::new(StopMode::None as u8);
/// Number of the first signal, set by the handlers; 0 if there was none.
static SIGNAL: AtomicU8 = AtomicU8::new(0);
/// Stands for the end of the time of `--stop-after` in [`SIGNAL`].
const TIME_IS_UP: u8 = u8::MAX;
/// End of the time of `--stop-after`.
static END: OnceLock<Instant> = OnceLock::new();
/// Last message about signals.
static NOTICE: Mutex<String> = Mutex::new(String::new());

/// Returns the stop request that trainings, tests and recordings check.
pub(super) fn token() -> apical::interface::Stop {
    static TOKEN: OnceLock<apical::interface::Stop> = OnceLock::new();
    TOKEN.get_or_init(Default::default).clone()
}

/// Returns the status of a command that a signal or the end of its time stopped; `None` if nothing did.
pub(super) fn stop_status() -> Option<ExitStatus> {
    match SIGNAL.load(Ordering::Acquire) {
        0 => None,
        TIME_IS_UP => Some(ExitStatus::TimeIsUp),
        number => Some(ExitStatus::Stopped(number)),
    }
}

/// Requests a stop after this time, as a signal does.
pub(super) fn stop_after(time: Duration) {
    // A time beyond the range of the clock never ends.
    if let Some(end) = Instant::now().checked_add(time) {
        let _ = END.set(end);
    }
}

/// Returns the last message about signals, for the dashboard.
#[cfg(feature = "tui")]
pub(super) fn last_notice() -> String {
    NOTICE.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// Guard that prevents signals from ending the program.
pub(super) struct SignalGuard;

/// Makes signals only request a stop while the guard exists. `saves`: whether the command saves before it ends.
///
/// # Errors
/// Returns [`CliError::Stopped`] if a signal has already arrived.
pub(super) fn defer(saves: bool) -> Result<SignalGuard, CliError> {
    STOP_MODE.store(if saves { StopMode::Save } else { StopMode::Finish } as u8, Ordering::SeqCst);
    let held = SignalGuard;
    if SIGNAL.load(Ordering::SeqCst) == 0 { Ok(held) } else { Err(CliError::Stopped) }
}

impl Drop for SignalGuard {
    fn drop(&mut self) {
        // After a signal, the command is already ending.
        let next =
            if SIGNAL.load(Ordering::SeqCst) == 0 { StopMode::None } else { StopMode::Finish };
        STOP_MODE.store(next as u8, Ordering::SeqCst);
    }
}

fn stop_mode() -> StopMode {
    match STOP_MODE.load(Ordering::SeqCst) {
        hold if hold == StopMode::Save as u8 => StopMode::Save,
        hold if hold == StopMode::Finish as u8 => StopMode::Finish,
        _ => StopMode::None,
    }
}

/// Installs the signal handlers.
///
/// # Errors
/// Returns [`CliError::Signals`] if the system refuses.
pub(super) fn install_handlers() -> Result<(), CliError> {
    let mut flags = Vec::new();
    for number in SIGNALS {
        // Under nohup, a closed terminal must not stop the program.
        #[cfg(unix)]
        if number == SIGHUP && is_ignored(number) {
            continue;
        }
        // The thread below checks for signals at intervals and cannot order two of one interval.
        let note_first = move || {
            let _ = SIGNAL.compare_exchange(0, number as u8, Ordering::SeqCst, Ordering::SeqCst);
        };
        // SAFETY: the handler only changes an atomic integer.
        unsafe { low_level::register(number, note_first) }.map_err(CliError::Signals)?;
        let flag = Arc::new(AtomicBool::new(false));
        flag::register(number, flag.clone()).map_err(CliError::Signals)?;
        flags.push((number as u8, flag));
    }
    let thread = thread::Builder::new().name("signals".to_string());
    thread.spawn(move || watch(&flags)).map_err(CliError::Signals)?;
    Ok(())
}

/// Whether the program was started with the signal ignored; false if unknown.
#[cfg(unix)]
fn is_ignored(number: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (number - 1) & 1 == 1)
}

fn watch(flags: &[(u8, Arc<AtomicBool>)]) {
    let mut interrupts = 0;
    let mut first: Option<Instant> = None;
    loop {
        if first.is_none() && END.get().is_some_and(|end| Instant::now() >= *end) {
            let _ = SIGNAL.compare_exchange(0, TIME_IS_UP, Ordering::SeqCst, Ordering::SeqCst);
            first = Some(Instant::now());
            request_stop();
        }
        for (number, flag) in flags {
            if !flag.swap(false, Ordering::AcqRel) {
                continue;
            }
            interrupts += u32::from(i32::from(*number) == SIGINT);
            match first {
                None => {
                    first = Some(Instant::now());
                    request_stop();
                }
                Some(_) if i32::from(*number) == SIGINT => on_repeated_interrupt(interrupts),
                Some(_) => {}
            }
        }
        if stop_mode() == StopMode::None
            && first.is_some_and(|first| first.elapsed() >= GRACE_PERIOD)
        {
            exit_stopped();
        }
        thread::sleep(POLL_INTERVAL);
    }
}

/// Requests a stop, with a message.
fn request_stop() {
    token().request();
    notify(&first_notice(SIGNAL.load(Ordering::SeqCst), stop_mode()));
}

fn first_notice(number: u8, stop_mode: StopMode) -> String {
    let name = match number {
        TIME_IS_UP => "--stop-after",
        number => low_level::signal_name(i32::from(number)).unwrap_or("a signal"),
    };
    match stop_mode {
        StopMode::Save if i32::from(number) == SIGINT => {
            "stopping: saving; press Ctrl-C twice more to quit without saving".to_string()
        }
        StopMode::Save => format!("stopping ({name}): saving"),
        StopMode::Finish | StopMode::None => format!("stopping ({name})"),
    }
}

/// Handles a repeated Ctrl-C.
fn on_repeated_interrupt(interrupts: u32) {
    match stop_mode() {
        StopMode::Save if interrupts >= INTERRUPTS_TO_FORCE => {
            exit_now(
                EXIT_FORCED,
                "quit without saving: progress since the last checkpoint is lost",
            );
        }
        StopMode::Save => notify(match INTERRUPTS_TO_FORCE - interrupts {
            1 => "still saving; press Ctrl-C once more to quit without saving",
            _ => "stopping: saving; press Ctrl-C twice more to quit without saving",
        }),
        StopMode::Finish | StopMode::None => {
            exit_stopped();
        }
    }
}

/// Shows a message about signals, on the dashboard if it is active.
fn notify(notice: &str) {
    *NOTICE.lock().unwrap_or_else(PoisonError::into_inner) = notice.to_string();
    if !tui::has_terminal() {
        print_line(notice);
    }
}

/// Prints a line on standard error without taking the lock of a progress bar. The bar's line is cleared and drawn again
/// below.
fn print_line(line: &str) {
    if is_quiet() {
        return;
    }
    let wipe = if has_bar() { "\r\x1b[2K" } else { "" };
    // Ignore a closed terminal.
    let _ = io::stderr().write_all(format!("{wipe}{line}\n").as_bytes());
}

/// Exits with the code of a stopped command without waiting for other threads.
fn exit_stopped() -> ! {
    exit_now(i32::from(stop_status().unwrap_or(ExitStatus::Stopped(0)).exit_code()), "stopped")
}

/// Exits without waiting for other threads.
fn exit_now(status: i32, reason: &'static str) -> ! {
    // A blocked pipe must not keep the program alive.
    let said = thread::Builder::new().spawn(move || {
        tui::restore_terminal();
        print_line(reason);
    });
    let patience = Instant::now();
    while said.as_ref().is_ok_and(|thread| !thread.is_finished())
        && patience.elapsed() < 10 * POLL_INTERVAL
    {
        thread::sleep(Duration::from_millis(2));
    }
    low_level::exit(status)
}
