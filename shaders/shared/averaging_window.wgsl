// Windows at the ends of phases, over which spikes and rates are averaged. Twin of src/cpu/kernels/averaging_window.rs.
#import bindings

// Window of `length` steps that ends before step `end`.
struct PhaseWindow {
    end: u32,
    length: u32,
    // 1 / length
    inverse: f32,
}

// Returns the window that ends `lead` steps before the forward phase ends.
fn forward_window(sample: Sample, lead: u32) -> PhaseWindow {
    return PhaseWindow(sample.steps_forward - lead, sample.window_forward, sample.inv_window_forward);
}

// Returns the window that ends `lead` steps before the target phase ends.
fn target_window(sample: Sample, lead: u32) -> PhaseWindow {
    let end = sample.steps_forward + sample.steps_target;
    return PhaseWindow(end - lead, sample.window_target, sample.inv_window_target);
}

// Returns the row of `window_means` for feedback in a phase (0 forward, 1 target), averaged over a window that ends
// `lead` steps before the phase ends.
fn feedback_row(phase: u32, lead: u32) -> u32 {
    return select(
        WINDOW_MEAN_ROWS + phase * max_plateau_lead() + lead - 1u,
        WINDOW_MEAN_FEEDBACK_FORWARD + phase,
        lead == 0u,
    );
}

// Returns the first step with spikes that contribute to the window after `delay` steps.
fn first_contributing_step(window: PhaseWindow, delay: u32) -> u32 {
    let reach = window.length + constants.tap_count - 1u + delay;
    return select(0u, window.end - reach, window.end > reach);
}

// Returns the response to a spike that arrives at `step`, summed over the window.
fn window_weight(window: PhaseWindow, step: u32) -> f32 {
    let until_end = window.end - step;
    let until_start = select(0u, until_end - window.length, until_end > window.length);
    let last = select(until_end, constants.tap_count, until_end > constants.tap_count);
    let first = select(until_start, constants.tap_count, until_start > constants.tap_count);
    return kernel_cumsum(last) - kernel_cumsum(first);
}
