//! Invalid settings, sweeps and data sets.

use std::fs;

use super::{
    TEST_IMAGES, TEST_LABELS, TRAINING_IMAGES, TRAINING_LABELS, apical, fails, folder_with_data,
    train_on_cpu, write_idx,
};

#[test]
fn invalid_setting_error_names_its_flag() {
    let folder = folder_with_data();
    for (flag, value, reason) in [
        ("--batch-size", "0", "batch_size = 0: expected 1 to 65535"),
        (
            "--psp-kernel-ms",
            "33",
            "psp_kernel_ms = 33: expected 1 to 32, or 0 for the uncut kernel",
        ),
        ("--g-apical", "1.5", "g_apical = 1.5: expected 0, or 1e-9 to 0.9"),
        ("--phi-max", "nan", "phi_max = NaN: expected 1e-6 to 1 spike per ms"),
        (
            "--eta",
            "0.1,0.2,0.3",
            "eta = [0.1, 0.2, 0.3]: expected one value, two (hidden layers and output), or one for each of the \
             2 layers",
        ),
        ("--eta", "inf", "eta = inf"),
        ("--beta1", "1", "beta1 = 1.0: expected 0, or 1e-6 to 0.999999"),
        ("--optimizer-eps", "0", "optimizer_eps = 0.0: expected 1e-12 to 1"),
        ("--phase-ms", "5", "phase_ms = 5"),
        ("--test-ms", "0", "test_ms = 0: expected 1 to"),
        (
            "--test-average-from-ms",
            "250",
            "test_average_from_ms = 250: expected less than test_ms (250)",
        ),
    ] {
        let mut command = train_on_cpu(&folder);
        let hint = format!("hint: change {flag}");
        fails(command.args([flag, value]).args(["--out", "run"]), 2, &[reason, &hint]);
        assert!(!folder.path().join("run").exists());
    }
    for (flags, reason) in [
        (["--layers", "20,15"], "layers = 15: expected a multiple of 10 output neurons"),
        (["--layers", "0,10"], "layers = 0: expected 1 to"),
        (["--layers", "1048576,1048576,10"], "at most 2147483648 weights from 1048576 inputs"),
        (["--epochs", "0"], "epochs = 0: expected at least 1"),
        (
            ["--train-images", "301"],
            "expected at most 300 training images (0 means all), requested 301",
        ),
        (["--test-images", "201"], "expected at most 200 test images (0 means all), requested 201"),
    ] {
        let mut command = apical(&folder);
        command.args(["train", "--data", "data", "--backend", "cpu"]).args(flags);
        fails(&mut command, 2, &[reason, &format!("hint: change {}", flags[0])]);
    }
}

#[test]
fn invalid_settings_file_error_names_the_file() {
    let folder = folder_with_data();
    let file = folder.path().join("settings.toml");
    let assert_error = |exit_code: i32, texts: &[&str]| {
        let mut command = apical(&folder);
        command.args(["train", "--data", "data", "--backend", "cpu", "--config", "settings.toml"]);
        fails(&mut command, exit_code, texts);
    };
    assert_error(1, &["settings.toml: cannot read the settings", "caused by: "]);
    for (text, reason) in [
        ("epochs = ", "TOML parse error at line 1"),
        ("\nepoch = 1", "line 2: unknown setting 'epoch', did you mean 'epochs'?"),
        ("epochs = -1", "invalid value"),
        ("optimizer = \"adagrad\"", "unknown variant `adagrad`"),
        ("layers = \"10\"", "invalid type"),
    ] {
        fs::write(&file, text).unwrap();
        assert_error(2, &["settings.toml: invalid settings", "caused by: ", reason]);
    }
    fs::write(&file, "batch_size = 0").unwrap();
    assert_error(2, &["batch_size = 0: expected 1 to 65535"]);
}

/// Asserts that the data set with one changed file is refused with this text after the file's name.
#[track_caller]
fn assert_error(file: &str, change: impl FnOnce(&mut Vec<u8>), fault: &str) {
    let folder = folder_with_data();
    let path = folder.path().join("data").join(file);
    let mut bytes = fs::read(&path).unwrap();
    change(&mut bytes);
    fs::write(&path, bytes).unwrap();
    let name = std::path::Path::new("data").join(file);
    let expected = format!("{}, byte offset {fault}", name.display());
    fails(&mut train_on_cpu(&folder), 1, &[&expected]);
}

#[test]
fn damaged_data_error_names_file_and_byte() {
    let magic = "1: expected an IDX file, which starts with the bytes 00 00, found 00 4b";
    assert_error(TRAINING_IMAGES, |bytes| bytes[1] = b'K', magic);
    let kind = "2: expected an element type of IDX, 0x08 to 0x0e, found 0x07";
    assert_error(TEST_IMAGES, |bytes| bytes[2] = 0x07, kind);
    let cut = "5000: expected 9000 bytes of data (300 x 6 x 5), found 4984";
    assert_error(TRAINING_IMAGES, |bytes| bytes.truncate(5000), cut);
    let header = "0: expected a header of 8 bytes, found the end of the file";
    assert_error(TEST_LABELS, Vec::clear, header);
    let empty = "4: expected a number of images of at least 1, found 0";
    assert_error(TRAINING_IMAGES, |bytes| bytes[4..8].fill(0), empty);
    let label = "12: expected a label in 0..=9 as in data";
    assert_error(TEST_LABELS, |bytes| bytes[12] = 10, label);
    let black = "16: expected a pixel above 0, found black images only";
    assert_error(TRAINING_IMAGES, |bytes| bytes[16..].fill(0), black);
}

#[test]
fn inconsistent_data_error_names_file_and_byte() {
    let folder = folder_with_data();
    let labels = folder.path().join("data").join(TRAINING_LABELS);
    write_idx(&labels, &[299], (0..299).map(|index| (index % 10) as u8).collect());
    let expected = "byte offset 4: expected 300 labels, one per image of data";
    fails(&mut train_on_cpu(&folder), 1, &[TRAINING_LABELS, expected, "found 299"]);

    let folder = folder_with_data();
    let images = folder.path().join("data").join(TEST_IMAGES);
    write_idx(&images, &[200, 5, 6], vec![1; 200 * 30]);
    let expected = "byte offset 8: expected images of 6 x 5 as in data";
    fails(&mut train_on_cpu(&folder), 1, &[TEST_IMAGES, expected, "found 5 x 6"]);
}

#[test]
fn missing_data_set_error_has_a_hint() {
    let hint = "hint: use a folder with the four IDX files";
    let folder = folder_with_data();
    fs::remove_file(folder.path().join("data").join(TEST_LABELS)).unwrap();
    let missing = "data: expected one of the files t10k-labels-idx1-ubyte, ";
    fails(&mut train_on_cpu(&folder), 1, &[missing, hint]);

    fs::remove_dir_all(folder.path().join("data")).unwrap();
    let nowhere = "data: cannot open the data set";
    fails(&mut train_on_cpu(&folder), 1, &[nowhere, "caused by: ", hint]);

    fs::write(folder.path().join("data"), "").unwrap();
    let file = "data: expected a folder, an IDX file of training images, a .csv file, a .zip file of images, \
                an .npz file, an .npy file, or a .parquet file, found an empty file";
    fails(&mut train_on_cpu(&folder), 1, &[file, hint]);
}

#[test]
fn tui_without_terminal_is_refused_at_start() {
    let folder = folder_with_data();
    let texts = ["cannot use --tui because standard error is not a terminal"];
    fails(train_on_cpu(&folder).args(["--tui", "--out", "run"]), 2, &texts);
    let texts = ["cannot use --tui with many networks; hint: use --tensorboard"];
    fails(train_on_cpu(&folder).args(["--tui", "--replicas", "2"]), 2, &texts);
    assert!(!folder.path().join("run").exists());
}

#[test]
fn diverging_weights_stop_the_run_with_location() {
    let folder = folder_with_data();
    let mut command = apical(&folder);
    command.args(["train", "--data", "data", "--backend", "cpu", "--layers", "12,10"]);
    command.args(["--batch-size", "1", "--eta", "0.02", "--weight-decay", "1000", "--out", "run"]);
    let reason = "has weights that are not finite since it learned from image ";
    let restarts = "no checkpoint was written: 'apical train --resume run' restarts the training";
    fails(&mut command, 1, &[reason, restarts]);
    assert!(!folder.path().join("run/weights.safetensors").exists());
    assert!(!folder.path().join("run/checkpoints").exists());
    let mut command = apical(&folder);
    command.args(["train", "--resume", "run", "--backend", "cpu", "--checkpoint-every", "1"]);
    let resumes = "the last checkpoint is kept: 'apical train --resume run' resumes from it";
    fails(&mut command, 1, &[reason, resumes]);
}

#[test]
fn invalid_replicas_and_sweeps_are_refused() {
    let folder = folder_with_data();
    let assert_error = |arguments: &[&str], texts: &[&str]| {
        let mut command = apical(&folder);
        command.args(["train", "--data", "data", "--backend", "cpu", "--out", "run"]);
        fails(command.args(arguments), 2, texts);
        assert!(!folder.path().join("run").exists());
    };
    assert_error(&["--replicas", "0"], &["'--replicas <R>': 0 is not in 1..=65535"]);
    assert_error(&["--replicas", "65536"], &["65536 is not in 1..=65535"]);
    assert_error(&["--memory", "0"], &["'--memory <MIB>'"]);
    let known = "Settings: apical_bias_lr_scale, apical_bias_sd, ";
    assert_error(
        &["--sweep", "gapical=0"],
        &["unknown setting 'gapical', did you mean 'g_apical'?", known],
    );
    assert_error(&["--sweep", "eta"], &["expected KEY=VALUE,VALUE,.., found 'eta'"]);
    assert_error(&["--sweep", "eta="], &["none of them empty"]);
    assert_error(&["--sweep", "eta=0.1,0.10"], &["eta: duplicate value 0.10"]);
    assert_error(&["--sweep", "layers=20:10,30:10"], &["layers: cannot be swept"]);
    assert_error(&["--sweep", "feedback=none"], &["feedback = none", "'broadcast' or 'layerwise'"]);
    let both = "cannot set g_apical: it is both given by --g-apical and swept";
    assert_error(&["--g-apical", "0", "--sweep", "g_apical=0.05"], &[both]);
    assert_error(
        &["--sweep", "psp_kernel_ms=5", "--sweep", "psp_kernel_ms=6"],
        &["psp_kernel_ms: swept more than once"],
    );
    assert_error(
        &["--sweep", "seed=1,2", "--replicas", "2"],
        &["cannot sweep seed with 2 replicas"],
    );
    assert_error(
        &["--replicas", "2", "--seed", "18446744073709551615"],
        &["invalid seed 18446744073709551615"],
    );
    let many = ["--replicas", "40000", "--sweep", "psp_kernel_ms=5,6"];
    assert_error(&many, &["invalid number of networks 80000: expected at most 65535"]);

    // Invalid settings are reported with their combination.
    let sweeps = ["--sweep", "psp_kernel_ms=5,6", "--sweep", "batch_size=1,70000"];
    let reason = "batch_size = 70000: expected 1 to 65535";
    assert_error(
        &sweeps,
        &["invalid settings for the network with psp_kernel_ms = 5, batch_size = 70000", reason],
    );
    assert_error(&["--replicas", "2", "--epochs", "0"], &["epochs = 0", "hint: change --epochs"]);
    let reason = "expected at most 300 training images (0 means all), requested 301";
    assert_error(&["--sweep", "train_images=0,301"], &[reason]);
}
