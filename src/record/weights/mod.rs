//! Trained networks as safetensors files: `W0` `[units, below]`, `b0` `[units]` and, for a hidden
//! layer, `Y0` `[units, sources]` and, where it has apical biases, `c0` `[units]`, then `W1` and so on,
//! all F32 and row by row. The metadata hold the settings as TOML (`config`), the shape of the images and the
//! names of the classes (`class_names`, a list as JSON), how values of files became bytes (`pixel_rules`, JSON), and
//! what the data set was (`data`, a [`DataIdentity`] as JSON, with its path as it was given); `seed` and
//! `apical_version` are there for readers and not read back.
//! `sha256` is a checksum of all else; a file with `apical_version` and without it is damaged. Files of equal content
//! are equal byte for byte.

use std::collections::BTreeMap;
use std::path::Path;

use safetensors::tensor::Dtype;
use sha2::{Digest, Sha256};

use super::RecordError;
use super::container::{Tensor, VERSION, hexadecimal, serialized};
use super::file::write_whole;
use crate::config::{Config, Feedback};
use crate::dataset::class_names::numeric;
use crate::dataset::{DataIdentity, Dataset, PixelRules, ReadOptions};
use crate::network::Network;

mod error;
mod load;

pub use error::WeightsError;
pub use load::load;
pub(super) use load::{Content, read};

/// Before the names of tensors that are not weights: a checkpoint is a file of weights, and more.
pub(super) const STATE: &str = "state.";

/// What a network takes and tells: pixels, and classes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageShape {
    /// Rows of pixels.
    pub height: usize,
    /// Bytes of a row.
    pub width: usize,
    /// Bytes of a pixel: 1, or in colour 3.
    pub channels: usize,
    /// Classes that it tells apart.
    pub classes: usize,
    /// A name for each class.
    pub class_names: Vec<String>,
    /// Largest byte of the images it was trained on.
    pub range: u8,
    /// The data set that it was trained on; `None` if the file does not say.
    pub data: Option<DataIdentity>,
    /// How values of files became bytes.
    pub rules: PixelRules,
}

impl ImageShape {
    /// Of grey images, in classes that have no names.
    pub fn grey(height: usize, width: usize, classes: usize, range: u8) -> Self {
        let class_names = numeric(classes);
        let rules = PixelRules::default();
        ImageShape { height, width, channels: 1, classes, class_names, range, data: None, rules }
    }

    /// That of a data set. Reads all images for their fingerprint.
    pub fn of(dataset: &Dataset) -> Self {
        let data = Some(DataIdentity::of(dataset));
        ImageShape { data, ..ImageShape::without_data(dataset) }
    }

    /// How other data are read for the network, if the user does not say otherwise.
    pub fn reading(&self) -> ReadOptions {
        let size = self.data.as_ref().and_then(|data| data.read_options.size);
        ReadOptions { size, colour: self.channels > 1, ..self.rules.read_options() }
    }

    /// That of a data set which it does not name.
    pub fn without_data(dataset: &Dataset) -> Self {
        let &Dataset { height, width, channels, classes, max_pixel: range, rules, .. } = dataset;
        let class_names = dataset.class_names.clone();
        ImageShape { height, width, channels, classes, class_names, range, data: None, rules }
    }
}

/// A trained network with what is needed to use it.
#[derive(Clone, Debug, PartialEq)]
pub struct Saved {
    /// Its weights.
    pub network: Network,
    /// The settings that it was trained with.
    pub config: Config,
    /// What it takes and tells.
    pub images: ImageShape,
    /// Whether the file holds a checksum, which is right then. Files of other programs hold none.
    pub is_checked: bool,
}

/// Writes a network; a file of that name is replaced once the new one is whole.
///
/// # Errors
/// Returns an error if an array of the network has another length than its layer says, or the file cannot be written.
pub fn save(
    path: &Path,
    network: &Network,
    config: &Config,
    images: &ImageShape,
) -> Result<(), RecordError> {
    for (layer, arrays) in network.layers.iter().enumerate() {
        let fault = |source| RecordError::Layer { path: path.to_owned(), layer, source };
        arrays.check().map_err(fault)?;
    }
    write_whole(path, &serialized(&tensors(network), metadata(config, images)?)?)
}

/// What is written beside the tensors.
pub(super) fn metadata(
    config: &Config,
    images: &ImageShape,
) -> Result<BTreeMap<String, String>, RecordError> {
    let data = match &images.data {
        Some(data) => Some(("data", serde_json::to_string(data)?)),
        None => None,
    };
    Ok(BTreeMap::from_iter(
        [
            ("config", toml::to_string(config)?),
            ("seed", config.seed.to_string()),
            (VERSION, env!("CARGO_PKG_VERSION").to_string()),
            ("pixels", (images.height * images.width).to_string()),
            ("height", images.height.to_string()),
            ("width", images.width.to_string()),
            ("channels", images.channels.to_string()),
            ("classes", images.classes.to_string()),
            ("class_names", serde_json::Value::from(images.class_names.clone()).to_string()),
            ("range", images.range.to_string()),
            ("pixel_rules", serde_json::to_string(&images.rules).unwrap_or_default()),
        ]
        .into_iter()
        .chain(data)
        .map(|(key, value)| (key.to_string(), value)),
    ))
}

/// SHA-256 over the bytes of all tensors in the order `W0`, `b0`, `Y0`, `c0`, `W1`, ..., in hexadecimal:
/// equal for two networks if and only if their weights are, bit for bit.
///
/// # Panics
/// If [`Layer::check`](crate::network::Layer::check) fails for a layer.
pub fn weights_sha256(network: &Network) -> String {
    let mut digest = Sha256::new();
    for tensor in tensors(network) {
        digest.update(tensor.bytes);
    }
    hexadecimal(&digest.finalize())
}

/// The weights of a network.
pub(super) fn tensors(network: &Network) -> Vec<Tensor> {
    let bytes = |values: Vec<f32>| values.iter().flat_map(|value| value.to_le_bytes()).collect();
    let tensor = |(name, shape, values): (String, Vec<usize>, Vec<f32>)| Tensor {
        name,
        kind: Dtype::F32,
        shape,
        bytes: bytes(values),
    };
    named_weights(network).into_iter().map(tensor).collect()
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
