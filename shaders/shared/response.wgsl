// Windows at the ends of phases, and what a spike of a step adds to an average over one.

// The last `length` steps before step `end`.
struct Window {
    end: u32,
    length: u32,
    inverse: f32,
}

// Of the forward phase, so many steps early.
fn forward_window(lane: Lane, early: u32) -> Window {
    return Window(lane.steps_forward - early, lane.window_forward, lane.inverse_window_forward);
}

// Of the target phase.
fn target_window(lane: Lane, early: u32) -> Window {
    let end = lane.steps_forward + lane.steps_target;
    return Window(end - early, lane.window_target, lane.inverse_window_target);
}

// The row of the traces with what apical dendrites hear in a phase (0 forward, 1 target), so many steps early.
fn feedback_row(phase: u32, early: u32) -> u32 {
    return select(
        TRACE_ROWS + phase * earliest_plateau() + early - 1u,
        TRACE_FEEDBACK_FORWARD + phase,
        early == 0u,
    );
}

// The first step whose spikes reach into the window, seen `delay` steps late.
fn first_heard(window: Window, delay: u32) -> u32 {
    let reach = window.length + constants.tap_count - 1u + delay;
    return select(0u, window.end - reach, window.end > reach);
}

// Sum over the window of the response to a spike that arrives at `step`.
fn weight(window: Window, step: u32) -> f32 {
    let until_end = window.end - step;
    let until_start = select(0u, until_end - window.length, until_end > window.length);
    let last = select(until_end, constants.tap_count, until_end > constants.tap_count);
    let first = select(until_start, constants.tap_count, until_start > constants.tap_count);
    return cumulative(last) - cumulative(first);
}
