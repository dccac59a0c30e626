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
// Compiled and not run: it trains on all of MNIST.
#[expect(dead_code)]
#[path = "../examples/readme.rs"]
mod readme;
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

/// The Rust code in README.md is the example that compiles here.
#[test]
fn readme_program_equals_example() {
    let words = |text: &str| text.split_whitespace().collect::<String>().replace(",}", "}");
    let readme = include_str!("../README.md");
    let code = readme.split("```rust").nth(1).expect("README.md has Rust code");
    let code = code.split("```").next().expect("the code ends");
    assert!(words(include_str!("../examples/readme.rs")).contains(&words(code)), "{code}");
}
