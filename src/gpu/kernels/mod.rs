//! Kernels on a GPU: compiled pipelines, dispatches of launches, workgroups, the self-test.

pub mod dispatches;
pub mod pipelines;
pub mod self_test;
pub mod workgroups;
