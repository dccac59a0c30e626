// Steps of an image whose bursts are drawn. Twin of src/cpu/kernels/burst_steps.rs.
#import bindings

// Returns the first step with bursts of a population, not the input. The lowest layer needs the bursts of the averaging
// window. Each layer above also needs the earlier ones that its synapses still filter, or all with the uncut kernel.
fn first_burst_step(sample: Sample, population: u32) -> u32 {
    let window = sample.steps_forward - sample.window_forward;
    if population == 1u {
        return window;
    }
    if constants.tap_count == 0u {
        return 0u;
    }
    let reach = (population - 1u) * (constants.tap_count - 1u);
    return select(0u, window - reach, window > reach);
}
