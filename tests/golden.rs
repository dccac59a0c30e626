//! Proves: fed with the spikes that the authors' published code drew, both backends reproduce its
//! voltages, averages, plateaus, predictions, loss and learned weights to single precision, for
//! every trace in `tests/golden/` and in the folder that `APICAL_GOLDEN` names.
//!
//! Does not prove: anything about the draws themselves (see `distributions.rs`), or about minibatches
//! and Adam, which the authors' code does not have.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use apical::config::{Config, Feedback, Optimizer, Preset};
use apical::dataset::Dataset;
use apical::layout::{Array, Backend, Kernel, compartment, plateau, trace};
use apical::model::arithmetic::sigmoid;
use apical::network::{Layer, Network};
use apical::schedule::{Extent, Image, Simulation};
use safetensors::{Dtype, SafeTensors};

use crate::support;

/// What single precision may differ from the authors' double precision.
const TOLERANCE: f64 = 1e-5;
const PHI_MAX: f64 = 0.2;

#[test]
fn cpu_reproduces_the_authors_traces() {
    for file in files() {
        reproduce(&file, support::cpu);
    }
}

#[test]
fn gpu_reproduces_the_authors_traces() {
    for file in files() {
        reproduce(&file, support::gpu);
    }
}

fn files() -> Vec<PathBuf> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let more = std::env::var_os("APICAL_GOLDEN").map(PathBuf::from);
    let mut files = Vec::new();
    for folder in std::iter::once(own).chain(more) {
        let entries = std::fs::read_dir(&folder)
            .unwrap_or_else(|error| panic!("{} does not open: {error}", folder.display()));
        let found = entries.map(|entry| entry.expect("the folder lists").path());
        let before = files.len();
        files.extend(found.filter(|path| path.extension().is_some_and(|e| e == "safetensors")));
        assert!(files.len() > before, "no traces in {}", folder.display());
    }
    files
}

fn reproduce(file: &Path, make: support::MakeBackend) {
    let bytes = std::fs::read(file).expect("a trace opens");
    let golden = Golden {
        tensors: SafeTensors::deserialize(&bytes).expect("a trace is safetensors"),
        name: file.file_name().expect("a file").to_string_lossy().into_owned(),
    };
    let config = golden.config();
    let dataset = golden.dataset();
    let mut network = golden.network("init", &config);
    let extent = Extent { records_apical: true, ..support::extent(1, 20, 1) };
    let backend = make(&config, &dataset, &extent);
    let mut simulation =
        Simulation::new(backend, &config, &dataset, &network).expect("the backend takes it");
    let lengths = golden.integers("lens");
    let mut start = 0;
    for image in 0..20 {
        let before = network.clone();
        let phases = [lengths[2 * image] as u32, lengths[2 * image + 1] as u32];
        let steps = (phases[0] + phases[1]) as usize;
        let spikes = golden.spikes(start..start + steps, &config);
        start += steps;
        let shown = Image {
            index: image,
            label: dataset.labels()[image],
            position: image as u32,
            slot: image,
        };
        simulation
            .train_given(&shown, phases, &spikes, |backend, launch| {
                if image < 2 && matches!(launch.kernel, Kernel::Soma | Kernel::Output) {
                    golden.check_voltages(backend, image, launch.layer, launch.first as usize);
                }
                Ok(())
            })
            .expect("the image runs");
        golden.check_averages(simulation.backend(), image, &config);
        let outcome = simulation.outcomes(20).expect("results are read")[0][image];
        let output = *config.layers.last().expect("an output") as f64;
        golden.check("loss", image..image + 1, &[f64::from(outcome.loss) / output]);
        assert_eq!(
            i32::from(outcome.class),
            golden.integers("pred_forward")[image],
            "{}",
            golden.name
        );
        simulation.read_networks(std::slice::from_mut(&mut network)).expect("weights are read");
        for (m, (before, after)) in before.layers.iter().zip(&network.layers).enumerate() {
            let (before, after) = (before.weight_rows(), after.weight_rows());
            let change: f64 =
                before.iter().zip(&after).map(|(b, a)| f64::from((a - b).abs())).sum();
            let expected = golden.floats(&format!("dW{m}_sumabs"))[image];
            let relative = (change - expected) / expected.max(1.0);
            assert!(
                relative.abs() < 1e-3,
                "{}: dW{m} of image {image}: {change} {expected}",
                golden.name
            );
        }
        if image == 0 {
            golden.check_network(&network, "after1");
        }
    }
    golden.check_network(&network, "after20");
}

struct Golden<'a> {
    tensors: SafeTensors<'a>,
    name: String,
}

impl Golden<'_> {
    fn floats(&self, name: &str) -> Vec<f64> {
        let tensor = self.tensors.tensor(name).unwrap_or_else(|_| panic!("{}: {name}", self.name));
        assert_eq!(tensor.dtype(), Dtype::F64);
        let chunks = tensor.data().chunks_exact(8);
        chunks.map(|bytes| f64::from_le_bytes(bytes.try_into().expect("8 bytes"))).collect()
    }

    fn integers(&self, name: &str) -> Vec<i32> {
        let tensor = self.tensors.tensor(name).unwrap_or_else(|_| panic!("{}: {name}", self.name));
        assert_eq!(tensor.dtype(), Dtype::I32);
        let chunks = tensor.data().chunks_exact(4);
        chunks.map(|bytes| i32::from_le_bytes(bytes.try_into().expect("4 bytes"))).collect()
    }

    fn bytes(&self, name: &str) -> Vec<u8> {
        self.tensors
            .tensor(name)
            .unwrap_or_else(|_| panic!("{}: {name}", self.name))
            .data()
            .to_vec()
    }

    fn config(&self) -> Config {
        let broadcast = self.integers("broadcast")[0] == 1;
        Config {
            layers: self.integers("n").iter().map(|&n| n as usize).collect(),
            batch: 1,
            eta: self.floats("etas"),
            optimizer: Optimizer::Sgd,
            feedback: if broadcast { Feedback::Broadcast } else { Feedback::Layerwise },
            g_apical: self.floats("g_A")[0],
            ..Preset::Paper1.config()
        }
    }

    fn dataset(&self) -> Arc<Dataset> {
        let pixels = self.bytes("pixels");
        let labels = self.bytes("labels");
        let test = (pixels.clone(), labels.clone());
        let dataset = Dataset::from_parts(&self.name, 28, 28, (pixels, labels), test);
        Arc::new(dataset.expect("the trace's images are a data set"))
    }

    fn single(&self, name: &str) -> Vec<f32> {
        self.floats(name).iter().map(|&value| value as f32).collect()
    }

    fn network(&self, when: &str, config: &Config) -> Network {
        let count = config.layers.len();
        let layer = |m: usize| {
            let units = config.layers[m];
            let weights = self.single(&format!("W{m}_{when}"));
            let biases = self.single(&format!("b{m}_{when}"));
            let feedback = if m + 1 < count { self.single(&format!("Y{m}")) } else { Vec::new() };
            Layer::from_rows(units, weights.len() / units, &weights, &biases, &feedback)
        };
        Network { layers: (0..count).map(layer).collect() }
    }

    /// Spike counts of every population over the steps of one image.
    fn spikes(&self, steps: std::ops::Range<usize>, config: &Config) -> Vec<Vec<u8>> {
        let names = std::iter::once("S_in".to_string());
        let names = names.chain((0..config.layers.len()).map(|m| format!("S_{m}")));
        let cut = |name: String| {
            let units = self.tensors.tensor(&name).expect("spikes are recorded").shape()[1];
            self.bytes(&name)[steps.start * units..steps.end * units].to_vec()
        };
        names.map(cut).collect()
    }

    fn has(&self, name: &str) -> bool {
        self.tensors.names().contains(&name)
    }

    /// Compares values with rows `rows` of an array.
    fn check(&self, name: &str, rows: std::ops::Range<usize>, values: &[f64]) {
        let expected = self.floats(name);
        let columns = values.len() / rows.len();
        for (index, (value, expected)) in
            values.iter().zip(&expected[rows.start * columns..]).enumerate()
        {
            let difference = (value - expected).abs() / expected.abs().max(1.0);
            assert!(
                difference < TOLERANCE,
                "{}: {name}, row {}, column {}: {value} instead of {expected}",
                self.name,
                rows.start + index / columns,
                index % columns,
            );
        }
    }

    /// Voltages and rates after one step of one of the first two images.
    fn check_voltages(&self, backend: &mut dyn Backend, image: usize, m: usize, step: usize) {
        let units = backend.shape().units(m);
        let voltages = support::floats(backend, Array::Compartments(m));
        let row = |row: usize| -> Vec<f64> {
            voltages[row * units..][..units].iter().map(|&v| f64::from(v)).collect()
        };
        let rates = voltages[compartment::SOMA * units..][..units].iter();
        let rates: Vec<f64> = rates.map(|&c| PHI_MAX * f64::from(sigmoid(c))).collect();
        let rows = step..step + 1;
        if self.has(&format!("ex{image}_A{m}")) {
            self.check(&format!("ex{image}_A{m}"), rows.clone(), &row(compartment::APICAL));
        }
        self.check(&format!("ex{image}_B{m}"), rows.clone(), &row(compartment::BASAL));
        self.check(&format!("ex{image}_C{m}"), rows.clone(), &row(compartment::SOMA));
        self.check(&format!("ex{image}_lam{m}"), rows, &rates);
    }

    /// Averages and plateaus of one image.
    fn check_averages(&self, backend: &mut dyn Backend, image: usize, config: &Config) {
        let last = config.layers.len() - 1;
        for m in 0..=last {
            let mut check = |name: String, array: Array, row: usize, units: usize| {
                let values = support::floats(backend, array);
                let values: Vec<f64> =
                    values[row * units..][..units].iter().map(|&v| f64::from(v)).collect();
                self.check(&name, image..image + 1, &values);
            };
            let units = config.layers[m];
            let below = if m == 0 { 784 } else { config.layers[m - 1] };
            check(format!("Cf_mean{m}"), Array::Compartments(m), compartment::MEAN_SOMA, units);
            check(format!("psp_mean{m}"), Array::Traces(m), trace::FORWARD, below);
            if m == last {
                check("lam_t_mean".into(), Array::Compartments(m), compartment::MEAN_RATE, units);
            } else {
                check(format!("alpha_f{m}"), Array::Plateaus(m), plateau::FORWARD, units);
                check(format!("alpha_t{m}"), Array::Plateaus(m), plateau::TARGET, units);
            }
        }
    }

    fn check_network(&self, network: &Network, when: &str) {
        for (m, layer) in network.layers.iter().enumerate() {
            let double = |values: &[f32]| values.iter().map(|&v| f64::from(v)).collect::<Vec<_>>();
            self.check(&format!("W{m}_{when}"), 0..layer.units, &double(&layer.weight_rows()));
            self.check(&format!("b{m}_{when}"), 0..1, &double(layer.biases()));
        }
    }
}
