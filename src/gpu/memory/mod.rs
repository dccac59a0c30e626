//! Arrays of a GPU: their buffers, and the columns of weights that a dispatch binds.

pub mod buffers;
pub mod weight_ranges;
