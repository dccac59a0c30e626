//! Tells where MNIST is.

use std::fs;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=data");
    println!("cargo::rustc-env=APICAL_MNIST={}", mnist());
}

/// All of MNIST, which the repository has, or the sample that a registry's crate and a wheel have.
fn mnist() -> &'static str {
    let whole = "data/mnist";
    let has_all = fs::exists(format!("{whole}/train-images-idx3-ubyte.gz")).unwrap_or(false)
        && std::env::var_os("CARGO_FEATURE_MNIST_SAMPLE").is_none();
    if has_all { whole } else { "data/sample" }
}
