//! The module `apical._apical`: the library with NumPy arrays and Python exceptions. The package `apical` (python/apical)
//! is written on top of it.
//!
//! All work runs on a thread of its own without the global interpreter lock, see `work`.

mod data;
mod device;
mod error;
mod model;
mod recording;
mod settings;
mod studies;
mod sweep;
mod train;
mod work;

use std::ffi::OsString;

use pyo3::prelude::*;

/// Runs the command `apical` with these arguments, the first of which is the program's name. Returns the exit code.
#[pyfunction]
fn command(py: Python, arguments: Vec<OsString>) -> PyResult<u8> {
    work::catch(|| py.detach(|| apical_cli::run(arguments)))
}

/// Panics, for a test.
#[pyfunction]
fn panic_for_test(py: Python) -> PyResult<()> {
    work::run_silently(py, &apical::interface::Stop::default(), || panic!("for a test"))
}

#[pymodule]
mod _apical {
    #[pymodule_export]
    use super::command;
    #[pymodule_export]
    use super::data::{Data, mnist};
    #[pymodule_export]
    use super::error::{DeviceError, InternalError};
    #[pymodule_export]
    use super::model::Model;
    #[pymodule_export]
    use super::panic_for_test;
    #[pymodule_export]
    use super::recording::{Monitor, Recorded};
    #[pymodule_export]
    use super::settings::{preset_names, settings};
    #[pymodule_export]
    use super::studies::{bench, compare, devices, experiments, reproduce};
    #[pymodule_export]
    use super::sweep::{sweep, sweep_networks};
    #[pymodule_export]
    use super::train::train;
    #[pymodule_export]
    const VERSION: &str = env!("CARGO_PKG_VERSION");
}
