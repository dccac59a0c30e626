//! Proves: an interrupted measurement of angles to backpropagation resumes where it stopped and gives the numbers of an
//! uninterrupted one, and a finished one is not repeated.
//!
//! Does not prove: that the angles are right (see `backpropagation.rs` and `monitor.rs`).

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use apical::device::{BackendKind, DeviceOptions};
use apical::experiments::{EXPERIMENTS, ExperimentError, Study, StudyEvent};

use crate::support;

/// Images of an epoch.
const IMAGES: usize = 250;

/// Runs the experiment until its progress reaches `stop_at` images. Returns the numbers of images reported.
fn run(folder: &Path, parallel: usize, stop_at: Option<u64>) -> Vec<u64> {
    let dataset = (*support::random_dataset(5, 6, 6, IMAGES)).clone();
    let options = DeviceOptions { backend: BackendKind::Cpu, ..DeviceOptions::default() };
    let mut reported = Vec::new();
    let mut listen = |event: StudyEvent| {
        if let StudyEvent::Progress { done, .. } = event {
            reported.push(done);
            if stop_at.is_some_and(|stop_at| done >= stop_at) {
                return ControlFlow::Break(());
            }
        }
        ControlFlow::Continue(())
    };
    let trainings = folder.join("trainings");
    let mut study = Study::new(false, 1, dataset, options, parallel, &trainings, &mut listen)
        .expect("the study opens");
    let experiment = EXPERIMENTS.iter().find(|one| one.name == "fig7a").expect("the experiment");
    match (experiment.run(&mut study, folder), stop_at) {
        (Ok(_), None) | (Err(ExperimentError::Interrupted), Some(_)) => {}
        (result, _) => panic!("{:?}", result.map(|result| result.name)),
    }
    drop(study);
    reported
}

#[test]
fn interrupted_angles_resume_with_their_numbers() {
    let folders = [0, 1, 2].map(|_| tempfile::tempdir().expect("a folder is created"));
    let [whole, parts, parallel] = folders.each_ref().map(|folder| folder.path());
    // Two networks of ten epochs; each epoch has two means of 100 images and one of 50.
    assert_eq!(run(whole, 2, None).last(), Some(&5000));
    let finished = parts.join("trainings/angles.jsonl");
    let first = run(parts, 1, Some(350));
    assert_eq!(first[..5], [0, 100, 200, 250, 350]);
    assert!(!finished.exists());
    // At the end of the second epoch of the second network. A stopped network trains until it checks the stop.
    let second = run(parts, 1, Some(3000));
    assert_eq!(second.first(), first.last());
    assert_eq!(fs::read_to_string(&finished).expect("the traces").lines().count(), 1);
    let third = run(parts, 1, None);
    assert_eq!(third.first().map(|done| done + 2500), second.last().copied());
    assert_eq!(third.last(), Some(&2500));
    let table = |folder: &Path| fs::read(folder.join("fig7a/angle.csv")).expect("the table");
    assert_eq!(table(parts), table(whole));
    assert!(!parts.join("trainings/unfinished-angles").exists());
    assert!(run(parts, 1, None).is_empty());
    assert_eq!(table(parts), table(whole));
    // Two networks side by side.
    let first = run(parallel, 2, Some(350));
    let second = run(parallel, 2, None);
    assert_eq!((second.first(), second.last()), (first.last(), Some(&5000)));
    assert_eq!(table(parallel), table(whole));
}
