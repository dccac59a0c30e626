//! The equations of Guerguiev, Lillicrap & Richards, "Towards deep learning with segregated
//! dendrites" (eLife 2017;6:e22901). Nothing here depends on the device.
//!
//! Units: time in ms (one step is 1 ms), rates in spikes per ms, voltages in the paper's
//! arbitrary units.

pub mod bursts;
pub mod events;
pub mod exact_math;
pub mod lr_schedule;
pub mod network_model;
pub mod neuron;
pub mod phases;
pub mod plateau_timing;
pub mod spikes;
pub mod synaptic_filter;
pub mod weight_init;
