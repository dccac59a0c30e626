//! Training with events for Python.

use std::ops::ControlFlow;
use std::sync::Arc;

use apical::config::Config;
use apical::dataset::{DataIdentity, Dataset};
use apical::device::DeviceOptions;
use apical::run_dir::ImageSpec;
use apical::train::{Checkpoint, CheckpointInterval, Event, TrainError, TrainPosition, Training};
use apical::trial_cache::training_images;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use serde_json::{Map, Value, json};

use crate::data::Data;
use crate::device::{DeviceChoice, device_note};
use crate::error::{of_train, of_weights, value_error};
use crate::model::{Model, ModelState};
use crate::settings::{self, warn_of_settings};
use crate::work::{Emit, Ended, run, run_silently};

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

/// Settings and extent of a training.
#[derive(FromPyObject)]
pub(crate) struct TrainArguments {
    /// All settings as JSON.
    settings: String,
    /// "all", "rest" or "pass".
    part: String,
    /// Interval of the checkpoints sent to the listener; `None`: none are sent.
    checkpoints: Option<String>,
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
    /// Interval of the checkpoints sent to the listener.
    checkpoints: Option<CheckpointInterval>,
    /// Lines of the metrics so far.
    metrics: String,
    options: DeviceOptions,
}

/// Result of a job.
#[derive(Default)]
struct Trained {
    /// State at the end; `None` if the training was stopped before it began.
    last: Option<Arc<Checkpoint>>,
    metrics: String,
}

/// Fields of a model that do not change during its training.
struct ModelTemplate {
    config: Config,
    images: ImageSpec,
    epoch_images: usize,
}

impl ModelTemplate {
    fn model(&self, checkpoint: Arc<Checkpoint>, metrics: String) -> Model {
        let ModelTemplate { config, images, epoch_images } = self;
        Model {
            config: config.clone(),
            images: images.clone(),
            state: ModelState::Checkpoint(checkpoint),
            metrics,
            epoch_images: *epoch_images,
        }
    }
}

/// Trains on `data` and returns the model, `None` if the training was stopped before it began, and the exception that
/// interrupted it. `listener` receives each event as a line of JSON, with the model if the event is a checkpoint, and
/// returns whether to stop.
#[pyfunction]
#[pyo3(signature = (data, arguments, device, listener, start = None))]
pub(crate) fn train<'py>(
    py: Python<'py>,
    data: &Bound<'py, Data>,
    arguments: TrainArguments,
    device: DeviceChoice,
    listener: &Bound<'py, PyAny>,
    start: Option<&Bound<'py, Model>>,
) -> PyResult<(Option<Model>, Option<Py<PyAny>>)> {
    let options = device.options();
    let stop = options.stop.clone();
    let start = start.map(|model| model.get());
    let (data, part) = (data.get(), Part::new(&arguments.part)?);
    let identity = run_silently(py, &stop, || DataIdentity::of(&data.dataset))?;
    if let Some(model) = start {
        model.saved().check_size(&data.dataset).map_err(of_weights)?;
    }
    if let (Part::Rest, Some(model)) = (part, start) {
        check_data(&identity, model)?;
    }
    let job = Job::new(data, arguments, part, start, options)?;
    // Seen by the caller of `fit`.
    warn_of_settings(py, &job.config, 3)?;
    let (max_pixel, rules) = (job.dataset.max_pixel, job.dataset.rules);
    let template = ModelTemplate {
        config: job.config.clone(),
        images: ImageSpec { max_pixel, rules, ..data.image_spec(identity) },
        epoch_images: training_images(&job.config, &job.dataset),
    };
    let notify = |message| {
        let (line, model) = match message {
            Message::Event(event) => (Value::Object(event), None),
            Message::Checkpoint(checkpoint) => {
                let TrainPosition { epoch, images, .. } = checkpoint.position;
                let line = json!({ "event": "checkpoint", "epoch": epoch, "images": images });
                (line, Some(Bound::new(py, template.model(checkpoint, String::new()))?))
            }
        };
        let stops = listener.call1((line.to_string(), model))?.is_truthy()?;
        Ok(if stops { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    };
    let Ended { result, interruption } = run(py, &stop, |emit| job.run(emit), notify)?;
    let Trained { last, metrics } = match (result, &interruption) {
        (Ok(trained), _) => trained,
        // A callback's exception says why.
        (Err(_), Some(_)) => Trained::default(),
        (Err(error), None) => return Err(of_train(error)),
    };
    let interruption = interruption.map(|error| error.into_value(py).into_any());
    Ok((last.map(|checkpoint| template.model(checkpoint, metrics)), interruption))
}

/// Checks that a stopped training resumes on its own data.
fn check_data(identity: &DataIdentity, model: &Model) -> PyResult<()> {
    match &model.images.data {
        Some(data) if data.sha256 != identity.sha256 => Err(PyValueError::new_err(format!(
            "cannot resume: expected the images and labels of the stopped training, {data}, found {identity}; hint: pass \
             the same X, y and validation, or train on others with partial_fit"
        ))),
        _ => Ok(()),
    }
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
    /// Prepares a training on `data`, from the state of `start` unless the whole training is asked for.
    fn new(
        data: &Data,
        arguments: TrainArguments,
        part: Part,
        start: Option<&Model>,
        options: DeviceOptions,
    ) -> PyResult<Self> {
        let mut config = settings::read(&arguments.settings)?;
        let start = start.filter(|_| part != Part::All);
        let (checkpoint, stop_after) = start_of(part, start, &mut config, data)?;
        let checkpoints = arguments.checkpoints.map(|text| text.parse().map_err(value_error));
        let mut dataset = data.dataset.clone();
        if let Some(model) = start {
            // A pixel is still byte / largest byte of the first images.
            (dataset.max_pixel, dataset.rules) = (model.images.max_pixel, model.images.rules);
        }
        Ok(Job {
            dataset,
            evaluates: data.has_test || config.validation_images > 0,
            config,
            start: checkpoint,
            stop_after,
            checkpoints: checkpoints.transpose()?,
            metrics: start.map_or(String::new(), |model| model.metrics.clone()),
            options,
        })
    }

    fn run(self, emit: Emit<Message>) -> Result<Trained, TrainError> {
        let Job { dataset, evaluates, config, start, stop_after, checkpoints, options, .. } = self;
        let mut metrics = self.metrics;
        let mut training = match &start {
            Some(checkpoint) => Training::resume(config, dataset, &options, checkpoint)?,
            None => Training::new(config, dataset, &options)?,
        };
        // The last state is needed in any case.
        training.send_checkpoints(checkpoints.unwrap_or(CheckpointInterval::Epochs(u32::MAX)));
        let mut last = None;
        training.run(&mut |event| {
            if let Event::Checkpoint { checkpoint, .. } = event {
                last = Some(checkpoint.clone());
                return match checkpoints.is_some() && checkpoint.is_due {
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
            "event": "device", "backend": device.backend, "name": device.name,
            "bit_exact": device.bit_exact, "note": device_note(device)
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
