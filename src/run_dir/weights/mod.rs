//! Trained networks as safetensors files.
//!
//! Tensors, F32 in row-major order, for each layer, the lowest first:
//! * `W0`: weights, `[units, below]`
//! * `b0`: biases, `[units]`
//! * `Y0`: feedback weights of a hidden layer, `[units, sources]`
//! * `c0`: apical biases of a hidden layer, if any, `[units]`
//!
//! Metadata:
//! * `config`: settings as TOML
//! * `height`, `width`, `pixels`, `channels`, `classes`, `range`: see [`ImageSpec`]
//! * `class_names`: list as JSON
//! * `pixel_rules`: conversion of pixel values to bytes, as JSON
//! * `arrays`: see [`ImageSpec`], if the training images were arrays of a caller
//! * `data`: [`DataIdentity`] as JSON, with the path as the user gave it
//! * `seed`, `apical_version`: for readers; ignored by [`load()`]
//! * `sha256`: checksum of the rest; a file with `apical_version` and without a checksum is damaged
//!
//! Files of equal content are equal byte for byte.

use std::collections::BTreeMap;
use std::path::Path;

use safetensors::tensor::Dtype;
use sha2::{Digest, Sha256};

use super::StorageError;
use super::checked_safetensors::{NamedTensor, VERSION_KEY, serialize};
use super::write::write_atomic;
use crate::config::Config;
use crate::dataset::class_names::numeric;
use crate::dataset::{DataIdentity, Dataset, PixelRules, ReadOptions};
use crate::network::Network;
use crate::text::to_hex;

mod error;
mod fit;
mod load;
#[cfg(test)]
mod test_files;
mod weights_file;

pub use error::WeightsError;
pub(super) use load::read;
pub use load::{from_bytes, load};
pub(super) use weights_file::WeightsFile;

/// Start of the names of a checkpoint's tensors that are not weights.
pub(super) const STATE_PREFIX: &str = "state.";

/// Metadata key of the kind of input, and its value for recorded spikes; absent for images.
pub(super) const INPUT_KEY: &str = "input";
pub(super) const RECORDED: &str = "recorded spikes";

/// Images that a network takes and classes that it predicts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageSpec {
    /// Number of rows of pixels.
    pub height: usize,
    /// Number of bytes per row: pixels times channels.
    pub width: usize,
    /// Number of bytes per pixel: 1 for grey, 3 for colour.
    pub channels: usize,
    /// Number of classes.
    pub classes: usize,
    /// Name of each class.
    pub class_names: Vec<String>,
    /// Largest byte of the training images.
    pub max_pixel: u8,
    /// Data set of the training; `None` if unknown.
    pub data: Option<DataIdentity>,
    /// Rules by which pixel values of files became bytes.
    pub rules: PixelRules,
    /// Whether the network takes recorded spikes in place of images.
    pub recorded: bool,
    /// The caller's description of the arrays that the images and labels came from; `None` for files.
    pub arrays: Option<String>,
}

impl ImageSpec {
    /// Describes grey images, with numbers as class names.
    pub fn grey(height: usize, width: usize, classes: usize, max_pixel: u8) -> Self {
        let class_names = numeric(classes);
        let rules = PixelRules::default();
        let (channels, data, recorded, arrays) = (1, None, false, None);
        ImageSpec {
            height,
            width,
            channels,
            classes,
            class_names,
            max_pixel,
            data,
            rules,
            recorded,
            arrays,
        }
    }

    /// Describes the images of a data set. Reads all of them for their SHA-256.
    pub fn from_dataset(dataset: &Dataset) -> Self {
        let data = Some(DataIdentity::of(dataset));
        ImageSpec { data, ..ImageSpec::without_identity(dataset) }
    }

    /// Returns the default options with which other data are read for the network.
    pub fn read_options(&self) -> ReadOptions {
        let trained = self.data.as_ref().map(|data| data.read_options).unwrap_or_default();
        let ReadOptions { size, spikes, .. } = trained;
        ReadOptions { size, spikes, colour: self.channels > 1, ..self.rules.read_options() }
    }

    /// Describes the images of a data set without its identity.
    pub fn without_identity(dataset: &Dataset) -> Self {
        let &Dataset { height, width, channels, classes, max_pixel, rules, .. } = dataset;
        let class_names = dataset.class_names.clone();
        let recorded = dataset.recordings().is_some();
        let grey = ImageSpec::grey(height, width, classes, max_pixel);
        ImageSpec { channels, class_names, rules, recorded, ..grey }
    }
}

/// Trained network with its settings and images.
#[derive(Clone, Debug, PartialEq)]
pub struct SavedNetwork {
    /// Weights.
    pub network: Network,
    /// Settings of the training.
    pub config: Config,
    /// Images and classes of the network.
    pub images: ImageSpec,
    /// Whether the file has a checksum. Files of other programs have none.
    pub is_checked: bool,
}

/// Writes a network atomically. Replaces an existing file.
///
/// # Errors
/// Returns an error if the length of an array does not match its layer, or the file cannot be written.
pub fn save(
    path: &Path,
    network: &Network,
    config: &Config,
    images: &ImageSpec,
) -> Result<(), StorageError> {
    for (layer, arrays) in network.layers.iter().enumerate() {
        let fault = |source| StorageError::Layer { path: path.to_owned(), layer, source };
        arrays.check().map_err(fault)?;
    }
    write_atomic(path, &to_bytes(network, config, images)?)
}

/// Returns the bytes of a file of weights.
///
/// # Errors
/// Returns an error if the settings cannot be written as text.
///
/// # Panics
/// If [`Layer::check`](crate::network::Layer::check) fails for a layer.
pub fn to_bytes(
    network: &Network,
    config: &Config,
    images: &ImageSpec,
) -> Result<Vec<u8>, StorageError> {
    serialize(&tensors(network), metadata(config, images)?)
}

/// Returns the metadata of a file of weights.
pub(super) fn metadata(
    config: &Config,
    images: &ImageSpec,
) -> Result<BTreeMap<String, String>, StorageError> {
    let data = match &images.data {
        Some(data) => Some(("data", serde_json::to_string(data)?)),
        None => None,
    };
    Ok(BTreeMap::from_iter(
        [
            ("config", toml::to_string(config)?),
            ("seed", config.seed.to_string()),
            (VERSION_KEY, env!("CARGO_PKG_VERSION").to_string()),
            ("pixels", (images.height * images.width).to_string()),
            ("height", images.height.to_string()),
            ("width", images.width.to_string()),
            ("channels", images.channels.to_string()),
            ("classes", images.classes.to_string()),
            ("class_names", serde_json::Value::from(images.class_names.clone()).to_string()),
            ("range", images.max_pixel.to_string()),
            ("pixel_rules", serde_json::to_string(&images.rules).unwrap_or_default()),
        ]
        .into_iter()
        .chain(data)
        .chain(images.recorded.then(|| (INPUT_KEY, RECORDED.to_string())))
        .chain(images.arrays.clone().map(|arrays| ("arrays", arrays)))
        .map(|(key, value)| (key.to_string(), value)),
    ))
}

/// Returns the SHA-256 of all tensors in the order `W0`, `b0`, `Y0`, `c0`, `Q0`, `W1`, .., in hexadecimal. It is equal
/// for two networks if and only if their weights are equal bit for bit.
///
/// # Panics
/// If [`Layer::check`](crate::network::Layer::check) fails for a layer.
pub fn weights_sha256(network: &Network) -> String {
    let mut digest = Sha256::new();
    for tensor in tensors(network) {
        digest.update(tensor.bytes);
    }
    to_hex(&digest.finalize())
}

/// Returns the weights of a network as tensors.
pub(super) fn tensors(network: &Network) -> Vec<NamedTensor> {
    let bytes = |values: Vec<f32>| values.iter().flat_map(|value| value.to_le_bytes()).collect();
    let tensor = |(name, shape, values): (String, Vec<usize>, Vec<f32>)| NamedTensor {
        name,
        dtype: Dtype::F32,
        shape,
        bytes: bytes(values),
    };
    named_weights(network).into_iter().map(tensor).collect()
}

/// Returns name, shape and values of each tensor, in row-major order.
///
/// # Panics
/// If [`Layer::check`](crate::network::Layer::check) fails for a layer.
pub fn named_weights(network: &Network) -> Vec<(String, Vec<usize>, Vec<f32>)> {
    let mut list = Vec::new();
    for (index, layer) in network.layers.iter().enumerate() {
        let mut add = |name: &str, shape: &[usize], values: Vec<f32>| {
            list.push((format!("{name}{index}"), shape.to_vec(), values));
        };
        add("W", &[layer.units, layer.n_pre], layer.weight_rows());
        add("b", &[layer.units], layer.biases().to_vec());
        if layer.n_feedback > 0 {
            add("Y", &[layer.units, layer.n_feedback], layer.feedback_rows());
        }
        if !layer.apical_biases.is_empty() {
            add("c", &[layer.units], layer.apical_biases.clone());
        }
        if !layer.event_feedback.is_empty() {
            add("Q", &[layer.units, layer.n_feedback], layer.event_feedback_rows());
        }
    }
    list
}

/// Sizes of a layer's tensors.
struct LayerShape {
    units: usize,
    below: usize,
    /// Number of feedback inputs; 0 for the output layer.
    sources: usize,
    has_apical_biases: bool,
    has_event_feedback: bool,
}

/// Returns the sizes of all layers of a network for images of `pixels` bytes.
fn layer_shapes(config: &Config, pixels: usize) -> Vec<LayerShape> {
    let sizes = &config.layers;
    let output = sizes.len().saturating_sub(1);
    let model = config.network_model();
    let shape = |(index, &units): (usize, &usize)| LayerShape {
        units,
        below: if index == 0 { pixels } else { sizes[index - 1] },
        sources: match index == output {
            true => 0,
            false => sizes[model.feedback.population(index, sizes.len()) - 1],
        },
        has_apical_biases: index != output && model.has_apical_biases,
        has_event_feedback: index != output && model.learns_event_feedback(),
    };
    sizes.iter().enumerate().map(shape).collect()
}
