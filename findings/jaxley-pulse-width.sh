#!/usr/bin/env bash
# jaxley 0.14.0 (PyPI): step_current makes a pulse of current from a delay and a duration.
# Expected: a pulse of 1 ms has 40 steps of 0.025 ms, whatever multiple of the step its delay is.
# Seen: for 30 of 200 delays, it has 39 or 41 steps; ten begin a step early. Quotients such as 1.025 / 0.025 are cut
# to the integer below.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"
python3 -m venv venv
venv/bin/pip install -q jaxley==0.14.0 jax==0.10.2 numpy==2.4.6
venv/bin/python - 2>/dev/null <<'PY'
import collections, sys
import jaxley, numpy as np

step = 0.025
widths, early = collections.Counter(), 0
for k in range(200):
    on = np.nonzero(np.asarray(jaxley.step_current(k * step, 1.0, 1.0, step, 10.0)))[0]
    widths[len(on)] += 1
    early += int(on[0] != k)
print(f"steps of a pulse of 40: {dict(sorted(widths.items()))}; {early} of 200 begin a step early")
sys.exit(0 if widths[40] == 170 and widths[39] + widths[41] == 30 and early == 10 else 1)
PY
