//! `record`, `plot`, `reproduce` and `report`: files, output, resuming and invalid arguments.

use std::fs;
use std::path::Path;

use apical::figures::ExperimentResult;
use tempfile::TempDir;

use super::{
    TEST_IMAGES, TEST_LABELS, TRAINING_IMAGES, TRAINING_LABELS, apical, fails, folder_with_data,
    json_of, output_of, train_on_cpu, write_idx,
};

/// Creates a folder with a data set and a run.
fn folder_with_run() -> TempDir {
    let folder = folder_with_data();
    output_of(train_on_cpu(&folder).args(["--out", "run"]));
    folder
}

fn lines_of(path: &Path) -> usize {
    fs::read_to_string(path).unwrap().lines().count()
}

#[test]
fn record_writes_requested_arrays() {
    let folder = folder_with_run();
    let record = |arguments: &[&str]| {
        let mut command = apical(&folder);
        command.args(["record", "run/weights.safetensors", "--data", "data", "--backend", "cpu"]);
        command.args(arguments);
        command
    };
    let json = &json_of(record(&["--out", "r.npz", "--json", "--indices", "0-3,7"]).args([
        "--quantities",
        "soma,spikes,plateaus",
        "--layers",
        "input,0",
        "--units",
        "2-5",
        "--steps",
        "10-29",
    ]))[0];
    let arrays: Vec<(String, serde_json::Value)> = json["arrays"]
        .as_array()
        .unwrap()
        .iter()
        .map(|array| (array["name"].as_str().unwrap().to_string(), array["shape"].clone()))
        .collect();
    let expected = [
        ("plateaus0", serde_json::json!([5, 2, 4])),
        ("soma0", serde_json::json!([5, 20, 4])),
        ("spikes_input", serde_json::json!([5, 20, 4])),
        ("spikes0", serde_json::json!([5, 20, 4])),
    ];
    assert_eq!(arrays, expected.map(|(name, shape)| (name.to_string(), shape)));
    assert!(folder.path().join("r.npz").is_file());

    // The file depends only on images and seed.
    let bytes = |name: &str, seed: &str| {
        output_of(&mut record(&["--out", name, "--quantities", "soma", "--seed", seed]));
        fs::read(folder.path().join(name)).unwrap()
    };
    assert!(bytes("a.npz", "4") == bytes("b.npz", "4"));
    assert!(bytes("a.npz", "4") != bytes("b.npz", "5"));

    for (code, arguments, message) in [
        (1, &["--out", "r.txt", "--quantities", "soma"][..], ".npz, .safetensors, .csv or .h5"),
        (
            1,
            &["--out", "r.h5", "--quantities", "soma,rates"],
            "cannot store rates in a SONATA file",
        ),
        (2, &["--out", "r.csv", "--quantities", "soma", "--indices", "999"], "invalid image 999"),
        (2, &["--out", "r.csv", "--quantities", "soma", "--layers", "2"], "invalid layer 2"),
        (2, &["--out", "r.csv", "--quantities", "errors", "--phases", "forward"], "target phase"),
        (2, &["--out", "r.csv", "--quantities", "mood"], "possible values: spikes"),
        (2, &["--out", "r.csv", "--quantities", "soma", "--units", "5-2"], "larger than the last"),
    ] {
        fails(&mut record(arguments), code, &[message]);
        assert!(!folder.path().join("r.csv").exists() && !folder.path().join("r.h5").exists());
    }
}

/// A limit on file sizes acts like a full disk.
#[cfg(unix)]
#[test]
fn record_on_a_full_disk_keeps_the_old_file() {
    let folder = folder_with_run();
    let program = assert_cmd::cargo::cargo_bin!("apical");
    for ending in ["npz", "safetensors", "csv", "h5"] {
        let name = format!("r.{ending}");
        fs::write(folder.path().join(&name), "old").unwrap();
        for blocks in [0, 1, 20] {
            // Blocks have 512 bytes. The trap keeps the signal from ending the program.
            let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
            let mut command = std::process::Command::new("sh");
            command.current_dir(folder.path()).args(["-c", &script]).arg(program);
            command.args(["record", "run/weights.safetensors", "--data", "data", "--backend=cpu"]);
            let output = command.args(["--quantities=soma", "--out", &name]).output().unwrap();
            let error = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(1), "{name}, {blocks} blocks: {error}");
            assert!(error.contains("cannot write the recording"), "{name}: {error}");
            assert_eq!(fs::read_to_string(folder.path().join(&name)).unwrap(), "old");
        }
    }
    let is_partial = |name: &str| name.starts_with("r.") && name.ends_with(".partial");
    let mut entries = fs::read_dir(folder.path()).unwrap();
    assert!(!entries.any(|entry| is_partial(&entry.unwrap().file_name().to_string_lossy())));
}

#[test]
fn plot_draws_the_raster_of_networks_with_bursts() {
    let folder = folder_with_data();
    for dynamics in ["spiking", "steady-state"] {
        let mut train = train_on_cpu(&folder);
        train.args(["--rule", "bursts", "--feedback", "layerwise", "--feedback-signal", "spikes"]);
        output_of(train.args(["--dynamics", dynamics, "--out", dynamics]));
        output_of(apical(&folder).args(["plot", dynamics, "--data", "data", "--backend", "cpu"]));
        let raster = folder.path().join(dynamics).join("plots/raster.csv");
        let rows = fs::read_to_string(raster).unwrap();
        assert!(rows.contains("soma0,") && !rows.contains("apical0,"), "{dynamics}");
    }
}

#[test]
fn plot_writes_figures_of_one_or_many_networks() {
    let folder = folder_with_run();
    let files = &json_of(apical(&folder).args(["plot", "run", "--data", "data", "--json"]))[0];
    let files: Vec<&str> = files.as_array().unwrap().iter().map(|f| f.as_str().unwrap()).collect();
    assert_eq!(files.len(), 5 * 3);
    for name in ["curves", "fields", "weights", "confusion", "raster"] {
        for ending in ["svg", "png", "csv"] {
            let path = format!("run/plots/{name}.{ending}");
            assert!(files.contains(&path.as_str()), "{path}");
            assert!(fs::metadata(folder.path().join(path)).unwrap().len() > 50);
        }
    }
    // --test-images limits the test, and a truncated line of the metrics is ignored.
    let metrics = folder.path().join("run/metrics.jsonl");
    let complete = fs::read_to_string(&metrics).unwrap();
    fs::write(&metrics, format!("{complete}{{\"event\":\"epo")).unwrap();
    let plot = |images: &str| {
        let mut command = apical(&folder);
        command.args(["plot", "run", "--data", "data", "--out", "few", "--test-images", images]);
        command
    };
    output_of(&mut plot("3"));
    let counts = fs::read_to_string(folder.path().join("few/confusion.csv")).unwrap();
    let count = |line: &str| line.rsplit(',').next().unwrap().parse::<u32>().unwrap();
    assert_eq!(counts.lines().skip(1).map(count).sum::<u32>(), 3);
    fails(&mut plot("99999"), 2, &["change --test-images"]);

    output_of(train_on_cpu(&folder).args(["--out", "many", "--replicas", "2"]));
    let printed = output_of(apical(&folder).args(["plot", "many", "--data", "data", "--out", "p"]));
    assert_eq!(printed.lines().count(), 3);
    // One line per network and epoch.
    assert_eq!(lines_of(&folder.path().join("p/curves.csv")), 1 + 2);

    fs::create_dir(folder.path().join("empty")).unwrap();
    fails(apical(&folder).args(["plot", "empty"]), 1, &["found neither", "hint: "]);
    fails(apical(&folder).args(["plot", "none"]), 1, &["no such folder", "hint: "]);
    let weights = "run/weights.safetensors";
    fails(
        apical(&folder).args(["plot", weights]),
        1,
        &["found a file", "hint: use the folder: apical plot run"],
    );
    fs::write(folder.path().join("many/replica-001/metrics.jsonl"), "{}\nnonsense\n").unwrap();
    fails(apical(&folder).args(["plot", "many"]), 1, &["replica-001", "line 1"]);
}

#[test]
fn reproduce_writes_findings_and_trains_once() {
    let folder = folder_with_data();
    let reproduce = |json: bool| {
        let mut command = apical(&folder);
        command.args(["reproduce", "fig4", "fig5s", "fig6s", "--quick", "--seeds", "1"]);
        command.args(["--data", "data", "--backend", "cpu", "--out", "out"]);
        command.args(json.then_some("--json"));
        command
    };
    let results: Vec<ExperimentResult> =
        serde_json::from_value(json_of(&mut reproduce(true))[0].clone()).unwrap();
    let names: Vec<&str> = results.iter().map(|result| result.name.as_str()).collect();
    assert_eq!(names, ["fig4", "fig5s", "fig6s"]);
    let out = folder.path().join("out");
    for result in &results {
        assert!(result.quick && !result.findings.is_empty() && !result.plots.is_empty());
        let folder = out.join(result.folder_name());
        let json = fs::read(folder.join("result.json")).unwrap();
        assert_eq!(serde_json::from_slice::<ExperimentResult>(&json).unwrap(), *result);
        for plot in &result.plots {
            for ending in ["svg", "png", "csv"] {
                assert!(folder.join(format!("{}.{ending}", plot.name)).is_file());
            }
        }
    }
    let page = fs::read_to_string(out.join("report.html")).unwrap();
    assert_eq!(page.matches("<section").count(), 3);
    let table = fs::read_to_string(out.join("reproduction.md")).unwrap();
    assert!(table.contains("random minus synchronous times"), "{table}");

    // The experiments trained two networks; a second call reads them.
    let trials = out.join("trainings/trials.jsonl");
    assert_eq!(lines_of(&trials), 2);
    let printed = output_of(&mut reproduce(false));
    assert_eq!(lines_of(&trials), 2);
    for finding in results.iter().flat_map(|result| &result.findings) {
        assert!(printed.contains(&finding.what) && printed.contains(finding.verdict()));
    }

    let printed = output_of(apical(&folder).args(["report", "out"]));
    assert_eq!(printed, "out/report.html\nout/reproduction.md\n");
    assert_eq!(fs::read_to_string(out.join("report.html")).unwrap().matches("<section").count(), 3);
    fails(apical(&folder).args(["report", "data"]), 1, &["no experiment in this folder", "hint: "]);
    fails(apical(&folder).args(["report", "none"]), 1, &["no such folder", "hint: "]);
}

/// Experiments that need only errors resume from `trials.jsonl` alone, also if trainings are missing.
#[test]
fn reproduce_resumes_from_errors_alone() {
    let folder = folder_with_data();
    let reproduce = |out: &str, experiment: &str, seeds: &str| {
        let mut command = apical(&folder);
        command.args(["reproduce", experiment, "--quick", "--seeds", seeds, "--json"]);
        command.args(["--data", "data", "--backend", "cpu", "--out", out]);
        command
    };
    let findings = |command: &mut assert_cmd::Command| -> ExperimentResult {
        serde_json::from_value(json_of(command)[0][0].clone()).unwrap()
    };
    let trained = findings(&mut reproduce("out", "fig6s", "1"));
    let path = |name: &str| folder.path().join(name).join("trainings/trials.jsonl");
    let copy = |name: &str, trials: &str| {
        fs::create_dir_all(path(name).parent().unwrap()).unwrap();
        fs::write(path(name), trials).unwrap();
    };
    let trials = fs::read_to_string(path("out")).unwrap();
    copy("copy", &trials);
    let copied = findings(&mut reproduce("copy", "fig6s", "1"));
    assert_eq!(copied.findings, trained.findings);
    assert_eq!(copied.trainings, trained.trainings);
    assert_eq!(lines_of(&path("copy")), 2, "nothing was trained");
    let reason = "only the errors of its training were kept";
    fails(&mut reproduce("copy", "fig3", "1"), 1, &[reason, "hint: choose another folder"]);

    // One condition lacks a seed, the other has none.
    copy("part", trials.lines().next().unwrap());
    fails(reproduce("part", "fig6s", "2").arg("--finished-only"), 1, &["no training", "hint: "]);
    copy("part", &format!("{}\n", trials.lines().next().unwrap()));
    let part = findings(reproduce("part", "fig6s", "2").arg("--finished-only"));
    let missing = ["synchronous: 1 of 2 networks trained", "random times: 0 of 2 networks trained"];
    assert_eq!(part.missing, missing);
    assert_eq!(part.trainings, trained.trainings[..1]);
    let table = fs::read_to_string(folder.path().join("part/reproduction.md")).unwrap();
    assert!(table.contains("- fig6s, unfinished: synchronous: 1 of 2 networks"), "{table}");
    let printed = reproduce("part", "fig6s", "2").arg("--finished-only").output().unwrap();
    let printed = String::from_utf8(printed.stderr).unwrap();
    assert!(printed.contains(&format!("fig6s: unfinished: {}\n", missing.join("; "))), "{printed}");
    fails(reproduce("absent", "fig6s", "2").arg("--finished-only"), 1, &["no such folder"]);
    assert!(!folder.path().join("absent").exists());
    let message = "cannot use --finished-only with fig3";
    fails(reproduce("part", "fig3", "1").arg("--finished-only"), 2, &[message, "hint: "]);
}

/// The experiments accept fewer classes and images than MNIST has.
#[test]
fn reproduce_accepts_few_classes_and_images() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    fs::create_dir(&data).unwrap();
    for (images, labels) in [(TRAINING_IMAGES, TRAINING_LABELS), (TEST_IMAGES, TEST_LABELS)] {
        let pixel = |at: usize| if (at / 16 + at % 16).is_multiple_of(2) { 200 } else { 10 };
        write_idx(&data.join(images), &[40, 4, 4], (0..40 * 16).map(pixel).collect());
        write_idx(&data.join(labels), &[40], (0..40).map(|image| image % 2).collect());
    }
    let mut command = apical(&folder);
    command.args(["reproduce", "fig3", "fig5bc", "fig7a", "--quick", "--seeds", "1", "--json"]);
    command.args(["--data", "data", "--backend", "cpu", "--out", "out"]);
    let results: Vec<ExperimentResult> =
        serde_json::from_value(json_of(&mut command)[0].clone()).unwrap();
    let measured: Vec<&str> =
        results.iter().flat_map(|result| &result.findings).map(|one| one.what.as_str()).collect();
    assert!(measured.contains(&"correlation of L0 and L1, class 1"), "{measured:?}");
    assert!(measured.contains(&"angle at the start"), "{measured:?}");
}

#[test]
fn reproduce_lists_experiments_and_refuses_unknown() {
    let folder = TempDir::new().unwrap();
    let printed = output_of(apical(&folder).args(["reproduce", "--list"]));
    assert_eq!(printed.lines().count(), 13);
    assert!(printed.contains("fig6b") && printed.contains("Figure 6B"));
    assert!(printed.contains("bursts   Not in the paper"));
    fails(apical(&folder).args(["reproduce", "fig7"]), 2, &["possible values: fig3"]);
    fails(apical(&folder).arg("reproduce"), 2, &["<EXPERIMENT>"]);
}
