//! `apical test`: tests trained networks.

use std::fmt::Write;
use std::path::PathBuf;

use clap::Args;
use clap::builder::RangedI64ValueParser;
use serde::Serialize;

use super::output::{Output, eprint_line};
use super::progress::{Progress, TimeEstimate, time_left};
use super::run_data::{self, DataPolicy, RunData};
use super::shared_args::SimulationArgs;
use super::train::print_note;
use super::weights::load_weights;
use super::{CliError, EXIT_CODES};
use apical::analysis::statistics::MeanSd;
use apical::config::Config;
use apical::dataset::class_names::numeric;
use apical::dataset::{DataIdentity, Dataset};
use apical::device::{DeviceInfo, DeviceOptions};
use apical::network::Network;
use apical::run_dir::weights_sha256;
use apical::test_results::Evaluation;
use apical::train::{TrainError, test_network};

/// Test a trained network
///
/// Uses the settings of the training and, without --data, its data set; classes are matched by name. The spikes are new
/// random numbers, so the error differs slightly from that of the training's last test.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(super) struct TestArgs {
    /// File weights.safetensors of a run, or the run's folder
    weights: PathBuf,

    /// Number of test images (0: all), chosen as in training [default: as trained]
    #[arg(long, value_name = "N")]
    test_images: Option<usize>,

    /// Length of the forward phase of a test image (ms) [default: as trained]
    #[arg(long, value_name = "MS")]
    test_ms: Option<u32>,

    /// Seed of the spikes [default: as trained]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,

    /// Number of tests, with new spikes each (paper: 20)
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = repeat_count())]
    repeats: u32,

    /// Invert dark and light of all images, if exactly one of training and these images is dark on light
    #[arg(long)]
    invert: bool,

    /// Print one JSON object
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    simulation: SimulationArgs,
}

/// Largest number of repeated tests.
const REPEATS_MAX: i64 = 10_000;

pub(super) fn repeat_count() -> RangedI64ValueParser<u32> {
    RangedI64ValueParser::new().range(1..=REPEATS_MAX)
}

/// Result of all tests as JSON; errors in percent.
#[derive(Serialize)]
struct TestJson<'a> {
    test_error: f64,
    /// Test error of each test.
    test_errors: &'a [f64],
    /// Standard deviation over the tests; `null` for one test.
    test_error_sd: Option<f64>,
    /// Number of images per test.
    test_images: u32,
    /// Error per class; `null` for a class without images.
    class_errors: Vec<Option<f64>>,
    class_names: &'a [String],
    data: &'a DataIdentity,
    /// Training data; `null` if unknown.
    trained_on: Option<&'a DataIdentity>,
    /// Whether dark and light were inverted.
    inverted: bool,
    /// Confusion matrix `[class, predicted class]`.
    confusion: &'a [Vec<u32>],
    backend: &'static str,
    device: &'a str,
    weights_sha256: String,
}

pub(super) fn run(arguments: &TestArgs) -> Result<(), CliError> {
    let device_options = arguments.simulation.machine.device_options()?;
    let saved = load_weights(&arguments.weights)?;
    let allowed = DataPolicy::AnyImages { inverted: arguments.invert };
    let data = run_data::open(&saved, &arguments.weights, &arguments.simulation.data, allowed)?;
    let is_of_run = data.is_of_run();
    let RunData { dataset, used, trained_on } = data;
    let mut config = saved.config;
    config.test_images = arguments.test_images.unwrap_or(config.test_images);
    config.test_ms = arguments.test_ms.unwrap_or(config.test_ms);
    config.seed = arguments.seed.unwrap_or(config.seed);

    dataset
        .subset_warnings(0, 0, config.test_images)
        .map_err(TrainError::from)?
        .iter()
        .for_each(eprint_line);
    let class_names = dataset.class_names.clone();
    let repeats = arguments.repeats;
    let (tests, device) =
        test_with_progress(&config, dataset, &saved.network, &device_options, repeats)?;
    let evaluation = Evaluation::sum(&tests);
    let errors: Vec<f64> = tests.iter().map(Evaluation::error).collect();
    let MeanSd { sd, .. } = MeanSd::of(&errors);
    let trained = match (&trained_on, is_of_run) {
        (Some(data), Some(false)) => format!(", trained on {}", data.name),
        _ => String::new(),
    };
    let DeviceInfo { backend, name: device_name, .. } = &device;
    eprint_line(format_args!(
        "tested on {}{trained}; backend {backend}, device {device_name}",
        used.name
    ));
    print_note(&device);
    let output = Output::default();
    if arguments.json {
        return output.print_json(&TestJson {
            test_error: evaluation.error(),
            test_errors: &errors,
            test_error_sd: sd,
            test_images: tests[0].images(),
            class_errors: evaluation.class_errors(),
            class_names: &class_names,
            data: &used,
            trained_on: trained_on.as_ref(),
            inverted: arguments.invert,
            confusion: &evaluation.confusion,
            backend: device.backend,
            device: &device.name,
            weights_sha256: weights_sha256(&saved.network),
        });
    }
    output.print(format_args!("{}\n\n{}", summary(&tests, sd), table(&evaluation, &class_names)))
}

/// Tests the network `repeats` times and shows the progress.
fn test_with_progress(
    config: &Config,
    dataset: Dataset,
    network: &Network,
    options: &DeviceOptions,
    repeats: u32,
) -> Result<(Vec<Evaluation>, DeviceInfo), TrainError> {
    let count = if config.test_images == 0 { dataset.test_count } else { config.test_images };
    let total = count * repeats as usize;
    let progress = Progress::new();
    let estimate = TimeEstimate::start(total as f64);
    let tested = test_network(config, dataset, network, options, repeats, &mut |done| {
        progress.update("test images", done, total, time_left(estimate.left(done as f64)));
    });
    progress.clear();
    tested
}

/// Formats the error, with its standard deviation over several tests.
fn summary(tests: &[Evaluation], sd: Option<f64>) -> String {
    let error = Evaluation::sum(tests).error();
    let images = tests[0].images();
    let spread = sd.map(|sd| format!(" (sd {sd:.2} over {} tests)", tests.len()));
    format!("test error {error:.2} % of {images} test images{}", spread.unwrap_or_default())
}

/// Returns the class names with their indices, or only the indices if the classes have no names.
pub(super) fn labelled(names: &[String]) -> Vec<String> {
    if names == numeric(names.len()) {
        return names.iter().map(|name| format!("{name:>5}")).collect();
    }
    names.iter().enumerate().map(|(class, name)| format!("{class} {name}")).collect()
}

/// Formats one line per class: its error and its row of the confusion matrix, over all tests.
fn table(evaluation: &Evaluation, names: &[String]) -> String {
    let confusion = &evaluation.confusion;
    let largest = confusion.iter().flatten().copied().max().unwrap_or(0);
    let width = largest.max(confusion.len() as u32).to_string().len() + 1;
    let labels = labelled(names);
    let longest = labels.iter().map(|label| label.chars().count()).max().unwrap_or(0).max(5);
    let mut text = format!("{:<longest$}  error %  taken for\n{:longest$}         ", "class", "");
    // Writing to a string cannot fail.
    for class in 0..confusion.len() {
        let _ = write!(text, "{class:>width$}");
    }
    for ((label, row), error) in labels.iter().zip(confusion).zip(evaluation.class_errors()) {
        let error = error.map_or("-".to_string(), |error| format!("{error:.2}"));
        let _ = write!(text, "\n{label:<longest$}  {error:>7}");
        for count in row {
            let _ = write!(text, "{count:>width$}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_aligns_columns_with_classes() {
        let evaluation = Evaluation::new(3, &[[0; 12].as_slice(), &[1]].concat(), &[0; 13]);
        let expected = "\
class  error %  taken for
                0  1  2
    0     0.00 12  0  0
    1   100.00  1  0  0
    2        -  0  0  0";
        assert_eq!(table(&evaluation, &numeric(3)), expected);
        let names = ["cat", "dog", "marmot"].map(str::to_string);
        let expected = "\
class     error %  taken for
                   0  1  2
0 cat        0.00 12  0  0
1 dog      100.00  1  0  0
2 marmot        -  0  0  0";
        assert_eq!(table(&evaluation, &names), expected);
        assert_eq!(summary(&[evaluation], None), "test error 7.69 % of 13 test images");
    }
}
