//! Mathematics on recorded numbers, in double precision, without backends or files.

pub mod eigen;
pub mod statistics;
pub mod tsne;
