//! `apical train`: trains one or many networks.

mod job;
mod job_messages;
mod job_start;
mod json_lines;
pub(super) mod listener;
mod part_arg;
mod progress_lines;
mod replica_args;
pub(super) mod results;
mod run_folder;
pub(super) mod tables;
mod tensorboard;
mod text_result;
mod training_size;

use std::path::{Path, PathBuf};

use super::output::{Output, eprint_line};
use super::progress::{Progress, TimeEstimate};
use super::settings::Settings;
use super::shared_args::{SimulationArgs, StopArgs};
use super::signals;
use super::tui::{self, Dashboard};
use super::{CliError, EXIT_CODES, ExitStatus};
use apical::device::DeviceOptions;
use apical::run_dir::file_names::RUN_INFO;
use apical::run_dir::{RunDir, StorageError};
use apical::train::{CheckpointInterval, ResumeFrom, TrainPosition, Training};
use clap::Args;
use clap::builder::RangedU64ValueParser;
use job::TrainJob;
use listener::{Context, Listener, Listeners};
use progress_lines::ProgressLines;
use replica_args::ReplicaArgs;
pub(super) use replica_args::{reject_explicit_settings, replica_count};
use tensorboard::EventFiles;
use training_size::announce;
pub(super) use training_size::{TrainingSize, print_device, print_note, print_warnings};

/// Train one or more networks and evaluate them after each epoch
///
/// Prints results on standard output and progress on standard error. Writes files only with --out.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(super) struct TrainArgs {
    /// Folder for config.toml, metrics.jsonl, checkpoints and weights.safetensors (many networks: one folder each,
    /// summary.json and summary.csv); must not contain a run
    #[arg(long, value_name = "DIR", group = "kept")]
    out: Option<PathBuf>,

    /// Start the run in the folder of --out, or resume it if it exists and has the same settings. Repeating the command
    /// after any interruption, as job scripts do, leads to the same result
    #[arg(long, requires = "out")]
    go_on: bool,

    /// Resume the run in this folder from its last checkpoint, with its settings and data set. The result has the same
    /// bits as without the interruption, on any machine. A larger --epochs extends the run
    #[arg(long, value_name = "DIR", group = "kept", conflicts_with_all = ["sweep", "replicas"])]
    resume: Option<PathBuf>,

    /// Start all networks with the weights in this file instead of random ones. The folder of the run keeps a copy
    #[arg(long, value_name = "FILE", conflicts_with = "resume")]
    initial_weights: Option<PathBuf>,

    /// Interval between checkpoints: a number of training images (5000; also writes one after each epoch) or of epochs
    /// (2epochs) [default: 1epoch, or that of the resumed run]. Ctrl-C, SIGTERM, SIGHUP, SIGUSR1 and SIGUSR2 also write
    /// one
    #[arg(long, value_name = "N|Nepochs")]
    checkpoint_every: Option<CheckpointInterval>,

    /// Number of latest checkpoints to keep, in addition to the one with the lowest test error [default: 2]
    #[arg(long, value_name = "N", value_parser = RangedU64ValueParser::<usize>::new().range(1..))]
    keep_checkpoints: Option<usize>,

    /// Print one JSON object per partial evaluation and epoch, and one at the end
    #[arg(long)]
    json: bool,

    /// Write TensorBoard event files to the folder of the run (many networks: of each): curves, weight histograms,
    /// receptive fields. A resumed run that has event files extends them
    #[arg(long, requires = "kept")]
    tensorboard: bool,

    /// Show a dashboard in the terminal: curves, weights, receptive fields, and keys to pause, save and stop
    #[arg(long)]
    tui: bool,

    #[command(flatten)]
    stop: StopArgs,

    #[command(flatten)]
    simulation: SimulationArgs,

    #[command(flatten)]
    networks: ReplicaArgs,

    #[command(flatten)]
    settings: Settings,
}

impl TrainArgs {
    /// Whether the command trains a part of the networks.
    pub(super) fn is_part(&self) -> bool {
        self.networks.is_part()
    }

    /// Whether the command may train many networks. With --resume, the run decides.
    pub(super) fn is_of_many(&self) -> bool {
        self.resume.is_some() || self.networks.is_of_many()
    }

    /// Returns the folder of the run.
    pub(super) fn folder(&self) -> Option<&Path> {
        self.out.as_deref().or(self.resume.as_deref())
    }

    /// Whether the command resumes a run if it is repeated.
    pub(super) fn is_repeatable(&self) -> bool {
        self.resume.is_some() || self.joins_run()
    }

    /// Whether the command resumes a run that exists in the folder of --out.
    fn joins_run(&self) -> bool {
        self.go_on || self.networks.is_part()
    }

    /// # Errors
    /// Returns an error if the arguments contradict each other.
    fn device_options(&self) -> Result<DeviceOptions, CliError> {
        Ok(DeviceOptions {
            memory: self.networks.memory(),
            ..self.simulation.machine.device_options()?
        })
    }
}

pub(super) fn run(arguments: &TrainArgs) -> Result<ExitStatus, CliError> {
    arguments.stop.start();
    match start_or_resume(arguments) {
        // Another part of the run created the folder at the same time.
        Err(CliError::Storage(StorageError::RunExists { found }))
            if arguments.joins_run() && found.ends_with(RUN_INFO) =>
        {
            start_or_resume(arguments)
        }
        ended => ended,
    }
}

fn start_or_resume(arguments: &TrainArgs) -> Result<ExitStatus, CliError> {
    let mut job = TrainJob::new(arguments)?;
    let is_of_many = job.info.is_of_many();
    if arguments.tui {
        tui::ensure_usable(is_of_many, arguments.json)?;
    }
    let variants = job.variants()?;
    if variants.is_empty() {
        return Ok(job.report_empty_part());
    }
    let device_options = arguments.device_options()?;
    let dataset = job.dataset(&arguments.simulation.data)?;
    job.check_initial_weights(&variants, &dataset)?;
    let images = job.image_shape(&dataset);
    job.print_data_notes(&dataset, arguments)?;
    let sizes: Vec<TrainingSize> =
        variants.iter().map(|variant| TrainingSize::new(&variant.config, &dataset)).collect();
    let (mut runs, starts) = job.open_runs(&variants)?;
    runs.iter().flat_map(RunDir::warnings).for_each(eprint_line);
    let positions: Vec<Option<TrainPosition>> = starts.iter().map(ResumeFrom::position).collect();
    let output = Output::default();
    let context = |job, progress| {
        let (variants, sizes, images, output) = (&variants[..], &sizes[..], &images, &output);
        Context { job, variants, sizes, images, output, progress, json: arguments.json }
    };
    if positions.iter().all(Option::is_none) {
        if is_of_many {
            let progress = Progress::hidden();
            let context = context(&job, &progress);
            context.finish(Listeners::of_results(context, runs, Vec::new())?, 0.0)?;
        }
        return Ok(job.report_finished());
    }
    if !is_of_many && let Some(Some(position)) = positions.first() {
        job.report_position(position);
    }
    let mut training = Training::resume_variants(&variants, dataset, &device_options, starts)?;
    let _guard = signals::defer(job.has_folder())?;
    // Create the folder before training, so that an unwritable folder fails early.
    if job.create()? {
        (runs, _) = job.open_runs(&variants)?;
    }
    if job.has_folder() {
        training.send_checkpoints(job.checkpoint_every);
    }
    job.report_part(&variants);
    announce(&sizes, is_of_many, training.device());
    print_warnings(variants.iter().map(|variant| &variant.config));
    let progress = if arguments.tui { Progress::hidden() } else { Progress::new() };
    let context = context(&job, &progress);
    let watchers = watchers(context, arguments, &training, &positions)?;
    let mut listeners = Listeners::of_results(context, runs, watchers)?;
    let trained = training.run(&mut |event| listeners.on_event(event));
    context.end(listeners, trained)
}

/// Returns the listeners that show the training or write more than its results: progress or dashboard, and TensorBoard.
/// `positions`: start of each network; `None` for a network that was trained before.
fn watchers<'a>(
    context: Context<'a>,
    arguments: &TrainArgs,
    training: &Training,
    positions: &[Option<TrainPosition>],
) -> Result<Vec<Box<dyn Listener + 'a>>, CliError> {
    let Context { job, sizes, images, .. } = context;
    let mut watchers: Vec<Box<dyn Listener + 'a>> = Vec::new();
    if let Some(files) = EventFiles::open(context, positions, arguments.tensorboard)? {
        training.control().request_networks_after_epochs();
        watchers.push(Box::new(files));
    }
    let mut estimate =
        TimeEstimate::start(sizes.iter().map(|size| size.work(size.epochs, 0)).sum());
    estimate.resume_at(sizes.iter().zip(positions).map(|(size, at)| size.work_before(at)).sum());
    if arguments.tui {
        let folder = job.resumed_folder().map(Path::to_owned);
        let config = &job.info.config;
        let dashboard =
            Dashboard::open(&sizes[0], training, config, images.clone(), folder, estimate)?;
        // Last, because it may wait for a key.
        watchers.push(Box::new(dashboard));
    } else {
        watchers.push(Box::new(ProgressLines::new(context, estimate, positions)));
    }
    Ok(watchers)
}
