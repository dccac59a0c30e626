//! Checks that `benches/results/reproduction.md` is the report on the results stored beside it, and that the stored
//! trainings are those of the experiments.

use std::fs;
use std::ops::ControlFlow;
use std::path::PathBuf;

use apical::dataset::Dataset;
use apical::device::DeviceOptions;
use apical::experiments::{EXPERIMENTS, ExperimentError, Study};
use apical::figures::{TrainingRecord, save_html_page};
use apical::run_dir::{Trial, TrialStore};

use super::{check_generated, root};

/// Returns the folder of stored results.
fn stored() -> PathBuf {
    root().join("benches/results/reproduction")
}

#[test]
fn reproduction_page_is_that_of_stored_results() {
    let copy = tempfile::tempdir().expect("a folder is created");
    for entry in fs::read_dir(stored()).expect("the stored results") {
        let folder = entry.expect("an entry").path();
        if !folder.join("result.json").exists() {
            continue;
        }
        let target = copy.path().join(folder.file_name().expect("a name"));
        fs::create_dir(&target).expect("a folder is created");
        for file in fs::read_dir(&folder).expect("a stored result") {
            let file = file.expect("an entry").path();
            fs::copy(&file, target.join(file.file_name().expect("a name"))).expect("a copy");
        }
    }
    let [_, page] = save_html_page(copy.path()).expect("the report is written");
    let text = fs::read_to_string(page).expect("the report");
    check_generated("benches/results/reproduction.md", &text);
}

/// Experiments that need only errors use the stored trainings without their weights.
#[test]
fn stored_trainings_are_those_of_experiments() {
    let copy = tempfile::tempdir().expect("a folder is created");
    let trainings = copy.path().join("trainings");
    fs::create_dir(&trainings).expect("a folder is created");
    let trials = trainings.join("trials.jsonl");
    fs::copy(stored().join("trainings/trials.jsonl"), &trials).expect("a copy");
    let trials = TrialStore::open(&trials).expect("the trainings").finished().to_vec();
    let mut listen = |_: apical::experiments::StudyEvent| ControlFlow::Continue(());
    let dataset = Dataset::mnist().expect("MNIST");
    let options = DeviceOptions::default();
    let mut study = Study::new(false, 10, dataset, options, 1, &trainings, &mut listen)
        .expect("a study of full length");
    study.finished_only = true;
    let mut used: Vec<TrainingRecord> = Vec::new();
    for experiment in EXPERIMENTS.iter().filter(|experiment| experiment.from_errors) {
        match experiment.run(&mut study, copy.path()) {
            Ok(result) => used.extend(result.trainings),
            Err(ExperimentError::NoTrainings) => {}
            Err(error) => panic!("{}: {error}", experiment.name),
        }
    }
    assert!(!trials.is_empty());
    let is_used = |trial: &Trial| {
        used.iter().any(|record| *record == TrainingRecord::new(&record.network, trial))
    };
    for trial in &trials {
        assert!(is_used(trial), "{:?}, seed {}", trial.config.layers, trial.config.seed);
    }
}
