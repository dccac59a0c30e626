//! Random contents of arrays, in the ranges that occur in a run.

use apical::config::Config;
use apical::interface::{ArrayId, ElementType, compartment, window_mean};
use apical::model::spikes::input_thresholds;
use apical::random::PhiloxRng;
use rand::Rng;

use super::Situation;

impl Situation {
    /// Returns random words of plausible magnitude for an array. A third of window means and spikes are zero.
    pub fn random_words(&self, array: ArrayId, random: &mut PhiloxRng) -> Vec<u32> {
        if array == ArrayId::InputCdf {
            let of_replica = |config: &Config| {
                input_thresholds(config.phi_max, self.dataset.max_pixel, config.spike_distribution)
            };
            return self.configs.iter().flat_map(of_replica).flatten().collect();
        }
        let length = self.shape.len(array);
        let [rows, columns] = self.shape.dims(array);
        let float = |index: usize, random: &mut PhiloxRng| {
            let value = random.uniform_signed();
            let value = match array {
                ArrayId::Weights(_) | ArrayId::Feedback(_) => value,
                ArrayId::SynapticInput(_) | ArrayId::ApicalInput(_) => 20.0 * value,
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
            (value as f32).to_bits()
        };
        let mut words = Vec::with_capacity(length);
        for index in 0..length {
            words.push(match array.element_type() {
                ElementType::Float => float(index, random),
                ElementType::Integer => match random.next_u32() {
                    // At most three spikes in some of a word's eight steps.
                    word if array != ArrayId::Results => word & random.next_u32() & 0x3131_0313,
                    _ => 0,
                },
            });
        }
        words
    }
}
