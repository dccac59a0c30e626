//! Devices, comparisons of backends, benchmarks and the paper's experiments. Results are JSON.

use std::ops::ControlFlow;
use std::path::PathBuf;

use apical::bench::{BenchError, BenchGrid, BenchOptions, Task};
use apical::compare::{Comparison, ComparisonOptions};
use apical::cpu::Threads;
use apical::dataset::Dataset;
use apical::device::list_gpus;
use apical::experiments::{EXPERIMENTS, Experiment, ExperimentError, Study, StudyEvent};
use apical::figures::{ensure_same_data, folder_name, save_html_page};
use apical::interface::Stop;
use apical::run_dir::FolderLock;
use apical::trial_cache::TrialsError;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use serde_json::json;

use crate::data::Data;
use crate::device::DeviceChoice;
use crate::error::{of_backend, of_dataset, of_storage, of_train, of_weights, value_error};
use crate::settings;
use crate::work::{Emit, run, run_silently};

/// Folder of the trained networks.
const TRAININGS: &str = "trainings";

/// Returns `data`, or the embedded MNIST.
pub(crate) fn dataset_or_mnist(data: Option<&Bound<'_, Data>>) -> PyResult<Dataset> {
    match data {
        Some(data) => Ok(data.get().dataset.clone()),
        None => Dataset::mnist().map_err(of_dataset),
    }
}

/// Lists the CPU and all GPUs, with the results of their self-tests.
#[pyfunction]
pub(crate) fn devices(py: Python) -> PyResult<String> {
    let gpus = run_silently(py, &Stop::default(), list_gpus)?;
    let threads = Threads::choose(0).count;
    let listed = json!({ "cpu": apical::cpu::processor_name(), "threads": threads, "gpus": gpus });
    Ok(listed.to_string())
}

/// Trains on the CPU and on a GPU and compares every value.
#[pyfunction]
pub(crate) fn compare(
    py: Python,
    data: Option<&Bound<'_, Data>>,
    settings: &str,
    device: DeviceChoice,
) -> PyResult<String> {
    let config = settings::read(settings)?;
    let dataset = dataset_or_mnist(data)?;
    let options = device.options();
    let compared = run_silently(py, &options.stop, || {
        let whole = ComparisonOptions::default();
        apical::compare::compare(config, dataset, &options, &whole, &mut |_| ())
    })?;
    let Comparison { device, compared, images, test_images, self_test, difference } =
        compared.map_err(of_train)?;
    let result = json!({
        "identical": difference.is_none(),
        "values": compared.values,
        "minibatches": compared.minibatches,
        "images": images,
        "test_images": test_images,
        "device": device.name,
        "self_test": self_test,
        "difference": difference,
    });
    Ok(result.to_string())
}

/// Varied settings and lengths of a benchmark.
#[derive(FromPyObject)]
pub(crate) struct BenchArguments {
    layers: Vec<Vec<usize>>,
    batch_size: Vec<usize>,
    replicas: Vec<usize>,
    g_apical: Vec<f64>,
    tasks: Vec<String>,
    rounds: usize,
    seconds: f64,
    warm_up: usize,
    roofline: bool,
}

/// Measures the speed of every combination of sizes.
#[pyfunction]
pub(crate) fn bench(
    py: Python,
    data: Option<&Bound<'_, Data>>,
    settings: &str,
    arguments: BenchArguments,
    device: DeviceChoice,
) -> PyResult<String> {
    let config = settings::read(settings)?;
    let dataset = dataset_or_mnist(data)?;
    let BenchArguments { layers, batch_size, replicas, g_apical, rounds, seconds, warm_up, .. } =
        arguments;
    let tasks = arguments.tasks.iter().map(|name| task(name)).collect::<PyResult<_>>()?;
    let grid = BenchGrid { layers, batch_size, replicas, g_apical, tasks };
    let bench_options = BenchOptions {
        config,
        grid,
        roofline: arguments.roofline,
        rounds,
        seconds,
        warm_up,
        dense: Vec::new(),
    };
    let options = device.options();
    let work = || apical::bench::bench(&bench_options, dataset, &options, &mut |_| ());
    match run_silently(py, &options.stop, work)? {
        Ok(report) => serde_json::to_string(&report).map_err(value_error),
        Err(BenchError::Train(error)) => Err(of_train(error)),
        Err(error) => Err(value_error(error)),
    }
}

fn task(name: &str) -> PyResult<Task> {
    match name {
        "train" => Ok(Task::Train),
        "test" => Ok(Task::Test),
        _ => Err(PyValueError::new_err(format!("unknown task '{name}', expected train or test"))),
    }
}

/// Returns name, figure, title and description of each experiment.
#[pyfunction]
pub(crate) fn experiments() -> Vec<[&'static str; 4]> {
    let describe = |experiment: &Experiment| {
        let &Experiment { name, figure, title, about, .. } = experiment;
        [name, figure, title, about]
    };
    EXPERIMENTS.iter().map(describe).collect()
}

/// Runs an experiment of the paper and writes its folder into `folder`. Returns the name of its folder, and its result
/// as JSON. `listener` receives the name of the counted items, the number of those completed and of all.
#[pyfunction]
pub(crate) fn reproduce(
    py: Python,
    name: &str,
    quick: bool,
    seeds: u64,
    folder: PathBuf,
    device: DeviceChoice,
    listener: &Bound<'_, PyAny>,
) -> PyResult<(String, String)> {
    let Some(experiment) = EXPERIMENTS.iter().find(|experiment| experiment.name == name) else {
        let known: Vec<&str> = EXPERIMENTS.iter().map(|experiment| experiment.name).collect();
        let message = format!("unknown experiment '{name}', expected one of {}", known.join(", "));
        return Err(PyValueError::new_err(message));
    };
    let options = device.options();
    let (stop, parallel) = (options.stop.clone(), Threads::choose(options.threads).count);
    let work = |emit: Emit<(String, u64, u64)>| {
        let lock = FolderLock::acquire(&folder)?;
        lock.remove_partials(&folder.join(folder_name(experiment.name, quick)))?;
        let mut listen = |event: StudyEvent| match event {
            StudyEvent::Started { .. } => ControlFlow::Continue(()),
            StudyEvent::Progress { what, done, total } => emit((what.to_string(), done, total)),
        };
        let dataset = Dataset::mnist().map_err(apical::train::TrainError::from)?;
        let trainings = folder.join(TRAININGS);
        let mut study =
            Study::new(quick, seeds, dataset, options, parallel, &trainings, &mut listen)?;
        ensure_same_data(&folder, &study.data)?;
        let result = experiment.run(&mut study, &folder)?;
        save_html_page(&folder)?;
        Ok(result)
    };
    let ended = run(py, &stop, work, |progress| {
        listener.call1(progress)?;
        Ok(ControlFlow::Continue(()))
    })?;
    match (ended.interruption, ended.result) {
        (Some(interruption), _) => Err(interruption),
        (None, Ok(result)) => {
            let json = serde_json::to_string(&result).map_err(value_error)?;
            Ok((result.folder_name(), json))
        }
        (None, Err(error)) => Err(of_experiment(error)),
    }
}

fn of_experiment(error: ExperimentError) -> PyErr {
    use ExperimentError::{Backend, Storage, Train, Trials, Weights};
    match error {
        Train(error) | Trials(TrialsError::Train(error)) => of_train(error),
        Backend(error) => of_backend(error),
        Storage(error) | Trials(TrialsError::Storage(error)) => of_storage(error),
        Weights(error) => of_weights(error),
        error => value_error(error),
    }
}
