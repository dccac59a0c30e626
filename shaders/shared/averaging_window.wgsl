// Windows at the ends of phases, and the contribution of one step's spike to an average over a window.

// The last `length` steps before step `end`.
struct Window {
    end: u32,
    length: u32,
    inverse: f32,
}

// Window of the forward phase, ending `early` steps before the phase does.
fn forward_window(sample: Sample, early: u32) -> Window {
    return Window(sample.steps_forward - early, sample.window_forward, sample.inv_window_forward);
}

// Window of the target phase, ending `early` steps before the phase does.
fn target_window(sample: Sample, early: u32) -> Window {
    let end = sample.steps_forward + sample.steps_target;
    return Window(end - early, sample.window_target, sample.inv_window_target);
}

// Row of the window means with the apical input of a phase (0 forward, 1 target), for a window that ends
// `early` steps earlier.
fn feedback_trace_row(phase: u32, early: u32) -> u32 {
    return select(
        WINDOW_MEAN_ROWS + phase * max_plateau_lead() + early - 1u,
        WINDOW_MEAN_FEEDBACK_FORWARD + phase,
        early == 0u,
    );
}

// First step with spikes that reach into the window after `delay` steps.
fn first_contributing_step(window: Window, delay: u32) -> u32 {
    let reach = window.length + constants.tap_count - 1u + delay;
    return select(0u, window.end - reach, window.end > reach);
}

// Sum over the window of the response to a spike that arrives at `step`.
fn window_weight(window: Window, step: u32) -> f32 {
    let until_end = window.end - step;
    let until_start = select(0u, until_end - window.length, until_end > window.length);
    let last = select(until_end, constants.tap_count, until_end > constants.tap_count);
    let first = select(until_start, constants.tap_count, until_start > constants.tap_count);
    return kernel_cumsum(last) - kernel_cumsum(first);
}
