//! Random contents of arrays, in the ranges that occur in a run.

use apical::config::Config;
use apical::interface::{ArrayId, ElementType, Values, compartment, window_mean};
use apical::model::spikes::input_thresholds;
use apical::random::PhiloxRng;
use rand::Rng;

use super::Situation;

impl Situation {
    /// Returns random values of plausible magnitude for an array. A third of window means and spikes are zero.
    pub fn random_values(&self, array: ArrayId, random: &mut PhiloxRng) -> Values {
        if array == ArrayId::InputThresholds {
            let of_replica = |config: &Config| {
                input_thresholds(config.phi_max, self.dataset.max_pixel, config.spike_distribution)
            };
            return Values::U32(self.configs.iter().flat_map(of_replica).flatten().collect());
        }
        let length = self.shape.len(array);
        let [rows, columns] = self.shape.dims(array);
        let float = |index: usize, random: &mut PhiloxRng| {
            let value = random.uniform_signed();
            let value = match array {
                ArrayId::Weights(_) | ArrayId::Feedback(_) => value,
                ArrayId::SynapticInput(_) | ArrayId::ApicalInput(_) => 20.0 * value,
                ArrayId::Somata(_) => 12.0 * value,
                ArrayId::Compartments(_) => {
                    let row = index % (rows * columns) / columns;
                    let is_rate = row == compartment::MEAN_RATE;
                    if is_rate { 0.1 + 0.1 * value } else { 12.0 * value }
                }
                ArrayId::WindowMeans(_) => {
                    let row = index % (rows * columns) / columns;
                    let is_persistent = row >= window_mean::SLOW;
                    if value < -0.3 {
                        0.0
                    } else {
                        (value + 0.3) * if is_persistent { 4.0 } else { 0.2 }
                    }
                }
                ArrayId::Moments(_) => {
                    let is_second_moment = index / columns % 2 == 1;
                    if is_second_moment { value * value } else { value }
                }
                ArrayId::Plateaus(_) => 0.5 + 0.5 * value,
                _ => value,
            };
            value as f32
        };
        let integer = |random: &mut PhiloxRng| match random.next_u32() {
            // Up to 15 spikes in some of a word's eight steps.
            word if array != ArrayId::Classes => word & random.next_u32() & 0xF131_0F13,
            _ => 0,
        };
        match array.element_type() {
            ElementType::U32 => Values::U32((0..length).map(|_| integer(random)).collect()),
            ElementType::F32 => {
                Values::F32((0..length).map(|index| float(index, random)).collect())
            }
        }
    }
}
