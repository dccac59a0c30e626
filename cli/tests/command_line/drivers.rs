//! Proves: SwiftShader, a driver of another origin than Mesa whose compiler flushes subnormal numbers, computes the
//! CPU's bits: with weights that shrink through the smallest number stored, with every optimiser, kind of feedback and
//! signal, and with apical conductance.
//!
//! Does not prove: anything about compilers that fuse products into sums; SwiftShader's does not.
//! `tests/drivers` fetches the driver.

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;

use super::{apical, folder_with_data, json_of};
use crate::harness::not_run;

/// Where `tests/drivers` puts the driver: in the target folder, beside the folder of the binary.
fn folder() -> PathBuf {
    let binary = Path::new(env!("CARGO_BIN_EXE_apical"));
    let target = binary.ancestors().nth(2).unwrap();
    target.join("drivers/swiftshader")
}

/// The driver's description for Vulkan's loader. `None` if it cannot be had here; the summary then counts the test.
fn driver(test: &str) -> Option<PathBuf> {
    let description = folder().join("vk_swiftshader_icd.json");
    if description.is_file() {
        return Some(description);
    }
    let reason = fs::read_to_string(folder().join("missing"));
    let reason = reason.unwrap_or_else(|_| "SwiftShader is missing: run tests/drivers".to_string());
    not_run(test, reason.trim());
    None
}

/// The command, with SwiftShader as the only device.
fn on<'a>(driver: &Path, command: &'a mut Command) -> &'a mut Command {
    command.env("VK_DRIVER_FILES", driver).env("VK_ICD_FILENAMES", driver)
}

const SETTINGS: [&str; 10] = [
    // Weights become so small within 38 minibatches that a device would flush them.
    "--layers 10 --train-images 60 --batch-size 1 --optimizer sgd --eta 0.1 --weight-decay 9",
    "--layers 12,10 --train-images 40 --batch-size 1 --optimizer momentum --eta 0.1 --weight-decay 9 --feedback-lr 0.1 \
     --apical-bias-sd 0.5",
    "--layers 12,8,10 --train-images 12 --batch-size 4 --optimizer adam --g-apical 0.05 --psp-kernel-ms 0 --weight-decay 0.5",
    "--layers 12,8,10 --train-images 12 --batch-size 4 --optimizer rmsprop --grad-clip 1e-3 --feedback-weights symmetric \
     --feedback-noise-sd 0.05",
    "--layers 12,8,10 --train-images 40 --batch-size 1 --optimizer sgd --eta 0.1 --weight-decay 9 --feedback-weights symmetric \
     --credit-assignment backpropagation",
    "--layers 12,8,10 --train-images 8 --batch-size 4 --signal rates --feedback-signal rates --feedback layerwise \
     --plateau-timing random",
    "--layers 12,10 --train-images 60 --batch-size 1 --optimizer sgd --eta 0.1 --weight-decay 9 --dynamics steady-state",
    "--layers 20,10 --train-images 8 --batch-size 1 --weight-init cited --feedback-sparsity 0.8 --feedback-gain 5",
    "--layers 12,8,10 --train-images 8 --batch-size 4 --g-apical 0.299 --gpu-steps networks --spike-distribution bernoulli",
    "--layers 8,10 --train-images 6 --batch-size 1 --phi-max 1 --psp-kernel-ms 18 --optimizer sgd --eta 0.2",
];

#[test]
fn swiftshader_computes_the_cpus_bits() {
    let Some(driver) = driver("swiftshader_computes_the_cpus_bits") else { return };
    let folder = folder_with_data();
    for settings in SETTINGS {
        let mut command = apical(&folder);
        command.args(["compare", "--json", "--backend", "gpu", "--data", "data"]);
        command.args(["--lr-schedule", "constant", "--test-images", "2"]);
        command.args(settings.split_whitespace());
        let [report] = &json_of(on(&driver, &mut command))[..] else { panic!("one object") };
        assert_eq!(report["identical"], true, "{settings}: {report}");
        assert!(report["device"].as_str().unwrap().contains("SwiftShader"), "{report}");
    }
}

#[test]
fn swiftshader_flushes_subnormals_and_keeps_no_cache() {
    let Some(driver) = driver("swiftshader_flushes_subnormals_and_keeps_no_cache") else { return };
    let folder = TempDir::new().unwrap();
    let cache = folder.path().join("cache");
    let mut command = apical(&folder);
    command.args(["devices", "--json"]).env("APICAL_PIPELINE_CACHE", &cache);
    let [Value::Array(devices)] = &json_of(on(&driver, &mut command))[..] else { panic!("a list") };
    assert_eq!(devices[0]["subnormals"], "flushed", "{devices:?}");
    assert!(devices[0]["self_test"].get("exact").is_some(), "{devices:?}");
    assert!(!cache.exists());
}
