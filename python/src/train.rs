//! Training with events for Python.

use std::ops::ControlFlow;
use std::sync::Arc;

use apical::config::Config;
use apical::dataset::Dataset;
use apical::run_dir::ImageSpec;
use apical::train::{Checkpoint, CheckpointInterval, Event, TrainError, TrainPosition, Training};
use apical::trial_cache::training_images;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use serde_json::{Map, Value, json};

use crate::data::Data;
use crate::device::DeviceChoice;
use crate::error::of_train;
use crate::model::{Model, ModelState};
use crate::settings;
use crate::work::{Emit, Ended, run};

/// Keys of events that differ between equal runs.
const TIMING_KEYS: [&str; 2] = ["images_per_second", "test_images_per_second"];

/// Part of a training.
#[derive(Clone, Copy, PartialEq)]
enum Part {
    /// From the initial weights to the last epoch.
    All,
    /// From the state of a model to the last epoch.
    Rest,
    /// One pass over the images, from the state of a model if there is one.
    Pass,
}

impl Part {
    fn new(name: &str) -> PyResult<Self> {
        match name {
            "all" => Ok(Part::All),
            "rest" => Ok(Part::Rest),
            "pass" => Ok(Part::Pass),
            _ => Err(PyValueError::new_err(format!("expected all, rest or pass, found '{name}'"))),
        }
    }
}

/// Event for Python.
enum Message {
    /// Event as JSON.
    Event(Map<String, Value>),
    /// Checkpoint that is due.
    Checkpoint(Arc<Checkpoint>),
}

/// Training job of one network.
struct Job {
    dataset: Dataset,
    /// Whether there are test images.
    evaluates: bool,
    config: Config,
    start: Option<Checkpoint>,
    /// Epoch after which the training stops.
    stop_after: Option<u32>,
    checkpoints: CheckpointInterval,
    options: apical::device::DeviceOptions,
}

/// Result of a job.
struct Trained {
    /// State at the end; `None` if the training was stopped before it began.
    last: Option<Arc<Checkpoint>>,
    metrics: String,
}

/// Trains on `data` and returns the model, `None` if the training was stopped before it began, and the exception that
/// interrupted it. `listener` receives each event as a line of JSON, with the model if the event is a checkpoint, and
/// returns whether to stop.
#[pyfunction]
#[pyo3(signature = (data, settings, device, listener, part = "all", start = None, checkpoints = None))]
pub(crate) fn train<'py>(
    py: Python<'py>,
    data: &Bound<'py, Data>,
    settings: &str,
    device: DeviceChoice,
    listener: &Bound<'py, PyAny>,
    part: &str,
    start: Option<&Bound<'py, Model>>,
    checkpoints: Option<&str>,
) -> PyResult<(Option<Model>, Option<Py<PyAny>>)> {
    let data = data.get();
    let mut config = settings::read(settings)?;
    let start = start.map(|model| model.get());
    let part = Part::new(part)?;
    let interval = match checkpoints {
        Some(text) => text.parse().map_err(crate::error::value_error)?,
        None => CheckpointInterval::Epochs(u32::MAX),
    };
    let (checkpoint, stop_after) = start_of(part, start, &mut config, data)?;
    let mut dataset = data.dataset.clone();
    if let Some(model) = start {
        // A pixel is still byte / largest byte of the first images.
        (dataset.max_pixel, dataset.rules) = (model.images.max_pixel, model.images.rules);
    }
    let mut images = ImageSpec::without_identity(&dataset);
    let metrics = match (part, start) {
        (Part::All, _) | (_, None) => String::new(),
        (_, Some(model)) => model.metrics.clone(),
    };
    let options = device.options();
    let stop = options.stop.clone();
    let wants_checkpoints = checkpoints.is_some();
    let evaluates = data.has_test || config.validation_images > 0;
    let job = Job {
        dataset,
        evaluates,
        config: config.clone(),
        start: checkpoint,
        stop_after,
        checkpoints: interval,
        options,
    };
    let epoch_images = training_images(&config, &data.dataset);
    let model = |checkpoint: Arc<Checkpoint>, metrics: String, images: &ImageSpec| Model {
        config: config.clone(),
        images: images.clone(),
        state: ModelState::Checkpoint(checkpoint),
        metrics,
        epoch_images,
    };
    let identity = run_identity(py, data)?;
    images.data = Some(identity);
    let Ended { result, interruption } = run(
        py,
        &stop,
        |emit: Emit<Message>| job.run(metrics, wants_checkpoints, emit),
        |message| {
            let (line, model) = match message {
                Message::Event(event) => (Value::Object(event).to_string(), None),
                Message::Checkpoint(checkpoint) => {
                    let TrainPosition { epoch, images: done, .. } = checkpoint.position;
                    let line = json!({ "event": "checkpoint", "epoch": epoch, "images": done });
                    let model = model(checkpoint, String::new(), &images);
                    (line.to_string(), Some(Bound::new(py, model)?))
                }
            };
            let stops = listener.call1((line, model))?.is_truthy()?;
            Ok(if stops { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        },
    )?;
    let Trained { last, metrics } = match (result, &interruption) {
        (Ok(trained), _) => trained,
        // A callback's exception says why.
        (Err(_), Some(_)) => Trained { last: None, metrics: String::new() },
        (Err(error), None) => return Err(of_train(error)),
    };
    let interruption = interruption.map(|error| error.into_value(py).into_any());
    Ok((last.map(|checkpoint| model(checkpoint, metrics, &images)), interruption))
}

/// Computes the identity of the data set, which reads all images.
fn run_identity(py: Python, data: &Data) -> PyResult<apical::dataset::DataIdentity> {
    crate::work::run_silently(py, &Default::default(), || {
        apical::dataset::DataIdentity::of(&data.dataset)
    })
}

/// Returns the checkpoint from which a part starts, and the epoch after which it stops.
fn start_of(
    part: Part,
    start: Option<&Model>,
    config: &mut Config,
    data: &Data,
) -> PyResult<(Option<Checkpoint>, Option<u32>)> {
    let network = || start.map(|model| Checkpoint::of_network(model.network().clone()));
    match (part, start.map(|model| (&model.state, model))) {
        (Part::All, _) => Ok((None, None)),
        (Part::Rest, Some((ModelState::Checkpoint(checkpoint), _))) => {
            Ok((Some(Checkpoint::clone(checkpoint)), None))
        }
        (Part::Rest, _) => {
            Err(PyValueError::new_err("cannot resume: the network has no state of its training"))
        }
        (Part::Pass, Some((ModelState::Checkpoint(checkpoint), model))) => {
            // Each presentation so far has its own random draws: count them in epochs of the new images.
            let TrainPosition { epoch, images, .. } = checkpoint.position;
            let shown = (epoch as usize - 1) * model.epoch_images + images;
            let count = training_images(config, &data.dataset).max(1);
            let epoch = 1 + shown.div_ceil(count) as u32;
            config.epochs = config.epochs.max(epoch);
            Ok((Some(checkpoint.at_epoch(epoch)), Some(epoch)))
        }
        (Part::Pass, _) => Ok((network(), Some(1))),
    }
}

impl Job {
    /// Trains. `metrics`: lines of the training so far.
    fn run(
        self,
        mut metrics: String,
        wants_checkpoints: bool,
        emit: Emit<Message>,
    ) -> Result<Trained, TrainError> {
        let Job { dataset, evaluates, config, start, stop_after, checkpoints, options } = self;
        let mut training = match &start {
            Some(checkpoint) => Training::resume(config, dataset, &options, checkpoint)?,
            None => Training::new(config, dataset, &options)?,
        };
        training.send_checkpoints(checkpoints);
        let mut last = None;
        training.run(&mut |event| {
            if let Event::Checkpoint { checkpoint, .. } = event {
                last = Some(checkpoint.clone());
                return match wants_checkpoints && checkpoint.is_due {
                    true => emit(Message::Checkpoint(checkpoint.clone())),
                    false => ControlFlow::Continue(()),
                };
            }
            let Some(fields) = fields(event, evaluates) else { return ControlFlow::Continue(()) };
            if event.is_metric() {
                let mut line = fields.clone();
                TIMING_KEYS.iter().for_each(|key| drop(line.remove(*key)));
                metrics += &(Value::Object(line).to_string() + "\n");
            }
            let flow = emit(Message::Event(fields));
            match event {
                Event::Epoch { epoch, .. } if Some(*epoch) == stop_after => ControlFlow::Break(()),
                _ => flow,
            }
        })?;
        Ok(Trained { last, metrics })
    }
}

/// Returns the fields of an event for Python; `None` for others. `evaluates`: whether there are test images.
fn fields(event: &Event, evaluates: bool) -> Option<Map<String, Value>> {
    let value = match event {
        Event::GroupStarted { device, .. } => json!({
            "event": "device", "backend": device.backend, "name": device.name, "note": device.note
        }),
        Event::TestProgress { epoch, test_images, total_test_images } => json!({
            "event": "test_progress", "epoch": epoch, "images": test_images,
            "total_images": total_test_images
        }),
        Event::PartialEval { .. } if !evaluates => return None,
        Event::Progress { .. }
        | Event::PartialEval { .. }
        | Event::Weights { .. }
        | Event::Epoch { .. } => serde_json::to_value(event).ok()?,
        _ => return None,
    };
    let Value::Object(mut fields) = value else { return None };
    if !evaluates {
        fields.remove("test_error");
        fields.remove("test_images_per_second");
    }
    Some(fields)
}
