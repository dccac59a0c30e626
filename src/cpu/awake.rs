//! Threads that share one image meet every few tens of microseconds. A thread that went to sleep in
//! between takes as long to wake: so they look for work until the minibatch is done.

use std::sync::atomic::{AtomicBool, Ordering};

use rayon::Yield;

/// Runs `work`, in a thread pool, while the pool's other threads stay awake for parts of it.
pub fn with_threads_awake<T>(work: impl FnOnce() -> T) -> T {
    let is_done = AtomicBool::new(false);
    let own = rayon::current_thread_index();
    rayon::in_place_scope(|scope| {
        let is_done = &is_done;
        scope.spawn_broadcast(move |_, context| {
            if Some(context.index()) != own {
                look_for_work(is_done);
            }
        });
        let _end = SetAtEnd(is_done);
        work()
    })
}

fn look_for_work(is_done: &AtomicBool) {
    while !is_done.load(Ordering::Acquire) {
        if rayon::yield_now() != Some(Yield::Executed) {
            std::hint::spin_loop();
        }
    }
}

/// Ends the others' search, also when the work panics.
struct SetAtEnd<'a>(&'a AtomicBool);

impl Drop for SetAtEnd<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}
