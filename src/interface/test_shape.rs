//! Minimal shape for tests.

use super::Shape;
use crate::model::network_model::NetworkModel;

impl Shape {
    /// Returns the shape of one network of spiking neurons without options: one image of at most 32 steps, blocks of 16
    /// steps, and the ten taps of the authors' code.
    pub fn minimal(populations: Vec<usize>) -> Self {
        Shape {
            populations,
            model: NetworkModel::default(),
            replicas: 1,
            samples_per_replica: 1,
            steps: 32,
            block: 16,
            burst_steps: 0,
            taps: 10,
            images: 1,
            events: None,
            result_slots: 1,
            keeps_gradient: false,
            per_sample_access: true,
        }
    }
}
