//! `apical record`.

use std::ops::Range;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::machine::{DataArgs, MachineArgs};
use super::output::{Output, eprint_line};
use super::progress::{Progress, TimeEstimate, time_left};
use super::run_data::{self, DataPolicy};
use super::weights::load_weights;
use super::{CliError, EXIT_CODES};
use apical::dataset::Dataset;
use apical::monitor::recording_file::{RecordingFormat, save};
use apical::monitor::{Mode, MonitorSession, MonitorSpec, Quantity, Recording, RequiredPhases};
use apical::schedule::Image;
use apical::train::TrainError;

/// Show a trained network images, and write down what its neurons do
///
/// Arrays are named by quantity and layer, `soma0` or `spikes_input`; beside them are `images`, `labels` and
/// `predicted`, the predicted classes. Every image is shown from a cleared state, and nothing is learned.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(super) struct RecordArgs {
    /// The weights.safetensors of a run
    weights: PathBuf,

    /// The file to write, by its ending: .npz (opens with numpy.load), .safetensors, or .csv
    #[arg(long, value_name = "FILE")]
    out: PathBuf,

    /// What to record
    #[arg(long, value_enum, value_delimiter = ',', value_name = "QUANTITY,..", required = true)]
    quantities: Vec<Quantity>,

    /// Which images
    #[arg(long, value_enum, default_value_t)]
    split: SplitArg,

    /// Their places in the set, the first is 0: numbers and ranges with both ends, such as 0-9,42
    #[arg(long, value_name = "N,..", default_value = "0")]
    indices: IndexList,

    /// What is shown of each: what the quantities need, by default
    #[arg(long, value_enum)]
    phases: Option<Phases>,

    /// Layers, 0 the lowest, or input [default: all]
    #[arg(long, value_delimiter = ',', value_name = "LAYER,..")]
    layers: Vec<LayerName>,

    /// Neurons of each layer, as many of them as it has, such as 0-9 [default: all]
    #[arg(long, value_name = "FIRST-LAST")]
    units: Option<IndexList>,

    /// Steps of each image, ms, such as 0-99 [default: all]
    #[arg(long, value_name = "FIRST-LAST")]
    steps: Option<IndexList>,

    /// Seed of the spikes [default: as trained]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,

    /// Invert dark and light of all images, if exactly one of training and these images is dark on light
    #[arg(long)]
    invert: bool,

    /// Print one object of JSON: the arrays of the file
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    data: DataArgs,

    #[command(flatten)]
    machine: MachineArgs,
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

/// Numbers and ranges with both ends: `0-9,42`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct IndexList(Vec<Range<usize>>);

impl FromStr for IndexList {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("'{text}' is no list such as 0-9,42");
        let number = |text: &str| text.trim().parse::<u32>().map_err(|_| wrong());
        let range = |part: &str| {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let (first, last) = (number(first)? as usize, number(last)? as usize);
            if first > last {
                return Err(format!("'{part}': the first is behind the last"));
            }
            Ok(first..last + 1)
        };
        Ok(IndexList(text.split(',').map(range).collect::<Result<_, _>>()?))
    }
}

impl IndexList {
    /// The one range that it is.
    fn range(&self, flag: &str) -> Result<Range<usize>, CliError> {
        match &self.0[..] {
            [range] => Ok(range.clone()),
            _ => Err(CliError::Usage(format!("--{flag} takes one range, such as 0-9"))),
        }
    }
}

/// A population by name.
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
                .map_err(|_| format!("'{text}' is neither a layer's number nor input")),
        }
    }
}

pub(super) fn run(arguments: &RecordArgs) -> Result<(), CliError> {
    // What cannot be written is said before anything is computed.
    RecordingFormat::from_extension(&arguments.out)?;
    let selection = arguments.machine.selection()?;
    let saved = load_weights(&arguments.weights)?;
    let allowed = DataPolicy::AnyImages { inverted: arguments.invert };
    let data = run_data::open(&saved, &arguments.weights, &arguments.data, allowed)?;
    let (dataset, used) = (Arc::new(data.dataset), data.used);
    let mut config = saved.config;
    config.seed = arguments.seed.unwrap_or(config.seed);
    let shown = arguments.shown()?;
    let recorder = arguments.recorder(config.layer_count())?;
    let images = arguments.indices(&dataset)?;

    let mut session =
        MonitorSession::open(&config, &dataset, &saved.network, recorder, &selection)?;
    let device = session.device().clone();
    let mut progress = Progress::new();
    let estimate = TimeEstimate::start(images.len() as f64);
    let recorded = session.show(&images, shown, &mut |done| {
        let left = time_left(estimate.left(done as f64));
        progress.update("images", done, images.len(), left);
    });
    let mut recording = recorded.map_err(TrainError::from)?;
    recording.data = Some(used);
    progress.clear();
    eprint_line(format_args!("recorded on backend {}, device {}", device.backend, device.name));
    save(&arguments.out, &recording)?;
    print(&recording, arguments)
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
                    "{name} needs a target phase: leave out '--phases forward'"
                )))
            }
            (Some(Phases::Forward), None) | (None, None) => Ok(Mode::Test),
            (Some(Phases::Both), _) | (None, Some(_)) => Ok(Mode::TrainFrozen),
        }
    }

    fn recorder(&self, layers: usize) -> Result<MonitorSpec, CliError> {
        if let Some(LayerName(population)) = self.layers.iter().find(|name| name.0 > layers) {
            let message = format!("there is no layer {}: the network has {layers}", population - 1);
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

    fn indices(&self, dataset: &Dataset) -> Result<Vec<Image>, CliError> {
        let (first, labels) = match self.split {
            SplitArg::Training => (0, &dataset.labels()[..dataset.training_count]),
            SplitArg::Test => (dataset.training_count, dataset.test_labels()),
        };
        let mut images = Vec::new();
        for place in self.indices.0.iter().cloned().flatten() {
            let Some(&label) = labels.get(place) else {
                let message = format!("there is no image {place}: the set has {}", labels.len());
                return Err(CliError::Usage(message));
            };
            let index = first + place;
            images.push(Image { index, label, position: place as u32, slot: index });
        }
        Ok(images)
    }
}

/// An array of the file.
#[derive(Serialize)]
struct ArrayJson<'a> {
    name: &'a str,
    axes: Vec<&'static str>,
    shape: &'a [usize],
}

fn print(recording: &Recording, arguments: &RecordArgs) -> Result<(), CliError> {
    let arrays: Vec<ArrayJson> = recording
        .arrays
        .iter()
        .map(|array| ArrayJson {
            name: &array.name,
            axes: array.axes.iter().map(|axis| axis.name()).collect(),
            shape: &array.shape,
        })
        .collect();
    let mut output = Output::default();
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
    fn numbers_are_ranges_with_both_ends() {
        assert_eq!("0-9,42".parse(), Ok(IndexList(vec![0..10, 42..43])));
        for wrong in ["", "3-", "-3", "a", "5-4", "1,,2", "1.5"] {
            assert!(wrong.parse::<IndexList>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn layers_have_numbers_and_the_input_its_name() {
        assert_eq!("input".parse(), Ok(LayerName(0)));
        assert_eq!("2".parse(), Ok(LayerName(3)));
        assert!("-1".parse::<LayerName>().is_err() && "output".parse::<LayerName>().is_err());
    }
}
