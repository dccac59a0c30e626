//! One binary of all test files of the library. A binary of its own costs each file a second or more of linking.
//!
//! A new file `tests/NAME.rs` needs a line `mod NAME;` here; a test below fails without it. It shares
//! code with other files by `use crate::support`.
//! `tests/run NAME::` runs the tests of one file.

mod apical_voltages;
mod arithmetic;
mod backpropagation;
mod bench;
mod checkpoints;
mod compilers;
mod configs;
mod corpora;
mod dataset;
mod dataset_formats;
mod devices;
mod distributions;
mod exactness;
mod examples;
mod feedback;
mod golden;
mod inverse;
mod lean;
mod learning;
mod monitor;
mod not_finite;
mod optimizers;
mod plateaus;
mod rates;
mod recipes;
mod replicas;
mod requests;
mod shaders;
mod soundness;
mod stopping;
mod subnormals;
mod support;
mod trainings;

use std::path::Path;

#[test]
fn every_test_file_is_a_module_of_this_binary() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    support::harness::assert_all_are_modules(&folder, include_str!("all.rs"));
}
