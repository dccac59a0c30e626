//! `apical compare`: compares CPU and GPU.

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use serde::Serialize;

use super::output::Output;
use super::progress::{Progress, TimeEstimate, time_left};
use super::settings::Settings;
use super::shared_args::SimulationArgs;
use super::train::print_note;
use super::{CliError, EXIT_CODES, ExitStatus, run_data};
use apical::compare::{Comparison, ComparisonOptions, ComparisonProgress, Difference, compare};
use apical::device::BackendKind;
use apical::gpu::self_test::SelfTestResult;
use apical::interface::Kernel;

/// Default number of epochs, for any preset: differences show early.
const EPOCHS: u32 = 1;
/// Default number of test images: testing is slow on a software device.
const TEST_IMAGES: usize = 1000;

/// Train on the CPU and on a GPU and compare every value
///
/// Both backends run the same kernels on the same images. After each kernel, all values that it wrote are compared bit
/// for bit, up to the first difference. Then both are tested, by default on 1,000 images. --train-images 200 is enough
/// for a first check.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES, mut_arg("epochs", |argument| argument.default_value("1")),
    mut_arg("test_images", |argument| argument.default_value("1000")))]
pub(super) struct CompareArgs {
    /// Compute up to and including this kernel on the CPU and copy its arrays to the GPU. The first kernel with which the
    /// rest agrees is the faulty one
    #[arg(long, value_name = "KERNEL", value_parser = kernels())]
    cpu_through: Option<Kernel>,

    /// Print one JSON object
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    simulation: SimulationArgs,

    #[command(flatten)]
    settings: Settings,
}

fn kernels() -> impl TypedValueParser<Value = Kernel> {
    let names = Kernel::ALL.map(Kernel::name);
    PossibleValuesParser::new(names).try_map(|name| {
        let kernel = Kernel::ALL.into_iter().find(|kernel| kernel.name() == name);
        kernel.ok_or("unknown kernel")
    })
}

/// Result as JSON.
#[derive(Serialize)]
struct ComparisonJson<'a> {
    identical: bool,
    values: u64,
    minibatches: usize,
    images: usize,
    test_images: usize,
    /// Last kernel that was computed on the CPU for both.
    cpu_through: Option<&'static str>,
    backend: &'static str,
    device: &'a str,
    self_test: &'a SelfTestResult,
    difference: Option<&'a Difference>,
}

pub(super) fn run(arguments: &CompareArgs) -> Result<ExitStatus, CliError> {
    if arguments.simulation.machine.backend() == BackendKind::Cpu {
        let message = "cannot compare the CPU with itself: leave out --backend cpu";
        return Err(CliError::Usage(message.to_string()));
    }
    let device_options = arguments.simulation.machine.device_options()?;
    let dataset = arguments.simulation.data.open()?;
    let config = arguments.settings.resolve(|base| {
        base.epochs = EPOCHS;
        base.test_images = TEST_IMAGES.min(dataset.test_count);
    })?;
    run_data::print_dataset(&dataset, &arguments.simulation.data, arguments.settings.file());
    let options = ComparisonOptions { cpu_through: arguments.cpu_through };
    let batch = config.batch_size;
    let comparison = {
        let progress = Progress::new();
        let mut clock = None;
        compare(config, dataset, &device_options, &options, &mut |compared| {
            let &ComparisonProgress { minibatches, total_minibatches, values } = compared;
            // The first minibatch includes kernel compilation: exclude it from the estimate.
            let clock =
                clock.get_or_insert_with(|| TimeEstimate::start((total_minibatches - 1) as f64));
            let left = time_left(clock.left((minibatches - 1) as f64));
            let message = format_args!("{values} values compared, {left}");
            progress.update("minibatch", minibatches, total_minibatches, message);
        })?
    };
    let Comparison { device, compared, images, test_images, self_test, difference } = &comparison;
    print_note(device);
    let output = Output::default();
    if arguments.json {
        output.print_json(&ComparisonJson {
            identical: difference.is_none(),
            values: compared.values,
            minibatches: compared.minibatches,
            images: *images,
            test_images: *test_images,
            cpu_through: arguments.cpu_through.map(Kernel::name),
            backend: device.backend,
            device: &device.name,
            self_test,
            difference: difference.as_ref(),
        })?;
    } else {
        output.print(describe(&comparison, batch, options.cpu_through))?;
    }
    Ok(exit_status(&comparison))
}

fn exit_status(comparison: &Comparison) -> ExitStatus {
    match comparison.difference {
        None => ExitStatus::Done,
        Some(_) => ExitStatus::NotEqual,
    }
}

fn describe(comparison: &Comparison, batch: usize, cpu_through: Option<Kernel>) -> String {
    let Comparison { device, compared, test_images, self_test, difference, .. } = comparison;
    let found = match difference {
        None => "identical\n\
             compared  spikes, voltages, averages, plateaus, errors, gradients, weights, predictions"
            .to_string(),
        Some(difference) => describe_difference(difference),
    };
    let tests = match difference {
        None => format!(", and {test_images} test images"),
        Some(_) => String::new(),
    };
    let last_cpu_launch = match cpu_through {
        Some(kernel) => {
            format!("\nleft out  kernels computed on the CPU for both, up to {kernel}")
        }
        None => String::new(),
    };
    format!(
        "{found}{last_cpu_launch}\n\
         values    {} over {} minibatches of {batch} images{tests}\n\
         device    {}\n\
         self-test {self_test}",
        compared.values, compared.minibatches, device.name,
    )
}

fn describe_difference(difference: &Difference) -> String {
    let Difference { kernel, layer, array, minibatch, sample, image, step, unit, .. } = difference;
    let position = [
        Some(format!("minibatch {minibatch}")),
        sample.map(|sample| format!("sample {sample}")),
        image.map(|image| format!("image {image}")),
        step.map(|step| format!("step {step}")),
        Some(format!("unit {unit}")),
    ];
    let position: Vec<String> = position.into_iter().flatten().collect();
    format!(
        "not equal: first after kernel {kernel} of layer {layer}\n\
         array     {array}\n\
         position  {}\n\
         cpu       {:?}\n\
         gpu       {:?}\n\
         differing {} values of this array",
        position.join(", "),
        difference.cpu,
        difference.gpu,
        difference.differing,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use apical::device::DeviceInfo;

    /// Returns a made-up difference, because no test device differs from the CPU.
    fn comparison() -> Comparison {
        let difference = Difference {
            kernel: "hidden_step",
            layer: 0,
            array: "layer 0's voltages, somatic voltage".to_string(),
            minibatch: 3,
            sample: Some(1),
            image: Some(77),
            step: None,
            unit: 5,
            cpu: 0.1,
            gpu: f64::NAN,
            differing: 2,
        };
        Comparison {
            device: DeviceInfo {
                backend: "gpu",
                name: "some device".to_string(),
                bit_exact: false,
                note: None,
                alternative: None,
            },
            compared: ComparisonProgress { minibatches: 3, total_minibatches: 9, values: 1000 },
            images: 90,
            test_images: 7,
            self_test: SelfTestResult::Exact { values: 5 },
            difference: Some(difference),
        }
    }

    #[test]
    fn difference_is_described_and_exits_with_4() {
        let expected = "\
not equal: first after kernel hidden_step of layer 0
array     layer 0's voltages, somatic voltage
position  minibatch 3, sample 1, image 77, unit 5
cpu       0.1
gpu       NaN
differing 2 values of this array
values    1000 over 3 minibatches of 10 images
device    some device
self-test bit-exact on this device (5 values compared)";
        assert_eq!(describe(&comparison(), 10, None), expected);
        assert_eq!(exit_status(&comparison()).exit_code(), 4);
    }

    #[test]
    fn equality_is_described_and_exits_with_0() {
        let equal = Comparison { difference: None, ..comparison() };
        let expected = "\
identical
compared  spikes, voltages, averages, plateaus, errors, gradients, weights, predictions
left out  kernels computed on the CPU for both, up to hidden_step
values    1000 over 3 minibatches of 10 images, and 7 test images
device    some device
self-test bit-exact on this device (5 values compared)";
        assert_eq!(describe(&equal, 10, Some(Kernel::HiddenStep)), expected);
        assert_eq!(exit_status(&equal).exit_code(), 0);
    }
}
