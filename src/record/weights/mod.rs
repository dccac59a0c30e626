//! Trained networks as safetensors files: `W0` `[units, below]`, `b0` `[units]` and, for a hidden
//! layer, `Y0` `[units, sources]` and, where it has apical biases, `c0` `[units]`, then `W1` and so on,
//! all F32 and row by row. The metadata hold the settings as TOML (`config`) and the shape of the images;
//! `seed` and `apical_version` are there for readers and not read back.

use std::collections::HashMap;
use std::path::Path;

use safetensors::tensor::{Dtype, TensorView};
use sha2::{Digest, Sha256};

use super::RecordError;
use super::file::write_whole;
use crate::config::{Config, Feedback};
use crate::dataset::Dataset;
use crate::network::Network;

mod load;

pub use load::{WeightsError, load};

/// What a network takes and tells: pixels, and classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageShape {
    pub height: usize,
    pub width: usize,
    pub classes: usize,
    /// Largest byte of the images it was trained on.
    pub range: u8,
}

impl ImageShape {
    pub fn of(dataset: &Dataset) -> Self {
        let &Dataset { height, width, classes, range, .. } = dataset;
        ImageShape { height, width, classes, range }
    }
}

/// A trained network with what is needed to use it.
#[derive(Clone, Debug, PartialEq)]
pub struct Saved {
    pub network: Network,
    pub config: Config,
    pub images: ImageShape,
}

/// Writes a network; a file of that name is replaced once the new one is whole.
///
/// # Errors
/// When the file cannot be written.
pub fn save(
    path: &Path,
    network: &Network,
    config: &Config,
    images: &ImageShape,
) -> Result<(), RecordError> {
    let metadata = HashMap::from(
        [
            ("config", toml::to_string(config)?),
            ("seed", config.seed.to_string()),
            ("apical_version", env!("CARGO_PKG_VERSION").to_string()),
            ("pixels", (images.height * images.width).to_string()),
            ("height", images.height.to_string()),
            ("width", images.width.to_string()),
            ("classes", images.classes.to_string()),
            ("range", images.range.to_string()),
        ]
        .map(|(key, value)| (key.to_string(), value)),
    );
    let tensors = tensors(network);
    let views = tensors
        .iter()
        .map(|(name, shape, bytes)| Ok((name, TensorView::new(Dtype::F32, shape.clone(), bytes)?)))
        .collect::<Result<Vec<_>, safetensors::SafeTensorError>>()?;
    write_whole(path, &safetensors::serialize(views, Some(metadata))?)
}

/// SHA-256 over the bytes of all tensors in the order `W0`, `b0`, `Y0`, `c0`, `W1`, ..., in hexadecimal:
/// equal for two networks if and only if their weights are, bit for bit.
pub fn weights_sha256(network: &Network) -> String {
    let mut digest = Sha256::new();
    for (_, _, bytes) in tensors(network) {
        digest.update(bytes);
    }
    digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Name, shape and little-endian bytes of each tensor.
fn tensors(network: &Network) -> Vec<(String, Vec<usize>, Vec<u8>)> {
    let bytes = |values: Vec<f32>| values.iter().flat_map(|value| value.to_le_bytes()).collect();
    let named = named_weights(network).into_iter();
    named.map(|(name, shape, values)| (name, shape, bytes(values))).collect()
}

/// Name, shape and values of each tensor.
pub(crate) fn named_weights(network: &Network) -> Vec<(String, Vec<usize>, Vec<f32>)> {
    let mut list = Vec::new();
    for (index, layer) in network.layers.iter().enumerate() {
        let mut add = |name: &str, shape: &[usize], values: Vec<f32>| {
            list.push((format!("{name}{index}"), shape.to_vec(), values));
        };
        add("W", &[layer.units, layer.below], layer.weight_rows());
        add("b", &[layer.units], layer.biases().to_vec());
        if layer.sources > 0 {
            add("Y", &[layer.units, layer.sources], layer.feedback_rows());
        }
        if !layer.apical_biases.is_empty() {
            add("c", &[layer.units], layer.apical_biases.clone());
        }
    }
    list
}

/// Shapes of the layers' tensors in a network of `config` for images of `pixels`.
struct LayerShape {
    units: usize,
    below: usize,
    /// 0 for the output.
    sources: usize,
    has_apical_biases: bool,
}

fn layer_shapes(config: &Config, pixels: usize) -> Vec<LayerShape> {
    let sizes = &config.layers;
    let output = sizes.len().saturating_sub(1);
    let shape = |(index, &units): (usize, &usize)| LayerShape {
        units,
        below: if index == 0 { pixels } else { sizes[index - 1] },
        sources: match config.feedback {
            _ if index == output => 0,
            Feedback::Broadcast => sizes[output],
            Feedback::Layerwise => sizes[index + 1],
        },
        has_apical_biases: index != output && config.has_apical_biases(),
    };
    sizes.iter().enumerate().map(shape).collect()
}
