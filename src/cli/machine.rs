//! Where to compute and on what: arguments that several commands share.

use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::{NonEmptyStringValueParser, RangedU64ValueParser};

use super::CliError;
use crate::dataset::Dataset;
use crate::schedule::{BackendChoice, Selection};

/// Which device. It never changes the result.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Machine (changes no bit of the result)")]
pub(super) struct MachineArgs {
    /// Where to compute
    #[arg(long, value_enum, default_value_t)]
    backend: BackendChoice,

    /// The GPU: its index, or a part of its name; 'apical devices' lists them
    #[arg(long, value_name = "INDEX|NAME", value_parser = NonEmptyStringValueParser::new())]
    device: Option<String>,

    /// Threads of the CPU backend; 0: as many as cores
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = thread_count())]
    threads: usize,
}

/// More threads than any machine has cores end in the system killing the program.
const THREADS_MAX: u64 = 1024;

fn thread_count() -> RangedU64ValueParser<usize> {
    RangedU64ValueParser::new().range(0..=THREADS_MAX)
}

impl MachineArgs {
    /// # Errors
    /// When the arguments contradict each other.
    pub(super) fn selection(&self) -> Result<Selection, CliError> {
        if self.backend == BackendChoice::Cpu && self.device.is_some() {
            let message =
                "--device names a GPU, and --backend cpu uses none: leave out one of them";
            return Err(CliError::Usage(message.to_string()));
        }
        let MachineArgs { backend, device, threads } = self.clone();
        Ok(Selection { backend, device, threads, ..Selection::default() })
    }

    pub(super) fn backend(&self) -> BackendChoice {
        self.backend
    }
}

/// Which images.
#[derive(Clone, Debug, Args)]
pub(super) struct DataArgs {
    /// Folder of the four IDX files of a data set, plain or gzip; without it, the MNIST inside the
    /// program
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

impl DataArgs {
    pub(super) fn folder(&self) -> Option<&Path> {
        self.data.as_deref()
    }

    /// # Errors
    /// When the data set cannot be read.
    pub(super) fn open(&self) -> Result<Dataset, CliError> {
        Ok(match &self.data {
            Some(folder) => Dataset::open(folder)?,
            None => Dataset::mnist()?,
        })
    }
}
