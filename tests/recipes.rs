//! Proves: the test error stated by each recipe is that of the trainings stored in
//! `benches/results/learning/trials.jsonl`, with the recipe's current settings, on all of MNIST.
//!
//! Does not prove: that the stored results can be reproduced (run `cargo bench -p apical-benches --bench learning --
//! --train` on an empty `trials.jsonl`).

use std::path::Path;

use apical::analysis::statistics::MeanSd;
use apical::config::{Config, RECIPES};
use apical::dataset::Dataset;
use apical::run_dir::{Trial, TrialStore};

/// Seeds of the trainings of each recipe.
const SEEDS: std::ops::RangeInclusive<u64> = 1..=3;

#[test]
fn recipes_state_the_test_error_of_trials() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/results/learning");
    let copy = tempfile::tempdir().unwrap();
    let path = copy.path().join("trials.jsonl");
    std::fs::copy(folder.join("trials.jsonl"), &path).unwrap();
    let trials = TrialStore::open(&path).unwrap();
    let mnist = Dataset::mnist().unwrap().name;
    for recipe in &RECIPES {
        let trial_of = |seed| trials.find(&Config { seed, ..recipe.config() }, &mnist);
        let found: Vec<&Trial> = SEEDS.filter_map(trial_of).collect();
        assert_eq!(found.len(), SEEDS.count(), "{}: no trials with these settings", recipe.name);
        for trial in &found {
            assert_eq!(trial.images, 60_000, "{}", recipe.name);
            assert_eq!(trial.epochs.len(), recipe.epochs as usize, "{}", recipe.name);
        }
        let errors: Vec<f64> = found.iter().map(|trial| trial.test_error()).collect();
        let MeanSd { mean, sd, .. } = MeanSd::of(&errors);
        let (stated_mean, stated_sd) = recipe.test_error;
        let is_equal = (mean - stated_mean).abs() <= 0.005 + 1e-9
            && (sd.unwrap() - stated_sd).abs() <= 0.005 + 1e-9;
        assert!(is_equal, "{}: {mean:.2} %, sd {:.2}", recipe.name, sd.unwrap());
    }
}
