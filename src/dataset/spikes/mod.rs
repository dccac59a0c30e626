//! Data sets of recorded spikes.
//!
//! A recording is the spikes of one example. It is binned to steps of 1 ms, see [`SpikeDataset::bin`], and shown to a
//! network in place of the spikes that are drawn from an image. Files of recordings are opened by
//! [`Dataset::open`](super::Dataset::open) as images are.
//!
//! - `options`: what is read, and which part of a recording each phase shows;
//! - `binning`: from times to steps; `recordings`: the result, as the backends read it;
//! - `event_set`: events in memory; `assemble`: both sets joined to a [`Dataset`](super::Dataset);
//! - `archive`, `heidelberg`, `n_mnist`: formats of files; `hdf5`: arrays of HDF5 files; `open`: detection of a format.

mod archive;
mod assemble;
mod binning;
mod event_set;
mod hdf5;
mod heidelberg;
mod n_mnist;
mod open;
mod options;
mod recordings;

pub use event_set::{EventSet, EventTimes, SpikeDataset};
pub(super) use open::SpikeFiles;
pub use options::{SpikeOptions, TimeRange};
pub(crate) use recordings::are_packed_recordings;
pub use recordings::{RecordingPart, RecordingParts, Recordings};
