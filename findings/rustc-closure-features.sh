#!/usr/bin/env bash
# rustc 1.95.0: a closure in an inlined function lacks the target features of the function it is inlined into.
# Expected: an #[inline(always)] function called from a #[target_feature(enable = "avx512f")] function is compiled with
# avx512f, including its closures, so that intrinsics become single instructions.
# Seen: a large closure called at two places remains a separate function without avx512f, in which each _mm512_* is a
# call. The same body as an #[inline(always)] function has no calls. No warning. It slowed a training by a factor of 6.
# Requires rustc 1.95.0. Inspects the assembly, so no AVX-512 hardware is needed.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"
[[ $(rustc --version) == "rustc 1.95.0 "* ]] || { echo "needs rustc 1.95.0, found $(rustc --version)"; exit 2; }
body='{
        let mut all = *x;
        for round in 0..n {
            let a = squares(&all, round);
            let b = squares(&a, round + 1);
            let c = squares(&b, round + 2);
            for i in 0..16 { all[i] = a[i] * 0.3 + b[i] * 0.2 + c[i] * 0.1; }
        }
        all
    }'
# write ITEMS STATEMENT: prints a source with these items and this statement before the calls.
write() {
    cat <<RS
use std::arch::x86_64::*;
#[inline(always)]
fn squares(x: &[f32; 16], n: usize) -> [f32; 16] {
    unsafe {
        let mut v = _mm512_loadu_ps(x.as_ptr());
        for _ in 0..n { v = _mm512_add_ps(_mm512_mul_ps(v, v), _mm512_set1_ps(0.1)); }
        let mut out = [0.0; 16];
        _mm512_storeu_ps(out.as_mut_ptr(), v);
        out
    }
}
$1
#[inline(always)]
fn twice(x: &[f32; 16], n: usize) -> [f32; 16] {
    $2
    if n % 2 == 0 { run(n) } else { run(n + 7) }
}
#[target_feature(enable = "avx512f")]
pub fn with_avx512(x: &[f32; 16], n: usize) -> [f32; 16] { twice(x, n) }
RS
}
write "" "let run = |n: usize| $body;" > closure.rs
write "#[inline(always)] fn rounds(x: &[f32; 16], n: usize) -> [f32; 16] $body" "" |
    sed 's/run(n)/rounds(x, n)/; s/run(n + 7)/rounds(x, n + 7)/' > function.rs
calls=()
for name in closure function; do
    rustc -O --edition 2021 --crate-type lib --emit asm -C codegen-units=1 -o "$name.s" "$name.rs"
    calls+=("$(grep -c 'call.*_mm512_' "$name.s" || true)")
    echo "$name: ${calls[-1]} calls of intrinsics"
done
((calls[0] > 0 && calls[1] == 0))
