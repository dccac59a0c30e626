//! `apical train` of many networks.

mod listener;
mod tables;

use std::ops::ControlFlow;

use clap::Args;
use clap::builder::RangedU64ValueParser;

use super::CliError;
use super::output::tell;
use super::settings::Settings;
use super::train::{Plan, TrainArgs, announce_device};
use crate::config::{Sweep, VARIANTS_MAX, variants};
use crate::record::replicas::replica_folder;
use crate::record::{ImageShape, ReplicaRuns};
use crate::schedule::Device;
use crate::train::Replicas;
use listener::Listener;

/// How many networks, and in what they differ.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Many networks (each as if it trained alone)")]
pub(super) struct ReplicaArgs {
    /// Networks to train side by side, with the seeds SEED, SEED + 1 and so on; of a sweep, so many of
    /// each combination
    #[arg(long, value_name = "R", default_value_t = 1, value_parser = replica_count())]
    replicas: usize,

    /// Train a network for each of these values of a setting, a key of config.toml (any but layers);
    /// given several times, for each combination. A list, as one learning rate for each layer, is
    /// written with colons: eta=0.2:0.1,0.4:0.2. A sweep of seed stands for --replicas
    #[arg(long, value_name = "KEY=V1,V2,..")]
    sweep: Vec<Sweep>,

    /// Memory that the arrays of the networks may take, in MiB; more networks than fit run one after
    /// another [default: what is free]
    #[arg(long, value_name = "MIB", value_parser = mebibytes())]
    memory: Option<u64>,
}

/// Bytes.
const MEBIBYTE: u64 = 1 << 20;
/// More than any machine has.
const MEBIBYTES_MAX: u64 = 1 << 30;

fn mebibytes() -> RangedU64ValueParser<u64> {
    RangedU64ValueParser::new().range(1..=MEBIBYTES_MAX)
}

pub(super) fn replica_count() -> RangedU64ValueParser<usize> {
    RangedU64ValueParser::new().range(1..=VARIANTS_MAX as u64)
}

impl ReplicaArgs {
    pub(super) fn are_many(&self) -> bool {
        self.replicas > 1 || !self.sweep.is_empty()
    }

    /// Bytes that arrays may take, where that is told.
    pub(super) fn memory(&self) -> Option<u64> {
        self.memory.map(|mebibytes| mebibytes * MEBIBYTE)
    }
}

pub(super) fn run(arguments: &TrainArgs) -> Result<(), CliError> {
    let ReplicaArgs { replicas, sweep, .. } = &arguments.networks;
    refuse_what_is_set(&arguments.settings, sweep, "swept")?;
    let config = arguments.settings.resolve(|_| ())?;
    let variants = variants(&config, sweep, *replicas)?;
    let selection = arguments.selection()?;
    let dataset = arguments.data.open()?;
    let images = ImageShape::of(&dataset);
    let plans: Vec<Plan> =
        variants.iter().map(|variant| Plan::new(&variant.config, &dataset)).collect();
    let training = Replicas::new(&variants, dataset, &selection)?;
    // Before the first image, so that no hour of training ends at a full or forbidden folder.
    let runs = match &arguments.out {
        Some(folder) => Some(ReplicaRuns::create(folder, &variants)?),
        None => None,
    };
    let mut tensorboards = Vec::new();
    if let (Some(folder), true) = (&arguments.out, arguments.tensorboard) {
        let of_run = |(replica, plan): (usize, &Plan)| {
            plan.tensorboard(&folder.join(replica_folder(replica)), images)
        };
        tensorboards = plans.iter().enumerate().map(of_run).collect::<Result<_, _>>()?;
        training.requests().networks_after_epochs();
    }
    announce(&plans, training.device());
    let mut listener =
        Listener::new(arguments.json, runs, tensorboards, images, &variants, &plans, &training);
    let mut failure = None;
    let summary = training.run(&mut |event| match listener.hear(event) {
        Ok(flow) => flow,
        Err(error) => {
            failure.get_or_insert(error);
            ControlFlow::Break(())
        }
    })?;
    if let Some(error) = failure {
        return Err(error);
    }
    listener.finish(&summary)
}

/// Refuses a setting with many values that has one by its flag too.
pub(super) fn refuse_what_is_set(
    settings: &Settings,
    sweeps: &[Sweep],
    what: &str,
) -> Result<(), CliError> {
    match sweeps.iter().map(Sweep::key).find(|key| settings.names(key)) {
        Some(key) => {
            let flag = key.replace('_', "-");
            let message = format!("{key} is given by --{flag} and {what}: leave out one of them");
            Err(CliError::Usage(message))
        }
        None => Ok(()),
    }
}

fn announce(plans: &[Plan], device: &Device) {
    let Plan { network, dataset, .. } = &plans[0];
    let images = match plans.iter().all(|plan| *plan == plans[0]) {
        true => format!(": {} each", plans[0].images()),
        false => String::new(),
    };
    tell(format_args!("training {} x {network} on {dataset}{images}", plans.len()));
    announce_device(device);
}
