//! A trained network with its settings, images and state.

use std::ffi::CString;
use std::path::PathBuf;
use std::sync::Arc;

use apical::config::Config;
use apical::dataset::Dataset;
use apical::dataset::unlabelled::ImageList;
use apical::figures::FigureError;
use apical::network::Network;
use apical::plots::{LearningCurve, plot_curve, plot_network};
use apical::predict::{Prediction, predict, predict_tests};
use apical::run_dir::{
    ImageSpec, SavedCheckpoint, SavedNetwork, checkpoint_file, weights, weights_sha256,
};
use apical::train::Checkpoint;
use numpy::{IntoPyArray, PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray2};
use pyo3::exceptions::PyUserWarning;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

use crate::data::{Data, bytes};
use crate::device::DeviceChoice;
use crate::error::{of_storage, of_train, of_weights, value_error};
use crate::work::{catch, run_silently};

/// Predicted classes `[images]`, scores `[images, classes]` in mV, and number of presentations in which each class was
/// found `[images, classes]`.
type PredictionArrays<'py> =
    (Bound<'py, PyArray1<u8>>, Bound<'py, PyArray2<f64>>, Bound<'py, PyArray2<u32>>);

/// Function that restores a model, and its arguments: bytes and a name for errors.
type Reduced<'py> = (Bound<'py, PyAny>, (Bound<'py, PyBytes>, &'static str));

/// Weights, and the state from which the training resumes if the file has it.
#[derive(Clone)]
pub(crate) enum ModelState {
    Checkpoint(Arc<Checkpoint>),
    Weights(Arc<Network>),
}

/// Trained network with its settings, images and state. Immutable.
#[pyclass(frozen, module = "apical._apical")]
pub(crate) struct Model {
    pub(crate) config: Config,
    pub(crate) images: ImageSpec,
    pub(crate) state: ModelState,
    /// Lines of the training's metrics.
    pub(crate) metrics: String,
    /// Number of training images per epoch; 0 if unknown.
    pub(crate) epoch_images: usize,
}

impl Model {
    pub(crate) fn network(&self) -> &Network {
        match &self.state {
            ModelState::Checkpoint(checkpoint) => &checkpoint.network,
            ModelState::Weights(network) => network,
        }
    }

    /// Returns the network as the library's other functions take it.
    pub(crate) fn saved(&self) -> SavedNetwork {
        let Model { config, images, .. } = self;
        let (config, images, network) = (config.clone(), images.clone(), self.network().clone());
        SavedNetwork { network, config, images, is_checked: true }
    }

    /// Parses the bytes of a checkpoint or of a file of weights.
    fn parse(bytes: &[u8], file: String) -> Result<Self, apical::run_dir::WeightsError> {
        if is_checkpoint(bytes) {
            let SavedCheckpoint { checkpoint, config, images, metrics } =
                checkpoint_file::from_bytes(bytes, file)?;
            let state = ModelState::Checkpoint(Arc::new(checkpoint));
            let epoch_images = epoch_images(&config, &images);
            return Ok(Model { config, images, state, metrics, epoch_images });
        }
        weights::from_bytes(bytes, file).map(Model::without_state)
    }

    fn without_state(saved: SavedNetwork) -> Self {
        let SavedNetwork { network, config, images, .. } = saved;
        let state = ModelState::Weights(Arc::new(network));
        let epoch_images = epoch_images(&config, &images);
        Model { config, images, state, metrics: String::new(), epoch_images }
    }
}

/// Returns whether a safetensors file has the metadata of a checkpoint.
fn is_checkpoint(bytes: &[u8]) -> bool {
    let length = bytes.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes)) as usize;
    let header = bytes.get(8..).and_then(|rest| rest.get(..length)).unwrap_or_default();
    let header: serde_json::Value = serde_json::from_slice(header).unwrap_or_default();
    header["__metadata__"]["checkpoint"].is_string()
}

/// Returns the number of training images per epoch of a file; 0 if unknown.
fn epoch_images(config: &Config, images: &ImageSpec) -> usize {
    let all = images.data.as_ref().map_or(0, |data| data.training_images);
    match config.train_images {
        0 => all.saturating_sub(config.validation_images),
        images => images,
    }
}

#[pymethods]
impl Model {
    /// Reads a file of weights, a checkpoint, or the folder of a run.
    #[staticmethod]
    fn load(py: Python, path: PathBuf) -> PyResult<Self> {
        let is_file = path.is_file();
        let read = || {
            if !is_file {
                return weights::load(&path).map(Model::without_state);
            }
            let file = path.display().to_string();
            let bytes = std::fs::read(&path).map_err(|source| {
                apical::run_dir::WeightsError::Read { file: file.clone(), source }
            })?;
            Model::parse(&bytes, file)
        };
        catch(|| py.detach(read))?.map_err(of_weights)
    }

    /// Reads the bytes of a file. `name`: name for error messages.
    #[staticmethod]
    fn from_bytes(bytes: &[u8], name: String) -> PyResult<Self> {
        catch(|| Model::parse(bytes, name))?.map_err(of_weights)
    }

    /// Returns the bytes of a file: a checkpoint, or weights if there is no state.
    fn to_bytes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let Model { config, images, state, metrics, .. } = self;
        let write = || match state {
            ModelState::Checkpoint(checkpoint) => {
                checkpoint_file::to_bytes(checkpoint, config, images, metrics)
            }
            ModelState::Weights(network) => weights::to_bytes(network, config, images),
        };
        let bytes = catch(|| py.detach(write))?.map_err(of_storage)?;
        Ok(PyBytes::new(py, &bytes))
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<Reduced<'py>> {
        let parse = py.get_type::<Model>().getattr("from_bytes")?;
        Ok((parse, (self.to_bytes(py)?, "the pickle")))
    }

    /// All settings as JSON.
    #[getter]
    fn settings(&self) -> PyResult<String> {
        serde_json::to_string(&self.config).map_err(value_error)
    }

    /// Weights by name: `W0` `[units, below]`, `b0`, `Y0`, `c0`, `W1` and so on.
    fn weights<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let arrays = PyDict::new(py);
        for (name, shape, values) in weights::named_weights(self.network()) {
            arrays.set_item(name, values.into_pyarray(py).reshape(shape)?)?;
        }
        Ok(arrays)
    }

    /// SHA-256 of the weights, as `apical train` prints it.
    #[getter]
    fn sha256(&self) -> String {
        weights_sha256(self.network())
    }

    #[getter]
    fn class_names(&self) -> Vec<String> {
        self.images.class_names.clone()
    }

    /// Height, width and channels of an image.
    #[getter]
    fn image_shape(&self) -> (usize, usize, usize) {
        let &ImageSpec { height, width, channels, .. } = &self.images;
        (height, width / channels, channels)
    }

    /// Description of the arrays of the training; `None` for images from files.
    #[getter]
    pub(crate) fn arrays(&self) -> Option<&str> {
        self.images.arrays.as_deref()
    }

    /// Lines of the training's metrics, one JSON object each.
    #[getter]
    fn metrics(&self) -> &str {
        &self.metrics
    }

    /// Epoch, from 1, and number of its images trained on; `None` without a state.
    #[getter]
    fn position(&self) -> Option<(u32, usize)> {
        match &self.state {
            ModelState::Checkpoint(checkpoint) => {
                Some((checkpoint.position.epoch, checkpoint.position.images))
            }
            ModelState::Weights(_) => None,
        }
    }

    /// Draws the learning curves as SVG; `None` before the end of the first epoch.
    fn curves(&self) -> PyResult<Option<String>> {
        let curve = LearningCurve::parse(&self.metrics).map_err(|(_, error)| value_error(error))?;
        match curve.epochs.is_empty() {
            true => Ok(None),
            false => Ok(Some(catch(|| plot_curve(curve).chart.svg())?.map_err(value_error)?)),
        }
    }

    /// Draws the receptive fields and the histograms of the weights as SVG, by name.
    fn plots(&self, py: Python) -> PyResult<Vec<(&'static str, String)>> {
        let saved = self.saved();
        let draw = || {
            let plots = plot_network(&saved);
            let svg = |plot: apical::plots::Plot| Ok((plot.name, plot.chart.svg()?));
            plots.into_iter().map(svg).collect::<Result<_, FigureError>>()
        };
        catch(|| py.detach(draw))?.map_err(value_error)
    }

    /// Classifies images `[images, bytes]`, each `repeats` times with new random draws.
    fn predict<'py>(
        &self,
        py: Python<'py>,
        images: PyReadonlyArray2<'py, u8>,
        device: DeviceChoice,
        repeats: u32,
    ) -> PyResult<PredictionArrays<'py>> {
        let options = device.options();
        let mut list = ImageList::default();
        list.bytes = bytes(&images)?;
        list.names = vec![String::new(); images.as_array().nrows()];
        let saved = self.saved();
        let work = || predict(&saved, list, &options, repeats, &mut |_| ());
        let predicted = run_silently(py, &options.stop, work)?.map_err(of_train)?.images;
        prediction_arrays(py, predicted, saved.images.classes)
    }

    /// Classifies the test examples of a data set, each `repeats` times. Also returns the network's class of each label.
    fn predict_data<'py>(
        &self,
        py: Python<'py>,
        data: &Bound<'py, Data>,
        device: DeviceChoice,
        repeats: u32,
    ) -> PyResult<(PredictionArrays<'py>, Bound<'py, PyArray1<u8>>)> {
        let options = device.options();
        let saved = self.saved();
        let dataset = self.fit_data(py, data)?;
        let labels = dataset.test_labels().to_vec().into_pyarray(py);
        let work = || predict_tests(&saved, dataset, &options, repeats, &mut |_| ());
        let predicted = run_silently(py, &options.stop, work)?.map_err(of_train)?.images;
        Ok((prediction_arrays(py, predicted, saved.images.classes)?, labels))
    }
}

impl Model {
    /// Returns a data set with the classes and the pixel scale of the network. Warns of what was changed, in the line of
    /// the user, two Python frames above the caller.
    ///
    /// # Errors
    /// Returns an error if the data set does not fit the network.
    pub(crate) fn fit_data(&self, py: Python, data: &Bound<'_, Data>) -> PyResult<Dataset> {
        let saved = self.saved();
        let dataset = data.get().dataset.clone();
        let fitted = catch(|| py.detach(|| saved.fit(dataset, false)))?;
        let (dataset, notes) = fitted.map_err(of_weights)?;
        let category = py.get_type::<PyUserWarning>();
        for note in notes {
            PyErr::warn(py, &category, &CString::new(note)?, 3)?;
        }
        Ok(dataset)
    }
}

/// Returns predictions as arrays.
fn prediction_arrays(
    py: Python<'_>,
    predicted: Vec<Prediction>,
    classes: usize,
) -> PyResult<PredictionArrays<'_>> {
    let count = predicted.len();
    let found: Vec<u8> = predicted.iter().map(|image| image.class).collect();
    let scores: Vec<f64> = predicted.iter().flat_map(|image| image.scores.clone()).collect();
    let votes: Vec<u32> = predicted.iter().flat_map(|image| image.class_counts.clone()).collect();
    Ok((
        found.into_pyarray(py),
        scores.into_pyarray(py).reshape([count, classes])?,
        votes.into_pyarray(py).reshape([count, classes])?,
    ))
}
