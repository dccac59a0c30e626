//! Definitions shared by the backends: names of kernels, arrays, parameter structs, and the interface of a backend.
//!
//! The files of the kernel `NAME` are `src/cpu/kernels/NAME.rs` and `shaders/NAME.wgsl`.

#[macro_use]
mod shader_struct;

mod array_id;
mod array_sizes;
mod backend;
mod check;
mod error;
mod kernel;
mod kernel_times;
mod launch_params;
mod persistent;
mod shape;
mod stop;
#[cfg(test)]
mod test_shape;
mod uniforms;
mod values;

pub use array_id::{ArrayId, ElementType};
pub use backend::Backend;
pub use check::{
    check_access, check_array, check_persistent, check_samples, check_sizes, check_values,
    check_write,
};
pub use error::BackendError;
pub(crate) use kernel::for_each_kernel;
pub use kernel::{Kernel, Launch};
pub use kernel_times::KernelTimes;
pub use launch_params::LaunchParams;
pub use persistent::{array_with_persistent_rows, persistent_rows_of};
pub use shape::Shape;
pub use stop::{Stop, Stoppable};
pub use uniforms::{BatchParams, ReplicaParams, RunParams, Sample};
pub use values::{Values, ValuesRef};

/// Largest number of layers of a network, the output included.
pub const LAYERS_MAX: usize = 64;

/// Number of steps per word of spike counts, the earliest in the lowest bits.
pub const STEPS_PER_WORD: u32 = 8;
/// Number of bits of one step's spike count.
pub const COUNT_BITS: u32 = 4;
/// Mask of the count in the lowest slot of a word.
pub const COUNT_MASK: u32 = (1 << COUNT_BITS) - 1;

/// Returns the spike count of a step in a word of eight steps.
#[inline(always)]
pub fn spike_count(word: u32, step: u32) -> u32 {
    word >> (step % STEPS_PER_WORD * COUNT_BITS) & COUNT_MASK
}

/// Number of neurons per word of [`ArrayId::SpikeMask`], the first in the lowest bit.
pub const UNITS_PER_WORD: u32 = u32::BITS;

/// Number of rows of [`ArrayId::Rates`] before the image's: the rates of the previous image's last step.
pub const RATE_HISTORY: u32 = 1;

/// Rows of [`ArrayId::SpikeMask`] per step.
pub mod spike_mask {
    /// Bits of neurons that spike.
    pub const GE1: usize = 0;
    /// Bits of neurons that spike more than once.
    pub const GE2: usize = 1;
    /// Number of rows per step.
    pub const ROWS: usize = 2;
}

/// Rows of [`ArrayId::Compartments`].
pub mod compartment {
    /// Basal voltage B after the last computed step (the dendrite of an output neuron).
    pub const BASAL: usize = 0;
    /// Apical voltage A for the soma's next step.
    pub const APICAL: usize = 1;
    /// Somatic voltage C.
    pub const SOMA: usize = 2;
    /// Mean of C over the forward phase's window; the sum until the window ends.
    pub const MEAN_SOMA: usize = 3;
    /// Mean rate over the target phase's window, output only; the sum until the window ends.
    pub const MEAN_RATE: usize = 4;
    /// Number of rows per sample.
    pub const ROWS: usize = 5;
}

/// Rows of [`ArrayId::WindowMeans`].
pub mod window_mean {
    /// Mean filtered spike train, or mean rate, over the forward phase's window, as input of the next layer.
    pub const FORWARD: usize = 0;
    /// Mean over the forward phase's window, delayed by one step, as input of an apical dendrite.
    pub const FEEDBACK_FORWARD: usize = 1;
    /// Mean over the target phase's window, delayed by one step, as input of an apical dendrite.
    pub const FEEDBACK_TARGET: usize = 2;
    /// Slow trace at the end of the last image, kept for the next (uncut kernel only).
    pub const SLOW: usize = 3;
    /// Fast trace at the end of the last image, kept for the next (uncut kernel only).
    pub const FAST: usize = 4;
    /// Number of rows without plateau leads. With leads, more rows follow for windows that end 1, 2, .. steps earlier:
    /// as [`FEEDBACK_FORWARD`], then as [`FEEDBACK_TARGET`].
    pub const ROWS: usize = 5;
}

/// Rows of [`ArrayId::Plateaus`].
pub mod plateau {
    /// Plateau potential at the end of the forward phase.
    pub const FORWARD: usize = 0;
    /// Plateau potential at the end of the target phase.
    pub const TARGET: usize = 1;
    /// Number of rows per sample, one per phase.
    pub const ROWS: usize = 2;
}
