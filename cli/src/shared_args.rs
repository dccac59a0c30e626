//! Arguments that several commands share: data set and device.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use clap::builder::{NonEmptyStringValueParser, RangedU64ValueParser};

use super::CliError;
use super::output::eprint_line;
use super::signals;
use super::spike_args::SpikeArgs;
use apical::dataset::{Background, ChannelOrder, Dataset, ImageSize, ReadOptions, TestFraction};
use apical::device::{BackendKind, DeviceOptions};

/// Options of all commands that simulate networks on a data set.
#[derive(Clone, Debug, Args)]
pub(super) struct SimulationArgs {
    #[command(flatten)]
    pub(super) data: DataArgs,

    #[command(flatten)]
    pub(super) machine: MachineArgs,
}

/// Time limit of the commands that save when they are stopped.
#[derive(Clone, Debug, Args)]
pub(super) struct StopArgs {
    /// Save and exit with code 75 after this time, such as 55min or 3h30min; repeating the command resumes
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    stop_after: Option<Duration>,
}

impl StopArgs {
    /// Starts the time.
    pub(super) fn start(&self) {
        if let Some(time) = self.stop_after {
            signals::stop_after(time);
        }
    }
}

/// Device options, which never change the result.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Device (does not change the result)")]
pub(super) struct MachineArgs {
    /// Backend
    #[arg(long, value_enum, default_value_t)]
    backend: BackendKind,

    /// GPU: its index or a part of its name, as listed by 'apical devices'
    #[arg(long, value_name = "INDEX|NAME", value_parser = NonEmptyStringValueParser::new())]
    device: Option<String>,

    /// Number of threads of the CPU backend, limited to the CPUs available to the process; 0: all of them, or
    /// SLURM_CPUS_PER_TASK if that is smaller
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = thread_count())]
    threads: usize,
}

/// Largest number of threads: the system kills a program with too many.
const THREADS_MAX: u64 = 1024;

fn thread_count() -> RangedU64ValueParser<usize> {
    RangedU64ValueParser::new().range(0..=THREADS_MAX)
}

impl MachineArgs {
    /// # Errors
    /// Returns an error if the arguments contradict each other.
    pub(super) fn device_options(&self) -> Result<DeviceOptions, CliError> {
        if self.backend == BackendKind::Cpu && self.device.is_some() {
            let message = "cannot use --device with --backend cpu: --device names a GPU";
            return Err(CliError::Usage(message.to_string()));
        }
        let MachineArgs { backend, device, threads } = self.clone();
        let stop = signals::token();
        Ok(DeviceOptions { backend, device, threads, stop, ..DeviceOptions::default() })
    }

    pub(super) fn backend(&self) -> BackendKind {
        self.backend
    }
}

/// Data set options.
#[derive(Clone, Debug, Args)]
pub(super) struct DataArgs {
    /// Data set: a folder with four IDX files (plain or gzip), with train/CLASS/*.png and test/CLASS/*.png (or .jpg), with
    /// CLASS/*.png, or with train.csv and test.csv; a .zip file of images; .parquet files; an .npz file, or .npy files in
    /// a folder [default: the embedded MNIST]
    #[arg(long, value_name = "PATH")]
    data: Option<PathBuf>,

    #[command(flatten)]
    reading: ReadArgs,
}

/// Options for reading images.
#[derive(Clone, Debug, Args)]
pub(super) struct ReadArgs {
    /// Width and height (pixels), to which image files are scaled [default: size of the first image] and into which the
    /// lines of a CSV file are split [default: square]
    #[arg(long, value_name = "WxH", requires = "data")]
    image_size: Option<ImageSize>,

    /// Read three values per pixel (red, green, blue) instead of grey
    #[arg(long, requires = "data")]
    rgb: bool,

    #[command(flatten)]
    values: PixelArgs,

    /// Fraction of each class's images that become the test set, such as 0.2, if the data have none. Drawn with a fixed
    /// seed
    #[arg(long, requires = "data", value_name = "F")]
    test_fraction: Option<TestFraction>,

    /// Place of the channels in arrays of four axes (.npz, .npy), if it is ambiguous [default: detected]
    #[arg(long, requires = "data", value_enum, value_name = "PLACE")]
    channels: Option<ChannelOrder>,

    #[command(flatten)]
    spikes: SpikeArgs,
}

/// Options for pixel values and tables.
#[derive(Clone, Debug, Args)]
pub(super) struct PixelArgs {
    /// Background of transparent pixels; without it, images with transparent pixels are refused
    #[arg(long, value_enum, value_name = "SHADE")]
    background: Option<Background>,

    /// Pixel value of full brightness, such as 4095 for 12-bit images or 1 for fractions
    #[arg(long, value_name = "N", value_parser = RangedU64ValueParser::<u32>::new().range(1..))]
    max_value: Option<u32>,

    /// Whether the first line of a CSV file is a header [default: detected]
    #[arg(long, value_name = "BOOL")]
    csv_header: Option<bool>,

    /// Whether images in IDX and CSV files are stored column by column [default: only in files named emnist..]
    #[arg(long, value_name = "BOOL")]
    transposed: Option<bool>,
}

impl PixelArgs {
    /// Returns these as read options.
    pub(super) fn reading(&self) -> ReadOptions {
        let &PixelArgs { background, max_value, csv_header, transposed } = self;
        ReadOptions { background, max_value, csv_header, transposed, ..ReadOptions::default() }
    }
}

impl DataArgs {
    pub(super) fn path(&self) -> Option<&Path> {
        self.data.as_deref()
    }

    pub(super) fn reading(&self) -> ReadOptions {
        self.reading.reading()
    }

    /// Returns these arguments, with `reading` for those that are not set.
    pub(super) fn with_defaults(&self, reading: ReadOptions) -> Self {
        let own = self.reading();
        let values = PixelArgs {
            background: own.background.or(reading.background),
            max_value: own.max_value.or(reading.max_value),
            csv_header: own.csv_header.or(reading.csv_header),
            transposed: own.transposed.or(reading.transposed),
        };
        let reading = ReadArgs {
            image_size: own.size.or(reading.size),
            rgb: own.colour || reading.colour,
            values,
            test_fraction: own.test_fraction.or(reading.test_fraction),
            channels: own.channel_order.or(reading.channel_order),
            spikes: self.reading.spikes.with_defaults(&reading.spikes),
        };
        DataArgs { data: self.data.clone(), reading }
    }

    /// Reads the data set. Prints on standard error what was skipped or converted.
    ///
    /// # Errors
    /// Returns an error if the data set cannot be read.
    pub(super) fn open(&self) -> Result<Dataset, CliError> {
        let dataset = self.reading.read(self.data.as_deref())?;
        dataset.conversions.iter().chain(&dataset.warnings).for_each(eprint_line);
        Ok(dataset)
    }
}

impl ReadArgs {
    fn reading(&self) -> ReadOptions {
        let &ReadArgs { image_size: size, rgb: colour, test_fraction, channels, .. } = self;
        let (channel_order, spikes) = (channels, self.spikes.options());
        ReadOptions { size, colour, test_fraction, channel_order, spikes, ..self.values.reading() }
    }

    /// Reads a data set, or the embedded MNIST if there is no path.
    ///
    /// # Errors
    /// Returns an error if the data set cannot be read.
    pub(super) fn read(&self, path: Option<&Path>) -> Result<Dataset, CliError> {
        let Some(path) = path else { return Ok(Dataset::mnist()?) };
        Ok(Dataset::open_as(path, &self.reading())?)
    }
}
