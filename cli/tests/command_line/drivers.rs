//! Proves: SwiftShader, a driver that is unrelated to Mesa and flushes subnormal numbers, computes the bits of the
//! CPU. Weights decay below the flush threshold; each optimizer, kind of feedback and signal is used, also with apical
//! conductance.
//!
//! Does not prove: anything about compilers that fuse multiplications and additions; SwiftShader's does not.
//! `tests/drivers` downloads the driver.

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;

use super::{apical, folder_with_data, json_of};
use crate::harness::not_run;

/// Returns the folder of the driver that `tests/drivers` installs, in the target folder.
fn folder() -> PathBuf {
    let binary = Path::new(env!("CARGO_BIN_EXE_apical"));
    let target = binary.ancestors().nth(2).unwrap();
    target.join("drivers/swiftshader")
}

/// Returns the driver's manifest for the Vulkan loader. If it is missing, reports the test as not run and returns `None`.
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

/// Restricts the command to SwiftShader.
fn on<'a>(driver: &Path, command: &'a mut Command) -> &'a mut Command {
    command.env("VK_DRIVER_FILES", driver).env("VK_ICD_FILENAMES", driver)
}

const SETTINGS: [&str; 10] = [
    // Within 38 minibatches, weights decay to values that a device would flush.
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
    "--layers 20,10 --train-images 8 --batch-size 1 --weight-init paper-commit --feedback-sparsity 0.8 --feedback-gain 5",
    "--layers 12,8,10 --train-images 8 --batch-size 4 --g-apical 0.299 --spike-distribution bernoulli",
    "--layers 8,10 --train-images 6 --batch-size 1 --phi-max 1 --psp-kernel-ms 18 --optimizer sgd --eta 0.2",
];

#[test]
fn swiftshader_computes_the_bits_of_the_cpu() {
    let Some(driver) = driver("swiftshader_computes_the_bits_of_the_cpu") else { return };
    let folder = folder_with_data();
    for settings in SETTINGS {
        let mut command = apical(&folder);
        command.args(["compare", "--json", "--backend", "gpu", "--data", "data"]);
        command.args(["--lr-schedule", "constant", "--test-images", "2"]);
        command.args(settings.split_whitespace());
        let [report] = &json_of(on(&driver, &mut command))[..] else {
            panic!("expected one object")
        };
        assert_eq!(report["identical"], true, "{settings}: {report}");
        assert!(report["device"].as_str().unwrap().contains("SwiftShader"), "{report}");
    }
}

#[test]
fn swiftshader_flushes_subnormals_without_cache() {
    let Some(driver) = driver("swiftshader_flushes_subnormals_without_cache") else { return };
    let folder = TempDir::new().unwrap();
    let cache = folder.path().join("cache");
    let mut command = apical(&folder);
    command.args(["devices", "--json"]).env("APICAL_PIPELINE_CACHE", &cache);
    let [Value::Array(devices)] = &json_of(on(&driver, &mut command))[..] else {
        panic!("expected a list")
    };
    assert_eq!(devices[0]["subnormals"], "flushed", "{devices:?}");
    assert!(devices[0]["self_test"].get("exact").is_some(), "{devices:?}");
    assert!(!cache.exists());
}
