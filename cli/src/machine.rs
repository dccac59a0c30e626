//! Where to compute and on what: arguments that several commands share.

use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::{NonEmptyStringValueParser, RangedU64ValueParser};

use super::CliError;
use super::output::eprint_line;
use super::signals;
use apical::dataset::{Background, Dataset, ImageSize, ReadOptions};
use apical::schedule::{BackendChoice, Selection, Stepping};

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

    /// Threads of the CPU backend, at most as many as CPUs that this process may use; 0: as many, or
    /// SLURM_CPUS_PER_TASK if that is less
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = thread_count())]
    threads: usize,

    /// How a GPU goes through steps with --g-apical above 0
    #[arg(long, value_enum, default_value_t)]
    gpu_steps: Stepping,
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
        let MachineArgs { backend, device, threads, gpu_steps: stepping } = self.clone();
        let stop = signals::token();
        Ok(Selection { backend, device, threads, stepping, stop, ..Selection::default() })
    }

    pub(super) fn backend(&self) -> BackendChoice {
        self.backend
    }
}

/// Which images.
#[derive(Clone, Debug, Args)]
pub(super) struct DataArgs {
    /// The data set: a folder of the four IDX files, plain or gzip, of train/CLASS/*.png and
    /// test/CLASS/*.png (or .jpg), of train.csv and test.csv, or an .npz file; without it, the MNIST
    /// inside the program
    #[arg(long, value_name = "PATH")]
    data: Option<PathBuf>,

    #[command(flatten)]
    reading: ReadArgs,
}

/// How images are read.
#[derive(Clone, Debug, Args)]
pub(super) struct ReadArgs {
    /// Columns and rows: image files are scaled to them [default: those of the first], lines of a CSV
    /// file are cut into them [default: as many rows as columns]
    #[arg(long, value_name = "WxH", requires = "data")]
    image_size: Option<ImageSize>,

    /// Three values a pixel, red, green and blue, instead of a shade of grey
    #[arg(long, requires = "data")]
    rgb: bool,

    #[command(flatten)]
    values: PixelArgs,

    /// Whether the first line of a CSV file names the columns [default: as it looks]
    #[arg(long, requires = "data", value_name = "BOOL")]
    csv_header: Option<bool>,
}

/// What values of pixels mean.
#[derive(Clone, Debug, Args)]
pub(super) struct PixelArgs {
    /// The ground on which transparent pixels are laid; without it, images with such pixels are refused
    #[arg(long, value_enum, value_name = "SHADE")]
    background: Option<Background>,

    /// The value that is as bright as can be, such as 4095 of a 12-bit camera or 1 of fractions
    #[arg(long, value_name = "N", value_parser = RangedU64ValueParser::<u32>::new().range(1..))]
    max_value: Option<u32>,
}

impl PixelArgs {
    /// As part of how images are read.
    pub(super) fn reading(&self) -> ReadOptions {
        let &PixelArgs { background, max_value } = self;
        ReadOptions { background, max_value, ..ReadOptions::default() }
    }
}

impl DataArgs {
    pub(super) fn path(&self) -> Option<&Path> {
        self.data.as_deref()
    }

    pub(super) fn reading(&self) -> ReadOptions {
        self.reading.reading()
    }

    /// The same, completed by `reading` where the arguments do not say how images are read.
    pub(super) fn with_defaults(&self, reading: ReadOptions) -> Self {
        let own = self.reading();
        let values = PixelArgs {
            background: own.background.or(reading.background),
            max_value: own.max_value.or(reading.max_value),
        };
        let reading = ReadArgs {
            image_size: own.size.or(reading.size),
            rgb: own.colour || reading.colour,
            values,
            csv_header: own.csv_header.or(reading.csv_header),
        };
        DataArgs { data: self.data.clone(), reading }
    }

    /// Reads the data set; what was skipped or changed on the way is told on standard error.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) fn open(&self) -> Result<Dataset, CliError> {
        let dataset = self.reading.read(self.data.as_deref())?;
        dataset.conversions.iter().chain(&dataset.warnings).for_each(eprint_line);
        Ok(dataset)
    }
}

impl ReadArgs {
    fn reading(&self) -> ReadOptions {
        let &ReadArgs { image_size: size, rgb: colour, csv_header, .. } = self;
        ReadOptions { size, colour, csv_header, ..self.values.reading() }
    }

    /// Reads a data set, or takes the MNIST inside the program.
    ///
    /// # Errors
    /// When the data set cannot be read.
    pub(super) fn read(&self, path: Option<&Path>) -> Result<Dataset, CliError> {
        let Some(path) = path else { return Ok(Dataset::mnist()?) };
        Ok(Dataset::open_as(path, &self.reading())?)
    }
}
