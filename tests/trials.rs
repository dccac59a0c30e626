//! Proves: a stopped trial leaves checkpoints, a finished one is not trained again, checkpoints that a killed process left
//! of a finished one are removed, and an epoch without images after a resume has no speed.
//!
//! Does not prove: that a trial resumes with its bits (see `cli/tests/command_line/stopping.rs`).

use std::fs;
use std::ops::ControlFlow;

use apical::config::Config;
use apical::device::{BackendKind, DeviceOptions};
use apical::run_dir::TrialStore;
use apical::train::Event;
use apical::trial_cache::{self, TrialEvent};

use crate::support;

#[test]
fn leftover_checkpoints_of_a_finished_trial_are_removed() {
    let folder = tempfile::tempdir().expect("a folder is created");
    let [trials, unfinished, aside] =
        ["trials.jsonl", "unfinished", "aside"].map(|name| folder.path().join(name));
    let dataset = support::random_dataset(5, 6, 6, 12);
    let config = Config { layers: vec![20, 10], batch_size: 3, epochs: 1, ..Config::default() };
    let run = |is_stopped: bool| {
        let options = DeviceOptions { backend: BackendKind::Cpu, ..DeviceOptions::default() };
        let mut trained = 0;
        let mut listen = |event: TrialEvent| {
            match event {
                TrialEvent::Progress { .. } if is_stopped => options.stop.request(),
                TrialEvent::Trained { .. } => trained += 1,
                _ => {}
            }
            ControlFlow::Continue(())
        };
        let mut store = TrialStore::open(&trials).expect("the file opens");
        let configs = std::slice::from_ref(&config);
        let is_done = trial_cache::run(&mut store, configs, &dataset, &options, 1, &mut listen);
        (is_done.expect("the trial runs"), trained)
    };
    assert_eq!(run(true), (false, 0));
    assert_eq!(fs::read_dir(&unfinished).expect("there are checkpoints").count(), 1);
    fs::rename(&unfinished, &aside).expect("the folder is moved");
    assert_eq!(run(false), (true, 1));
    fs::rename(&aside, &unfinished).expect("the folder is moved");
    assert_eq!(run(false), (true, 0));
    assert!(!unfinished.exists());
}

#[test]
fn speed_of_an_epoch_resumed_at_its_end_is_unknown() {
    let folder = tempfile::tempdir().expect("a folder is created");
    let dataset = support::random_dataset(5, 6, 6, 12);
    let config = Config { layers: vec![20, 10], batch_size: 3, epochs: 2, ..Config::default() };
    let mut store =
        TrialStore::open(&folder.path().join("trials.jsonl")).expect("the file is created");
    let mut run = |is_stopped: bool| {
        let options = DeviceOptions { backend: BackendKind::Cpu, ..DeviceOptions::default() };
        let mut listen = |event: TrialEvent| {
            if let TrialEvent::Progress { progress: Event::Progress { images: 12, .. }, .. } = event
                && is_stopped
            {
                options.stop.request();
            }
            ControlFlow::Continue(())
        };
        let configs = std::slice::from_ref(&config);
        trial_cache::run(&mut store, configs, &dataset, &options, 1, &mut listen)
            .expect("the trial runs")
    };
    assert_eq!([run(true), run(false)], [false, true]);
    let trial = &store.finished()[0];
    let speeds: Vec<Option<f64>> =
        trial.epochs.iter().map(|epoch| epoch.images_per_second).collect();
    assert!(matches!(speeds[..], [None, Some(speed)] if speed > 0.0), "{speeds:?}");
    assert_eq!(trial.training_seconds(), speeds[1].map(|speed| 2.0 * 12.0 / speed));
}
