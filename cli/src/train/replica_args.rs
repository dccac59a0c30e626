//! Options of `apical train` for many networks.

use clap::Args;
use clap::builder::RangedU64ValueParser;

use super::part_arg::PartArg;
use crate::CliError;
use crate::settings::Settings;
use apical::config::{Part, Sweep, VARIANTS_MAX};

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

    /// Train only part I of N of the networks, of 1 to N, and join a run that other parts have started. auto: part and
    /// number of parts are those of the job array of Slurm. 'apical summary' collects the results. A run is resumed with
    /// its N; without --part, all parts are
    #[arg(long, value_name = "I/N|auto", requires = "kept")]
    part: Option<PartArg>,

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

pub(crate) fn replica_count() -> RangedU64ValueParser<usize> {
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

    /// Returns the part of the networks to train; `None` for all.
    ///
    /// # Errors
    /// Returns an error if the part is that of a job array and there is none.
    pub(super) fn part(&self) -> Result<Option<Part>, CliError> {
        self.part.as_ref().map(PartArg::part).transpose()
    }

    /// Whether the process trains a part of a run.
    pub(super) fn is_part(&self) -> bool {
        self.part.is_some()
    }

    /// Whether there may be several networks.
    pub(super) fn is_of_many(&self) -> bool {
        self.replicas > 1 || !self.sweep.is_empty()
    }

    /// Returns the memory limit, bytes.
    pub(super) fn memory(&self) -> Option<u64> {
        self.memory.map(|mebibytes| mebibytes * MEBIBYTE)
    }
}

/// Returns an error if a swept setting is also set by its flag.
pub(crate) fn reject_explicit_settings(
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
