#!/usr/bin/env bash
# fearless_simd 1.2.0: operations of its level Sse4_2 are calls in functions that enable sse4.2 without popcnt.
# Expected: operations of f32x16<Sse4_2> in a #[target_feature(enable = "sse4.2")] function become SSE instructions.
# Seen: splat, comparison and multiplication are calls, with vectors in memory, since the crate's functions also enable
# popcnt, which these operations do not use: 19 calls with rustc 1.95.0, none with popcnt. No warning. The documentation
# names the features at Sse4_2::assume_supported only.
# Requires cargo and rustc on x86-64.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"
mkdir src
cat > Cargo.toml <<'TOML'
[package]
name = "probe"
version = "0.0.0"
edition = "2024"
[lib]
crate-type = ["lib"]
[dependencies]
fearless_simd = "=1.2.0"
[profile.release]
codegen-units = 1
TOML
calls=()
for features in sse4.2 sse4.2,popcnt; do
    cat > src/lib.rs <<RS
use fearless_simd::{f32x16, prelude::*, x86::Sse4_2};
#[target_feature(enable = "$features")]
pub unsafe fn sum(values: &[[f32; 16]], limit: f32, result: &mut [f32; 16]) {
    let registers = unsafe { Sse4_2::assume_supported() };
    let mut sum = registers.splat_f32x16(0.0);
    for value in values {
        let value = f32x16::from_slice(registers, value);
        sum = sum + value.simd_lt(registers.splat_f32x16(limit)).select(value, sum * 0.5);
    }
    sum.store_slice(result);
}
RS
    cargo rustc --release --quiet --target-dir "$features" -- --emit asm
    calls+=("$(grep -c 'call.*fearless_simd' "$features"/release/deps/probe-*.s || true)")
    echo "$features: ${calls[-1]} calls of the crate"
done
((calls[0] > 0 && calls[1] == 0))
