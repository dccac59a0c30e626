//! Many networks side by side.

use std::ops::ControlFlow;

use apical::config::{Config, Sweep, Variant, variants};
use apical::run_dir::weights_sha256;
use apical::train::{Event, Training};
use pyo3::prelude::*;
use serde_json::{Map, Value, json};

use crate::data::Data;
use crate::device::DeviceChoice;
use crate::error::{of_train, value_error};
use crate::settings::{self, of_sweep, warn_of_settings};
use crate::studies::dataset_or_mnist;
use crate::work::{Emit, run};

/// Returns the networks of a sweep, in the order of its rows: keys and values of the swept settings and of the seed.
#[pyfunction]
pub(crate) fn sweep_networks(
    settings: &str,
    sweeps: Vec<String>,
    replicas: usize,
) -> PyResult<Vec<Vec<(String, String)>>> {
    let variants = parse_variants(&settings::read(settings)?, &sweeps, replicas)?;
    let network = |Variant { settings, config, .. }: Variant| {
        settings.into_iter().chain([("seed".to_string(), config.seed.to_string())]).collect()
    };
    Ok(variants.into_iter().map(network).collect())
}

/// Returns the networks of a sweep. `sweeps`: each as `KEY=V1,V2,..`.
fn parse_variants(config: &Config, sweeps: &[String], replicas: usize) -> PyResult<Vec<Variant>> {
    let sweeps = sweeps.iter().map(|text| text.parse()).collect::<Result<Vec<Sweep>, _>>();
    sweeps.and_then(|sweeps| variants(config, &sweeps, replicas)).map_err(of_sweep)
}

/// Trains one network per combination of swept values and per seed. Returns a row per network as JSON. `sweeps`: each as
/// `KEY=V1,V2,..`. `listener` receives each event as JSON.
#[pyfunction]
pub(crate) fn sweep(
    py: Python,
    data: Option<&Bound<'_, Data>>,
    settings: &str,
    sweeps: Vec<String>,
    replicas: usize,
    device: DeviceChoice,
    listener: &Bound<'_, PyAny>,
) -> PyResult<String> {
    let config = settings::read(settings)?;
    let evaluates = data.is_none_or(|data| data.get().has_test) || config.validation_images > 0;
    let variants = parse_variants(&config, &sweeps, replicas)?;
    // Seen by the caller of `apical.sweep`.
    let warned = variants.iter().find(|variant| !variant.config.warnings().is_empty());
    warned.map_or(Ok(()), |variant| warn_of_settings(py, &variant.config, 2))?;
    let dataset = dataset_or_mnist(data)?;
    let options = device.options();
    let stop = options.stop.clone();
    let mut rows: Vec<Map<String, Value>> = Vec::new();
    for variant in &variants {
        let values = serde_json::to_value(&variant.config).map_err(value_error)?;
        let swept = variant.settings.iter().map(|(key, _)| (key.clone(), values[key].clone()));
        rows.push(swept.chain([("seed".to_string(), json!(variant.config.seed))]).collect());
    }
    let work = |emit: Emit<String>| {
        let mut training = Training::of_variants(&variants, dataset, &options)?;
        training.run(&mut |event| {
            let Some(replica) = event.replica() else {
                return match event {
                    Event::Progress { .. } => emit(json!(event).to_string()),
                    _ => ControlFlow::Continue(()),
                };
            };
            let row = &mut rows[replica];
            match event {
                Event::Epoch { train_error, test_error, .. } => {
                    if evaluates {
                        row.insert("test_error".to_string(), json!(test_error));
                    }
                    row.insert("train_error".to_string(), json!(train_error));
                }
                Event::Finished { network, .. } => {
                    row.insert("weights_sha256".to_string(), json!(weights_sha256(network)));
                }
                _ => {}
            }
            ControlFlow::Continue(())
        })?;
        Ok(rows)
    };
    let ended = run(py, &stop, work, |line| {
        listener.call1((line,))?;
        Ok(ControlFlow::Continue(()))
    })?;
    match (ended.interruption, ended.result) {
        (Some(interruption), _) => Err(interruption),
        (None, rows) => serde_json::to_string(&rows.map_err(of_train)?).map_err(value_error),
    }
}
