//! `apical test`.

use std::fmt::Write;
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::machine::{DataArgs, MachineArgs};
use super::output::{Output, tell};
use super::{CliError, EXIT_CODES};
use crate::evaluate::Evaluation;
use crate::record::{weights, weights_sha256};
use crate::train::test_network;

/// Test a trained network
///
/// The settings are those that it was trained with. Spikes are drawn anew, so the error differs a
/// little from that of the training's last test.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(super) struct TestArgs {
    /// The weights.safetensors of a run
    weights: PathBuf,

    /// Test on the first N images of the test set; 0: all [default: as trained]
    #[arg(long, value_name = "N")]
    test_images: Option<usize>,

    /// Length of the forward phase of a test image, ms [default: as trained]
    #[arg(long, value_name = "MS")]
    test_steps: Option<u32>,

    /// Seed of the spikes [default: as trained]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,

    /// Print one object of JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    data: DataArgs,

    #[command(flatten)]
    machine: MachineArgs,
}

/// The result as JSON. Errors are percent.
#[derive(Serialize)]
struct Tested<'a> {
    test_error: f64,
    test_images: u32,
    /// `null` for a class without images.
    class_errors: Vec<Option<f64>>,
    /// `[class, class found]`.
    confusion: &'a [Vec<u32>],
    backend: &'static str,
    device: &'a str,
    weights_sha256: String,
}

pub(super) fn run(arguments: &TestArgs) -> Result<(), CliError> {
    let selection = arguments.machine.selection()?;
    let saved = weights::load(&arguments.weights)?;
    let dataset = arguments.data.open()?;
    saved.check_fits(&dataset)?;
    let mut config = saved.config;
    config.test_images = arguments.test_images.unwrap_or(config.test_images);
    config.test_steps = arguments.test_steps.unwrap_or(config.test_steps);
    config.seed = arguments.seed.unwrap_or(config.seed);

    let name = dataset.name.clone();
    let (evaluation, device) = test_network(&config, dataset, &saved.network, &selection)?;
    tell(format_args!("tested on {name}; backend {}, device {}", device.backend, device.name));
    if let Some(note) = &device.note {
        tell(note);
    }
    let mut output = Output::default();
    if arguments.json {
        return output.print_json(&Tested {
            test_error: evaluation.error(),
            test_images: evaluation.images(),
            class_errors: evaluation.class_errors(),
            confusion: &evaluation.confusion,
            backend: device.backend,
            device: &device.name,
            weights_sha256: weights_sha256(&saved.network),
        });
    }
    output.print(table(&evaluation))
}

/// Overall error, then a line for each class: its error, and as what its images were taken.
fn table(evaluation: &Evaluation) -> String {
    let confusion = &evaluation.confusion;
    let largest = confusion.iter().flatten().copied().max().unwrap_or(0);
    let width = largest.max(confusion.len() as u32).to_string().len() + 1;
    let mut text = format!(
        "test error {:.2} % of {} test images\n\nclass  error %  taken for\n              ",
        evaluation.error(),
        evaluation.images()
    );
    // Writing to a string cannot fail.
    for class in 0..confusion.len() {
        let _ = write!(text, "{class:>width$}");
    }
    for ((class, row), error) in confusion.iter().enumerate().zip(evaluation.class_errors()) {
        let error = error.map_or("-".to_string(), |error| format!("{error:.2}"));
        let _ = write!(text, "\n{class:>5}  {error:>7}");
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
    fn columns_stand_below_their_class() {
        let evaluation = Evaluation::new(3, &[[0; 12].as_slice(), &[1]].concat(), &[0; 13]);
        let expected = "\
test error 7.69 % of 13 test images

class  error %  taken for
                0  1  2
    0     0.00 12  0  0
    1   100.00  1  0  0
    2        -  0  0  0";
        assert_eq!(table(&evaluation), expected);
    }
}
