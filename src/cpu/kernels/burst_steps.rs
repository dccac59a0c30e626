//! Steps of an image whose bursts are drawn. Twin of `shaders/shared/burst_steps.wgsl`.

use crate::interface::Sample;

/// Returns the first step with bursts of a population, not the input. The lowest layer needs the bursts of the averaging
/// window. Each layer above also needs the earlier ones that its synapses still filter, or all with the uncut kernel.
/// `taps`: number of taps of the kernel, 0 if it is uncut.
#[inline(always)]
pub fn first_burst_step(taps: u32, population: u32, sample: &Sample) -> u32 {
    let window = sample.steps_forward - sample.window_forward;
    let layers_below = population - 1;
    match taps {
        _ if layers_below == 0 => window,
        0 => 0,
        taps => window.saturating_sub(layers_below * (taps - 1)),
    }
}
