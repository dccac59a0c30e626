//! The three forms of spikes of a population, and the tables from which they are drawn.
//!
//! - **Counts**: 4 bits per neuron and step, the array [`Spikes`](crate::interface::ArrayId::Spikes) of both backends.
//! - **Mask** ([`mask`]): three bits per neuron and step, for at least one, two and three spikes.
//! - **List** ([`list`]): the indices of the neurons that spike at each step, for sums over weight columns.
//!
//! | kernel | makes | reads |
//! |---|---|---|
//! | `encode_spikes` | counts, mask | |
//! | `recorded_spikes` | counts, list | |
//! | `hidden_step`, `output_step` | counts, mask | |
//! | `synaptic_input_spikes` | | list, built from the mask; from the counts if there is no mask |
//! | `apical_history`, `apical_step_spikes` | | list, likewise, of the feedback population |
//! | `window_mean_spikes` | the counts before the next image | counts |
//! | `pack_spike_mask` | the mask as an array, when it is read | counts |
//!
//! After an image, the executor keeps the lists of its last steps for the next one.

pub mod list;
mod list_from_mask;
pub mod mask;
pub mod steps;
pub mod tables;

use crate::interface::STEPS_PER_WORD;

/// Number of steps whose spike counts share a word.
pub const WORD_STEPS: usize = STEPS_PER_WORD as usize;
