// Means of spikes or rates over the windows at the ends of the phases.
// The kernel binds `window_means` and defines `mean`, of a neuron over a window with a delay in steps.
#import averaging_window

// Stores the means that the next layer and the feedback read, each if the population sends them.
// `first`: index of the neuron's first mean.
fn store_means(sample: Sample, unit: u32, first: u32, feeds_forward: bool, feeds_back: bool) {
    if feeds_forward {
        window_means[first + WINDOW_MEAN_FORWARD * params.units] = mean(sample, forward_window(sample, 0u), 0u, unit);
    }
    if feeds_back {
        for (var lead = 0u; lead <= max_plateau_lead(); lead++) {
            window_means[first + feedback_row(0u, lead) * params.units] =
                mean(sample, forward_window(sample, lead), 1u, unit);
            window_means[first + feedback_row(1u, lead) * params.units] =
                mean(sample, target_window(sample, lead), 1u, unit);
        }
    }
}
