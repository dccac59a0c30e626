//! Data sets from arrays and from files.

use std::fmt::Display;
use std::num::NonZero;
use std::path::PathBuf;
use std::str::FromStr;

use apical::dataset::{DataIdentity, Dataset, ReadOptions};
use apical::run_dir::ImageSpec;
use clap::ValueEnum;
use numpy::ndarray::Dimension;
use numpy::{
    Element, IntoPyArray, PyArray1, PyArray3, PyArrayMethods, PyReadonlyArray, PyReadonlyArray1,
    PyReadonlyArray2, PyUntypedArrayMethods,
};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;

use crate::error::of_dataset;
use crate::work::catch;

/// Name of a data set of arrays in messages.
const NAME: &str = "arrays";

/// Labelled images and labels of a set.
type Labelled<'py> = (PyReadonlyArray2<'py, u8>, PyReadonlyArray1<'py, u8>);

/// Images and labels, `[images, height, width]` and `[images]`.
type ImageArrays<'py> = (Bound<'py, PyArray3<u8>>, Bound<'py, PyArray1<u8>>);

/// Training images, and test images or none.
#[pyclass(frozen, module = "apical._apical")]
pub(crate) struct Data {
    pub(crate) dataset: Dataset,
    /// Whether there are test images. Otherwise the first training image takes their place.
    pub(crate) has_test: bool,
    /// Description of the arrays, kept in the model; `None` for files.
    arrays: Option<String>,
}

impl Data {
    /// Describes images and classes for a model. `identity`: identity of the data set.
    pub(crate) fn image_spec(&self, identity: DataIdentity) -> ImageSpec {
        let (data, arrays) = (Some(identity), self.arrays.clone());
        ImageSpec { data, arrays, ..ImageSpec::without_identity(&self.dataset) }
    }
}

#[pymethods]
impl Data {
    /// Copies images `[images, bytes]` and labels. `shape`: height, width and channels of an image. `arrays`: description
    /// of the arrays, which [`Model::arrays`](crate::model::Model::arrays) returns.
    #[new]
    fn new(
        training: Labelled,
        test: Option<Labelled>,
        shape: (usize, usize, usize),
        class_names: Vec<String>,
        arrays: String,
    ) -> PyResult<Self> {
        let (height, width, channels) = shape;
        let training = (bytes(&training.0)?, bytes(&training.1)?);
        let has_test = test.is_some();
        let test = match test {
            Some((images, labels)) => (bytes(&images)?, bytes(&labels)?),
            None => {
                let first = height * width * channels;
                let first = training.0.get(..first).unwrap_or_default();
                (first.to_vec(), training.1.first().copied().into_iter().collect())
            }
        };
        let size = [height, width * channels];
        let dataset = catch(|| Dataset::of_classes(NAME, class_names, size, training, test));
        let mut dataset = dataset?.map_err(of_dataset)?;
        dataset.channels = channels;
        Ok(Data { dataset, has_test, arrays: Some(arrays) })
    }

    /// Opens a data set as the command does; without a path, the embedded MNIST. `options`: options for reading and their
    /// values as text.
    #[staticmethod]
    fn open(py: Python, path: Option<PathBuf>, options: Vec<(String, String)>) -> PyResult<Self> {
        let options = read_options(&options)?;
        let open = || match path {
            Some(path) => Dataset::open_as(&path, &options),
            None => Dataset::mnist(),
        };
        let dataset = catch(|| py.detach(open))?.map_err(of_dataset)?;
        Ok(Data { dataset, has_test: true, arrays: None })
    }

    #[getter]
    fn name(&self) -> &str {
        &self.dataset.name
    }

    /// Numbers of training and of test examples.
    #[getter]
    fn counts(&self) -> (usize, usize) {
        (self.dataset.training_count, self.dataset.test_count)
    }

    /// Height, width and channels of an image, or height and width of the units of a recording, and 1.
    #[getter]
    fn shape(&self) -> (usize, usize, usize) {
        let Dataset { height, width, channels, .. } = self.dataset;
        (height, width / channels, channels)
    }

    #[getter]
    fn class_names(&self) -> Vec<String> {
        self.dataset.class_names.clone()
    }

    #[getter]
    fn is_recorded(&self) -> bool {
        self.dataset.recordings().is_some()
    }

    /// How the files were read, one sentence each.
    #[getter]
    fn conversions(&self) -> Vec<String> {
        self.dataset.conversions.clone()
    }

    /// Skipped files and other oddities, one sentence each.
    #[getter]
    fn warnings(&self) -> Vec<String> {
        self.dataset.warnings.clone()
    }

    /// Index of the class of each training example, then of each test example.
    fn labels<'py>(&self, py: Python<'py>) -> (Bound<'py, PyArray1<u8>>, Bound<'py, PyArray1<u8>>) {
        let sets = [self.dataset.training_labels(), self.dataset.test_labels()];
        let [training, test] = sets.map(|labels| labels.to_vec().into_pyarray(py));
        (training, test)
    }
}

/// Returns the options for reading of these names and values.
///
/// # Errors
/// Returns an error that names the argument if a value is invalid.
fn read_options(given: &[(String, String)]) -> PyResult<ReadOptions> {
    let mut options = ReadOptions::default();
    let spikes = &mut options.spikes;
    for (name, value) in given {
        match name.as_str() {
            "image_size" => options.size = Some(parse(name, value)?),
            "rgb" => options.colour = parse(name, value)?,
            "background" => options.background = Some(parse_choice(name, value)?),
            "max_value" => options.max_value = Some(parse::<NonZero<u32>>(name, value)?.get()),
            "csv_header" => options.csv_header = Some(parse(name, value)?),
            "transposed" => options.transposed = Some(parse(name, value)?),
            "channels" => options.channel_order = Some(parse_choice(name, value)?),
            "test_fraction" => options.test_fraction = Some(parse(name, value)?),
            "forward_part" => spikes.forward = Some(parse(name, value)?),
            "target_part" => spikes.target = Some(parse(name, value)?),
            "test_part" => spikes.test = Some(parse(name, value)?),
            "pool" => spikes.pool = parse::<NonZero<u16>>(name, value)?.get(),
            "merge_channels" => spikes.merge_channels = parse(name, value)?,
            "single_spikes" => spikes.single_spikes = parse(name, value)?,
            _ => return Err(named(name, "unknown option for reading")),
        }
    }
    Ok(options)
}

fn parse<T: FromStr<Err: Display>>(name: &str, value: &str) -> PyResult<T> {
    value.parse().map_err(|error| named(name, error))
}

fn parse_choice<T: ValueEnum>(name: &str, value: &str) -> PyResult<T> {
    T::from_str(value, true).map_err(|error| named(name, error))
}

/// Returns an error that names an argument.
fn named(name: &str, error: impl Display) -> PyErr {
    PyValueError::new_err(format!("{name}: {error}"))
}

/// Returns the elements of an array in C order.
///
/// # Errors
/// Returns an error for another order: the elements of an array in Fortran order are contiguous, too, but transposed.
pub(crate) fn bytes<T: Element + Copy, D: Dimension>(
    array: &PyReadonlyArray<T, D>,
) -> PyResult<Vec<T>> {
    if !array.is_c_contiguous() {
        return Err(PyTypeError::new_err(
            "expected an array in C order: numpy.ascontiguousarray(array)",
        ));
    }
    Ok(array.as_slice().map_err(|error| PyTypeError::new_err(error.to_string()))?.to_vec())
}

/// Returns the embedded MNIST: training images and labels, test images and labels.
#[pyfunction]
pub(crate) fn mnist(py: Python) -> PyResult<(ImageArrays, ImageArrays)> {
    let dataset = catch(|| py.detach(Dataset::mnist))?.map_err(of_dataset)?;
    let (first, pixels) = (dataset.training_count, dataset.pixels());
    let shape = |count| [count, dataset.height, dataset.width];
    let images = |bytes: &[u8], count| bytes.to_vec().into_pyarray(py).reshape(shape(count));
    let (training, test) = dataset.images().split_at(first * pixels);
    Ok((
        (images(training, first)?, dataset.training_labels().to_vec().into_pyarray(py)),
        (images(test, dataset.test_count)?, dataset.test_labels().to_vec().into_pyarray(py)),
    ))
}
