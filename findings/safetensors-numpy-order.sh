#!/usr/bin/env bash
# safetensors 0.8.0 (PyPI): saving a numpy array that is not C-contiguous writes wrong values, without an error.
# Expected: the array's values, as in 0.7.0 and before, or an error, as for torch tensors.
# Seen: it writes the memory in order from the first element. A transposed matrix is loaded scrambled; a vector's slice
# [::2] is loaded as the first half of the vector. Weights transposed before saving (W.T) are wrong. Workaround:
# np.ascontiguousarray(W.T).
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"
cat > order.py <<'PY'
import numpy as np, safetensors
from safetensors.numpy import load, save

matrix = np.arange(6, dtype="f4").reshape(2, 3)
cases = {"transposed": matrix.T, "Fortran": np.asfortranarray(matrix), "strided": np.arange(10, dtype="f4")[::2]}
same = []
for name, array in cases.items():
    back = load(save({"a": array}))["a"]
    same.append(bool(np.array_equal(back, array)))
    print(safetensors.__version__, name, "saved", array.tolist(), "loaded", back.tolist())
contiguous = load(save({"a": np.ascontiguousarray(matrix.T)}))["a"]
print(safetensors.__version__, same, np.array_equal(contiguous, matrix.T))
PY
for version in 0.7.0 0.8.0; do
    python3 -m venv "$version"
    "$version/bin/pip" install -q "safetensors==$version" numpy==2.2.6
    "$version/bin/python" order.py | tee "$version.txt"
done
grep -q '^0.7.0 \[True, True, True\] True$' 0.7.0.txt
grep -q '^0.8.0 \[False, False, False\] True$' 0.8.0.txt
