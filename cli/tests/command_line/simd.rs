//! `APICAL_SIMD`: every width of vectors that this processor has gives the same weights; others are refused.
//!
//! Does not prove: that widths agree on processors with other instructions.

use apical::cpu::Width;

use super::super::harness;
use super::training::hash_of;
use super::{apical, fails, folder_with_data, output_of, train_on_cpu};

/// Settings that run every kernel between them.
const SETTINGS: [&[&str]; 5] = [
    &["--optimizer", "adam"],
    &["--optimizer", "momentum", "--weight-decay", "0.01", "--g-apical", "0.05"],
    &["--psp-kernel-ms", "0", "--spike-distribution", "bernoulli"],
    &["--signal", "rates", "--feedback-signal", "rates", "--g-apical", "0.05"],
    &["--credit-assignment", "backpropagation", "--feedback-lr", "0.01"],
];

#[test]
fn train_with_any_width_gives_the_same_weights() {
    let widths: Vec<Width> = Width::ALL.into_iter().filter(|width| width.is_supported()).collect();
    for settings in SETTINGS {
        let folder = folder_with_data();
        let hashes: Vec<String> = widths
            .iter()
            .map(|width| {
                let mut command = train_on_cpu(&folder);
                command.env("APICAL_SIMD", width.name()).args(settings);
                let run = format!("run-{}", width.name());
                hash_of(&output_of(command.args(["--out", &run])))
            })
            .collect();
        assert!(hashes.iter().all(|hash| *hash == hashes[0]), "{settings:?}: {hashes:?}");
    }
    for width in Width::ALL.into_iter().filter(|width| !width.is_supported()) {
        let reason = format!("this processor has no {}", width.name());
        harness::not_run("train_with_any_width_gives_the_same_weights", &reason);
    }
}

#[test]
fn train_with_unknown_width_is_refused() {
    let folder = folder_with_data();
    let mut command = train_on_cpu(&folder);
    command.env("APICAL_SIMD", "avx1024");
    let supported = Width::ALL.into_iter().filter(|width| width.is_supported());
    let expected = supported.map(Width::name).collect::<Vec<_>>().join(", ");
    let message =
        format!("APICAL_SIMD must be one of {expected} on this processor, found 'avx1024'");
    fails(&mut command, 2, &[&message]);
}

#[test]
fn version_names_the_width() {
    let folder = folder_with_data();
    let long = output_of(apical(&folder).env("APICAL_SIMD", "scalar").arg("--version"));
    assert!(long.trim_end().ends_with(", scalar)"), "{long}");
}
