//! Settings as keywords.

use std::ffi::CString;

use apical::config::file::Assignment;
use apical::config::{Config, ConfigWarning, Preset, SweepError};
use pyo3::exceptions::{PyTypeError, PyUserWarning, PyValueError};
use pyo3::prelude::*;

use crate::error::value_error;

/// Returns the names of all presets.
#[pyfunction]
pub(crate) fn preset_names() -> Vec<&'static str> {
    Preset::all().iter().map(|preset| preset.name()).collect()
}

/// Returns all settings of a preset as JSON, with these values instead of the preset's. Colons separate the elements of
/// a list.
#[pyfunction]
#[pyo3(signature = (preset, values = Vec::new()))]
pub(crate) fn settings(preset: &str, values: Vec<(String, String)>) -> PyResult<String> {
    let known = Preset::all().iter().find(|known| known.name() == preset);
    let Some(known) = known else {
        let message =
            format!("unknown preset '{preset}', expected one of {}", preset_names().join(", "));
        return Err(PyValueError::new_err(message));
    };
    let mut config = known.config();
    for (key, value) in values {
        let assignment: Assignment = format!("{key}={value}").parse().map_err(of_sweep)?;
        assignment.apply(&mut config).map_err(value_error)?;
    }
    serde_json::to_string(&config).map_err(value_error)
}

/// Returns a `TypeError` for an unknown key, as Python does for an unknown keyword, else a `ValueError`.
pub(crate) fn of_sweep(error: SweepError) -> PyErr {
    match error {
        SweepError::UnknownKey { key, nearest, .. } => {
            PyTypeError::new_err(format!("unknown setting '{key}', did you mean '{nearest}'?"))
        }
        error => value_error(error),
    }
}

/// Reads settings that [`settings`] wrote.
pub(crate) fn read(json: &str) -> PyResult<Config> {
    serde_json::from_str(json).map_err(value_error)
}

/// Raises Python warnings about settings. `level`: number of Python frames up to that of the user.
pub(crate) fn warn_of_settings(py: Python, config: &Config, level: i32) -> PyResult<()> {
    for warning in config.warnings() {
        let hint = match warning {
            ConfigWarning::OnlyHighestLayerLearns => {
                "set g_apical above 0, or feedback='broadcast'"
            }
            ConfigWarning::EventFeedbackLags => {
                "set event_feedback='cancelling', or feedback_weights='fixed' and feedback_lr=0"
            }
        };
        let text = CString::new(format!("{warning}; hint: {hint}"))?;
        PyErr::warn(py, &py.get_type::<PyUserWarning>(), &text, level)?;
    }
    Ok(())
}
