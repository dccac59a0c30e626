//! Networks of neurons with segregated dendrites.

pub mod compare;
pub mod config;
pub mod cpu;
pub mod dataset;
pub mod evaluate;
pub mod gpu;
pub mod layout;
pub mod model;
pub mod network;
pub mod random;
pub mod record;
pub mod schedule;
pub mod train;
