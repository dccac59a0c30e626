//! Terminal of the dashboard, restored on every exit path.

use std::io::{self, Stderr};
use std::panic;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Once};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::cursor::Show;
use ratatui::crossterm::event::{self, Event};
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};

use signal_hook::consts::SIGINT;
use signal_hook::low_level::raise;

use super::keys::KeyAction;
use super::{Shared, draw, keys};

/// Time between two checks for changes.
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// Longest wait for the drawing thread.
const JOIN_TIMEOUT: Duration = Duration::from_millis(500);

/// Whether the dashboard uses the terminal.
static IS_ACTIVE: AtomicBool = AtomicBool::new(false);

/// Thread that draws the state and reads keys until this is dropped.
pub(super) struct Screen {
    is_closing: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Screen {
    /// Sets up the terminal and starts the thread.
    ///
    /// # Errors
    /// Returns an error if the terminal cannot be set up.
    pub(super) fn open(shared: Arc<Shared>) -> io::Result<Self> {
        restore_on_panic();
        IS_ACTIVE.store(true, Ordering::SeqCst);
        let opened = enable_raw_mode()
            .and_then(|()| execute!(io::stderr(), EnterAlternateScreen))
            .and_then(|()| Terminal::new(CrosstermBackend::new(io::stderr())));
        let is_closing = Arc::new(AtomicBool::new(false));
        let mut screen = Screen { is_closing: is_closing.clone(), thread: None };
        // On an error, dropping `screen` restores the terminal.
        let terminal = opened?;
        let show = move || {
            // A closed terminal does not stop the training.
            let _ = show(terminal, &shared, &is_closing);
        };
        screen.thread = Some(thread::Builder::new().name("dashboard".to_string()).spawn(show)?);
        Ok(screen)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.is_closing.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            // On a closed terminal, crossterm polls forever; the thread then ends with the program.
            let start = Instant::now();
            while !thread.is_finished() && start.elapsed() < JOIN_TIMEOUT {
                thread::sleep(Duration::from_millis(5));
            }
        }
        restore();
    }
}

fn show(
    mut terminal: Terminal<CrosstermBackend<Stderr>>,
    shared: &Shared,
    is_closing: &AtomicBool,
) -> io::Result<()> {
    let mut shown = None;
    while !is_closing.load(Ordering::SeqCst) && IS_ACTIVE.load(Ordering::SeqCst) {
        shared.poll_signals();
        // Draw a copy, so that drawing does not block the training.
        if let Some(state) = shared.state_if_changed(shown) {
            terminal.draw(|frame| draw::draw(frame, &state))?;
            shown = Some(state.version);
        }
        if event::poll(POLL_INTERVAL)? {
            match event::read()? {
                Event::Key(key) => {
                    let action = keys::action(&key);
                    if action == Some(KeyAction::Interrupt) {
                        // If the signal fails, the action below still stops the training.
                        let _ = raise(SIGINT);
                    }
                    if let Some(action) = action {
                        shared.apply(action);
                    }
                }
                Event::Resize(..) => shown = None,
                _ => {}
            }
        }
    }
    Ok(())
}

/// Whether the dashboard uses the terminal.
pub(crate) fn has_terminal() -> bool {
    IS_ACTIVE.load(Ordering::SeqCst)
}

/// Restores the terminal before a panic message is printed, which would otherwise be lost.
fn restore_on_panic() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            restore();
            before(panic);
        }));
    });
}

/// Restores the terminal if the dashboard uses it. Ignores errors.
pub(crate) fn restore() {
    if IS_ACTIVE.swap(false, Ordering::SeqCst) {
        let _ = execute!(io::stderr(), LeaveAlternateScreen, Show);
        let _ = disable_raw_mode();
    }
}
