//! Reads a network back. Nothing in the file is trusted: what is missing, of another type or shape,
//! or not a number is refused, with the file's name and what was expected.

use std::collections::HashMap;
use std::fmt::Display;
use std::io::{self, Read};
use std::path::Path;
use std::str::FromStr;

use safetensors::SafeTensorError;
use safetensors::tensor::{Dtype, Metadata, SafeTensors};

use super::{ImageShape, LayerShape, STATE, Saved, WeightsError, layer_shapes};
use crate::config::Config;
use crate::dataset::class_names::{list_names, numeric};
use crate::dataset::{DataIdentity, Dataset, PixelRules};
use crate::files;
use crate::model::arithmetic::flush_weight;
use crate::network::{Layer, Network};
use crate::record::container::{self, Check};
use crate::record::run::WEIGHTS;

/// Reads a network that [`save`](super::save) wrote; of the folder of a run, its `weights.safetensors`.
///
/// # Errors
/// Returns an error if the file cannot be read, or anything in it is not as it should be.
pub fn load(path: &Path) -> Result<Saved, WeightsError> {
    if !path.is_dir() {
        return from_bytes(&read(path)?, path.display().to_string());
    }
    let weights = path.join(WEIGHTS);
    match weights.exists() {
        true => from_bytes(&read(&weights)?, weights.display().to_string()),
        false => Err(WeightsError::NoWeights { folder: path.display().to_string() }),
    }
}

/// Reads all bytes of a safetensors file, after a look at its header.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, WeightsError> {
    let file = || path.display().to_string();
    let unreadable = |source| WeightsError::Read { file: file(), source };
    let (start, length) = header(path).map_err(unreadable)?;
    if claimed_length(&start) != Some(length) {
        // What is no header, its reader says; of a whole one, the tensors are not.
        let source = match SafeTensors::read_metadata(&start) {
            Ok(_) => SafeTensorError::MetadataIncompleteBuffer,
            Err(source) => source,
        };
        return Err(not_safetensors(file(), &start, source));
    }
    files::read_bounded(path, length).map_err(unreadable)
}

/// The header of a safetensors file as far as it is there, its length before it, and the file's length.
fn header(path: &Path) -> io::Result<(Vec<u8>, u64)> {
    /// Longest header that is read; those of apical's own files have a few kB.
    const HEADER_MAX: u64 = 16 << 20;
    let mut file = files::open_regular(path)?;
    let length = file.metadata()?.len();
    let mut start = Vec::new();
    (&mut file).take(8).read_to_end(&mut start)?;
    let claimed = start.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
    // What is no header shows in its first bytes.
    let claimed = if claimed > HEADER_MAX { 64 } else { claimed };
    file.take(claimed).read_to_end(&mut start)?;
    Ok((start, length))
}

/// Bytes that a file with this header has. `None` if it is no header.
fn claimed_length(header: &[u8]) -> Option<u64> {
    #[derive(serde::Deserialize)]
    struct Entry {
        data_offsets: Option<[u64; 2]>,
    }
    let json = header.get(8..)?;
    let entries: HashMap<String, Entry> = serde_json::from_slice(json).ok()?;
    let ends = entries.values().filter_map(|entry| Some(entry.data_offsets?[1]));
    ends.max().unwrap_or(0).checked_add(header.len() as u64)
}

fn not_safetensors(file: String, start: &[u8], source: SafeTensorError) -> WeightsError {
    let found = match files::kind_of_bytes(start) {
        None | Some("a safetensors file") => "a damaged one or something else",
        Some(kind) => kind,
    };
    WeightsError::NotSafetensors { file, found, source }
}

fn from_bytes(bytes: &[u8], file: String) -> Result<Saved, WeightsError> {
    Content::new(bytes, file)?.saved()
}

impl Saved {
    /// Checks that the network can be shown the images of `dataset` as they are.
    ///
    /// # Errors
    /// Returns [`WeightsError::Unfit`] if size, range, classes or their order differ; [`Saved::fit`] sorts classes and
    /// range out.
    pub fn check_fits(&self, dataset: &Dataset) -> Result<(), WeightsError> {
        self.check_size(dataset)?;
        if dataset.max_pixel != self.images.range {
            return Err(WeightsError::Unfit {
                dataset: dataset.name.clone(),
                expected: format!("bytes of which {} is the brightest", self.images.range),
                found: dataset.max_pixel.to_string(),
            });
        }
        let names = &self.images.class_names;
        if *names != dataset.class_names {
            let [expected, found] = [names, &dataset.class_names].map(|names| list_names(names));
            let dataset = dataset.name.clone();
            return Err(WeightsError::Unfit {
                dataset,
                expected: format!("the classes {expected}"),
                found,
            });
        }
        Ok(())
    }

    /// The data set with the labels of this network and with pixels as it was shown them in training, and a sentence on
    /// each change, see [`Dataset::with_classes_of`] and [`Dataset::with_pixel_rules`]. `inverted`: dark and light change
    /// places.
    ///
    /// # Errors
    /// Returns [`WeightsError::Unfit`] if the images have another size, [`WeightsError::Classes`] if they are of classes
    /// that the network does not have, [`WeightsError::Pixels`] if their values are on another scale.
    pub fn fit(
        &self,
        dataset: Dataset,
        inverted: bool,
    ) -> Result<(Dataset, Vec<String>), WeightsError> {
        self.check_size(&dataset)?;
        let ImageShape { class_names, range, rules, .. } = &self.images;
        let (dataset, note) =
            dataset.with_classes_of(class_names).map_err(WeightsError::Classes)?;
        let shown = dataset.with_pixel_rules(*range, rules, inverted);
        let (dataset, notes) = shown.map_err(WeightsError::Pixels)?;
        Ok((dataset, note.into_iter().chain(notes).collect()))
    }

    fn check_size(&self, dataset: &Dataset) -> Result<(), WeightsError> {
        let ImageShape { height, width, channels, .. } = self.images;
        let size = |height: usize, width: usize, channels: usize| {
            let colour = if channels > 1 { " in colour" } else { "" };
            format!("{height} x {}{colour}", width / channels)
        };
        if (height, width, channels) != (dataset.height, dataset.width, dataset.channels) {
            return Err(WeightsError::Unfit {
                dataset: dataset.name.clone(),
                expected: format!("images of {} pixels", size(height, width, channels)),
                found: size(dataset.height, dataset.width, dataset.channels),
            });
        }
        Ok(())
    }
}

/// A file that is safetensors, whatever it holds.
pub(in crate::record) struct Content<'a> {
    file: String,
    metadata: Metadata,
    pub(in crate::record) tensors: SafeTensors<'a>,
    /// Whether the file holds a checksum, which is right then.
    pub(in crate::record) is_checked: bool,
}

impl<'a> Content<'a> {
    pub(in crate::record) fn new(bytes: &'a [u8], file: String) -> Result<Self, WeightsError> {
        let damaged = |source| not_safetensors(file.clone(), bytes, source);
        let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(damaged)?;
        let tensors = SafeTensors::deserialize(bytes).map_err(damaged)?;
        let is_checked = match container::check(&metadata, &tensors) {
            Check::Wrong => return Err(WeightsError::Checksum { file }),
            Check::Lost => return Err(WeightsError::NoChecksum { file }),
            state => state == Check::Right,
        };
        Ok(Content { file, metadata, tensors, is_checked })
    }

    /// The network, and what is needed to use it.
    pub(in crate::record) fn saved(&self) -> Result<Saved, WeightsError> {
        let images = self.images()?;
        let config = self.config(&images)?;
        let shapes = layer_shapes(&config, images.height * images.width);
        self.expect_no_more_than(&shapes)?;
        let layers = shapes.iter().enumerate().map(|(index, shape)| self.layer(index, shape));
        let network = Network { layers: layers.collect::<Result<_, _>>()? };
        Ok(Saved { network, config, images, is_checked: self.is_checked })
    }

    pub(in crate::record) fn fault<T>(
        &self,
        expected: String,
        found: impl Display,
    ) -> Result<T, WeightsError> {
        Err(WeightsError::Content { file: self.file.clone(), expected, found: found.to_string() })
    }

    fn find(&self, key: &str) -> Option<&str> {
        self.metadata.metadata().as_ref()?.get(key).map(String::as_str)
    }

    pub(in crate::record) fn text(&self, key: &str) -> Result<&str, WeightsError> {
        match self.find(key) {
            Some(text) => Ok(text),
            None => self.fault(format!("the metadata '{key}', as apical writes it"), "none"),
        }
    }

    /// A whole number of at least `least`, as large as its type holds.
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

    fn images(&self) -> Result<ImageShape, WeightsError> {
        let mut images = ImageShape {
            height: self.number("height", 1)?,
            width: self.number("width", 1)?,
            channels: self.channels()?,
            classes: self.number("classes", 2)?,
            class_names: Vec::new(),
            range: self.number("range", 1)?,
            data: self.data()?,
            rules: self.pixel_rules()?,
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

    /// Images are grey where nothing else is said: there was no colour at first.
    fn channels(&self) -> Result<usize, WeightsError> {
        match self.find("channels") {
            None | Some("1") => Ok(1),
            Some("3") => Ok(3),
            Some(text) => {
                self.fault("the metadata 'channels' to be 1 or 3".to_string(), format!("'{text}'"))
            }
        }
    }

    /// Files of older versions have no such rules: bytes stayed as they were.
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

    /// Classes are their numbers where nothing else is said: they had no names at first.
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

    /// Files of earlier versions do not name their data.
    fn data(&self) -> Result<Option<DataIdentity>, WeightsError> {
        let Some(text) = self.find("data") else { return Ok(None) };
        match serde_json::from_str(text) {
            Ok(data) => Ok(Some(data)),
            Err(error) => {
                let expected = "the metadata 'data' to tell of a data set as JSON".to_string();
                self.fault(expected, format!("'{text}' ({error})"))
            }
        }
    }

    fn config(&self, images: &ImageShape) -> Result<Config, WeightsError> {
        let file = || self.file.clone();
        let config: Config = toml::from_str(self.text("config")?)
            .map_err(|source| WeightsError::Config { file: file(), source: Box::new(source) })?;
        config
            .validate(images.height * images.width, images.classes)
            .map_err(|source| WeightsError::Setting { file: file(), source })?;
        Ok(config)
    }

    /// A tensor that belongs to no layer means that the settings are of another network.
    fn expect_no_more_than(&self, shapes: &[LayerShape]) -> Result<(), WeightsError> {
        let names: Vec<String> = (0..shapes.len())
            .flat_map(|index| {
                let letters = match &shapes[index] {
                    LayerShape { has_apical_biases: true, .. } => "WbYc",
                    LayerShape { sources: 0, .. } => "Wb",
                    _ => "WbY",
                };
                letters.chars().map(move |letter| format!("{letter}{index}"))
            })
            .collect();
        let mut present = self.tensors.names();
        present.retain(|name| !name.starts_with(STATE));
        present.sort_unstable();
        match present.iter().find(|name| names.iter().all(|known| known != *name)) {
            Some(name) => {
                self.fault(format!("the tensors {} only", names.join(", ")), format!("'{name}'"))
            }
            None => Ok(()),
        }
    }

    fn layer(&self, index: usize, shape: &LayerShape) -> Result<Layer, WeightsError> {
        let &LayerShape { units, below, sources, has_apical_biases } = shape;
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
        match Layer::from_rows(units, below, &weights, &biases, &feedback) {
            Ok(rows) => Ok(Layer { apical_biases, ..rows }),
            Err(error) => self.fault("the arrays of a layer".to_string(), error),
        }
    }

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
        // A training that diverged writes such a file; its network fires at random.
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
