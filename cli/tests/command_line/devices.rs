//! `devices`, `compare`, and missing devices. These tests need a Vulkan device, which may be a software device.

use std::ffi::OsStr;
use std::fs;

use assert_cmd::Command;
use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;
use serde_json::Value;
use tempfile::TempDir;

use super::{apical, fails, folder_with_data, json_of, output_of, train};

/// Hides all drivers from the command.
#[cfg(target_os = "linux")]
fn without_drivers(command: &mut Command) -> &mut Command {
    let variables = ["VK_DRIVER_FILES", "VK_ICD_FILENAMES", "__EGL_VENDOR_LIBRARY_FILENAMES"];
    command.envs(variables.map(|variable| (variable, "nowhere.json")))
}

/// Returns `apical compare` for a small network on the data set in `folder`.
fn compare(folder: &TempDir) -> Command {
    let mut command = apical(folder);
    command.args(["compare", "--data", "data", "--layers", "20,10"]);
    command.args(["--train-images", "100", "--test-images", "50"]);
    command
}

#[test]
fn devices_lists_self_test_results() {
    let folder = TempDir::new().unwrap();
    let [list] = &json_of(apical(&folder).args(["devices", "--json"]))[..] else {
        panic!("expected one array")
    };
    let list = list.as_array().unwrap();
    assert!(!list.is_empty(), "this test needs a Vulkan device: install mesa-vulkan-drivers");
    let text = output_of(apical(&folder).arg("devices"));
    for (index, device) in list.iter().enumerate() {
        assert_eq!(device["index"], index);
        for key in ["name", "backend", "driver", "kind", "max_binding", "self_test"] {
            assert!(device.get(key).is_some(), "{device} lacks {key}");
        }
        let subnormals = device["subnormals"].as_str().unwrap();
        assert!(["kept", "flushed"].contains(&subnormals), "{device}");
        let name = device["name"].as_str().unwrap();
        assert!(text.contains(&format!("{index}: {name}\n")), "{text}");
    }
    for row in ["   arithmetic  ", "   subnormals  "] {
        assert_eq!(text.matches(row).count(), list.len(), "{text}");
    }
}

/// Software devices compile quickly, and SwiftShader's cache grows at each start.
#[test]
fn software_device_keeps_no_pipeline_cache() {
    let folder = TempDir::new().unwrap();
    let cache = folder.path().join("kept/here");
    let devices = |setting: &OsStr| {
        let mut command = apical(&folder);
        command.env("APICAL_PIPELINE_CACHE", setting).args(["devices", "--json"]);
        json_of(&mut command).pop().unwrap()
    };
    let without = devices("off".as_ref());
    assert_eq!(devices(cache.as_os_str()), without);
    let is_cached = |device: &Value| device["kind"] != "software" && device["backend"] == "vulkan";
    assert_eq!(cache.exists(), without.as_array().unwrap().iter().any(is_cached));
    // A file in place of the folder.
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    assert_eq!(devices(file.as_os_str()), without);
}

#[test]
fn train_on_gpu_gives_the_network_of_the_cpu() {
    let folder = folder_with_data();
    let finished = |backend: &str| {
        let mut command = train(&folder);
        json_of(command.args(["--json", "--backend", backend])).pop().unwrap()
    };
    let (gpu, cpu) = (finished("gpu"), finished("cpu"));
    assert_eq!((&gpu["backend"], &cpu["backend"]), (&"gpu".into(), &"cpu".into()));
    assert_eq!(gpu["weights_sha256"], cpu["weights_sha256"]);
    assert_eq!(gpu["test_error"], cpu["test_error"]);
}

#[test]
fn compare_reports_identical_values() {
    let folder = folder_with_data();
    let text = output_of(&mut compare(&folder));
    assert!(text.starts_with("identical\n"), "{text}");
    assert!(text.contains(" over 4 minibatches of 32 images, and 50 test images\n"), "{text}");
    assert!(text.contains("\nself-test bit-exact on this device"), "{text}");

    let [full] = &json_of(compare(&folder).arg("--json"))[..] else {
        panic!("expected one object")
    };
    assert_eq!((&full["identical"], &full["difference"]), (&true.into(), &Value::Null));
    assert_eq!((&full["minibatches"], &full["images"]), (&4.into(), &100.into()));
    let [partial] = &json_of(compare(&folder).args(["--json", "--cpu-through", "hidden_step"]))[..]
    else {
        panic!("expected one object")
    };
    assert_eq!(
        (&partial["identical"], &partial["cpu_through"]),
        (&true.into(), &"hidden_step".into())
    );
    let values = |report: &Value| report["values"].as_u64().unwrap();
    assert!(0 < values(partial) && values(partial) < values(full), "{partial} {full}");
}

#[test]
fn unknown_device_error_lists_devices() {
    let folder = folder_with_data();
    let texts = [
        "no GPU with name or index 'abacus', found: 0: ",
        "hint: list the GPUs with 'apical devices'",
    ];
    fails(train(&folder).args(["--device", "abacus"]), 3, &texts);
    fails(train(&folder).args(["--device", "abacus", "--backend", "gpu"]), 3, &texts);
    fails(compare(&folder).args(["--device", "abacus"]), 3, &texts);
    fails(train(&folder).args(["--device", "99", "--out", "run"]), 3, &["'99'"]);
    assert!(!folder.path().join("run").exists());
}

#[cfg(target_os = "linux")]
#[test]
fn devices_without_drivers_prints_install_hint() {
    let folder = TempDir::new().unwrap();
    for (arguments, list) in [(&["devices"][..], ""), (&["devices", "--json"], "[]\n")] {
        let mut command = apical(&folder);
        let listed = without_drivers(command.args(arguments)).assert().success();
        listed.stdout(list).stderr(contains("no GPU found").and(contains("Vulkan driver")));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn train_without_drivers_uses_the_cpu() {
    let folder = folder_with_data();
    let texts = ["no GPU found", "hint: install the GPU's Vulkan driver"];
    fails(without_drivers(train(&folder).args(["--backend", "gpu"])), 3, &texts);
    fails(without_drivers(&mut compare(&folder)), 3, &texts);
    let trained = without_drivers(&mut train(&folder)).assert().success();
    trained.stderr(contains("computing on the CPU: no GPU found"));
}
