//! Plan of a run: the kernels of a minibatch in order, the sizes and constants of its arrays, and the parameters of its
//! samples.

mod constants;
mod samples;
mod sequence;
mod silent_windows;
mod sizes;

pub use constants::{constants, replica};
pub use samples::{Presentation, SampleBuilder};
pub(crate) use sequence::feedback_launches;
pub use sequence::kernel_sequence;
pub use silent_windows::silent_window_warnings;
pub use sizes::{Capacity, shape};
pub(crate) use sizes::{copies_weights, largest_batch};
