#!/usr/bin/env bash
# idx2numpy 1.2.3 (PyPI, the IDX format of MNIST): arrays that it reads cannot be written or modified.
# Expected: convert_to_file(file, convert_from_file(file)) copies a file, and the array is writeable.
# Seen: files of 16- and 32-bit integers and of floats become big-endian arrays, which the writer refuses ("numpy
# ndarray type not supported by IDX format"). Only byte arrays can be written. All arrays are read-only.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"
python3 -m venv venv
venv/bin/pip install -q idx2numpy==1.2.3 numpy==2.2.6
venv/bin/python - <<'PY'
import sys
import idx2numpy, numpy as np

seen = {}
for dtype in ["uint8", "int8", "int16", "int32", "float32", "float64"]:
    idx2numpy.convert_to_file("a.idx", np.arange(6, dtype=dtype).reshape(2, 3))
    array = idx2numpy.convert_from_file("a.idx")
    assert (array == np.arange(6).reshape(2, 3)).all()
    try:
        idx2numpy.convert_to_file("b.idx", array)
        result = "copied"
    except Exception as error:
        result = str(error)
    seen[dtype] = (array.flags.writeable, result.startswith("numpy ndarray type not supported"))
    print(dtype, "read as", array.dtype.str, "| writeable", array.flags.writeable, "| written again:", result)
expected = {dtype: (False, not dtype.endswith("int8")) for dtype in seen}
sys.exit(seen != expected)
PY
