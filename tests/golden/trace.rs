//! A trace file: its arrays and settings.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::sync::Arc;

use apical::config::{Config, Feedback, Optimizer, Preset};
use apical::dataset::Dataset;
use apical::network::{Layer, Network};
use safetensors::{Dtype, SafeTensors};

/// Metadata keys that are not settings.
const NO_SETTINGS: [&str; 4] = ["option", "original_settings", "original_commit", "gap"];

/// Metadata keys of the traces with the settings' keys, if they differ.
const RENAMED_SETTINGS: [(&str, &str); 5] = [
    ("apical_bias_eta", "apical_bias_lr_scale"),
    ("feedback_eta", "feedback_lr"),
    ("feedback_transmission", "feedback_signal"),
    ("plateau_times", "plateau_timing"),
    ("transmission", "signal"),
];

pub struct Trace<'a> {
    pub name: String,
    tensors: SafeTensors<'a>,
    metadata: HashMap<String, String>,
    /// Names of the arrays read so far.
    used: RefCell<BTreeSet<String>>,
}

impl<'a> Trace<'a> {
    pub fn new(file: &Path, bytes: &'a [u8]) -> Self {
        let (_, metadata) = SafeTensors::read_metadata(bytes).expect("a trace is safetensors");
        Trace {
            name: file.file_name().expect("the path names a file").to_string_lossy().into_owned(),
            tensors: SafeTensors::deserialize(bytes).expect("a trace is safetensors"),
            metadata: metadata.metadata().clone().unwrap_or_default(),
            used: RefCell::default(),
        }
    }

    /// Whether the file has an array.
    pub fn has(&self, name: &str) -> bool {
        self.tensors.tensor(name).is_ok()
    }

    fn data(&self, name: &str, dtype: Dtype) -> &'a [u8] {
        let tensor = self.tensors.tensor(name);
        let tensor = tensor.unwrap_or_else(|_| panic!("{}: {name} is missing", self.name));
        assert_eq!(tensor.dtype(), dtype, "{}: {name}", self.name);
        self.used.borrow_mut().insert(name.to_string());
        tensor.data()
    }

    pub fn floats(&self, name: &str) -> Vec<f64> {
        let chunks = self.data(name, Dtype::F64).chunks_exact(8);
        chunks.map(|bytes| f64::from_le_bytes(bytes.try_into().expect("8 bytes"))).collect()
    }

    pub fn single(&self, name: &str) -> Vec<f32> {
        self.floats(name).iter().map(|&value| value as f32).collect()
    }

    pub fn integers(&self, name: &str) -> Vec<i32> {
        let chunks = self.data(name, Dtype::I32).chunks_exact(4);
        chunks.map(|bytes| i32::from_le_bytes(bytes.try_into().expect("4 bytes"))).collect()
    }

    pub fn bytes(&self, name: &str) -> &'a [u8] {
        self.data(name, Dtype::U8)
    }

    /// Returns the number of images.
    pub fn images(&self) -> usize {
        self.bytes("labels").len()
    }

    /// Returns the number of pixels per image.
    pub fn pixels(&self) -> usize {
        self.bytes("pixels").len() / self.images()
    }

    /// Panics if an array of the file was not read.
    pub fn assert_all_used(&self) {
        let used = self.used.borrow();
        let unread: Vec<&str> =
            self.tensors.names().into_iter().filter(|name| !used.contains(*name)).collect();
        assert!(unread.is_empty(), "{}: arrays not read: {unread:?}", self.name);
    }

    /// Returns the settings of the trace, from its arrays and its metadata.
    pub fn config(&self) -> Config {
        let feedback = match self.integers("broadcast")[0] {
            1 => Feedback::Broadcast,
            _ => Feedback::Layerwise,
        };
        let base = Config {
            layers: self.integers("n").iter().map(|&n| n as usize).collect(),
            batch_size: 1,
            eta: self.floats("etas"),
            optimizer: Optimizer::Sgd,
            feedback,
            g_apical: self.floats("g_A")[0],
            ..Preset::Paper1.config()
        };
        let mut table = toml::Table::try_from(&base).expect("settings are a table");
        for (key, value) in &self.metadata {
            if !NO_SETTINGS.contains(&key.as_str()) {
                let renamed = RENAMED_SETTINGS.iter().find(|(old, _)| old == key);
                let key = renamed.map_or(key.as_str(), |(_, new)| new);
                let known = table.get(key);
                let known = known.unwrap_or_else(|| panic!("{}: unknown setting {key}", self.name));
                table.insert(key.to_string(), setting(value, known));
            }
        }
        let mut config: Config =
            table.try_into().unwrap_or_else(|error| panic!("{}: {error}", self.name));
        if self.has("b_etas") {
            let rates = self.floats("b_etas");
            if !self.metadata.contains_key("feedback_eta") {
                config.feedback_lr = rates[0];
            }
            let all_same = rates.iter().all(|&rate| rate == config.feedback_lr);
            assert!(all_same, "{}: b_etas {rates:?} differ", self.name);
        }
        if self.has("c0_init") && !config.network_model().has_apical_biases {
            // Any nonzero value enables biases; the trace has their values.
            config.apical_bias_sd = 1.0;
        }
        if !self.has("c0_init") && !self.metadata.contains_key("apical_bias_eta") {
            // Feedback weights learn, but there are no biases.
            config.apical_bias_lr_scale = 0.0;
        }
        let valid = config.validate(self.pixels(), 10);
        valid.unwrap_or_else(|error| panic!("{}: {error}", self.name));
        config
    }

    /// Returns the images, with one more image per class, as training and test set.
    pub fn dataset(&self) -> Arc<Dataset> {
        let (pixels, labels) = (self.bytes("pixels").to_vec(), self.bytes("labels").to_vec());
        let size = self.pixels();
        let side = size.isqrt();
        let [height, width] = if side * side == size { [side, side] } else { [1, size] };
        // The data set then has ten classes, even if the images have fewer.
        let pixels = [pixels, vec![255; 10 * size]].concat();
        let labels = [labels, (0..10).collect()].concat();
        let test = (pixels.clone(), labels.clone());
        let dataset = Dataset::from_parts(&self.name, height, width, (pixels, labels), test);
        Arc::new(dataset.expect("the trace's images are a data set"))
    }

    /// Returns the network before the first image.
    pub fn network(&self, config: &Config) -> Network {
        let count = config.layers.len();
        let layer = |m: usize| {
            let units = config.layers[m];
            let weights = self.single(&format!("W{m}_init"));
            let biases = self.single(&format!("b{m}_init"));
            let is_hidden = m + 1 < count;
            let feedback = if is_hidden { self.single(&format!("Y{m}")) } else { Vec::new() };
            let biased = is_hidden && config.network_model().has_apical_biases;
            let rows = Layer::from_rows(units, weights.len() / units, &weights, &biases, &feedback);
            let rows = rows.expect("the arrays fit");
            let apical_biases =
                if biased { self.single(&format!("c{m}_init")) } else { Vec::new() };
            Layer { apical_biases, ..rows }
        };
        Network { layers: (0..count).map(layer).collect() }
    }

    /// Returns the spike counts of each population, [steps, units], for a range of steps. Empty if the file has no counts.
    pub fn spikes(&self, steps: std::ops::Range<usize>, config: &Config) -> Vec<Vec<u8>> {
        let names = std::iter::once("S_in".to_string());
        let names = names.chain((0..config.layers.len()).map(|m| format!("S_{m}")));
        let sizes = std::iter::once(self.pixels()).chain(config.layers.iter().copied());
        let counts = |(name, units): (String, usize)| match self.has(&name) {
            true => self.bytes(&name)[steps.start * units..steps.end * units].to_vec(),
            false => Vec::new(),
        };
        names.zip(sizes).map(counts).collect()
    }
}

/// Parses the value of a setting with the type of `known`.
fn setting(text: &str, known: &toml::Value) -> toml::Value {
    let read = |text: &str| toml::from_str::<toml::Table>(&format!("value = {text}"));
    let value = match known {
        toml::Value::String(_) => return toml::Value::String(text.to_string()),
        toml::Value::Array(_) if !text.starts_with('[') => read(&format!("[{text}]")),
        _ => read(text),
    };
    let value = value.unwrap_or_else(|error| panic!("{text}: {error}")).remove("value");
    match (value.expect("the key was written above"), known) {
        (toml::Value::Integer(whole), toml::Value::Float(_)) => toml::Value::Float(whole as f64),
        (value, _) => value,
    }
}
