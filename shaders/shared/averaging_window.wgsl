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
