//! Arrays full of random numbers as a run could hold them.

use apical::config::Config;
use apical::interface::{Array, Word, compartment, trace};
use apical::model::spikes::input_thresholds;
use apical::random::PhiloxRng;
use rand::Rng;

use super::Situation;

impl Situation {
    /// Words as a run could hold them: weights, voltages, traces, errors of a plausible size, a third
    /// of traces and spikes zero.
    pub fn random_words(&self, array: Array, random: &mut PhiloxRng) -> Vec<u32> {
        if array == Array::Thresholds {
            let of_replica = |config: &Config| {
                input_thresholds(config.phi_max, self.dataset.max_pixel, config.spike_distribution)
            };
            return self.configs.iter().flat_map(of_replica).flatten().collect();
        }
        let length = self.shape.length(array);
        let [rows, columns] = self.shape.rows_and_columns(array);
        let float = |index: usize, random: &mut PhiloxRng| {
            let value = random.uniform_signed();
            let value = match array {
                Array::Weights(_) | Array::Feedback(_) => value,
                Array::Drive(_) | Array::ApicalDrive(_) => 20.0 * value,
                Array::Compartments(_) => {
                    let row = index % (rows * columns) / columns;
                    let is_rate = row == compartment::MEAN_RATE;
                    if is_rate { 0.1 + 0.1 * value } else { 12.0 * value }
                }
                Array::Traces(_) => {
                    let row = index % (rows * columns) / columns;
                    let is_carried = row >= trace::SLOW;
                    if value < -0.3 {
                        0.0
                    } else {
                        (value + 0.3) * if is_carried { 4.0 } else { 0.2 }
                    }
                }
                Array::Moments(_) => {
                    let is_second = index / columns % 2 == 1;
                    if is_second { value * value } else { value }
                }
                Array::Plateaus(_) => 0.5 + 0.5 * value,
                _ => value,
            };
            (value as f32).to_bits()
        };
        let mut words = Vec::with_capacity(length);
        for index in 0..length {
            words.push(match array.word() {
                Word::Float => float(index, random),
                Word::Integer => match random.next_u32() {
                    // Up to three spikes in some of the eight steps.
                    word if array != Array::Results => word & random.next_u32() & 0x3131_0313,
                    _ => 0,
                },
            });
        }
        words
    }
}
