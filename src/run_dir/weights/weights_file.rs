//! Parsed file of weights. All content is validated: errors name the file, what was expected and what was found.

use std::fmt::Display;
use std::str::FromStr;

use safetensors::tensor::{Dtype, Metadata, SafeTensors};

use super::error::not_safetensors;
use super::{
    INPUT_KEY, ImageSpec, LayerShape, RECORDED, STATE_PREFIX, SavedNetwork, WeightsError,
    layer_shapes,
};
use crate::config::Config;
use crate::dataset::class_names::numeric;
use crate::dataset::{DataIdentity, PixelRules};
use crate::model::exact_math::flush_weight;
use crate::network::{Layer, Network};
use crate::run_dir::checked_safetensors::{self, ChecksumState};

/// Safetensors file with a valid checksum, or with none if another program wrote it.
pub(in crate::run_dir) struct WeightsFile<'a> {
    /// Name for error messages.
    file: String,
    metadata: Metadata,
    pub(in crate::run_dir) tensors: SafeTensors<'a>,
    /// Whether the file has a checksum.
    pub(in crate::run_dir) is_checked: bool,
}

impl<'a> WeightsFile<'a> {
    /// Parses a safetensors file and compares its content with its checksum.
    pub(in crate::run_dir) fn new(bytes: &'a [u8], file: String) -> Result<Self, WeightsError> {
        let damaged = |source| not_safetensors(file.clone(), bytes, source);
        let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(damaged)?;
        let tensors = SafeTensors::deserialize(bytes).map_err(damaged)?;
        let is_checked = match checked_safetensors::check(&metadata, &tensors) {
            ChecksumState::Mismatch => return Err(WeightsError::Checksum { file }),
            ChecksumState::Missing => return Err(WeightsError::NoChecksum { file }),
            state => state == ChecksumState::Valid,
        };
        Ok(WeightsFile { file, metadata, tensors, is_checked })
    }

    /// Returns the network with its settings and images.
    pub(in crate::run_dir) fn saved_network(&self) -> Result<SavedNetwork, WeightsError> {
        let images = self.images()?;
        let config = self.config(&images)?;
        let shapes = layer_shapes(&config, images.height * images.width);
        self.check_tensor_names(&shapes)?;
        let layers = shapes.iter().enumerate().map(|(index, shape)| self.layer(index, shape));
        let network = Network { layers: layers.collect::<Result<_, _>>()? };
        Ok(SavedNetwork { network, config, images, is_checked: self.is_checked })
    }

    /// Returns an error with the name of the file.
    pub(in crate::run_dir) fn fault<T>(
        &self,
        expected: String,
        found: impl Display,
    ) -> Result<T, WeightsError> {
        Err(WeightsError::Content { file: self.file.clone(), expected, found: found.to_string() })
    }

    /// Returns a metadata entry, if the file has it.
    fn find(&self, key: &str) -> Option<&str> {
        self.metadata.metadata().as_ref()?.get(key).map(String::as_str)
    }

    /// Returns a metadata entry.
    pub(in crate::run_dir) fn text(&self, key: &str) -> Result<&str, WeightsError> {
        match self.find(key) {
            Some(text) => Ok(text),
            None => self.fault(format!("the metadata '{key}', as apical writes it"), "none"),
        }
    }

    /// Parses a metadata entry as an integer of type `T`, of at least `least`.
    fn number<T>(&self, key: &str, least: T) -> Result<T, WeightsError>
    where
        T: FromStr + PartialOrd + Display,
    {
        let text = self.text(key)?;
        match text.parse() {
            Ok(number) if number >= least => Ok(number),
            _ => self.fault(
                format!("the metadata '{key}' to be a number of at least {least}"),
                format!("'{text}'"),
            ),
        }
    }

    /// Reads size, classes and data set of the images.
    fn images(&self) -> Result<ImageSpec, WeightsError> {
        let mut images = ImageSpec {
            height: self.number("height", 1)?,
            width: self.number("width", 1)?,
            channels: self.channels()?,
            classes: self.number("classes", 2)?,
            class_names: Vec::new(),
            max_pixel: self.number("range", 1)?,
            data: self.data()?,
            rules: self.pixel_rules()?,
            recorded: self.is_recorded()?,
            arrays: self.find("arrays").map(str::to_string),
        };
        let pixels: usize = self.number("pixels", 1)?;
        if images.height.checked_mul(images.width) != Some(pixels) {
            let expected = "the metadata 'pixels' to be height x width".to_string();
            let found = format!("{pixels} with {} x {}", images.height, images.width);
            return self.fault(expected, found);
        }
        if images.classes > 256 {
            let expected = "the metadata 'classes' to be a number of at most 256".to_string();
            return self.fault(expected, images.classes);
        }
        if !images.width.is_multiple_of(images.channels) {
            let expected = "the metadata 'width' to be whole pixels".to_string();
            return self.fault(expected, format!("{} of {}", images.width, images.channels));
        }
        images.class_names = self.class_names(images.classes)?;
        Ok(images)
    }

    /// Reads the kind of input. Files without such an entry are of networks for images.
    fn is_recorded(&self) -> Result<bool, WeightsError> {
        match self.find(INPUT_KEY) {
            None => Ok(false),
            Some(RECORDED) => Ok(true),
            Some(text) => {
                let expected = format!("the metadata '{INPUT_KEY}' to be '{RECORDED}'");
                self.fault(expected, format!("'{text}'"))
            }
        }
    }

    /// Reads the number of channels. Files of earlier versions have no such entry, and their images are grey.
    fn channels(&self) -> Result<usize, WeightsError> {
        match self.find("channels") {
            None | Some("1") => Ok(1),
            Some("3") => Ok(3),
            Some(text) => {
                self.fault("the metadata 'channels' to be 1 or 3".to_string(), format!("'{text}'"))
            }
        }
    }

    /// Reads the rules of pixel conversion. Files of earlier versions have no such entry, and bytes were not converted.
    fn pixel_rules(&self) -> Result<PixelRules, WeightsError> {
        let Some(text) = self.find("pixel_rules") else { return Ok(PixelRules::default()) };
        match serde_json::from_str::<PixelRules>(text) {
            Ok(rules) if rules.white > 0 && rules.max_value != Some(0) => Ok(rules),
            _ => {
                let expected = "the metadata 'pixel_rules' to be rules as JSON".to_string();
                self.fault(expected, format!("'{text}'"))
            }
        }
    }

    /// Reads the class names. Files of earlier versions have no such entry, and their classes are numbers.
    fn class_names(&self, classes: usize) -> Result<Vec<String>, WeightsError> {
        let Some(text) = self.find("class_names") else { return Ok(numeric(classes)) };
        match serde_json::from_str::<Vec<String>>(text) {
            Ok(names) if names.len() == classes => Ok(names),
            _ => {
                let expected =
                    format!("the metadata 'class_names' to be a list of {classes} names as JSON");
                self.fault(expected, format!("'{text}'"))
            }
        }
    }

    /// Reads the identity of the data set, which files of earlier versions lack.
    fn data(&self) -> Result<Option<DataIdentity>, WeightsError> {
        let Some(text) = self.find("data") else { return Ok(None) };
        match serde_json::from_str(text) {
            Ok(data) => Ok(Some(data)),
            Err(error) => {
                let expected = "the metadata 'data' to describe a data set as JSON".to_string();
                self.fault(expected, format!("'{text}' ({error})"))
            }
        }
    }

    /// Reads and validates the settings.
    fn config(&self, images: &ImageSpec) -> Result<Config, WeightsError> {
        let file = || self.file.clone();
        let config: Config = toml::from_str(self.text("config")?)
            .map_err(|source| WeightsError::Config { file: file(), source: Box::new(source) })?;
        config
            .validate(images.height * images.width, images.classes)
            .map_err(|source| WeightsError::Setting { file: file(), source })?;
        Ok(config)
    }

    /// Checks that each tensor belongs to a layer or to a training state. An extra tensor means that the settings are
    /// of another network.
    fn check_tensor_names(&self, shapes: &[LayerShape]) -> Result<(), WeightsError> {
        let names: Vec<String> = (0..shapes.len())
            .flat_map(|index| {
                let shape = &shapes[index];
                let letters = [
                    ("W", true),
                    ("b", true),
                    ("Y", shape.sources > 0),
                    ("c", shape.has_apical_biases),
                    ("Q", shape.has_event_feedback),
                ];
                let present = letters.into_iter().filter(|(_, is_present)| *is_present);
                present.map(move |(letter, _)| format!("{letter}{index}"))
            })
            .collect();
        let mut present = self.tensors.names();
        present.retain(|name| !name.starts_with(STATE_PREFIX));
        present.sort_unstable();
        match present.iter().find(|name| names.iter().all(|known| known != *name)) {
            Some(name) => {
                self.fault(format!("the tensors {} only", names.join(", ")), format!("'{name}'"))
            }
            None => Ok(()),
        }
    }

    /// Reads the tensors of a layer.
    fn layer(&self, index: usize, shape: &LayerShape) -> Result<Layer, WeightsError> {
        let &LayerShape { units, below, sources, has_apical_biases, has_event_feedback } = shape;
        let weights = self.tensor(&format!("W{index}"), &[units, below])?;
        let biases = self.tensor(&format!("b{index}"), &[units])?;
        let feedback = match sources {
            0 => Vec::new(),
            _ => self.tensor(&format!("Y{index}"), &[units, sources])?,
        };
        let apical_biases = match has_apical_biases {
            true => self.tensor(&format!("c{index}"), &[units])?,
            false => Vec::new(),
        };
        let event_feedback = match has_event_feedback {
            true => self.tensor(&format!("Q{index}"), &[units, sources])?,
            false => Vec::new(),
        };
        let rows = Layer::from_rows(units, below, &weights, &biases, &feedback);
        match rows.and_then(|layer| layer.with_event_feedback(&event_feedback)) {
            Ok(layer) => Ok(Layer { apical_biases, ..layer }),
            Err(error) => self.fault("the arrays of a layer".to_string(), error),
        }
    }

    /// Reads a tensor of finite numbers. Flushes subnormal weights to zero.
    fn tensor(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>, WeightsError> {
        let Ok(tensor) = self.tensors.tensor(name) else {
            return self.fault(format!("a tensor '{name}' of shape {shape:?}"), "none");
        };
        if tensor.dtype() != Dtype::F32 {
            return self.fault(format!("the tensor '{name}' to be F32"), tensor.dtype());
        }
        if tensor.shape() != shape {
            let expected = format!("the tensor '{name}' to have shape {shape:?}");
            return self.fault(expected, format!("{:?}", tensor.shape()));
        }
        let (words, _) = tensor.data().as_chunks::<4>();
        let values: Vec<f32> =
            words.iter().map(|&word| flush_weight(f32::from_le_bytes(word))).collect();
        // A diverged training may have written NaN, with which neurons spike at random.
        match values.iter().position(|value| !value.is_finite()) {
            Some(at) => {
                let expected = format!("the tensor '{name}' to hold finite numbers");
                self.fault(expected, format!("{} at index {at}", values[at]))
            }
            None => Ok(values),
        }
    }
}

#[cfg(test)]
mod tests;
