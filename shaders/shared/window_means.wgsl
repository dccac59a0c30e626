// Means of spikes or rates over the windows at the ends of the phases. The kernel binds `window_means` and defines `mean`:
// of a neuron over a window, with a delay of some steps.
#import averaging_window

// Stores the means that the layer above and the feedback read, each if wanted. `first`: index of the neuron's first mean.
fn store_means(sample: Sample, unit: u32, first: u32, is_sent_upward: bool, feeds_back: bool) {
    if params.is_output == 0u && is_sent_upward {
        window_means[first + WINDOW_MEAN_FORWARD * params.units] = mean(sample, forward_window(sample, 0u), 0u, unit);
    }
    if feeds_back {
        for (var early = 0u; early <= max_plateau_lead(); early++) {
            window_means[first + feedback_row(0u, early) * params.units] =
                mean(sample, forward_window(sample, early), 1u, unit);
            window_means[first + feedback_row(1u, early) * params.units] =
                mean(sample, target_window(sample, early), 1u, unit);
        }
    }
}
