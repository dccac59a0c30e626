//! Spinning threads. Threads that share an image synchronise every few tens of microseconds, and waking a sleeping
//! thread takes as long. So they spin for work until the minibatch is done.

use std::sync::atomic::{AtomicBool, Ordering};

use rayon::Yield;

/// Runs `work` in the current thread pool while the pool's other threads spin for tasks.
pub fn with_spinning_threads<T>(work: impl FnOnce() -> T) -> T {
    let is_done = AtomicBool::new(false);
    let own = rayon::current_thread_index();
    rayon::in_place_scope(|scope| {
        let is_done = &is_done;
        scope.spawn_broadcast(move |_, context| {
            if Some(context.index()) != own {
                spin_for_work(is_done);
            }
        });
        let _end = SetAtEnd(is_done);
        work()
    })
}

/// Executes tasks of the pool, and spins between them, until `is_done`.
fn spin_for_work(is_done: &AtomicBool) {
    while !is_done.load(Ordering::Acquire) {
        if rayon::yield_now() != Some(Yield::Executed) {
            std::hint::spin_loop();
        }
    }
}

/// Guard that ends the spinning of the other threads, also if the work panics.
struct SetAtEnd<'a>(&'a AtomicBool);

impl Drop for SetAtEnd<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}
