//! Classes of a data set: matched by name, renamed, and in subsets of sorted data.

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use tempfile::TempDir;

use super::{
    TEST_IMAGES, TEST_LABELS, TRAINING_IMAGES, TRAINING_LABELS, apical, fails, json_of, output_of,
    stderr_of, write_idx,
};

/// Writes three classes of different images with these names. `order`: label of each training image.
fn write_classes(data: &Path, names: [&str; 3], order: impl Fn(usize) -> u8) {
    fs::create_dir_all(data).unwrap();
    // The image depends on the name, not on the label.
    let image = |label: u8| -> Vec<u8> {
        let offset = names[usize::from(label)].as_bytes()[0];
        (0..30).map(|at| if (at + offset).is_multiple_of(4) { 255 } else { 0 }).collect()
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
pub fn train_on(folder: &TempDir, data: &str, arguments: &[&str]) -> Command {
    let mut command = apical(folder);
    command.args(["train", "--backend", "cpu", "--layers", "30,3", "--test-images", "0"]);
    command.args(["--epochs", "6", "--data", data]).args(arguments);
    command
}

#[test]
fn classes_are_matched_by_name() {
    let folder = TempDir::new().unwrap();
    let data = |name: &str| folder.path().join(name);
    let cyclic = |index: usize| (index % 3) as u8;
    write_classes(&data("abc"), ["a", "b", "c"], cyclic);
    write_classes(&data("cab"), ["c", "a", "b"], cyclic);
    write_classes(&data("bcd"), ["b", "c", "d"], cyclic);
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
    let stderr = stderr_of(&mut test("cab"));
    assert!(
        stderr.contains("classes are matched by name, 3 of 3: c as 2 instead of 0"),
        "{stderr}"
    );
    let lists = "bcd: expected the classes of the network (a, b, c), found b, c, d";
    fails(&mut test("bcd"), 1, &[lists, "hint: "]);
    let record = ["record", "run/weights.safetensors", "--quantities", "spikes", "--data", "bcd"];
    fails(apical(&folder).args(record).args(["--out", "r.npz"]), 1, &[lists]);
    // Without names, classes are matched by index.
    fs::remove_file(data("cab").join("class_names.txt")).unwrap();
    let stderr = stderr_of(&mut test("cab"));
    assert!(
        stderr.contains(
            "classes are matched by order, since their names differ: 0 as a, 1 as b, 2 as c"
        ),
        "{stderr}"
    );
}

#[test]
fn subset_of_sorted_data_has_all_classes() {
    let folder = TempDir::new().unwrap();
    write_classes(&folder.path().join("sorted"), ["a", "b", "c"], |index| (index / 100) as u8);
    write_classes(&folder.path().join("mixed"), ["a", "b", "c"], |index| (index % 3) as u8);
    let note =
        "sorted: the training images are not in random order; the subset is stratified by class";
    let stderr = stderr_of(&mut train_on(
        &folder,
        "sorted",
        &["--train-images", "0", "--validation-images", "60"],
    ));
    assert!(stderr.contains(note) && !stderr.contains("warning"), "{stderr}");
    let stderr = stderr_of(&mut train_on(
        &folder,
        "mixed",
        &["--train-images", "0", "--validation-images", "60"],
    ));
    assert!(!stderr.contains("stratified") && !stderr.contains("warning"), "{stderr}");
    let stderr = stderr_of(&mut train_on(&folder, "sorted", &["--train-images", "90"]));
    assert!(stderr.contains(note), "{stderr}");
    let stderr = stderr_of(&mut train_on(&folder, "sorted", &["--train-images", "0"]));
    assert!(!stderr.contains("stratified"), "{stderr}");
    let stderr = stderr_of(&mut train_on(
        &folder,
        "mixed",
        &["--train-images", "0", "--validation-images", "9"],
    ));
    let warning = "warning: 3 of 3 classes have fewer than 5 validation images, one of them 3";
    assert!(stderr.contains(warning), "{stderr}");
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
}

/// Validation images of one class would give 0 or 100 % error.
#[test]
fn tune_on_sorted_data_validates_on_all_classes() {
    let folder = TempDir::new().unwrap();
    write_classes(&folder.path().join("sorted"), ["a", "b", "c"], |index| (index / 100) as u8);
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
                let stderr = stderr_of(&mut refused);
                assert!(stderr.contains("classes are matched by name, 3 of 3: b as 1"), "{stderr}");
                continue;
            }
            fails(&mut refused, 1, &[reason, hint]);
        }
    }
    fs::write(&names, "a\nb\nc").unwrap();
    output_of(apical(&folder).args(["train", "--resume", "run", "--backend", "cpu"]));
}
