//! Python exceptions for the library's errors.

use std::error::Error;
use std::io;

use apical::dataset::DatasetError;
use apical::interface::BackendError;
use apical::run_dir::{StorageError, WeightsError};
use apical::text::with_causes;
use apical::train::TrainError;
use pyo3::create_exception;
use pyo3::exceptions::{
    PyFileNotFoundError, PyFloatingPointError, PyKeyboardInterrupt, PyMemoryError, PyOSError,
    PyRuntimeError, PyValueError,
};
use pyo3::prelude::*;

create_exception!(
    apical,
    DeviceError,
    PyRuntimeError,
    "No usable device, or a device that failed."
);
create_exception!(
    apical,
    InternalError,
    PyRuntimeError,
    "A fault of apical, which should be reported."
);

/// Returns the exception of a training, test or recording.
pub(crate) fn of_train(error: TrainError) -> PyErr {
    let text = with_causes(&error);
    match error {
        TrainError::Backend(error) => of_backend(error),
        TrainError::NotFinite { .. } => PyFloatingPointError::new_err(text),
        _ => PyValueError::new_err(text),
    }
}

/// Returns the exception of a device.
pub(crate) fn of_backend(error: BackendError) -> PyErr {
    use BackendError::*;
    let hint = backend_hint(&error).map_or(String::new(), |hint| format!("; hint: {hint}"));
    let text = with_causes(&error) + &hint;
    match error {
        Stopped => PyKeyboardInterrupt::new_err(()),
        NoAdapter
        | NoSuchAdapter { .. }
        | OnlySoftware { .. }
        | Open { .. }
        | Device { .. }
        | Threads(_)
        | Workgroup { .. } => DeviceError::new_err(text),
        TooMuchMemory { .. }
        | RecordingTooLarge { .. }
        | OutOfMemory { .. }
        | TooLarge { .. }
        | BufferTooLarge { .. } => PyMemoryError::new_err(text),
        _ => PyValueError::new_err(text),
    }
}

/// Returns what the caller can do about an error of a device.
fn backend_hint(error: &BackendError) -> Option<&'static str> {
    match error {
        BackendError::NoAdapter => {
            Some("install the GPU's Vulkan driver, or use device='cpu'; 'auto' takes the CPU then")
        }
        BackendError::NoSuchAdapter { .. } => Some("apical.devices() lists the GPUs"),
        BackendError::Open { .. } => Some("update the driver, or use another device, as 'cpu'"),
        BackendError::TooManyRounds { .. } => {
            Some("use device='cpu' or a real GPU, averaging_window='last20', or a smaller phase_ms")
        }
        BackendError::RecordingTooLarge { .. } => {
            Some("record fewer images, quantities, layers, units or steps")
        }
        BackendError::TooMuchMemory { .. } => {
            Some("reduce batch_size, the layers or the number of networks; memory sets the limit")
        }
        _ => None,
    }
}

/// Returns the exception of a data set.
pub(crate) fn of_dataset(error: DatasetError) -> PyErr {
    let hint = error.hint().map_or(String::new(), |hint| format!("; hint: {hint}"));
    let text = with_causes(&error) + &hint;
    match error {
        DatasetError::Unreachable { source, .. } | DatasetError::Read { source, .. } => {
            of_io(&source, text)
        }
        DatasetError::MissingFile { .. } => PyFileNotFoundError::new_err(text),
        DatasetError::Memory { .. } => PyMemoryError::new_err(text),
        _ => PyValueError::new_err(text),
    }
}

/// Returns the exception of a file of weights.
pub(crate) fn of_weights(error: WeightsError) -> PyErr {
    let text = with_causes(&error);
    match error {
        WeightsError::Read { source, .. } => of_io(&source, text),
        WeightsError::NoWeights { .. } => PyFileNotFoundError::new_err(text),
        _ => PyValueError::new_err(text),
    }
}

/// Returns the exception of writing a file.
pub(crate) fn of_storage(error: StorageError) -> PyErr {
    let text = with_causes(&error);
    match error {
        StorageError::Io { source, .. } | StorageError::Recording { source, .. } => {
            of_io(&source, text)
        }
        StorageError::Weights(error) => of_weights(error),
        _ => PyValueError::new_err(text),
    }
}

fn of_io(source: &io::Error, text: String) -> PyErr {
    match source.kind() {
        io::ErrorKind::NotFound => PyFileNotFoundError::new_err(text),
        _ => PyOSError::new_err(text),
    }
}

/// Returns a `ValueError` with the error and its causes.
pub(crate) fn value_error(error: impl Error) -> PyErr {
    PyValueError::new_err(with_causes(&error))
}
