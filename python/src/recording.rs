//! Recordings of a network's activity.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use apical::dataset::Dataset;
use apical::device::DeviceOptions;
use apical::interface::BackendError;
use apical::monitor::recording_file;
use apical::monitor::{
    Mode, MonitorSession, MonitorSpec, Quantity, RecordedArray, Recording, RequiredPhases,
};
use apical::plan::Presentation;
use apical::plots::recording_raster;
use apical::predict::example_draw_index;
use apical::run_dir::SavedNetwork;
use apical::train::TrainError;
use numpy::{
    IntoPyArray, PyArray1, PyArrayDyn, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray2,
};
use pyo3::exceptions::{PyIndexError, PyValueError};
use pyo3::prelude::*;

use crate::data::{Data, bytes};
use crate::device::DeviceChoice;
use crate::error::{of_storage, of_train, value_error};
use crate::model::Model;
use crate::work::{catch, run_silently};

/// Name, names of the axes, index of the first element along each axis, and values.
type NamedArray<'py> = (String, Vec<&'static str>, Vec<usize>, Bound<'py, PyArrayDyn<f32>>);

/// Selection of quantities, populations, neurons and steps.
#[pyclass(frozen, module = "apical._apical")]
pub(crate) struct Monitor {
    spec: MonitorSpec,
}

#[pymethods]
impl Monitor {
    /// `populations`: 0 for the input, 1 for the lowest layer. `units` and `steps`: first and end.
    #[new]
    fn new(
        quantities: Vec<String>,
        populations: Option<Vec<usize>>,
        units: Option<(usize, usize)>,
        steps: Option<(u32, u32)>,
    ) -> PyResult<Self> {
        let quantities = quantities.iter().map(|name| quantity(name));
        let quantities = quantities.collect::<PyResult<_>>()?;
        let units: Option<Range<usize>> = units.map(|(first, end)| first..end);
        let steps: Option<Range<u32>> = steps.map(|(first, end)| first..end);
        Ok(Monitor { spec: MonitorSpec { quantities, populations, units, steps } })
    }

    /// Shows images `[images, bytes]` and records them: with labels, both phases of training images without a change of
    /// the weights, otherwise the forward phase of test images.
    fn record(
        &self,
        py: Python,
        model: &Bound<'_, Model>,
        images: PyReadonlyArray2<u8>,
        labels: Option<PyReadonlyArray1<u8>>,
        device: DeviceChoice,
    ) -> PyResult<Recorded> {
        self.check_phases(labels.is_some())?;
        let images = bytes(&images)?;
        let labels = labels.map(|labels| bytes(&labels)).transpose()?;
        let options = device.options();
        let (saved, spec) = (model.get().saved(), self.spec.clone());
        let layers = saved.config.layer_count();
        let work = || record(&saved, &images, labels.as_deref(), spec, &options);
        let recording = run_silently(py, &options.stop, work)?.map_err(of_train)?;
        Ok(Recorded { recording, layers })
    }

    /// Shows the test examples of a data set and records them. `both`: both phases, as in training, without a change of
    /// the weights; otherwise the forward phase. Also returns the network's class of each label.
    fn record_data<'py>(
        &self,
        py: Python<'py>,
        model: &Bound<'_, Model>,
        data: &Bound<'_, Data>,
        both: bool,
        device: DeviceChoice,
    ) -> PyResult<(Recorded, Bound<'py, PyArray1<u8>>)> {
        self.check_phases(both)?;
        let dataset = model.get().fit_data(py, data)?;
        let labels = dataset.test_labels().to_vec().into_pyarray(py);
        let options = device.options();
        let (saved, spec) = (model.get().saved(), self.spec.clone());
        let layers = saved.config.layer_count();
        let work = || show_tests(&saved, dataset, both, spec, &options);
        let recording = run_silently(py, &options.stop, work)?.map_err(of_train)?;
        Ok((Recorded { recording, layers }, labels))
    }
}

impl Monitor {
    /// Checks that the shown phases have all quantities. `both`: whether the target phase is shown.
    fn check_phases(&self, both: bool) -> PyResult<()> {
        let needs_both = |quantity: &&Quantity| quantity.required_phases() == RequiredPhases::Both;
        match self.spec.quantities.iter().find(needs_both) {
            Some(quantity) if !both => Err(PyValueError::new_err(format!(
                "cannot record {} without a target phase: call score(X, y) instead of predict(X)",
                quantity.name()
            ))),
            _ => Ok(()),
        }
    }
}

/// Returns the quantity of this name, as in the names of its arrays or as the command takes it.
fn quantity(name: &str) -> PyResult<Quantity> {
    use clap::ValueEnum;
    let all = Quantity::value_variants();
    let flag = name.replace('_', "-");
    let found = all.iter().find(|known| {
        known.name() == name
            || known.to_possible_value().is_some_and(|value| value.matches(&flag, true))
    });
    found.copied().ok_or_else(|| {
        let known: Vec<&str> = all.iter().map(|known| known.name()).collect();
        PyValueError::new_err(format!(
            "unknown quantity '{name}', expected one of {}",
            known.join(", ")
        ))
    })
}

fn record(
    saved: &SavedNetwork,
    images: &[u8],
    labels: Option<&[u8]>,
    spec: MonitorSpec,
    options: &DeviceOptions,
) -> Result<Recording, TrainError> {
    let shape = &saved.images;
    if shape.recorded {
        let reason = "expected recorded spikes, as in the network's training, found images";
        return Err(BackendError::InvalidSamples(reason.to_string()).into());
    }
    let size = [shape.height, shape.width];
    let dataset = Dataset::unlabelled("images", size, shape.classes, shape.max_pixel, images)?;
    show(saved, dataset, labels, spec, options)
}

/// Records the test examples of a data set that fits the network. `both`: both phases.
fn show_tests(
    saved: &SavedNetwork,
    dataset: Dataset,
    both: bool,
    spec: MonitorSpec,
    options: &DeviceOptions,
) -> Result<Recording, TrainError> {
    let labels = both.then(|| dataset.test_labels().to_vec());
    show(saved, dataset, labels.as_deref(), spec, options)
}

/// Shows the test examples of a data set; with labels, both phases.
fn show(
    saved: &SavedNetwork,
    dataset: Dataset,
    labels: Option<&[u8]>,
    spec: MonitorSpec,
    options: &DeviceOptions,
) -> Result<Recording, TrainError> {
    let dataset = Arc::new(dataset);
    let first = dataset.training_count;
    let present = |number: usize| Presentation {
        index: first + number,
        label: labels.map_or(0, |labels| labels[number]),
        // As in a prediction.
        draw_index: example_draw_index(&dataset, first + number),
        result_slot: first + number,
    };
    let presented: Vec<Presentation> = (0..dataset.test_count).map(present).collect();
    let mode = if labels.is_some() { Mode::TrainFrozen } else { Mode::Test };
    let mut session = MonitorSession::open(&saved.config, &dataset, &saved.network, spec, options)?;
    Ok(session.show(&presented, mode, &mut |_| ())?)
}

/// Recorded arrays.
#[pyclass(frozen, module = "apical._apical")]
pub(crate) struct Recorded {
    recording: Recording,
    layers: usize,
}

#[pymethods]
impl Recorded {
    /// Copies all arrays.
    fn arrays<'py>(slf: &Bound<'py, Self>) -> PyResult<Vec<NamedArray<'py>>> {
        let py = slf.py();
        let array = |array: &RecordedArray| {
            let values = array.values.clone().into_pyarray(py).reshape(array.shape.clone())?;
            let axes = array.axes.iter().map(|axis| axis.name()).collect();
            Ok((array.name.clone(), axes, array.first_index.clone(), values))
        };
        slf.get().recording.arrays.iter().map(array).collect()
    }

    /// Index of the predicted class of each image.
    fn predicted<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<u8>> {
        self.recording.predicted.clone().into_pyarray(py)
    }

    /// Number of recorded steps of each image.
    fn steps<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<u32>> {
        self.recording.steps.clone().into_pyarray(py)
    }

    /// Writes a file in the format of its extension.
    fn save(&self, py: Python, path: PathBuf) -> PyResult<()> {
        let save = || recording_file::save(&path, &self.recording);
        catch(|| py.detach(save))?.map_err(of_storage)
    }

    /// Draws the spikes and voltages of an image as SVG.
    fn raster(&self, image: usize) -> PyResult<String> {
        let count = self.recording.images.len();
        if image >= count {
            return Err(PyIndexError::new_err(format!("no image {image}: {count} are recorded")));
        }
        let title = format!("Spikes and voltages of image {image}");
        let draw = || recording_raster(&self.recording, image, self.layers, title).chart.svg();
        catch(draw)?.map_err(value_error)
    }
}
