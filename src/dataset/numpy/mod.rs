//! Labelled images in NumPy's arrays.
//!
//! - `element_type`, `elements`, `order`: from stored elements to numbers and text, row by row;
//! - `names`, `places`: which array has the images and labels of which set;
//! - `shape`, `pixels`, `labels`: from arrays to bytes, the same way for all sets; `load` does so;
//! - `archives`, `files`: the formats.
//!
//! [`super::npy`] reads one array, [`super::npz`] an archive.

pub(super) mod archives;
pub(super) mod element_type;
mod elements;
pub(super) mod files;
mod labels;
mod load;
mod names;
pub(super) mod order;
mod pixels;
mod places;
mod shape;
