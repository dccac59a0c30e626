#!/usr/bin/env bash
# spyx 1.0.0 (PyPI) turns pixels of 0 to 1 into random spikes: rate_code(steps, max_r) fires with probability
# pixel times max_r.
# Expected: the mean number of spikes of a million draws is that probability, to about a percent.
# Seen: pixels are first rounded to 16-bit floats, and jax draws random numbers of the same type, multiples of 1/1024: each
# probability is rounded up to such a multiple. The darkest of 255 grey levels fires 1.34 times as often as it should, and
# with max_r = 0.01 25 times as often.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"
python3 -m venv venv
venv/bin/pip install -q spyx==1.0.0 jax==0.10.2 numpy==2.4.6
venv/bin/python - 2>/dev/null <<'PY'
import sys
import jax, numpy as np
from spyx.data import rate_code

def excess(level, max_r):
    pixels = np.full((1, 1, 1_000_000), level / 255)
    spikes = np.asarray(rate_code(1, max_r)(pixels, jax.random.PRNGKey(0)))
    return round(float(spikes.mean()) / (level / 255 * max_r), 2)

seen = {(level, max_r): excess(level, max_r) for level, max_r in [(255, 0.75), (10, 0.75), (1, 0.75), (1, 0.01)]}
for (level, max_r), factor in seen.items():
    print(f"level {level:3}, max_r {max_r:4}: spikes {factor:5} times as often as expected")
full, _, dark, slow = seen.values()
sys.exit(0 if full == 1.0 and 1.3 < dark < 1.37 and 24 < slow < 26 else 1)
PY
