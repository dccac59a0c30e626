//! Kernels: one file each, with the definition and the CPU function. The shader of the same name in `shaders/` computes
//! the same bits.
//!
//! Files without a kernel's definition:
//! - `definition`: the parts of a definition;
//! - `new_launch_params`, `check_launches`: parameters of a launch, and checks before it runs;
//! - shared by several kernels: `neuron_step` and `spike_sampler` (hidden and output neurons), `synaptic_filter` (all
//!   dendrites), `averaging_window` (means and plateaus), `burst_steps`, `burst_draws` and `burst_sampler` (bursts of
//!   spikes), `mean_gradient` (updates);
//! - `arithmetic_selftest`: a test of the device's arithmetic.

mod apical_bursts;
mod apical_events;
mod apical_history;
mod apical_input_bursts;
mod apical_input_events;
mod apical_mean;
mod apical_step_rates;
mod apical_step_spikes;
pub mod arithmetic_selftest;
mod averaging_window;
mod backprop_error;
pub(crate) mod burst_draws;
mod burst_error;
mod burst_sampler;
pub(crate) mod burst_steps;
mod check_launches;
mod classify;
pub(crate) mod definition;
mod draw_bursts;
mod emit_rates;
mod encode_rates;
mod encode_spikes;
mod event_feedback_update;
mod feedback_update;
mod hidden_step;
mod local_error;
mod mean_gradient;
mod neuron_step;
mod new_launch_params;
mod output_step;
pub(super) mod pack_spike_mask;
mod plateau;
pub(crate) mod recorded_spikes;
mod shared_words;
mod spike_sampler;
mod symmetric_feedback;
mod synaptic_filter;
mod synaptic_input_rates;
pub(crate) mod synaptic_input_spikes;
mod transposed_update;
mod weight_update;
mod window_mean_rates;
mod window_mean_spikes;

pub(crate) use check_launches::check_work;
use definition::KernelDefinition;

use crate::interface::{Kernel, for_each_kernel};

macro_rules! definitions {
    ($($(#[$doc:meta])* $kernel:ident $file:ident,)*) => {
        impl Kernel {
            /// Returns the definition of the kernel.
            pub(crate) fn definition(self) -> &'static KernelDefinition {
                match self {
                    $(Kernel::$kernel => &$file::DEFINITION,)*
                }
            }
        }
    };
}
for_each_kernel!(definitions);
