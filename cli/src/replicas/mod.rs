//! `apical train` with many networks.

mod lines;
mod listener;
mod show;
mod tables;

use clap::Args;
use clap::builder::RangedU64ValueParser;

use super::output::eprint_line;
use super::settings::Settings;
use super::signals;
use super::train::{Plan, TrainArgs, TrainJob, or_stop, print_device, print_warnings};
use super::{CliError, ExitStatus};
use apical::config::{Sweep, VARIANTS_MAX, variants};
use apical::device::Device;
use apical::run_dir::ReplicaRunDirs;
use apical::run_dir::file_names::{TENSORBOARD, replica_folder};
use apical::train::{ResumeFrom, Training};
use listener::Listener;

/// Options for training many networks.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Many networks (each with the bits of a network trained alone)")]
pub(super) struct ReplicaArgs {
    /// Number of networks, with seeds SEED, SEED + 1, ..; with --sweep, the number per combination
    #[arg(long, value_name = "R", default_value_t = 1, value_parser = replica_count())]
    replicas: usize,

    /// Train one network per value of a setting, by its key in config.toml (any except layers). Repeat the flag to train
    /// all combinations. Separate the elements of a list with colons: eta=0.2:0.1,0.4:0.2. A sweep of seed replaces
    /// --replicas
    #[arg(long, value_name = "KEY=V1,V2,..")]
    sweep: Vec<Sweep>,

    /// Memory for the arrays of the networks (MiB); networks that do not fit are trained in groups, one after another
    /// [default: free memory]
    #[arg(long, value_name = "MIB", value_parser = mebibytes())]
    memory: Option<u64>,
}

/// Number of bytes per MiB.
const MEBIBYTE: u64 = 1 << 20;
/// Upper limit of --memory, MiB.
const MEBIBYTES_MAX: u64 = 1 << 30;

fn mebibytes() -> RangedU64ValueParser<u64> {
    RangedU64ValueParser::new().range(1..=MEBIBYTES_MAX)
}

pub(super) fn replica_count() -> RangedU64ValueParser<usize> {
    RangedU64ValueParser::new().range(1..=VARIANTS_MAX as u64)
}

impl ReplicaArgs {
    /// Returns the sweeps and the number of networks per combination.
    ///
    /// # Errors
    /// Returns an error if a setting is both swept and set.
    pub(super) fn sweeps_and_replicas(
        &self,
        settings: &Settings,
    ) -> Result<(Vec<Sweep>, usize), CliError> {
        reject_explicit_settings(settings, &self.sweep, "swept")?;
        Ok((self.sweep.clone(), self.replicas))
    }

    /// Returns the memory limit, bytes.
    pub(super) fn memory(&self) -> Option<u64> {
        self.memory.map(|mebibytes| mebibytes * MEBIBYTE)
    }
}

pub(super) fn run(arguments: &TrainArgs, mut job: TrainJob) -> Result<ExitStatus, CliError> {
    let keep = job.info.keep_checkpoints;
    let variants = variants(&job.info.config, &job.info.sweeps, job.info.replicas)?;
    let device_options = arguments.device_options()?;
    let dataset = job.dataset(&arguments.data)?;
    let images = job.image_shape(&dataset);
    job.print_data_notes(&dataset, arguments)?;
    let plans: Vec<Plan> =
        variants.iter().map(|variant| Plan::new(&variant.config, &dataset)).collect();
    let (mut runs, mut starts) = (None, vec![ResumeFrom::Initial; variants.len()]);
    if let Some(folder) = job.resumed_folder() {
        let (resumed, from) = ReplicaRunDirs::resume(folder, &variants, keep)?;
        resumed.notices().for_each(eprint_line);
        (runs, starts) = (Some(resumed), from);
    }
    if starts.iter().all(|start| matches!(start, ResumeFrom::Finished)) {
        let mut listener = Listener::new(arguments.json, images, &variants, &plans);
        listener.resume_from(runs, &starts)?;
        listener.finish(0.0)?;
        return job.report_finished();
    }
    let mut training =
        Training::resume_variants(&variants, dataset, &device_options, starts.clone())?;
    if job.has_folder() {
        training.keep_checkpoints(job.checkpoint_every);
    }
    let _held = signals::defer(job.has_folder())?;
    // Create the folder before training, so that an unwritable folder fails early.
    if let Some(folder) = job.create()? {
        runs = Some(ReplicaRunDirs::resume(&folder, &variants, keep)?.0);
    }
    let mut tensorboards = Vec::new();
    if let Some(folder) = job.resumed_folder()
        && (arguments.tensorboard || folder.join(replica_folder(0)).join(TENSORBOARD).is_dir())
    {
        let of_run = |(replica, plan): (usize, &Plan)| {
            let run = folder.join(replica_folder(replica));
            plan.tensorboard(&run, images.clone(), &starts[replica])
        };
        tensorboards = plans.iter().enumerate().map(of_run).collect::<Result<_, _>>()?;
        training.control().request_networks_after_epochs();
    }
    print_plans(&plans, training.device());
    print_warnings(variants.iter().map(|variant| &variant.config));
    let mut listener = Listener::new(arguments.json, images, &variants, &plans);
    listener.resume_from(runs, &starts)?;
    listener.tensorboards = tensorboards;
    drop(starts);
    let mut failure = None;
    let summary = training.run(&mut |event| or_stop(listener.on_event(event), &mut failure));
    let summary = job.check_result(summary, failure)?;
    if !summary.stopped {
        return listener.finish(summary.seconds).map(|()| ExitStatus::Done);
    }
    Ok(job.report_stopped(&listener.output))
}

/// Returns an error if a swept setting is also set by its flag.
pub(super) fn reject_explicit_settings(
    settings: &Settings,
    sweeps: &[Sweep],
    what: &str,
) -> Result<(), CliError> {
    match sweeps.iter().map(Sweep::key).find(|key| settings.is_set(key)) {
        Some(key) => {
            let flag = key.replace('_', "-");
            let message = format!("cannot set {key}: it is both given by --{flag} and {what}");
            Err(CliError::Usage(message))
        }
        None => Ok(()),
    }
}

fn print_plans(plans: &[Plan], device: &Device) {
    let Plan { network, dataset, .. } = &plans[0];
    let images = match plans.iter().all(|plan| *plan == plans[0]) {
        true => format!(": {} each", plans[0].images()),
        false => String::new(),
    };
    eprint_line(format_args!("training {} x {network} on {dataset}{images}", plans.len()));
    print_device(device);
}
