//! Proves: what the presets of recipes promise is what the trainings came to that are kept in
//! `benches/results/learning/trials.jsonl`, with the settings that the presets have now, on all of MNIST.
//!
//! Does not prove that these trainings were done: `cargo bench -p apical-benches --bench learning -- --train` does them again,
//! and each has the hash of its weights.

use std::path::Path;

use apical::config::{Config, RECIPES};
use apical::dataset::Dataset;
use apical::evaluate::Spread;
use apical::run_dir::{Trial, TrialStore};

/// Seeds of each recipe.
const SEEDS: std::ops::RangeInclusive<u64> = 1..=3;

#[test]
fn recipes_promise_what_was_trained() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/results/learning");
    let copy = tempfile::tempdir().unwrap();
    let path = copy.path().join("trials.jsonl");
    std::fs::copy(folder.join("trials.jsonl"), &path).unwrap();
    let trials = TrialStore::open(&path).unwrap();
    let mnist = Dataset::mnist().unwrap().name;
    for recipe in &RECIPES {
        let of_seed = |seed| trials.find(&Config { seed, ..recipe.config() }, &mnist);
        let found: Vec<&Trial> = SEEDS.filter_map(of_seed).collect();
        assert_eq!(found.len(), SEEDS.count(), "{}: not trained with these settings", recipe.name);
        for trial in &found {
            assert_eq!(trial.images, 60_000, "{}", recipe.name);
            assert_eq!(trial.epochs.len(), recipe.epochs as usize, "{}", recipe.name);
        }
        let errors: Vec<f64> = found.iter().map(|trial| trial.test_error()).collect();
        let Spread { mean, sd, .. } = Spread::of(&errors);
        let (promised_mean, promised_sd) = recipe.reached;
        let is_promised = (mean - promised_mean).abs() <= 0.005 + 1e-9
            && (sd.unwrap() - promised_sd).abs() <= 0.005 + 1e-9;
        assert!(is_promised, "{}: {mean:.2} %, sd {:.2}", recipe.name, sd.unwrap());
    }
}
