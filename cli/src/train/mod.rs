//! `apical train`: trains networks.

mod job;
mod listener;
mod plan;

use std::path::{Path, PathBuf};

use super::machine::{DataArgs, MachineArgs};
use super::output::{Output, eprint_line};
use super::progress::{Progress, TimeEstimate};
use super::replicas::{self, ReplicaArgs};
use super::settings::Settings;
use super::signals;
use super::tui::{self, Dashboard};
use super::{CliError, EXIT_CODES, ExitStatus};
use apical::device::DeviceOptions;
use apical::run_dir::RunDir;
use apical::run_dir::file_names::TENSORBOARD;
use apical::train::{CheckpointInterval, ResumeFrom, Training};
use clap::Args;
use clap::builder::RangedU64ValueParser;
pub(super) use job::{TrainJob, or_stop};
pub(super) use listener::Finished;
use listener::Listener;
pub(super) use plan::{Plan, print_device, print_warnings};

/// Train one or more networks and evaluate them after each epoch
///
/// Prints results on standard output and progress on standard error. Writes files only with --out.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(super) struct TrainArgs {
    /// Folder for config.toml, metrics.jsonl, checkpoints and weights.safetensors (many networks: one folder each,
    /// summary.json and summary.csv); must not contain a run
    #[arg(long, value_name = "DIR", group = "kept")]
    pub(super) out: Option<PathBuf>,

    /// Resume the run in the folder of --out if it exists and has the same settings; otherwise start it. For job scripts
    /// that are restarted
    #[arg(long, requires = "out")]
    resume_if_exists: bool,

    /// Resume the run in this folder from its last checkpoint, with its settings and data set. The result has the same
    /// bits as without the interruption, on any machine
    #[arg(long, value_name = "DIR", group = "kept", conflicts_with_all = ["sweep", "replicas"])]
    pub(super) resume: Option<PathBuf>,

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
    pub(super) json: bool,

    /// Write TensorBoard event files to the folder of the run (many networks: of each): curves, weight histograms,
    /// receptive fields. A resumed run that has event files extends them
    #[arg(long, requires = "kept")]
    pub(super) tensorboard: bool,

    /// Show a dashboard in the terminal: curves, weights, receptive fields, and keys to pause, save and stop
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
    /// Returns an error if the arguments contradict each other.
    pub(super) fn device_options(&self) -> Result<DeviceOptions, CliError> {
        Ok(DeviceOptions { memory: self.networks.memory(), ..self.machine.device_options()? })
    }
}

pub(super) fn run(arguments: &TrainArgs) -> Result<ExitStatus, CliError> {
    let mut job = TrainJob::new(arguments)?;
    if arguments.tui {
        tui::ensure_usable(job.info.is_of_many(), arguments.json)?;
    }
    if job.info.is_of_many() {
        return replicas::run(arguments, job);
    }
    let config = job.info.config.clone();
    let device_options = arguments.device_options()?;
    let dataset = job.dataset(&arguments.data)?;
    let images = job.image_shape(&dataset);
    job.print_data_notes(&dataset, arguments)?;
    let plan = Plan::new(&config, &dataset);
    let (mut run, mut start) = (None, ResumeFrom::Initial);
    if let Some(folder) = job.resumed_folder() {
        let (resumed, from) = RunDir::resume(folder, &config, job.info.keep_checkpoints)?;
        resumed.notices().iter().for_each(eprint_line);
        (run, start) = (Some(resumed), from);
    }
    let mut estimate = TimeEstimate::start(plan.work(config.epochs, 0));
    let mut training = match &start {
        ResumeFrom::Finished => return job.report_finished(),
        ResumeFrom::Initial => Training::new(config.clone(), dataset, &device_options)?,
        ResumeFrom::Checkpoint(checkpoint) => {
            estimate.resume_at(plan.work_before(&checkpoint.position));
            eprint_line(job.from(&checkpoint.position));
            Training::resume(config.clone(), dataset, &device_options, checkpoint)?
        }
    };
    let _held = signals::defer(job.has_folder())?;
    // Create the folder before training, so that an unwritable folder fails early.
    if let Some(folder) = job.create()? {
        run = Some(RunDir::create(&folder, &config, job.info.keep_checkpoints)?);
    }
    if run.is_some() {
        training.keep_checkpoints(job.checkpoint_every);
    }
    let mut tensorboard = None;
    if let Some(folder) = job.resumed_folder()
        && (arguments.tensorboard || folder.join(TENSORBOARD).is_dir())
    {
        tensorboard = Some(plan.tensorboard(folder, images.clone(), &start)?);
        training.control().request_networks_after_epochs();
    }
    drop(start);
    plan.announce(training.device());
    print_warnings([&config]);
    let mut dashboard = None;
    if arguments.tui {
        let folder = job.resumed_folder().map(Path::to_owned);
        let opened = Dashboard::open(&plan, &training, &config, images.clone(), folder, estimate);
        dashboard = Some(opened?);
    }
    let mut listener = Listener {
        run,
        tensorboard,
        output: Output::default(),
        json: arguments.json,
        progress: if arguments.tui { Progress::hidden() } else { Progress::new() },
        dashboard,
        estimate,
        plan: &plan,
        job: &job,
        images,
        finished: None,
        work: 0.0,
    };
    let mut failure = None;
    let summary = training.run(&mut |event| or_stop(listener.on_event(event), &mut failure));
    let summary = job.check_result(summary, failure)?;
    if !summary.stopped {
        return listener.finish(&training).map(|()| ExitStatus::Done);
    }
    listener.clear();
    Ok(job.report_stopped(&listener.output))
}
