//! Proves: both backends reproduce traces of the authors' published code to single precision, with the spikes of the
//! traces. Compared are voltages, averages, plateaus, predictions, loss, learned weights, feedback weights and apical
//! biases. The traces are in `tests/golden/`, `tests/golden-options/` and the folder named by `APICAL_GOLDEN`.
//!
//! Does not prove: that spikes are drawn correctly (see `distributions.rs`), or that minibatches and Adam are correct;
//! the authors' code has neither.

#[path = "golden/compare.rs"]
mod compare;
#[path = "golden/trace.rs"]
mod trace;

use std::path::{Path, PathBuf};
use std::slice::from_mut;

use apical::interface::{BackendError, Kernel};
use apical::network::Network;
use apical::plan::{Capacity, Presentation};
use apical::simulation::Simulation;
use trace::Trace;

use crate::support;

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
    let folders = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let folders = [folders.join("golden"), folders.join("golden-options")];
    let extra = std::env::var_os("APICAL_GOLDEN").map(PathBuf::from);
    let mut files = Vec::new();
    for folder in folders.into_iter().chain(extra) {
        let entries = std::fs::read_dir(&folder)
            .unwrap_or_else(|error| panic!("cannot open {}: {error}", folder.display()));
        let found = entries.map(|entry| entry.expect("the directory is readable").path());
        let before = files.len();
        files.extend(found.filter(|path| path.extension().is_some_and(|e| e == "safetensors")));
        assert!(files.len() > before, "no traces in {}", folder.display());
        files[before..].sort();
    }
    files
}

fn reproduce(file: &Path, make: support::MakeBackend) {
    let bytes = std::fs::read(file).expect("the trace is readable");
    let trace = Trace::new(file, &bytes);
    let config = trace.config();
    let dataset = trace.dataset();
    let images = trace.images();
    let mut network = trace.network(&config);
    let capacity = Capacity { steps_apical: true, ..support::capacity(1, images, 1) };
    let backend = make(&config, &dataset, &capacity);
    let mut simulation = Simulation::new(backend, &config, &dataset, &network)
        .expect("the network fits the backend");
    // Symmetric feedback weights are computed on the device from the feed-forward weights.
    simulation.read_networks(from_mut(&mut network)).expect("weights are readable");
    trace.check_network(&network, &config, "_init");
    let lengths = trace.integers("lens");
    let mut start = 0;
    for image in 0..images {
        let before = network.clone();
        let phases = [lengths[2 * image] as u32, lengths[2 * image + 1] as u32];
        let steps = (phases[0] + phases[1]) as usize;
        let spikes = trace.spikes(start..start + steps, &config);
        start += steps;
        let presentation = Presentation {
            index: image,
            label: dataset.labels()[image],
            draw_index: image as u32,
            result_slot: image,
        };
        let mut replay = || -> Result<(), BackendError> {
            let (minibatches, samples, launches) =
                simulation.prepare_replay(&presentation, phases, &spikes)?;
            if !trace.has(&format!("ex{image}_B0")) {
                return simulation.run(&minibatches, &samples, &launches);
            }
            for launch in launches {
                simulation.run(&minibatches, &samples, &[launch])?;
                if matches!(launch.kernel, Kernel::HiddenStep | Kernel::OutputStep) {
                    let step = launch.first as usize;
                    let backend = simulation.backend();
                    trace.check_voltages(backend, image, launch.layer, step, &config);
                }
            }
            Ok(())
        };
        replay().unwrap_or_else(|error| panic!("{}, image {image}: {error}", trace.name));
        trace.check_averages(simulation.backend(), image, &config, &before);
        let outcome = simulation.results(images).expect("results are readable")[0][image];
        let output = *config.layers.last().expect("the network has an output layer") as f64;
        trace.check("loss", image..image + 1, &[f64::from(outcome.loss) / output]);
        let class = trace.integers("pred_forward")[image];
        assert_eq!(i32::from(outcome.class), class, "{}, image {image}", trace.name);
        simulation.read_networks(from_mut(&mut network)).expect("weights are readable");
        check_weight_changes(&trace, image, &before, &network);
        let when = format!("_after{}", image + 1);
        if trace.has(&format!("W0{when}")) {
            trace.check_network(&network, &config, &when);
        }
        assert!(
            image + 1 < images || trace.has(&format!("W0{when}")),
            "{}: no weights {when}",
            trace.name
        );
    }
    trace.assert_all_used();
}

/// Compares the summed magnitudes of weight changes of one image with those of the trace.
fn check_weight_changes(trace: &Trace, image: usize, before: &Network, after: &Network) {
    for (m, (before, after)) in before.layers.iter().zip(&after.layers).enumerate() {
        let (before, after) = (before.weight_rows(), after.weight_rows());
        let change: f64 = before.iter().zip(&after).map(|(b, a)| f64::from((a - b).abs())).sum();
        let expected = trace.floats(&format!("dW{m}_sumabs"))[image];
        let relative = (change - expected) / expected.max(1.0);
        let context =
            format!("{}, image {image}: |dW{m}| is {change}, expected {expected}", trace.name);
        assert!(relative.abs() < 1e-3, "{context}");
    }
}
