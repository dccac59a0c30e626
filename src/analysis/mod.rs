//! Mathematics on recorded numbers, in double precision: no backend, no files.

pub mod eigen;
pub mod statistics;
pub mod tsne;
