// Windows at the ends of phases, over which spikes and rates are averaged: the twin of
// src/cpu/kernels/averaging_window.rs.
#import bindings

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
fn feedback_row(phase: u32, early: u32) -> u32 {
    return select(
        WINDOW_MEAN_ROWS + phase * max_plateau_lead() + early - 1u,
        WINDOW_MEAN_FEEDBACK_FORWARD + phase,
        early == 0u,
    );
}
