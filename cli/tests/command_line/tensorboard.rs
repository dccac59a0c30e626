//! `train --tensorboard`: event files, read back record by record.

use std::fs;

use apical::run_dir::tensorboard::messages::event::What;
use apical::run_dir::tensorboard::messages::value::Content;
use apical::run_dir::tensorboard::messages::{Histogram, SessionLog, Value};
use apical::run_dir::weights;
use serde_json::Value as Json;

use super::event_files::{event_file, event_files, events, numbers, values};
use super::{apical, fails, folder_with_data, json_of, output_of, train_on_cpu};

#[track_caller]
fn assert_points(found: &[(i64, f64)], steps: &[i64], expected: &[&Json]) {
    let expected: Vec<(i64, f64)> = steps
        .iter()
        .zip(expected)
        .map(|(&step, number)| (step, f64::from(number.as_f64().unwrap() as f32)))
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn tensorboard_curves_equal_the_metrics() {
    let folder = folder_with_data();
    let mut command = apical(&folder);
    command.args(["train", "--data", "data", "--layers", "20,10", "--backend", "cpu"]);
    command.args(["--epochs", "2", "--eval-every", "150", "--json"]);
    let lines = json_of(command.args(["--out", "run", "--tensorboard"]));
    let metrics_of = |event: &str, key: &str| -> Vec<&Json> {
        lines.iter().filter(|line| line["event"] == event).map(|line| &line[key]).collect()
    };
    let events = events(&event_file(&folder.path().join("run")));
    assert!(events.iter().all(|event| event.wall_time > 1.7e9), "times are not Unix times");
    assert!(events.is_sorted_by(|a, b| a.wall_time <= b.wall_time));
    let values = values(&events);
    let info: Json =
        serde_json::from_str(&fs::read_to_string(folder.path().join("run/run.json")).unwrap())
            .unwrap();
    let (0, Value { tag, content: Some(Content::Tensor(tensor)), .. }) = &values[0] else {
        panic!("expected the data set first")
    };
    let text = String::from_utf8(tensor.string_val[0].clone()).unwrap();
    let sha256 = info["dataset_sha256"].as_str().unwrap();
    assert_eq!(tag, "data");
    assert!(text.contains("    data\n") && text.contains("300 training and 200"), "{text}");
    assert!(text.contains(sha256), "{text}");
    for (tag, key) in [
        ("error/training", "train_error"),
        ("error/test", "test_error"),
        ("loss/output", "loss"),
        ("images a second/training", "images_per_second"),
        ("images a second/test", "test_images_per_second"),
    ] {
        assert_points(&numbers(&values, tag), &[300, 600], &metrics_of("epoch", key));
    }
    let partial = metrics_of("partial_eval", "images");
    let partial: Vec<i64> = partial.iter().map(|images| images.as_i64().unwrap()).collect();
    let steps: Vec<i64> =
        partial.iter().zip([0, 300]).map(|(images, before)| before + images).collect();
    assert_points(
        &numbers(&values, "error/test, partial"),
        &steps,
        &metrics_of("partial_eval", "test_error"),
    );
    let progress = numbers(&values, "error/training, so far in the epoch");
    assert!(steps.iter().all(|step| progress.iter().any(|(of, _)| of == step)), "{progress:?}");
}

#[test]
fn tensorboard_histograms_match_the_weights() {
    let folder = folder_with_data();
    output_of(train_on_cpu(&folder).args(["--out", "run", "--tensorboard"]));
    let run = folder.path().join("run");
    let values = values(&events(&event_file(&run)));
    let network = weights::load(&run.join("weights.safetensors")).unwrap().network;
    let histograms: Vec<(&str, &Histogram)> = values
        .iter()
        .filter_map(|(step, value)| match &value.content {
            Some(Content::Histogram(histogram)) => {
                assert_eq!(*step, 300);
                Some((value.tag.as_str(), histogram))
            }
            _ => None,
        })
        .collect();
    let [low, high] = &network.layers[..] else { panic!("expected two layers") };
    let expected: [(&str, &[f32]); 5] = [
        ("weights/W0", &low.weight_rows()),
        ("weights/b0", low.biases()),
        ("weights/Y0", &low.feedback),
        ("weights/W1", &high.weight_rows()),
        ("weights/b1", high.biases()),
    ];
    assert_eq!(histograms.len(), expected.len());
    for ((tag, found), (name, weights)) in histograms.iter().zip(expected) {
        assert_eq!(*tag, name);
        let reduced = |pick: fn(f64, f64) -> f64| {
            weights.iter().map(|&weight| f64::from(weight)).reduce(pick).unwrap()
        };
        assert_eq!((found.min, found.max), (reduced(f64::min), reduced(f64::max)));
        assert_eq!(found.count, weights.len() as f64);
        let sum: f64 = weights.iter().map(|&weight| f64::from(weight)).sum();
        assert!((found.sum - sum).abs() < 1e-9 * found.count, "{} and {sum}", found.sum);
        assert_eq!(found.bucket_limits.len(), found.buckets.len());
        assert_eq!(found.buckets.iter().sum::<f64>(), found.count);
        // A bucket counts the numbers up to its right end; numbers equal to the end may be in the next bucket.
        let mut counted = 0.0;
        for (limit, bucket) in found.bucket_limits.iter().zip(&found.buckets) {
            counted += bucket;
            let slack = 1e-9 * (found.max - found.min);
            let up_to = |end: f64| {
                weights.iter().filter(|&&weight| f64::from(weight) <= end).count() as f64
            };
            assert!(up_to(limit - slack) <= counted && counted <= up_to(limit + slack), "{tag}");
        }
    }

    let (_, last) = values.last().unwrap();
    let Some(Content::Image(image)) = &last.content else { panic!("expected the image last") };
    assert_eq!((last.tag.as_str(), image.colorspace), ("receptive fields", 3));
    let picture = image::load_from_memory(&image.png).unwrap().to_rgb8();
    // 20 neurons, 10 per row, of 6 x 5 weights, separated by lines, three pixels per weight.
    assert_eq!((image.width, image.height), (3 * (10 * 6 - 1), 3 * (2 * 7 - 1)));
    assert_eq!(picture.dimensions(), (image.width as u32, image.height as u32));
    // The largest weight of each neuron has full colour.
    for unit in 0..20u32 {
        let weights = (0..30).map(|pixel| low.weights[pixel * 20 + unit as usize]);
        let (pixel, weight) =
            weights.enumerate().max_by(|a, b| a.1.abs().total_cmp(&b.1.abs())).unwrap();
        let (left, top) = (unit % 10 * 6 + pixel as u32 % 5, unit / 10 * 7 + pixel as u32 / 5);
        let full = if weight < 0.0 { [178, 82, 0] } else { [0, 88, 150] };
        assert_eq!(picture.get_pixel(3 * left + 1, 3 * top + 1).0, full, "neuron {unit}");
    }
}

#[test]
fn tensorboard_writes_a_file_per_replica() {
    let folder = folder_with_data();
    let mut command = train_on_cpu(&folder);
    let lines =
        json_of(command.args(["--json", "--replicas", "2", "--out", "runs", "--tensorboard"]));
    let epochs: Vec<&Json> = lines.iter().filter(|line| line["event"] == "epoch").collect();
    for (replica, epoch) in epochs.iter().enumerate() {
        let run = folder.path().join(format!("runs/replica-{replica:03}"));
        let values = values(&events(&event_file(&run)));
        assert_points(&numbers(&values, "error/test"), &[300], &[&epoch["test_error"]]);
        assert!(values.iter().any(|(_, value)| value.tag == "receptive fields"));
    }
    assert_eq!(epochs.len(), 2);
}

#[test]
fn tensorboard_resume_keeps_files_of_finished_replicas() {
    let folder = folder_with_data();
    output_of(train_on_cpu(&folder).args(["--replicas", "2", "--out", "runs", "--tensorboard"]));
    let run = |replica: usize| folder.path().join(format!("runs/replica-{replica:03}"));
    let before = event_file(&run(0));
    // The second network is trained again.
    fs::remove_file(run(1).join("weights.safetensors")).unwrap();
    fs::remove_dir_all(run(1).join("checkpoints")).unwrap();
    output_of(apical(&folder).args(["train", "--resume", "runs", "--backend", "cpu"]));
    assert_eq!(event_files(&run(0)), [before]);
    let [_, again] = &event_files(&run(1))[..] else { panic!("two files") };
    let mut again = events(again);
    let start = again.remove(1);
    assert_eq!(start.what, Some(What::SessionLog(SessionLog { status: 1 })));
    let steps = numbers(&values(&again), "error/test").into_iter().map(|(step, _)| step);
    assert_eq!(steps.collect::<Vec<_>>(), [300]);
}

#[test]
fn tensorboard_is_optional_and_changes_no_results() {
    let folder = folder_with_data();
    let with_events =
        json_of(train_on_cpu(&folder).args(["--json", "--out", "seen", "--tensorboard"]));
    let without_events = json_of(train_on_cpu(&folder).args(["--json", "--out", "unseen"]));
    assert!(!folder.path().join("unseen/tensorboard").exists());
    let events =
        |lines: &[Json]| -> Vec<Json> { lines.iter().map(|line| line["event"].clone()).collect() };
    assert_eq!(events(&with_events), events(&without_events));
    assert_eq!(
        with_events.last().unwrap()["weights_sha256"],
        without_events.last().unwrap()["weights_sha256"]
    );
    // Event files need the folder of a run.
    fails(train_on_cpu(&folder).arg("--tensorboard"), 2, &["--out <DIR>"]);
}

#[test]
fn tensorboard_resume_extends_event_files() {
    let folder = folder_with_data();
    let train = |run: &str| {
        let mut command = apical(&folder);
        command.args(["train", "--data", "data", "--layers", "20,10", "--backend", "cpu"]);
        command.args(["--epochs", "3", "--train-images", "90", "--eval-every", "45", "--out", run]);
        command.args(["--checkpoint-every", "32", "--keep-checkpoints", "99", "--tensorboard"]);
        output_of(&mut command);
        folder.path().join(run)
    };
    let uninterrupted = values(&events(&event_file(&train("whole"))));
    let run = train("run");
    // As if the run was killed late in the third epoch, with its last checkpoint early in the second: all later images
    // are lost.
    fs::remove_file(run.join("weights.safetensors")).unwrap();
    let last_kept = "epoch-000002-image-0000000032.safetensors";
    for entry in fs::read_dir(run.join("checkpoints")).unwrap() {
        let path = entry.unwrap().path();
        if path.file_name().unwrap().to_str().unwrap() > last_kept {
            fs::remove_file(path).unwrap();
        }
    }
    output_of(apical(&folder).args(["train", "--resume", "run", "--backend", "cpu"]));
    let files = event_files(&run);
    let [before, after] = &files[..] else { panic!("expected two files: {files:?}") };
    let mut after = events(after);
    let start = after.remove(1);
    assert_eq!(start.what, Some(What::SessionLog(SessionLog { status: 1 })));
    assert_eq!(start.step, 90 + 32 + 1);
    // Like TensorBoard, drop values at or after the step of a restart.
    let mut both = values(&events(before));
    both.retain(|(step, _)| *step < start.step);
    both.extend(values(&after));
    for tag in ["error/test", "error/test, partial", "error/training", "loss/output"] {
        assert_eq!(numbers(&both, tag), numbers(&uninterrupted, tag), "{tag}");
    }
    assert_eq!(numbers(&both, "error/test").len(), 3);
}
