//! `apical train`.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use super::machine::{DataArgs, MachineArgs};
use super::output::{Output, tell};
use super::progress::{Estimate, Progress, time_left};
use super::replicas::{self, ReplicaArgs};
use super::settings::Settings;
use super::tui::{self, Dashboard};
use super::{CliError, EXIT_CODES};
use crate::config::Config;
use crate::dataset::Dataset;
use crate::network::Network;
use crate::plots::TensorBoard;
use crate::record::tensorboard::TENSORBOARD;
use crate::record::{ImageShape, RecordError, Run, weights_sha256};
use crate::schedule::{Device, Selection};
use crate::train::{Event, Summary, Training};
use crate::trials::training_images;

/// Train a network, or many side by side, and test after each epoch
///
/// Standard output gets the result, standard error the progress. Nothing is written to disk without
/// --out.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(super) struct TrainArgs {
    /// Folder for config.toml, metrics.jsonl and weights.safetensors (of many networks: a folder of
    /// each, summary.json and summary.csv); it must not hold a run yet
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,

    /// Print JSON lines: an object for each quick test and epoch, and one at the end
    #[arg(long)]
    pub(super) json: bool,

    /// Write what TensorBoard shows into the folder of --out, while the training goes on: curves,
    /// histograms of the weights, receptive fields (of many networks: into that of each)
    #[arg(long, requires = "out")]
    pub(super) tensorboard: bool,

    /// Show the training on the whole terminal: curves, weights, receptive fields; keys pause it, save the
    /// weights, stop it
    #[arg(long)]
    tui: bool,

    #[command(flatten)]
    pub(super) data: DataArgs,

    #[command(flatten)]
    pub(super) networks: ReplicaArgs,

    #[command(flatten)]
    pub(super) settings: Settings,

    #[command(flatten)]
    machine: MachineArgs,
}

impl TrainArgs {
    /// # Errors
    /// When the arguments contradict each other.
    pub(super) fn selection(&self) -> Result<Selection, CliError> {
        Ok(Selection { memory: self.networks.memory(), ..self.machine.selection()? })
    }
}

pub(super) fn run(arguments: &TrainArgs) -> Result<(), CliError> {
    if arguments.tui {
        tui::check(arguments.networks.are_many(), arguments.json)?;
    }
    if arguments.networks.are_many() {
        return replicas::run(arguments);
    }
    let config = arguments.settings.resolve(|_| ())?;
    let selection = arguments.selection()?;
    let dataset = arguments.data.open()?;
    let images = ImageShape::of(&dataset);
    let plan = Plan::new(&config, &dataset);
    let mut training = Training::new(config.clone(), dataset, &selection)?;
    // Before the first image, so that no hour of training ends at a full or forbidden folder.
    let run = match &arguments.out {
        Some(folder) => Some(Run::create(folder, &config)?),
        None => None,
    };
    let mut tensorboard = None;
    if let (Some(folder), true) = (&arguments.out, arguments.tensorboard) {
        tensorboard = Some(plan.tensorboard(folder, images)?);
        training.requests().networks_after_epochs();
    }
    plan.announce(training.device());
    let mut dashboard = None;
    if arguments.tui {
        dashboard = Some(Dashboard::open(&plan, &training, images, arguments.out.clone())?);
    }
    let mut listener = Listener {
        run,
        tensorboard,
        output: Output::default(),
        json: arguments.json,
        progress: if arguments.tui { Progress::hidden() } else { Progress::new() },
        dashboard,
        estimate: Estimate::start(plan.work(config.epochs, 0)),
        plan: &plan,
    };
    let mut failure = None;
    let summary = training.run(&mut |event| match listener.hear(event) {
        Ok(flow) => flow,
        Err(error) => {
            failure = Some(error);
            ControlFlow::Break(())
        }
    })?;
    if let Some(error) = failure {
        return Err(error);
    }
    listener.finish(&summary, &training, &images)
}

/// What a training will do, in numbers.
#[derive(Clone, PartialEq)]
pub(super) struct Plan {
    pub(super) network: String,
    pub(super) dataset: String,
    pub(super) epochs: u32,
    pub(super) images: usize,
    pub(super) test_images: usize,
    /// What the images are called that are tested on.
    pub(super) tested: &'static str,
    /// Simulated time in ms of a training and of a test image: work, to judge the time left by.
    image_work: f64,
    test_image_work: f64,
}

impl Plan {
    pub(super) fn new(config: &Config, dataset: &Dataset) -> Self {
        let held_out = config.validation;
        let sizes = [&[dataset.pixels()], config.layers.as_slice()].concat();
        let sizes: Vec<String> = sizes.iter().map(usize::to_string).collect();
        Plan {
            network: sizes.join("-"),
            dataset: dataset.name.clone(),
            epochs: config.epochs,
            images: training_images(config, dataset),
            test_images: match config.test_images {
                0 if held_out > 0 => held_out,
                0 => dataset.test_count,
                count => count,
            },
            tested: if held_out > 0 { "validation" } else { "test" },
            image_work: 2.0 * f64::from(config.phase_steps),
            test_image_work: f64::from(config.test_steps),
        }
    }

    /// Work of whole epochs with their tests, and of some images of the next.
    pub(super) fn work(&self, epochs: u32, images: usize) -> f64 {
        let epoch =
            self.images as f64 * self.image_work + self.test_images as f64 * self.test_image_work;
        f64::from(epochs) * epoch + images as f64 * self.image_work
    }

    /// Starts the event file of a run in its folder.
    pub(super) fn tensorboard(
        &self,
        run: &Path,
        images: ImageShape,
    ) -> Result<TensorBoard, RecordError> {
        TensorBoard::create(&run.join(TENSORBOARD), images, self.images, self.tested)
    }

    fn announce(&self, device: &Device) {
        let Plan { network, dataset, .. } = self;
        tell(format_args!("training {network} on {dataset}: {}", self.images()));
        announce_device(device);
    }

    /// What is shown, in words.
    pub(super) fn images(&self) -> String {
        let Plan { epochs, images, test_images, tested, .. } = self;
        format!("{epochs} x {images} images, {test_images} {tested} images")
    }
}

pub(super) fn announce_device(device: &Device) {
    tell(format_args!("backend {}, device {}", device.backend, device.name));
    if let Some(note) = &device.note {
        tell(note);
    }
}

/// Tells everyone what happens.
struct Listener<'a> {
    run: Option<Run>,
    tensorboard: Option<TensorBoard>,
    output: Output,
    json: bool,
    progress: Progress,
    /// In place of the progress.
    dashboard: Option<Dashboard>,
    estimate: Estimate,
    plan: &'a Plan,
}

/// The last line of a run's metrics.
#[derive(Serialize)]
pub(super) struct Finished<'a> {
    event: &'static str,
    pub(super) test_error: f64,
    seconds: f64,
    backend: &'static str,
    device: &'a str,
    pub(super) weights_sha256: String,
}

impl<'a> Finished<'a> {
    pub(super) fn new(summary: &Summary, network: &Network, device: &'a Device) -> Self {
        Finished {
            event: "finished",
            test_error: summary.evaluation.error(),
            seconds: summary.seconds,
            backend: device.backend,
            device: &device.name,
            weights_sha256: weights_sha256(network),
        }
    }
}

impl Listener<'_> {
    fn hear(&mut self, event: &Event) -> Result<ControlFlow<()>, CliError> {
        if self.dashboard.is_none() {
            self.show(event);
        }
        if let Some(tensorboard) = &self.tensorboard {
            tensorboard.hear(event)?;
        }
        if !matches!(event, Event::Progress { .. } | Event::Network { .. }) {
            self.record(event)?;
        }
        // Last, for it may wait for a key.
        let flow = self.dashboard.as_mut().map_or(ControlFlow::Continue(()), |it| it.hear(event));
        // Who stopped reading wants no more, unless there are files to be written.
        let is_wanted = self.run.is_some() || !self.output.is_closed();
        Ok(if is_wanted { flow } else { ControlFlow::Break(()) })
    }

    /// Puts a line where lines of JSON are wanted.
    fn record(&mut self, line: &impl Serialize) -> Result<(), CliError> {
        if let Some(run) = &self.run {
            run.metrics.append(line)?;
        }
        if self.json {
            let Listener { progress, output, .. } = self;
            progress.aside(|| output.print_json(line))?;
        }
        Ok(())
    }

    fn show(&mut self, event: &Event) {
        let Plan { epochs: of, tested, .. } = self.plan;
        match event {
            Event::Progress { epoch, images, of_images, train_error, images_per_second } => {
                let left = time_left(self.estimate.left(self.plan.work(epoch - 1, *images)));
                let message = format!(
                    "{images_per_second:.0} images/s, training error {train_error:.2} %, {left}"
                );
                let what = format_args!("epoch {epoch}/{of}");
                self.progress.advance(what, *images, *of_images, message);
            }
            Event::QuickTest { epoch, images, test_error, test_images } => {
                self.progress.tell(format_args!(
                    "epoch {epoch}/{of}, {images} images: {tested} error {test_error:.2} % of the first \
                     {test_images} {tested} images"
                ));
            }
            // For files alone.
            Event::Weights { .. } | Event::Network { .. } => {}
            Event::Epoch { epoch, train_error, test_error, images_per_second, .. } => {
                let left = match self.estimate.left(self.plan.work(*epoch, 0)) {
                    left if epoch < of => format!(", {}", time_left(left)),
                    _ => String::new(),
                };
                self.progress.tell(format_args!(
                    "epoch {epoch}/{of}: training error {train_error:.2} %, {tested} error \
                     {test_error:.2} %, {images_per_second:.0} images/s{left}"
                ));
            }
        }
    }

    fn finish(
        mut self,
        summary: &Summary,
        training: &Training,
        images: &ImageShape,
    ) -> Result<(), CliError> {
        self.progress.clear();
        self.dashboard = None;
        let network = training.network();
        let finished = Finished::new(summary, network, training.device());
        // The weights first: they are what the time was spent on. The result is told even where they
        // cannot be written.
        let run = self.run.as_ref();
        let saved = run.map(|run| run.save(network, training.config(), images)).transpose();
        self.record(&finished)?;
        if !self.json {
            self.print(&finished, summary)?;
        }
        match saved? {
            Some(path) if !self.json => {
                self.output.print(format_args!("written     {}", path.display()))
            }
            _ => Ok(()),
        }
    }

    fn print(&mut self, finished: &Finished, summary: &Summary) -> Result<(), CliError> {
        let Plan { epochs, images, tested, .. } = self.plan;
        let Finished { test_error, seconds, backend, device, weights_sha256, .. } = finished;
        self.output.print(format_args!(
            "{what:<11} {test_error:.2} % of {count} {tested} images\n\
             time        {seconds:.1} s\n\
             images      {epochs} x {images}\n\
             backend     {backend}\n\
             device      {device}\n\
             weights     sha256 {weights_sha256}",
            what = format!("{tested} error"),
            count = summary.evaluation.images(),
        ))
    }
}
