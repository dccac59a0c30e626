//! Kernels on a GPU: compiled pipelines, the dispatches of a list of launches with their workgroups, and the self-test.

pub mod dispatches;
pub mod pipelines;
pub mod self_test;
pub mod workgroups;
