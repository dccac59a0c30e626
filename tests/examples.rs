//! Proves: each example runs to its end, and its assertions hold.
//!
//! Does not prove: the printed text.

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
fn train_example_runs() -> Result<(), Box<dyn Error>> {
    train::main()
}

#[test]
fn custom_dataset_example_runs() -> Result<(), Box<dyn Error>> {
    custom_dataset::main()
}

#[test]
fn own_recorder_example_runs() -> Result<(), Box<dyn Error>> {
    own_recorder::main()
}

#[test]
fn own_learning_rule_example_runs() -> Result<(), Box<dyn Error>> {
    own_learning_rule::main()
}
