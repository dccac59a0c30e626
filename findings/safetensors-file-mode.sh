#!/usr/bin/env bash
# safetensors 0.8.0 (crates.io): serialize_to_file creates files that only their owner can read.
# Expected: a new file has the mode of the umask (644 under 022), as with fs::write; an existing file keeps its mode.
# Seen: mode 600, even for an existing file of mode 644, since it renames a temporary file. On a shared disk others can no
# longer read a checkpoint. 0.7.0 keeps 644. Requires cargo.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"
umask 022
mkdir src
cat > src/main.rs <<'RS'
fn main() {
    let none: Vec<(String, safetensors::tensor::TensorView)> = Vec::new();
    for name in ["new", "existing"] {
        safetensors::serialize_to_file(none.clone(), None, std::path::Path::new(name)).unwrap();
    }
}
RS
for version in 0.7.0 0.8.0; do
    printf '[package]\nname = "modes"\nversion = "0.0.0"\nedition = "2021"\n[dependencies]\nsafetensors = "=%s"\n' "$version" > Cargo.toml
    rm -f new existing
    echo x > existing
    cargo run -q
    modes=$(stat -c %a new existing | tr '\n' ' ')
    echo "$version: new and existing file have $modes"
    seen="${seen:-}$version $modes"
done
[[ $seen == "0.7.0 644 644 0.8.0 600 600 " ]]
