//! `apical record`: records neurons.

use std::ops::Range;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::output::{Output, eprint_line};
use super::progress::{Progress, TimeEstimate, time_left};
use super::run_data::{self, DataPolicy};
use super::shared_args::SimulationArgs;
use super::weights::load_weights;
use super::{CliError, EXIT_CODES};
use apical::dataset::Dataset;
use apical::monitor::recording_file::{RecordError, RecordingFormat, record};
use apical::monitor::{ArrayInfo, Mode, MonitorSession, MonitorSpec, Quantity, RequiredPhases};
use apical::plan::Presentation;
use apical::train::TrainError;

/// Record the activity of a trained network while it processes images
///
/// Arrays are named by quantity and layer, such as `soma0` or `spikes_input`; `images`, `labels` and `predicted`
/// (classes) are added. Every image starts from a reset state, and no weight changes.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(super) struct RecordArgs {
    /// File weights.safetensors of a run
    weights: PathBuf,

    /// Output file: .npz (for numpy.load), .safetensors, .csv, or .h5 (SONATA: spikes and voltages)
    #[arg(long, value_name = "FILE")]
    out: PathBuf,

    /// Quantities to record
    #[arg(long, value_enum, value_delimiter = ',', value_name = "QUANTITY,..", required = true)]
    quantities: Vec<Quantity>,

    /// Split of the data set
    #[arg(long, value_enum, default_value_t)]
    split: SplitArg,

    /// Indices of the images in the split, from 0: numbers and inclusive ranges, such as 0-9,42
    #[arg(long, value_name = "N,..", default_value = "0")]
    indices: IndexList,

    /// Phases of each image [default: those that the quantities need]
    #[arg(long, value_enum)]
    phases: Option<Phases>,

    /// Layers: numbers from 0 (lowest), or input [default: all]
    #[arg(long, value_delimiter = ',', value_name = "LAYER,..")]
    layers: Vec<LayerName>,

    /// Inclusive range of neurons of each layer, such as 0-9 [default: all]
    #[arg(long, value_name = "FIRST-LAST")]
    units: Option<IndexList>,

    /// Inclusive range of steps of each image (ms), such as 0-99 [default: all]
    #[arg(long, value_name = "FIRST-LAST")]
    steps: Option<IndexList>,

    /// Seed of the spikes [default: as trained]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,

    /// Invert dark and light of all images, if exactly one of training and these images is dark on light
    #[arg(long)]
    invert: bool,

    /// Print the recorded arrays as one JSON object
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    simulation: SimulationArgs,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum SplitArg {
    /// The test set
    #[default]
    Test,
    /// The training set
    Training,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Phases {
    /// The forward phase of a test
    Forward,
    /// Forward and target phase of a training image
    Both,
}

/// List of numbers and inclusive ranges: `0-9,42`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct IndexList(Vec<Range<usize>>);

impl FromStr for IndexList {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("expected a list such as 0-9,42, found '{text}'");
        let number = |text: &str| text.trim().parse::<u32>().map_err(|_| wrong());
        let range = |part: &str| {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let (first, last) = (number(first)? as usize, number(last)? as usize);
            if first > last {
                return Err(format!(
                    "invalid range '{part}': the first number is larger than the last"
                ));
            }
            Ok(first..last + 1)
        };
        Ok(IndexList(text.split(',').map(range).collect::<Result<_, _>>()?))
    }
}

impl IndexList {
    /// Returns the only range.
    fn range(&self, flag: &str) -> Result<Range<usize>, CliError> {
        match &self.0[..] {
            [range] => Ok(range.clone()),
            _ => Err(CliError::Usage(format!("invalid --{flag}: expected one range such as 0-9"))),
        }
    }
}

/// Population by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct LayerName(usize);

impl FromStr for LayerName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "input" => Ok(LayerName(0)),
            layer => layer
                .parse::<u16>()
                .map(|layer| LayerName(usize::from(layer) + 1))
                .map_err(|_| format!("expected the number of a layer or input, found '{text}'")),
        }
    }
}

pub(super) fn run(arguments: &RecordArgs) -> Result<(), CliError> {
    // Check the output format before computing.
    let (out, quantities) = (&arguments.out, &arguments.quantities);
    let format = RecordingFormat::from_extension(out)?;
    quantities.iter().try_for_each(|&quantity| format.check(out, quantity))?;
    let device_options = arguments.simulation.machine.device_options()?;
    let saved = load_weights(&arguments.weights)?;
    let allowed = DataPolicy::AnyImages { inverted: arguments.invert };
    let data = run_data::open(&saved, &arguments.weights, &arguments.simulation.data, allowed)?;
    let (dataset, used) = (Arc::new(data.dataset), data.used);
    let mut config = saved.config;
    config.seed = arguments.seed.unwrap_or(config.seed);
    let shown = arguments.shown()?;
    let recorder = arguments.recorder(config.layer_count())?;
    let images = arguments.indices(&dataset)?;

    let mut session =
        MonitorSession::open(&config, &dataset, &saved.network, recorder, &device_options)?;
    let device = session.device().clone();
    let progress = Progress::new();
    let estimate = TimeEstimate::start(images.len() as f64);
    let mut on_progress = |done: usize| {
        let left = time_left(estimate.left(done as f64));
        progress.update("images", done, images.len(), left);
    };
    let recorded = record(out, &mut session, &images, shown, Some(used), &mut on_progress);
    let arrays = recorded.map_err(|error| match error {
        RecordError::Backend(error) => CliError::from(TrainError::from(error)),
        RecordError::Storage(error) => CliError::from(error),
    })?;
    progress.clear();
    eprint_line(format_args!("recorded on backend {}, device {}", device.backend, device.name));
    print(&arrays, arguments)
}

impl RecordArgs {
    fn shown(&self) -> Result<Mode, CliError> {
        let needs_both = self
            .quantities
            .iter()
            .find(|quantity| quantity.required_phases() == RequiredPhases::Both);
        match (self.phases, needs_both) {
            (Some(Phases::Forward), Some(quantity)) => {
                let name = quantity.to_possible_value();
                let name = name.map(|name| name.get_name().to_string()).unwrap_or_default();
                Err(CliError::Usage(format!(
                    "cannot record {name} without a target phase: leave out '--phases forward'"
                )))
            }
            (Some(Phases::Forward), None) | (None, None) => Ok(Mode::Test),
            (Some(Phases::Both), _) | (None, Some(_)) => Ok(Mode::TrainFrozen),
        }
    }

    fn recorder(&self, layers: usize) -> Result<MonitorSpec, CliError> {
        if let Some(LayerName(population)) = self.layers.iter().find(|name| name.0 > layers) {
            let message =
                format!("invalid layer {}: the network has {layers} layers", population - 1);
            return Err(CliError::Usage(message));
        }
        let populations: Vec<usize> = self.layers.iter().map(|name| name.0).collect();
        let steps = self.steps.as_ref().map(|steps| steps.range("steps")).transpose()?;
        Ok(MonitorSpec {
            quantities: self.quantities.clone(),
            populations: (!populations.is_empty()).then_some(populations),
            units: self.units.as_ref().map(|units| units.range("units")).transpose()?,
            steps: steps.map(|steps| steps.start as u32..steps.end as u32),
        })
    }

    fn indices(&self, dataset: &Dataset) -> Result<Vec<Presentation>, CliError> {
        let (first, labels) = match self.split {
            SplitArg::Training => (0, &dataset.labels()[..dataset.training_count]),
            SplitArg::Test => (dataset.training_count, dataset.test_labels()),
        };
        let mut images = Vec::new();
        for position in self.indices.0.iter().cloned().flatten() {
            let Some(&label) = labels.get(position) else {
                let message =
                    format!("invalid image {position}: the split has {} images", labels.len());
                return Err(CliError::Usage(message));
            };
            let index = first + position;
            images.push(Presentation {
                index,
                label,
                draw_index: position as u32,
                result_slot: index,
            });
        }
        Ok(images)
    }
}

/// Recorded array, as JSON.
#[derive(Serialize)]
struct ArrayJson<'a> {
    name: &'a str,
    axes: Vec<&'static str>,
    shape: &'a [usize],
}

fn print(arrays: &[ArrayInfo], arguments: &RecordArgs) -> Result<(), CliError> {
    let arrays: Vec<ArrayJson> = arrays
        .iter()
        .map(|array| ArrayJson {
            name: &array.name,
            axes: array.axes.iter().map(|axis| axis.name()).collect(),
            shape: &array.shape,
        })
        .collect();
    let output = Output::default();
    if arguments.json {
        let file = arguments.out.display().to_string();
        return output.print_json(&serde_json::json!({ "file": file, "arrays": arrays }));
    }
    for ArrayJson { name, axes, shape } in arrays {
        let sizes = axes.iter().zip(shape).map(|(axis, size)| format!("{size} {axis}s"));
        output.print(format_args!("{name}: {}", sizes.collect::<Vec<_>>().join(" x ")))?;
    }
    output.print(format_args!("written: {}", arguments.out.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn index_list_parses_inclusive_ranges() {
        assert_eq!("0-9,42".parse(), Ok(IndexList(vec![0..10, 42..43])));
        for wrong in ["", "3-", "-3", "a", "5-4", "1,,2", "1.5"] {
            assert!(wrong.parse::<IndexList>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn layer_name_parses_numbers_and_input() {
        assert_eq!("input".parse(), Ok(LayerName(0)));
        assert_eq!("2".parse(), Ok(LayerName(3)));
        assert!("-1".parse::<LayerName>().is_err() && "output".parse::<LayerName>().is_err());
    }
}
