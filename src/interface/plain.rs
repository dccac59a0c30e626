//! A shape from which others are told by what they have more.

use super::Shape;

impl Shape {
    /// Of one network of spiking neurons, without options: shown one image of at most 32 steps, in blocks of 16,
    /// with the ten taps of the authors' code.
    pub fn plain(populations: Vec<usize>) -> Self {
        Shape {
            populations,
            broadcast: true,
            is_symmetric: false,
            learns_feedback: false,
            has_apical_biases: false,
            backpropagates: false,
            sends_rates: false,
            feedback_rates: false,
            earliest_plateau: 0,
            replicas: 1,
            lanes: 1,
            steps: 32,
            block: 16,
            taps: 10,
            images: 1,
            slots: 1,
            steps_apical: false,
            steps_networks: false,
            has_moments: false,
            keeps_gradient: false,
            keeps_lanes: true,
        }
    }
}
