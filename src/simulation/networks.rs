//! Weights of the simulated networks: checks, writes and reads them.

use super::Simulation;
use crate::interface::{ArrayId, BackendError, BatchParams, ValuesRef};
use crate::model::exact_math::flush_weight;
use crate::network::Network;
use crate::plan::feedback_launches;

impl Simulation {
    /// Checks that there is one network per replica, with arrays of the backend's lengths.
    fn check_networks(&self, networks: &[Network]) -> Result<(), BackendError> {
        let refuse = |reason: String| Err(BackendError::InvalidNetworks(reason));
        let shape = self.backend.shape();
        if networks.len() != shape.replicas {
            return refuse(format!("{} networks for {}", networks.len(), shape.replicas));
        }
        for (index, network) in networks.iter().enumerate() {
            if network.layers.len() != shape.layers() {
                let layers = network.layers.len();
                return refuse(format!(
                    "network {index} has {layers} layers, of {}",
                    shape.layers()
                ));
            }
            for (number, layer) in network.layers.iter().enumerate() {
                let feedback = layer.feedback.len() + layer.apical_biases.len();
                for (what, got, array) in [
                    ("weights and biases", layer.weights.len(), ArrayId::Weights(number)),
                    ("feedback weights and biases", feedback, ArrayId::Feedback(number)),
                    (
                        "event feedback weights",
                        layer.event_feedback.len(),
                        ArrayId::EventFeedback(number),
                    ),
                ] {
                    let expected = shape.len_per_copy(array);
                    if got != expected {
                        return refuse(format!(
                            "layer {number} of network {index} has {got} {what}, not {expected}"
                        ));
                    }
                }
            }
        }
        Ok(())
    }

    /// Replaces the networks; expects one per replica. Weights too small for a device become zero, see
    /// [`flush_weight`].
    ///
    /// # Errors
    /// Returns an error if the networks are of another shape, or the device fails.
    pub fn write_networks(&mut self, networks: &[Network]) -> Result<(), BackendError> {
        self.check_networks(networks)?;
        for layer in 0..self.backend.shape().layers() {
            let layers = networks.iter().map(|network| &network.layers[layer]);
            let weights: Vec<f32> = layers
                .clone()
                .flat_map(|layer| layer.weights.iter().copied().map(flush_weight))
                .collect();
            self.backend.write(ArrayId::Weights(layer), ValuesRef::F32(&weights))?;
            let feedback: Vec<f32> = layers
                .clone()
                .flat_map(|layer| layer.feedback.iter().chain(&layer.apical_biases).copied())
                .map(flush_weight)
                .collect();
            self.backend.write(ArrayId::Feedback(layer), ValuesRef::F32(&feedback))?;
            let event_feedback: Vec<f32> = layers
                .flat_map(|layer| layer.event_feedback.iter().copied().map(flush_weight))
                .collect();
            let array = ArrayId::EventFeedback(layer);
            self.backend.write(array, ValuesRef::F32(&event_feedback))?;
        }
        Ok(())
    }

    /// Reads the current networks into `networks`, one per replica. Symmetric feedback weights have the values of the
    /// next minibatch.
    ///
    /// # Errors
    /// Returns an error if the device fails.
    pub fn read_networks(&mut self, networks: &mut [Network]) -> Result<(), BackendError> {
        self.check_networks(networks)?;
        self.update_symmetric_feedback()?;
        for layer in 0..self.backend.shape().layers() {
            let array = ArrayId::Weights(layer);
            let values = self.backend.read(array)?.into_f32(array)?;
            let length = self.backend.shape().len_per_copy(array);
            for (network, weights) in networks.iter_mut().zip(values.chunks(length)) {
                network.layers[layer].weights.copy_from_slice(weights);
            }
            let array = ArrayId::Feedback(layer);
            let length = self.backend.shape().len_per_copy(array);
            let shape = self.backend.shape();
            if shape.model.changes_feedback() && length > 0 {
                let values = self.backend.read(array)?.into_f32(array)?;
                for (network, values) in networks.iter_mut().zip(values.chunks(length)) {
                    let layer = &mut network.layers[layer];
                    let (weights, biases) = values.split_at(layer.feedback.len());
                    layer.feedback.copy_from_slice(weights);
                    layer.apical_biases.copy_from_slice(biases);
                }
            }
            let array = ArrayId::EventFeedback(layer);
            let length = self.backend.shape().len_per_copy(array);
            if length > 0 {
                let values = self.backend.read(array)?.into_f32(array)?;
                for (network, values) in networks.iter_mut().zip(values.chunks(length)) {
                    network.layers[layer].event_feedback.copy_from_slice(values);
                }
            }
        }
        Ok(())
    }

    /// Updates symmetric feedback weights from the feed-forward weights, for the next minibatch.
    fn update_symmetric_feedback(&mut self) -> Result<(), BackendError> {
        if !self.backend.shape().model.has_symmetric_feedback() {
            return Ok(());
        }
        let next = self.updates + 1;
        let minibatches: Vec<BatchParams> =
            self.builders.iter().map(|builder| builder.test_minibatch(0, next)).collect();
        let launches = feedback_launches(self.backend.shape());
        self.backend.run(&minibatches, &[], &launches)
    }
}
