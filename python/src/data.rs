//! Data sets from arrays.

use apical::dataset::{DataIdentity, Dataset};
use apical::run_dir::ImageSpec;
use numpy::ndarray::Dimension;
use numpy::{
    Element, IntoPyArray, PyArray1, PyArray3, PyArrayMethods, PyReadonlyArray, PyReadonlyArray1,
    PyReadonlyArray2, PyUntypedArrayMethods,
};
use pyo3::exceptions::PyTypeError;
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
    /// Description of the arrays, kept in the model.
    arrays: String,
}

impl Data {
    /// Describes images and classes for a model. `identity`: identity of the data set.
    pub(crate) fn image_spec(&self, identity: DataIdentity) -> ImageSpec {
        let (data, arrays) = (Some(identity), Some(self.arrays.clone()));
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
        Ok(Data { dataset, has_test, arrays })
    }
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
