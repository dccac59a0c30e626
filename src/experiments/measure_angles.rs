//! Measures the angles to backpropagation while networks learn, several networks at once. A stopped measurement resumes
//! with the same bits.

use std::collections::BTreeSet;
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use std::{thread, vec};

use super::angle_traces::{AngleTrace, MEAN_IMAGES};
use super::error::ExperimentError;
use super::study::Study;
use crate::analysis::statistics::mean;
use crate::config::Config;
use crate::cpu::Threads;
use crate::dataset::{DataIdentity, Dataset};
use crate::device::DeviceOptions;
use crate::interface::Stop;
use crate::monitor::{Mode, MonitorSession, MonitorSpec, Quantity};
use crate::network::Network;
use crate::run_dir::{CHECKPOINT_EVERY, ImageSpec, StorageError, UnfinishedTrial, now_rfc3339};
use crate::train::{Checkpoint, ResumeFrom, TrainPosition, order};
use crate::trial_cache::device_name;

/// Returns the angles of a network per seed and condition while it learns, `[conditions][seeds]`. Trains the networks
/// without finished traces, at most `study.parallel` at once.
///
/// # Errors
/// Returns an error if the device fails, a file cannot be read or written, or the listener interrupts.
pub(super) fn measure_angles(
    study: &mut Study,
    conditions: &[Config],
) -> Result<Vec<Vec<AngleTrace>>, ExperimentError> {
    let seeded: Vec<Vec<Config>> =
        conditions.iter().map(|config| study.with_seeds(config)).collect();
    let configs = seeded.concat();
    let measured = measure_missing(study, &configs);
    // Not earlier, while threads write others beside them. A killed process may have left some, too.
    let removed = remove_checkpoints(study, &configs);
    measured?;
    removed?;
    let find = |config: &Config| study.angle_traces.find(config, &study.data.sha256).cloned();
    let of_condition = |configs: &Vec<Config>| configs.iter().map(find).collect();
    // Threads that see a stop between two networks report nothing.
    let traces: Option<Vec<Vec<AngleTrace>>> = seeded.iter().map(of_condition).collect();
    let traces = traces.ok_or(ExperimentError::Interrupted)?;
    let devices: BTreeSet<&str> =
        traces.iter().flatten().map(|trace| trace.device.as_str()).collect();
    study.device = Some(devices.into_iter().collect::<Vec<_>>().join(" and "));
    Ok(traces)
}

/// Removes the checkpoints of finished traces.
fn remove_checkpoints(study: &Study, configs: &[Config]) -> Result<(), StorageError> {
    let (traces, data) = (&study.angle_traces, &study.data.sha256);
    let mut finished = configs.iter().filter(|config| traces.find(config, data).is_some());
    finished.try_for_each(|config| traces.remove_unfinished(config, data))
}

fn measure_missing(study: &mut Study, configs: &[Config]) -> Result<(), ExperimentError> {
    let images = study.dataset.training_count;
    let (mut missing, mut done, mut total) = (Vec::new(), 0, 0);
    for config in configs {
        if study.angle_traces.find(config, &study.data.sha256).is_some() {
            continue;
        }
        let (unfinished, start, means) =
            study.angle_traces.unfinished(config, &study.data.sha256)?;
        let checkpoint = match start {
            ResumeFrom::Checkpoint(checkpoint) => *checkpoint,
            _ => Checkpoint::of_network(Network::initial(config, study.dataset.pixels())),
        };
        let position = checkpoint.position;
        done += (position.epoch - 1) as usize * images + position.images;
        total += config.epochs as usize * images;
        missing.push(Measurement { config: config.clone(), unfinished, checkpoint, means });
    }
    study.is_resumed = done > 0 || missing.len() < configs.len();
    if missing.is_empty() {
        return Ok(());
    }
    let what = "training images";
    study.report_progress(what, done, total)?;
    let parallel = study.parallel.clamp(1, missing.len());
    let stop = Stop::default();
    let worker = Worker {
        dataset: study.dataset.clone(),
        data: study.data.clone(),
        options: DeviceOptions {
            threads: (Threads::choose(study.selection.threads).count / parallel).max(1),
            memory: study.selection.memory.map(|bytes| bytes / parallel as u64),
            // After a stop, the images of a mean finish, so that the session can be saved.
            stop: Stop::default(),
            ..study.selection.clone()
        },
        stop: stop.clone(),
        queue: Mutex::new(missing.into_iter()),
    };
    let mut failure = None;
    thread::scope(|scope| {
        let (sender, reports) = mpsc::channel();
        for _ in 0..parallel {
            let (worker, sender) = (&worker, sender.clone());
            scope.spawn(move || worker.run(&sender));
        }
        drop(sender);
        for report in reports {
            let result = match report {
                Report::Shown(images) => {
                    done += images;
                    study.report_progress(what, done, total)
                }
                Report::Finished(trace) => study.angle_traces.add(*trace).map_err(Into::into),
                Report::Failed(error) => Err(error),
            };
            if let Err(error) = result {
                stop.request();
                // An error has priority over an interruption.
                if matches!(failure, None | Some(ExperimentError::Interrupted)) {
                    failure = Some(error);
                }
            } else if study.selection.stop.is_requested() {
                stop.request();
            }
        }
    });
    failure.map_or(Ok(()), Err)
}

/// Network whose angles are measured.
struct Measurement {
    config: Config,
    unfinished: UnfinishedTrial,
    /// Start of the training.
    checkpoint: Checkpoint,
    /// Means so far.
    means: Vec<f32>,
}

/// Report of a thread.
enum Report {
    /// A number of images was shown.
    Shown(usize),
    /// A training ended.
    Finished(Box<AngleTrace>),
    /// A training failed, or was interrupted.
    Failed(ExperimentError),
}

/// State shared by the threads.
struct Worker {
    dataset: Arc<Dataset>,
    data: DataIdentity,
    options: DeviceOptions,
    stop: Stop,
    queue: Mutex<vec::IntoIter<Measurement>>,
}

impl Worker {
    /// Measures one network after the other.
    fn run(&self, reports: &Sender<Report>) {
        while !self.stop.is_requested()
            && let Some(next) = self.next()
        {
            let report = match self.measure(next, reports) {
                Ok(trace) => Report::Finished(Box::new(trace)),
                Err(error) => Report::Failed(error),
            };
            if reports.send(report).is_err() {
                return;
            }
        }
    }

    fn next(&self) -> Option<Measurement> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).next()
    }

    /// Trains a network to the last epoch, or to a checkpoint after a stop is requested.
    fn measure(
        &self,
        measurement: Measurement,
        reports: &Sender<Report>,
    ) -> Result<AngleTrace, ExperimentError> {
        let Measurement { config, mut unfinished, checkpoint, mut means } = measurement;
        let Checkpoint { mut position, mut network, state, .. } = checkpoint;
        let spec = MonitorSpec::new(&[Quantity::Angles]);
        let mut session =
            MonitorSession::open(&config, &self.dataset, &network, spec, &self.options)?;
        session.load_state(&state)?;
        let data = Some(self.data.clone());
        let image_spec = ImageSpec { data, ..ImageSpec::without_identity(&self.dataset) };
        let mut last_saved = Instant::now();
        while position.epoch <= config.epochs {
            let order = order(&config, &self.dataset, position.epoch);
            for images in order.get(position.images..).unwrap_or_default().chunks(MEAN_IMAGES) {
                let recording = session.show(images, Mode::Train, &mut |_| ())?;
                let mut angles = recording.values_f64("angle0");
                // Without errors the angle is undefined: count it as 90 degrees.
                let undefined = angles.iter_mut().filter(|angle| !angle.is_finite());
                undefined.for_each(|angle| *angle = 90.0);
                means.push(mean(&angles) as f32);
                position.images += images.len();
                let is_stopped =
                    reports.send(Report::Shown(images.len())).is_err() || self.stop.is_requested();
                if is_stopped || last_saved.elapsed() >= CHECKPOINT_EVERY {
                    session.read_network(&mut network)?;
                    let state = session.save_state()?;
                    let checkpoint =
                        Checkpoint { position, state, ..Checkpoint::of_network(network.clone()) };
                    unfinished.save(&checkpoint, &means, &image_spec)?;
                    last_saved = Instant::now();
                }
                if is_stopped {
                    return Err(ExperimentError::Interrupted);
                }
            }
            position = TrainPosition { epoch: position.epoch + 1, images: 0, ..position };
        }
        Ok(AngleTrace {
            config,
            dataset: self.data.name.clone(),
            dataset_sha256: self.data.sha256.clone(),
            images: self.dataset.training_count,
            device: device_name(session.device()),
            date: now_rfc3339(),
            version: env!("CARGO_PKG_VERSION").to_string(),
            means,
        })
    }
}
