//! One binary for all test files of the library: separate binaries would each take a second or more to link.
//!
//! A new file `tests/NAME.rs` needs a line `mod NAME;` here; a test below checks it. Parts of a file are in a folder
//! of its name. `tests/support` holds shared code. `tests/run NAME::` runs the tests of one file.

#[cfg(feature = "plots")]
mod angle_traces;
mod apical_voltages;
mod arithmetic;
mod backpropagation;
mod bench;
mod bursts;
mod checkpoints;
mod compilers;
mod configs;
mod corpora;
mod dataset;
mod dataset_formats;
mod dependencies;
mod devices;
mod distributions;
mod exactness;
mod examples;
mod feedback;
mod feedback_update;
mod golden;
mod learning;
mod modules;
mod monitor;
mod nonfinite;
mod optimizers;
mod plateaus;
mod rates;
mod recipes;
mod recording_files;
mod recordings;
mod replicas;
mod requests;
mod shaders;
mod soundness;
mod stopping;
mod subnormals;
mod support;
mod trainings;
mod trials;

use std::path::Path;

#[test]
fn test_file_is_a_module() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    support::harness::assert_all_are_modules(&folder, include_str!("all.rs"));
}
