//! Proves: each example runs to its end, and what it asserts holds.
//!
//! Does not prove: what it prints.

use std::error::Error;

#[path = "../examples/custom_dataset.rs"]
mod custom_dataset;
#[path = "../examples/own_learning_rule.rs"]
mod own_learning_rule;
#[path = "../examples/own_recorder.rs"]
mod own_recorder;
#[path = "../examples/train.rs"]
mod train;

#[test]
fn a_network_is_trained_kept_and_read() -> Result<(), Box<dyn Error>> {
    train::main()
}

#[test]
fn images_of_ones_own_are_learned() -> Result<(), Box<dyn Error>> {
    custom_dataset::main()
}

#[test]
fn what_neurons_do_is_recorded() -> Result<(), Box<dyn Error>> {
    own_recorder::main()
}

#[test]
fn a_rule_of_ones_own_learns() -> Result<(), Box<dyn Error>> {
    own_learning_rule::main()
}
