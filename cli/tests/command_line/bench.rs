//! `bench`: output formats, grid and invalid arguments.

use apical::cpu::Width;
use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;

use super::{apical, fails, folder_with_data, json_of, output_of};

/// Returns `apical bench` for a small network with very short measurements.
pub(super) fn bench(folder: &TempDir) -> Command {
    let mut command = apical(folder);
    command.args(["bench", "--data", "data", "--quick", "--seconds", "0.002", "--warm-up", "16"]);
    // A fixed number of rounds on any machine.
    command.args(["--rounds", "3"]);
    command
}

/// Returns `apical bench` on the CPU without measuring the device.
pub(super) fn bench_on_cpu(folder: &TempDir) -> Command {
    let mut command = bench(folder);
    command.args(["--backend", "cpu", "--threads", "2", "--no-roofline"]);
    command
}

const GRID: [&str; 10] = [
    "--layers",
    "20,10",
    "--layers",
    "10",
    "--batch-size",
    "1,4",
    "--replicas",
    "1,3",
    "--g-apical",
    "0,0.05",
];

#[test]
fn bench_json_has_a_row_per_network_and_task() {
    let folder = folder_with_data();
    let [report] = &json_of(bench_on_cpu(&folder).args(["--json"]).args(GRID))[..] else {
        panic!("expected one object")
    };
    assert_eq!((&report["backend"], &report["threads"]), (&"cpu".into(), &2.into()));
    assert_eq!(report["simd"], Width::current().name());
    assert_eq!(report["version"], env!("CARGO_PKG_VERSION"));
    assert!(report["roofline"].is_null() && report["driver"].is_null());
    assert!(!report["device"].as_str().unwrap().is_empty());
    let rows = report["rows"].as_array().unwrap();
    let key_of = |row: &Value| {
        let layers: Vec<u64> =
            row["layers"].as_array().unwrap().iter().map(|n| n.as_u64().unwrap()).collect();
        let task = row["task"].as_str().unwrap().to_string();
        let [batch, replicas] = ["batch_size", "replicas"].map(|key| row[key].as_u64().unwrap());
        (layers, batch, replicas, row["g_apical"].as_f64().unwrap(), task)
    };
    let mut expected = Vec::new();
    for layers in [vec![20, 10], vec![10]] {
        for batch in [1, 4] {
            for replicas in [1, 3] {
                for g_apical in [0.0, 0.05] {
                    for task in ["train", "test"] {
                        expected.push((
                            layers.clone(),
                            batch,
                            replicas,
                            g_apical,
                            task.to_string(),
                        ));
                    }
                }
            }
        }
    }
    assert_eq!(rows.iter().map(key_of).collect::<Vec<_>>(), expected);
    for row in rows {
        assert_eq!(row["inputs"], 30, "{row}");
        assert_eq!(row["warm_up_images"], 16);
        assert_eq!(row["raw_ms"].as_array().unwrap().len(), 3, "{row}");
        let kernels = row["kernels"].as_array().unwrap();
        let has = |name: &str| kernels.iter().any(|kernel| kernel["name"] == name);
        assert!(
            has("encode_spikes")
                && has("synaptic_input_spikes")
                && has("output_step")
                && has("classify"),
            "{row}"
        );
        assert_eq!(has("weight_update"), row["task"] == "train", "{row}");
        assert_eq!(has("hidden_step"), row["layers"].as_array().unwrap().len() == 2, "{row}");
        let shares = kernels.iter().map(|kernel| kernel["share"].as_f64().unwrap());
        assert!((shares.sum::<f64>() - 1.0).abs() < 1e-9, "{row}");
        let number = |key: &str| row[key].as_f64().unwrap_or_else(|| panic!("{key} in {row}"));
        assert!(number("additions_per_image") > 0.0, "{row}");
        assert_eq!(number("bytes_per_image"), 4.0 * number("additions_per_image"));
        let total_images =
            number("batch_size") * number("replicas") * 1e3 / number("ms_per_minibatch");
        assert!((number("images_per_second") / total_images - 1.0).abs() < 1e-9, "{row}");
        assert!(row["fraction_of_roofline"].is_null(), "{row}");
        if row["task"] == "test" {
            assert_eq!(number("steps_per_image"), 250.0, "{row}");
        }
    }
}

#[test]
fn bench_replicas_count_operations_of_the_first() {
    let folder = folder_with_data();
    let mut command = bench_on_cpu(&folder);
    command.args(["--json", "--layers", "20,10", "--batch-size", "1,4", "--replicas", "1,3"]);
    let [report] = &json_of(&mut command)[..] else { panic!("expected one object") };
    let rows = report["rows"].as_array().unwrap();
    let of_replicas = |replicas: u64| {
        let rows = rows.iter().filter(move |row| row["replicas"] == replicas);
        let keys =
            ["task", "batch_size", "steps_per_image", "spikes_per_image", "additions_per_image"];
        rows.map(|row| keys.map(|key| row[key].clone())).collect::<Vec<_>>()
    };
    assert_eq!(of_replicas(1).len(), 4);
    assert_eq!(of_replicas(1), of_replicas(3));
}

#[test]
fn bench_counts_depend_only_on_the_seed() {
    let folder = folder_with_data();
    let counts = |threads: &str, seed: &str| {
        let mut command = bench(&folder);
        command.args(["--backend", "cpu", "--no-roofline", "--json", "--layers", "20,10"]);
        let [report] = &json_of(command.args(["--threads", threads, "--seed", seed]))[..] else {
            panic!("expected one object")
        };
        let rows = report["rows"].as_array().unwrap().iter();
        rows.map(|row| (row["additions_per_image"].clone(), row["spikes_per_image"].clone()))
            .collect::<Vec<_>>()
    };
    assert_eq!(counts("1", "1"), counts("2", "1"));
    assert_ne!(counts("1", "1"), counts("1", "2"));
}

#[test]
fn bench_csv_has_a_line_per_row() {
    let folder = folder_with_data();
    let text = output_of(bench_on_cpu(&folder).args(["--csv"]).args(GRID));
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().unwrap().clone();
    let column = |name: &str| header.iter().position(|found| found == name).expect(name);
    let [task, layers, ms, synaptic_input] =
        ["task", "layers", "ms_per_minibatch", "synaptic_input_spikes_ms"].map(column);
    let lines: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().unwrap();
    assert_eq!(lines.len(), 32);
    assert_eq!((&lines[0][task], &lines[0][layers]), ("train", "20,10"));
    for line in &lines {
        assert!(line[ms].parse::<f64>().unwrap() > 0.0, "{line:?}");
        assert!(line[synaptic_input].parse::<f64>().unwrap() >= 0.0, "{line:?}");
    }
}

#[test]
fn bench_tables_show_device_roofline_and_rows() {
    let folder = folder_with_data();
    let command = || {
        let mut command = bench(&folder);
        command.args([
            "--backend",
            "cpu",
            "--threads",
            "2",
            "--layers",
            "20,10",
            "--batch-size",
            "4",
        ]);
        command
    };
    let text = output_of(&mut command());
    let markdown = output_of(command().arg("--markdown"));
    for text in [&text, &markdown] {
        for expected in ["device", "additions of the column sum, G/s", "one thread", "images/s"] {
            assert!(text.contains(expected), "{expected} in {text}");
        }
        assert_eq!(text.matches("20,10").count(), 4, "not two rows with their kernels: {text}");
    }
    // All lines of a Markdown table have equally many cells, and the second is the rule.
    for table in markdown.trim().split("\n\n") {
        let cells: Vec<usize> = table.lines().map(|line| line.matches(" | ").count()).collect();
        assert!(cells.len() > 2 && cells.iter().all(|&count| count == cells[0]), "{table}");
        assert!(
            table.lines().all(|line| line.starts_with("| ") && line.ends_with(" |")),
            "{table}"
        );
        assert!(table.lines().nth(1).unwrap().starts_with("| ---"), "{table}");
    }
}

#[test]
fn bench_gpu_reports_roofline_and_kernels() {
    let folder = folder_with_data();
    let mut command = bench(&folder);
    command.args(["--backend", "gpu", "--json", "--layers", "20,10"]);
    command.args(["--batch-size", "4", "--replicas", "2"]);
    let [report] = &json_of(&mut command)[..] else { panic!("expected one object") };
    assert_eq!((&report["backend"], &report["threads"]), (&"gpu".into(), &Value::Null));
    assert_eq!(report["simd"], Value::Null);
    assert!(!report["driver"].as_str().unwrap().is_empty());
    let roofline = &report["roofline"];
    for key in ["additions_per_second", "column_sum_additions_per_second", "launch_us"] {
        assert!(roofline[key].as_f64().unwrap() > 0.0, "{key} in {roofline}");
    }
    assert!(roofline["read"].as_array().unwrap().len() > 5, "{roofline}");
    for row in report["rows"].as_array().unwrap() {
        assert_eq!(row["replicas"], 2);
        assert!(row["fraction_of_roofline"].as_f64().unwrap() > 0.0, "{row}");
        assert!(row["kernels"].as_array().unwrap().len() >= 5, "{row}");
    }
}

#[test]
fn bench_invalid_arguments_are_refused_at_start() {
    let folder = folder_with_data();
    let assert_error = |arguments: &[&str], exit_code: i32, texts: &[&str]| {
        let mut command = apical(&folder);
        command.args(["bench", "--data", "data", "--backend", "cpu", "--quick"]).args(arguments);
        fails(&mut command, exit_code, texts);
    };
    assert_error(
        &["--batch-size", "4,0"],
        2,
        &["batch_size = 0: expected 1 to 65535", "hint: change --batch-size"],
    );
    assert_error(&["--batch-size", ""], 2, &["--batch-size"]);
    assert_error(&["--batch-size", "4,x"], 2, &["invalid value 'x'"]);
    assert_error(&["--layers", "10", "--layers", "20,15"], 2, &["layers = 15", "multiple of 10"]);
    assert_error(&["--layers", ""], 2, &["--layers"]);
    assert_error(&["--g-apical", "0,2"], 2, &["g_apical = 2.0: expected 0, or 1e-9 to 0.9"]);
    assert_error(&["--replicas", "1,0"], 2, &["'--replicas <R,..>': 0 is not in 1..=65535"]);
    assert_error(
        &["--replicas", "2", "--seed", "18446744073709551615"],
        2,
        &["invalid seed 18446744073709551615"],
    );
    assert_error(&["--preset", "quickest"], 2, &["invalid value 'quickest'", "paper-1"]);
    assert_error(&["--task", "sleep"], 2, &["invalid value 'sleep'", "train"]);
    assert_error(&["--rounds", "0"], 2, &["0 is not in 1..=1000"]);
    assert_error(&["--seconds", "0"], 2, &["seconds = 0: 0.001 to 3600", "hint: change --seconds"]);
    assert_error(&["--seconds", "nan"], 2, &["seconds = NaN"]);
    assert_error(&["--csv", "--json"], 2, &["cannot be used with"]);
    assert_error(&["--dense", "--csv"], 2, &["cannot be used with"]);
    assert_error(&["--dense=784"], 2, &["invalid value '784'", "such as 784x500"]);
    assert_error(&["--device", "0"], 2, &["--backend cpu"]);
    // Minibatches larger than the data set.
    assert_error(
        &["--batch-size", "301"],
        2,
        &["batch_size = 301", "300 training images", "hint: change --batch-size"],
    );
    assert_error(&["--batch-size", "201"], 2, &["batch_size = 201", "200 test images"]);
    // The second network exceeds the memory of any machine.
    let layers = ["--layers", "10", "--layers", "1000000,10", "--batch-size", "200"];
    let phase = ["--phase-ms", "100000", "--psp-kernel-ms", "1"];
    let texts = ["layers 1000000,10 with 200 images in parallel need", "iB of available memory"];
    assert_error(&[&layers[..], &phase].concat(), 1, &texts);
    // 60,000 networks also exceed the memory.
    let texts = ["the arrays of 60000 networks of layers 4000,10 with 4 images in parallel need"];
    assert_error(&["--layers", "4000,10", "--batch-size", "4", "--replicas", "1,60000"], 1, &texts);
}

#[test]
fn bench_network_beyond_gpu_limits_is_refused() {
    let folder = folder_with_data();
    let mut command = bench(&folder);
    command.args(["--backend", "gpu", "--layers", "10", "--layers", "1000000,10"]);
    command.args(["--batch-size", "200", "--phase-ms", "100000", "--psp-kernel-ms", "1"]);
    fails(&mut command, 1, &["cannot bind", "reduce the minibatch or the layer"]);
}
