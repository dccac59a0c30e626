//! Data set of a command: default, moved or changed data, classes by name, subsets of sorted data.

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use tempfile::TempDir;

use super::{
    TEST_IMAGES, TEST_LABELS, TRAINING_IMAGES, TRAINING_LABELS, apical, fails, folder_with_data,
    json_of, output_of, train_on_cpu, write_idx,
};

/// Creates a folder with a data set and a run on it.
fn folder_with_run() -> TempDir {
    let folder = folder_with_data();
    output_of(train_on_cpu(&folder).args(["--out", "run"]));
    folder
}

#[track_caller]
fn error_output_of(command: &mut Command) -> String {
    let output = command.assert().success().get_output().clone();
    String::from_utf8(output.stderr).unwrap()
}

/// Writes three classes of different images with these names. `order`: label of each training image.
fn write_classes(data: &Path, names: [&str; 3], order: impl Fn(usize) -> u8) {
    fs::create_dir_all(data).unwrap();
    // The image depends on the name, not on the label.
    let image = |label: u8| -> Vec<u8> {
        let shown = names[usize::from(label)].as_bytes()[0];
        (0..30).map(|at| if (at + shown).is_multiple_of(4) { 255 } else { 0 }).collect()
    };
    for (images, labels, count) in
        [(TRAINING_IMAGES, TRAINING_LABELS, 300), (TEST_IMAGES, TEST_LABELS, 60)]
    {
        let label = |index: usize| if count == 300 { order(index) } else { (index % 3) as u8 };
        let pixels = (0..count).flat_map(|index| image(label(index))).collect();
        write_idx(&data.join(images), &[count as u32, 6, 5], pixels);
        write_idx(&data.join(labels), &[count as u32], (0..count).map(label).collect());
    }
    fs::write(data.join("class_names.txt"), names.join("\n")).unwrap();
}

/// Returns a training on three classes.
fn train_on(folder: &TempDir, data: &str, arguments: &[&str]) -> Command {
    let mut command = apical(folder);
    command.args(["train", "--backend", "cpu", "--layers", "30,3", "--test-images", "0"]);
    command.args(["--epochs", "6", "--data", data]).args(arguments);
    command
}

#[test]
fn commands_default_to_the_data_of_the_run() {
    let folder = folder_with_run();
    let message = "data: data (300 training and 200 test images, sha256 ";
    let told = error_output_of(apical(&folder).args(["plot", "run", "--backend", "cpu"]));
    assert!(told.contains(message), "{told}");
    let counts = fs::read_to_string(folder.path().join("run/plots/confusion.csv")).unwrap();
    let count = |line: &str| line.rsplit(',').next().and_then(|count| count.parse::<u32>().ok());
    assert_eq!(counts.lines().filter_map(count).sum::<u32>(), 200);

    let test = ["test", "run/weights.safetensors", "--backend", "cpu"];
    let told = error_output_of(apical(&folder).args(test));
    assert!(told.contains(message) && told.contains("tested on data;"), "{told}");
    let tested = &json_of(apical(&folder).args(test).arg("--json"))[0];
    assert_eq!((&tested["test_images"], &tested["data"]["name"]), (&200.into(), &"data".into()));
    assert_eq!(tested["data"], tested["trained_on"]);

    let record = ["record", "run/weights.safetensors", "--quantities", "spikes"];
    let mut command = apical(&folder);
    let told = error_output_of(command.args(record).args(["--out", "r.npz", "--backend", "cpu"]));
    assert!(told.contains(message), "{told}");
    // Its axes.json is not compressed.
    let bytes = fs::read(folder.path().join("r.npz")).unwrap();
    let about = format!("{{\"data\":{}", tested["data"]);
    assert!(String::from_utf8_lossy(&bytes).contains(&about), "{about}");

    // From another folder, the relative path is found from the folders above the run.
    fs::create_dir(folder.path().join("elsewhere")).unwrap();
    let mut command = apical(&folder);
    command.current_dir(folder.path().join("elsewhere"));
    output_of(command.args(["test", "../run/weights.safetensors", "--backend", "cpu"]));
    // A copy of only the weights needs --data.
    let far = TempDir::new().unwrap();
    fs::copy(folder.path().join("run/weights.safetensors"), far.path().join("w")).unwrap();
    let reason = "w: cannot find the data set that it was trained on, data (300 training";
    let hint = "hint: give their current path with --data";
    fails(apical(&far).args(["test", "w", "--backend", "cpu"]), 1, &[reason, hint]);
}

#[test]
fn moved_or_changed_data_is_detected() {
    let folder = folder_with_run();
    fs::rename(folder.path().join("data"), folder.path().join("moved")).unwrap();
    let plot = ["plot", "run", "--backend", "cpu"];
    let resume = ["train", "--resume", "run", "--backend", "cpu"];
    let missing = "run: cannot find the data set that it was trained on, data (300";
    fails(apical(&folder).args(plot), 1, &[missing, "with --data"]);
    fails(apical(&folder).args(resume), 1, &[missing, "with --data"]);
    output_of(apical(&folder).args(plot).args(["--data", "moved"]));
    output_of(apical(&folder).args(resume).args(["--data", "moved"]));

    let images = folder.path().join("moved").join(TEST_IMAGES);
    let mut bytes = fs::read(&images).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&images, bytes).unwrap();
    let other = "run: cannot use other images than those of the run: it was trained on data (300";
    fails(apical(&folder).args(plot).args(["--data", "moved"]), 1, &[other, "this is moved (300"]);
    fails(apical(&folder).args(resume).args(["--data", "moved"]), 1, &[other]);
    // Tests accept other images and report them.
    let test = ["test", "run/weights.safetensors", "--backend", "cpu", "--data", "moved"];
    let told = error_output_of(apical(&folder).args(test));
    for text in ["; trained on other data: data (300", "tested on moved, trained on data;"] {
        assert!(told.contains(text), "{told}");
    }
    fs::rename(folder.path().join("moved"), folder.path().join("data")).unwrap();
    let changed = "expected the data set that it was trained on, data (300";
    fails(apical(&folder).args(plot), 1, &[changed, "data holds other images", "with --data"]);
    fails(apical(&folder).args(&test[..4]), 1, &[changed]);
}

#[test]
fn classes_are_matched_by_name() {
    let folder = TempDir::new().unwrap();
    let data = |name: &str| folder.path().join(name);
    let turns = |index: usize| (index % 3) as u8;
    write_classes(&data("abc"), ["a", "b", "c"], turns);
    write_classes(&data("cab"), ["c", "a", "b"], turns);
    write_classes(&data("bcd"), ["b", "c", "d"], turns);
    output_of(&mut train_on(&folder, "abc", &["--train-images", "0", "--out", "run"]));
    let test = |data: &str| {
        let mut command = apical(&folder);
        command.args(["test", "run/weights.safetensors", "--backend", "cpu", "--data", data]);
        command
    };
    let of_run = &json_of(test("abc").arg("--json"))[0];
    assert!(of_run["test_error"].as_f64().unwrap() < 5.0, "{of_run}");
    let permuted = &json_of(test("cab").arg("--json"))[0];
    assert!(permuted["test_error"].as_f64().unwrap() < 5.0, "{permuted}");
    assert_eq!(permuted["class_names"], serde_json::json!(["a", "b", "c"]));
    let told = error_output_of(&mut test("cab"));
    assert!(told.contains("classes are matched by name, 3 of 3: c as 2 instead of 0"), "{told}");
    let lists = "bcd: expected the classes of the network (a, b, c), found b, c, d";
    fails(&mut test("bcd"), 1, &[lists, "hint: "]);
    let record = ["record", "run/weights.safetensors", "--quantities", "spikes", "--data", "bcd"];
    fails(apical(&folder).args(record).args(["--out", "r.npz"]), 1, &[lists]);
    // Without names, classes are matched by index.
    fs::remove_file(data("cab").join("class_names.txt")).unwrap();
    let told = error_output_of(&mut test("cab"));
    assert!(
        told.contains(
            "classes are matched by order, since their names differ: 0 as a, 1 as b, 2 as c"
        ),
        "{told}"
    );
}

#[test]
fn subset_of_sorted_data_has_all_classes() {
    let folder = TempDir::new().unwrap();
    write_classes(&folder.path().join("sorted"), ["a", "b", "c"], |index| (index / 100) as u8);
    write_classes(&folder.path().join("mixed"), ["a", "b", "c"], |index| (index % 3) as u8);
    let note =
        "sorted: the training images are not in random order; the subset is stratified by class";
    let told = error_output_of(&mut train_on(
        &folder,
        "sorted",
        &["--train-images", "0", "--validation-images", "60"],
    ));
    assert!(told.contains(note) && !told.contains("warning"), "{told}");
    let told = error_output_of(&mut train_on(
        &folder,
        "mixed",
        &["--train-images", "0", "--validation-images", "60"],
    ));
    assert!(!told.contains("stratified") && !told.contains("warning"), "{told}");
    let told = error_output_of(&mut train_on(&folder, "sorted", &["--train-images", "90"]));
    assert!(told.contains(note), "{told}");
    let told = error_output_of(&mut train_on(&folder, "sorted", &["--train-images", "0"]));
    assert!(!told.contains("stratified"), "{told}");
    let told = error_output_of(&mut train_on(
        &folder,
        "mixed",
        &["--train-images", "0", "--validation-images", "9"],
    ));
    let warning = "warning: 3 of 3 classes have fewer than 5 validation images, one of them 3";
    assert!(told.contains(warning), "{told}");
    let reason = "invalid validation set of one class: 1 held out, all of class ";
    let hint = "hint: increase --validation-images";
    fails(
        &mut train_on(
            &folder,
            "sorted",
            &["--train-images", "0", "--validation-images", "1", "--out", "r"],
        ),
        2,
        &[reason, hint],
    );
    assert!(!folder.path().join("r").exists());

    // Validation images of one class would give 0 or 100 % error.
    let mut tune = apical(&folder);
    tune.args(["tune", "--data", "sorted", "--backend", "cpu", "--layers", "30,3", "--json"]);
    tune.args([
        "--train-images",
        "0",
        "--epochs",
        "3",
        "--rungs",
        "1",
        "--search",
        "eta=0.02,1e-9",
    ]);
    let lines = json_of(tune.args(["--out", "found"]));
    let errors: Vec<f64> = lines
        .iter()
        .filter(|line| line["event"] == "trial")
        .map(|line| line["epochs"][2]["test_error"].as_f64().unwrap())
        .collect();
    assert!(
        errors.len() == 2 && errors.iter().all(|error| (1.0..99.0).contains(error)),
        "{errors:?}"
    );
}

#[test]
fn experiments_name_their_data_in_reports() {
    let folder = folder_with_data();
    let reproduce = ["reproduce", "fig4", "--quick", "--data", "data", "--backend", "cpu"];
    output_of(apical(&folder).args(reproduce).args(["--out", "out"]));
    let read = |name: &str| fs::read_to_string(folder.path().join("out").join(name)).unwrap();
    for name in ["report.html", "reproduction.md"] {
        assert!(read(name).contains("Data: data (300 training and 200 test images"), "{name}");
    }
    let result: serde_json::Value = serde_json::from_str(&read("fig4/result.json")).unwrap();
    assert_eq!(result["data"]["name"], "data");
    // The paper used MNIST.
    let note = "not judged: the paper used MNIST, this used data";
    for finding in result["findings"].as_array().unwrap() {
        assert!(finding["agrees"].is_null(), "{finding}");
        assert!(finding["note"].as_str().unwrap().starts_with(note), "{finding}");
    }
    let judged = read("fig4/result.json").replace("\"agrees\": null", "\"agrees\": true");
    let judged = judged.replace("\"agrees\":null", "\"agrees\":true");
    fs::write(folder.path().join("out/fig4/result.json"), judged).unwrap();
    output_of(apical(&folder).args(["report", "out"]));
    for name in ["report.html", "reproduction.md"] {
        assert!(read(name).contains("not judged") && !read(name).contains(">yes<"), "{name}");
    }
    assert!(result["command"].as_str().unwrap().ends_with(" --data data"), "{result}");

    let labels = folder.path().join("data").join(TEST_LABELS);
    let mut bytes = fs::read(&labels).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&labels, bytes).unwrap();
    let reason = "cannot put experiments on different data into one folder";
    let hint = "hint: choose another folder with --out";
    fails(apical(&folder).args(reproduce).args(["--out", "out"]), 2, &[reason, hint]);
    // A report on both data sets has a warning.
    output_of(apical(&folder).args(reproduce).args(["--out", "other"]));
    fs::rename(folder.path().join("other/fig4"), folder.path().join("out/fig4-other")).unwrap();
    output_of(apical(&folder).args(["report", "out"]));
    assert!(read("report.html").contains("Warning: the experiments used different data"));
}

#[test]
fn settings_of_a_run_on_other_data_print_a_warning() {
    let folder = folder_with_run();
    let mut command = apical(&folder);
    command.args([
        "train",
        "--config",
        "run/config.toml",
        "--train-images",
        "20",
        "--test-images",
        "20",
    ]);
    let told = error_output_of(command.args(["--backend", "cpu"]));
    let warning = "warning: run/config.toml is of a run on data (300 training and 200 test images";
    assert!(told.contains(warning) && told.contains("without --data, MNIST"), "{told}");
}

#[test]
fn wrong_kind_of_file_error_has_a_hint() {
    let folder = folder_with_run();
    // The folder of a run selects its weights.
    output_of(apical(&folder).args(["test", "run"]));
    let hint = "hint: use the folder: apical plot run";
    fails(apical(&folder).args(["plot", "run/weights.safetensors"]), 1, &[hint]);
    fs::remove_file(folder.path().join("run/weights.safetensors")).unwrap();
    let found = "hint: use run/checkpoints/best.safetensors";
    let reason = "run: expected the weights of a run, found a folder without weights.safetensors";
    fails(apical(&folder).args(["test", "run"]), 1, &[reason, found]);
    let record = ["record", "run", "--quantities", "spikes", "--out", "r.npz"];
    fails(apical(&folder).args(record), 1, &[reason, found]);
}

/// Writes IDX files with stripes in three classes. `training` and `test` change the bytes of the images.
fn write_stripes(data: &Path, training: fn(u8) -> u8, test: fn(u8) -> u8) {
    fs::create_dir_all(data).unwrap();
    for (images, labels, count, change) in
        [(TRAINING_IMAGES, TRAINING_LABELS, 300, training), (TEST_IMAGES, TEST_LABELS, 60, test)]
    {
        let byte = |image: usize, at: usize| {
            let is_ink = (at + image % 3).is_multiple_of(4);
            change(if is_ink { 255 - (image % 16) as u8 } else { (at % 3) as u8 })
        };
        let pixels = (0..count).flat_map(|image| (0..30).map(move |at| byte(image, at)));
        write_idx(&data.join(images), &[count as u32, 6, 5], pixels.collect());
        let labels_of = (0..count).map(|image| (image % 3) as u8).collect();
        write_idx(&data.join(labels), &[count as u32], labels_of);
    }
}

#[test]
fn other_data_uses_the_pixel_rules_of_training() {
    let folder = TempDir::new().unwrap();
    let data = |name: &str| folder.path().join(name);
    write_stripes(&data("own"), |byte| byte, |byte| byte);
    write_stripes(&data("dimmer"), |byte| byte / 2, |byte| byte);
    write_stripes(&data("dark"), |byte| byte / 16, |byte| byte / 16);
    write_stripes(&data("inverted"), |byte| 255 - byte, |byte| 255 - byte);
    output_of(&mut train_on(&folder, "own", &["--train-images", "0", "--out", "run"]));
    output_of(&mut train_on(&folder, "dark", &["--train-images", "0", "--out", "dark-run"]));
    let test = |run: &str, arguments: &[&str]| {
        let mut command = apical(&folder);
        command.args(["test", run, "--backend", "cpu", "--data"]).args(arguments);
        command
    };
    // The result of the test images does not depend on the training images of the data set.
    let confusion = |command: &mut Command| json_of(command.arg("--json"))[0]["confusion"].clone();
    let own = confusion(&mut test("run", &["own"]));
    assert_eq!(confusion(&mut test("run", &["dimmer"])), own);
    let told = error_output_of(&mut test("run", &["dimmer"]));
    assert!(told.contains("dimmer: a pixel is byte / 255, as in training"), "{told}");
    assert_eq!(confusion(&mut test("run", &["inverted", "--invert"])), own);
    let told = error_output_of(&mut test("run", &["inverted"]));
    assert!(told.contains("inverted: the images are mostly light") && told.contains("--invert"));

    let hint = "hint: --max-value N maps N to the white of the training images";
    fails(&mut test("run", &["dark"]), 1, &["dark: expected bytes up to about 255", hint]);
    fails(&mut test("dark-run", &["own"]), 1, &["own: expected bytes up to about 15", hint]);
    let told = error_output_of(&mut test("dark-run", &["own", "--max-value", "255"]));
    assert!(told.contains("own: values scaled: 255 becomes 15"), "{told}");
    let record = ["record", "dark-run", "--quantities", "spikes", "--out", "r.npz"];
    fails(apical(&folder).args(record).args(["--data", "own"]), 1, &["bytes up to about 15", hint]);
}

#[test]
fn other_data_uses_the_read_options_of_the_run() {
    let folder = TempDir::new().unwrap();
    let data = |name: &str| folder.path().join(name);
    write_stripes(&data("own"), |byte| byte / 16, |byte| byte / 16);
    write_stripes(&data("other"), |byte| byte / 17, |byte| byte / 17);
    let how = ["--train-images", "0", "--max-value", "15", "--out", "run"];
    output_of(&mut train_on(&folder, "own", &how));
    let test = ["test", "run", "--backend", "cpu", "--json", "--data", "other"];
    let tested = &json_of(apical(&folder).args(test))[0];
    assert_eq!(tested["data"]["read_options"]["max_value"], 15);
    let tested = &json_of(apical(&folder).args(test).args(["--max-value", "30"]))[0];
    assert_eq!(tested["data"]["read_options"]["max_value"], 30);
}

#[test]
fn renamed_classes_of_a_run_are_refused() {
    let folder = TempDir::new().unwrap();
    let names = folder.path().join("abc/class_names.txt");
    write_classes(&folder.path().join("abc"), ["a", "b", "c"], |index| (index % 3) as u8);
    output_of(&mut train_on(&folder, "abc", &["--train-images", "0", "--out", "run"]));
    // Swapped names would change the meaning of the labels.
    fs::write(&names, "b\na\nc").unwrap();
    let reason = "abc has the same images, but other class names: a is now b, b is now a";
    let hint = "hint: restore the names of the class folders or the lines of class_names.txt";
    for command in [&["train", "--resume"][..], &["plot"], &["test"]] {
        for data in [&[][..], &["--data", "abc"]] {
            let mut refused = apical(&folder);
            refused.args(command).args(["run", "--backend", "cpu"]).args(data);
            if command == ["test"] && !data.is_empty() {
                let told = error_output_of(&mut refused);
                assert!(told.contains("classes are matched by name, 3 of 3: b as 1"), "{told}");
                continue;
            }
            fails(&mut refused, 1, &[reason, hint]);
        }
    }
    fs::write(&names, "a\nb\nc").unwrap();
    output_of(apical(&folder).args(["train", "--resume", "run", "--backend", "cpu"]));
}
