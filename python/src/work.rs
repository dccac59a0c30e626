//! Work without the global interpreter lock, on a thread of its own. The calling thread meanwhile passes events to Python
//! and checks for Ctrl-C.

use std::any::Any;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;
use std::time::Duration;

use apical::cpu::Width;
use apical::interface::Stop;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

use crate::error::{InternalError, value_error};

/// Time between two checks for signals.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// Process that worked first; 0 before. Its threads do not exist in a forked process, and waiting for them never ends.
static WORKED: AtomicU32 = AtomicU32::new(0);

/// Sends an event to Python. Breaks if the work is to stop.
pub(crate) type Emit<'a, E> = &'a mut dyn FnMut(E) -> ControlFlow<()>;

/// Result of the work, and the exception that interrupted it: `KeyboardInterrupt`, or one of a callback.
pub(crate) struct Ended<T> {
    pub(crate) result: T,
    pub(crate) interruption: Option<PyErr>,
}

/// Runs `work`, which ends early once `stop` is requested. `listen` receives its events.
///
/// # Errors
/// Returns an error in a forked process, and if the work panics.
pub(crate) fn run<E: Send, T: Send>(
    py: Python,
    stop: &Stop,
    work: impl FnOnce(Emit<E>) -> T + Send,
    mut listen: impl FnMut(E) -> PyResult<ControlFlow<()>>,
) -> PyResult<Ended<T>> {
    refuse_forked()?;
    Width::choose().map_err(value_error)?;
    let (events, mut received) = sync_channel(0);
    let (answers, answered) = sync_channel(0);
    let mut interruption = None;
    let joined = thread::scope(|scope| {
        let body = move || {
            let mut emit = |event| match events.send(event) {
                Ok(()) => answered.recv().unwrap_or(ControlFlow::Break(())),
                Err(_) => ControlFlow::Break(()),
            };
            work(&mut emit)
        };
        let worker = thread::Builder::new().name("apical".to_string()).spawn_scoped(scope, body)?;
        loop {
            let result = match next(py, &mut received) {
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => py.check_signals(),
                Ok(event) => {
                    let flow = match interruption {
                        Some(_) => Ok(ControlFlow::Break(())),
                        None => listen(event).and_then(|flow| py.check_signals().map(|()| flow)),
                    };
                    let _ = answers.send(*flow.as_ref().unwrap_or(&ControlFlow::Break(())));
                    flow.map(|_| ())
                }
            };
            if let Err(error) = result {
                stop.request();
                interruption.get_or_insert(error);
            }
        }
        py.detach(move || Ok::<_, std::io::Error>(worker.join()))
    })?;
    let result = joined.map_err(|panic| panicked(&*panic))?;
    Ok(Ended { result, interruption })
}

/// Runs `work` that sends no events, or raises the exception that interrupted it.
///
/// # Errors
/// As [`run`].
pub(crate) fn run_silently<T: Send>(
    py: Python,
    stop: &Stop,
    work: impl FnOnce() -> T + Send,
) -> PyResult<T> {
    let ended = run(py, stop, |_: Emit<()>| work(), |()| Ok(ControlFlow::Continue(())))?;
    match ended.interruption {
        Some(error) => Err(error),
        None => Ok(ended.result),
    }
}

/// Waits for the next event without the lock.
fn next<E: Send>(py: Python, events: &mut Receiver<E>) -> Result<E, RecvTimeoutError> {
    py.detach(move || {
        // Mutable, because a receiver cannot be shared between threads.
        let events: &mut Receiver<E> = events;
        events.recv_timeout(POLL_INTERVAL)
    })
}

/// Runs `body` and turns a panic into an exception that `except Exception` catches.
///
/// # Errors
/// Returns an error if `body` panics.
pub(crate) fn catch<T>(body: impl FnOnce() -> T) -> PyResult<T> {
    catch_unwind(AssertUnwindSafe(body)).map_err(|panic| panicked(&*panic))
}

fn panicked(panic: &(dyn Any + Send)) -> PyErr {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
    InternalError::new_err(format!("internal error of apical, please report it: {text}"))
}

/// Returns an error if the threads of this process were lost by a fork.
fn refuse_forked() -> PyResult<()> {
    let own = process::id();
    match WORKED.compare_exchange(0, own, Ordering::SeqCst, Ordering::SeqCst) {
        Err(first) if first != own => Err(PyRuntimeError::new_err(
            "cannot use apical in a process forked from one that used it: its threads are lost; hint: start \
             processes by 'spawn', as multiprocessing.get_context('spawn')",
        )),
        _ => Ok(()),
    }
}
