//! Recorded spikes as data of the command.

use std::fs;

use tempfile::TempDir;

use super::{apical, fails, folder_with_data, output_of, stderr_of};

/// Writes an N-MNIST folder of two classes with 4 recordings each. The events of a class are in its half of the sensor.
fn write_recordings(folder: &TempDir) {
    for set in ["Train", "Test"] {
        for class in 0..2u8 {
            let of_class = folder.path().join(format!("recordings/{set}/{class}"));
            fs::create_dir_all(&of_class).unwrap();
            for recording in 0..4u8 {
                let event = |i: u8| {
                    // x, y, polarity and the time in microseconds, of 23 bits.
                    let [_, high, middle, low] = (700 * u32::from(i)).to_be_bytes();
                    [17 * class + i % 17, (i + recording) % 34, ((i % 2) << 7) | high, middle, low]
                };
                let bytes: Vec<u8> = (0..60).flat_map(event).collect();
                fs::write(of_class.join(format!("{recording}.bin")), bytes).unwrap();
            }
        }
    }
}

#[test]
fn other_recordings_are_read_as_those_of_the_training() {
    let folder = TempDir::new().unwrap();
    write_recordings(&folder);
    let reading = ["--data=recordings", "--forward-part=0-20", "--pool=17"];
    let train =
        ["train", "--layers=4,2", "--epochs=1", "--batch-size=2", "--out=run", "--backend=cpu"];
    output_of(apical(&folder).args(train).args(reading));
    let test = ["test", "run/weights.safetensors", "--backend=cpu", "--data=recordings"];
    let stderr = stderr_of(apical(&folder).args(test));
    assert!(stderr.contains("forward phase: ms 0 to 19"), "{stderr}");
    assert!(!stderr.contains("trained on other data"), "{stderr}");
    // Another reading is told.
    let stderr = stderr_of(apical(&folder).args(test).arg("--test-part=0-30"));
    assert!(stderr.contains("trained on other data"), "{stderr}");
}

#[test]
fn options_of_other_data_are_refused() {
    let folder = folder_with_data();
    write_recordings(&folder);
    let train = ["train", "--epochs=1", "--backend=cpu", "--out=run"];
    for option in ["--rgb", "--image-size=9x9", "--max-value=4095", "--background=black"] {
        let mut command = apical(&folder);
        command.args(train).args(["--layers=4,2", "--data=recordings", option]);
        fails(&mut command, 1, &["expected images, for which options are given"]);
    }
    for option in ["--pool=2", "--forward-part=0-20", "--merge-channels", "--single-spikes"] {
        let mut command = apical(&folder);
        command.args(train).args(["--layers=4,10", "--data=data", option]);
        fails(&mut command, 1, &["expected recorded spikes, for which options are given"]);
    }
    assert!(!folder.path().join("run").exists());
}
