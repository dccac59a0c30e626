//! The terminal: taken on opening, given back on every way out.

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

use super::keys::Action;
use super::{Shared, draw, keys};

/// Time between two looks at what has changed.
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// How long the thread that draws is waited for.
const JOIN_TIMEOUT: Duration = Duration::from_millis(500);

/// Whether the terminal is taken.
static IS_ACTIVE: AtomicBool = AtomicBool::new(false);

/// A thread that draws what is shared and reads keys, until this is dropped.
pub(super) struct Screen {
    is_closing: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Screen {
    /// Takes the terminal.
    ///
    /// # Errors
    /// When it cannot be taken.
    pub(super) fn open(shared: Arc<Shared>) -> io::Result<Self> {
        restore_on_panic();
        IS_ACTIVE.store(true, Ordering::SeqCst);
        let opened = enable_raw_mode()
            .and_then(|()| execute!(io::stderr(), EnterAlternateScreen))
            .and_then(|()| Terminal::new(CrosstermBackend::new(io::stderr())));
        let is_closing = Arc::new(AtomicBool::new(false));
        let mut screen = Screen { is_closing: is_closing.clone(), thread: None };
        // Where it fails, `screen` gives the terminal back.
        let terminal = opened?;
        let show = move || {
            // A terminal that is gone shows nothing; the training goes on.
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
            // Where the terminal is gone, crossterm polls it for ever; the thread ends with the program.
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
        // A copy: drawing must not keep the training waiting.
        if let Some(state) = shared.state_if_changed(shown) {
            terminal.draw(|frame| draw::draw(frame, &state))?;
            shown = Some(state.version);
        }
        if event::poll(POLL_INTERVAL)? {
            match event::read()? {
                Event::Key(key) => {
                    let action = keys::action(&key);
                    if action == Some(Action::Interrupt) {
                        // Where it cannot be sent, the key stops the training all the same.
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

/// Whether the dashboard has the terminal.
pub(crate) fn has_terminal() -> bool {
    IS_ACTIVE.load(Ordering::SeqCst)
}

/// What a panic says would go with the screen.
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

/// Gives the terminal back as it was, if it is taken. Nothing can be done where that fails.
pub(crate) fn restore() {
    if IS_ACTIVE.swap(false, Ordering::SeqCst) {
        let _ = execute!(io::stderr(), LeaveAlternateScreen, Show);
        let _ = disable_raw_mode();
    }
}
