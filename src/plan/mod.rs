//! Plan of a run: the kernels of a minibatch in order, the sizes and constants of its arrays, and the parameters of its
//! samples.

mod constants;
mod samples;
mod sequence;
mod sizes;

pub use constants::{constants, replica};
pub use samples::{Presentation, SampleBuilder};
pub(crate) use sequence::follow_weights;
pub use sequence::launches;
pub use sizes::{Capacity, shape};
pub(crate) use sizes::{batch, keeps_weights};
