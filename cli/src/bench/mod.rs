//! `apical bench`: measures speed.

mod print;
mod print_dense;

use clap::builder::RangedU64ValueParser;
use clap::{Arg, Args, ValueEnum};

use super::output::{Output, eprint_line};
use super::progress::{Progress, TimeEstimate, time_left};
use super::settings::Settings;
use super::shared_args::SimulationArgs;
use super::train::replica_count;
use super::{CliError, EXIT_CODES, run_data};
use apical::bench::{BenchEvent, BenchGrid, BenchOptions, LayerSize, Row, Task, bench};

/// Lengths of measurements without and with `--quick`.
const DEFAULT_LENGTHS: Lengths = Lengths { rounds: 7, seconds: 1.0, warm_up: 3200 };
const QUICK_LENGTHS: Lengths = Lengths { rounds: 5, seconds: 0.1, warm_up: 320 };

struct Lengths {
    rounds: usize,
    seconds: f64,
    warm_up: usize,
}

/// Measure training and test speed, also relative to the device's roofline
///
/// First measures the device: additions in registers, sums of weight columns, memory bandwidth by size
/// of the data, launch overhead. Then measures each network of the grid, the combinations of --layers, --batch-size,
/// --replicas and --g-apical: times whole minibatches in rounds and each kernel separately, and counts operations from
/// the spikes. Several replicas process one minibatch each: images/s include all replicas, counts only the first. Prints
/// medians; --json includes the times of every round. If --eta does not fit the number of layers of a network, its first
/// value applies to all layers.
#[derive(Debug, Args)]
#[command(
    after_help = EXIT_CODES,
    mut_arg("layers", |argument| argument.help(LAYERS_HELP)),
    mut_arg("batch_size", |argument| list(argument, BATCH_HELP)),
    mut_arg("g_apical", |argument| list(argument, G_APICAL_HELP)),
    mut_arg("epochs", |argument| argument.hide(true)),
    mut_arg("eval_every", |argument| argument.hide(true)),
    mut_arg("eval_images", |argument| argument.hide(true)),
)]
pub(super) struct BenchArgs {
    /// Tasks to measure
    #[arg(
        long,
        alias = "tasks",
        value_enum,
        value_delimiter = ',',
        value_name = "TASK,..",
        default_value = "both"
    )]
    task: Vec<TaskChoice>,

    /// Number of networks trained in parallel, with seeds SEED, SEED + 1, ..; a list for a grid
    #[arg(
        long,
        value_delimiter = ',',
        value_name = "R,..",
        default_value = "1",
        value_parser = replica_count()
    )]
    replicas: Vec<usize>,

    /// Number of measurements per row [default: 7; with --quick 5]
    #[arg(long, value_name = "N", value_parser = RangedU64ValueParser::<usize>::new().range(1..=1000))]
    rounds: Option<usize>,

    /// Length of one measurement (s) [default: 1; with --quick 0.1]
    #[arg(long, value_name = "S")]
    seconds: Option<f64>,

    /// Number of images that each network trains on before it is measured, because training changes firing rates
    /// [default: 3200; with --quick 320]
    #[arg(long, value_name = "N")]
    warm_up: Option<usize>,

    /// Shorter measurements
    #[arg(long)]
    quick: bool,

    /// Do not measure the device; leaves out fractions of the roofline
    #[arg(long)]
    no_roofline: bool,

    /// Also compare event-driven with dense synaptic input for these layers, over spike rates, with minibatches of 32
    /// images. Dense: spike counts times weights as a matrix product [without a list:
    /// 784x500,500x500,2000x2000,4000x4000]
    #[arg(
        long,
        value_name = "N_PRExUNITS,..",
        num_args = 0..=1,
        require_equals = true,
        value_delimiter = ',',
        default_missing_values = DENSE_SIZES,
        conflicts_with = "csv"
    )]
    dense: Vec<LayerSize>,

    #[command(flatten)]
    format: OutputFormat,

    #[command(flatten)]
    simulation: SimulationArgs,

    #[command(flatten)]
    settings: Settings,
}

/// Layers of `--dense` without a list.
const DENSE_SIZES: [&str; 4] = ["784x500", "500x500", "2000x2000", "4000x4000"];

const LAYERS_HELP: &str = "Layer sizes: the hidden layers, then the output; repeat for a grid \
    [default: 500,10]";
const BATCH_HELP: &str = "Images per minibatch of each network; a list for a grid";
const G_APICAL_HELP: &str =
    "Conductance from the apical dendrite to the soma (per ms); a list for a grid";

/// Makes the argument of a setting accept a list.
fn list(argument: Arg, help: &'static str) -> Arg {
    argument.help(help).action(clap::ArgAction::Append).value_delimiter(',')
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum TaskChoice {
    Train,
    Test,
    Both,
}

/// Output format; aligned tables by default.
#[derive(Clone, Debug, Args)]
#[group(multiple = false)]
struct OutputFormat {
    /// Print one JSON object with all measurements
    #[arg(long)]
    json: bool,

    /// Print CSV with a header
    #[arg(long)]
    csv: bool,

    /// Print Markdown tables
    #[arg(long)]
    markdown: bool,
}

pub(super) fn run(arguments: &BenchArgs) -> Result<(), CliError> {
    let device_options = arguments.simulation.machine.device_options()?;
    let options = arguments.options()?;
    let dataset = arguments.simulation.data.open()?;
    run_data::print_dataset(&dataset, &arguments.simulation.data, arguments.settings.file());
    let report = {
        let progress = Progress::new();
        let mut clock = None;
        bench(&options, dataset, &device_options, &mut |event| match event {
            BenchEvent::Device(device) => {
                if let Some(note) = &device.note {
                    progress.print_line(note);
                }
            }
            BenchEvent::Step { what, done, of } => {
                let clock = clock.get_or_insert_with(|| TimeEstimate::start(of as f64));
                let left = time_left(clock.left(done as f64));
                progress.update("measurement", done, of, format_args!("{what}, {left}"));
            }
            BenchEvent::Row(row) if row.is_noisy() => progress.print_line(warning(row)),
            BenchEvent::Row(_) => {}
        })?
    };
    if report.rows.iter().any(|row| row.kernels.is_none()) {
        eprint_line("cannot time single kernels: this device has no timestamps");
    }
    let output = Output::default();
    match &arguments.format {
        OutputFormat { json: true, .. } => output.print_json(&report),
        OutputFormat { csv: true, .. } => output.print(print::csv(&report)?),
        OutputFormat { markdown: true, .. } => output.print(print::markdown(&report)),
        _ => output.print(print::text(&report)),
    }
}

impl BenchArgs {
    fn options(&self) -> Result<BenchOptions, CliError> {
        let config = self.settings.resolve(|_| ())?;
        let or = |list: Vec<_>, base: usize| if list.is_empty() { vec![base] } else { list };
        let layers = self.settings.occurrences("layers");
        let g_apical = self.settings.list("g_apical");
        let lengths = if self.quick { QUICK_LENGTHS } else { DEFAULT_LENGTHS };
        Ok(BenchOptions {
            grid: BenchGrid {
                layers: if layers.is_empty() { vec![config.layers.clone()] } else { layers },
                batch_size: or(self.settings.list("batch_size"), config.batch_size),
                replicas: self.replicas.clone(),
                g_apical: if g_apical.is_empty() { vec![config.g_apical] } else { g_apical },
                tasks: self.tasks(),
            },
            config,
            roofline: !self.no_roofline,
            rounds: self.rounds.unwrap_or(lengths.rounds),
            seconds: self.seconds.unwrap_or(lengths.seconds),
            warm_up: self.warm_up.unwrap_or(lengths.warm_up),
            dense: self.dense.clone(),
        })
    }

    /// Returns the selected tasks without duplicates.
    fn tasks(&self) -> Vec<Task> {
        let is_selected = |task: &Task| {
            let choice = match task {
                Task::Train => TaskChoice::Train,
                Task::Test => TaskChoice::Test,
            };
            self.task.contains(&choice) || self.task.contains(&TaskChoice::Both)
        };
        [Task::Train, Task::Test].into_iter().filter(is_selected).collect()
    }
}

fn warning(row: &Row) -> String {
    format!(
        "warning: {}: noisy times: their interquartile range is {:.0} % of the median; hint: stop other programs, or increase \
         --seconds",
        row.name(),
        100.0 * row.spread
    )
}
