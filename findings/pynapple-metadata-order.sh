#!/usr/bin/env bash
# pynapple 0.11.4 (PyPI) groups spike trains by unit, with properties of the units from a pandas table.
# Expected: rows belong to units by the table's index, or a table in another order is refused.
# Seen: rows belong to units by their position, without a warning: units 2 and 5 swap their labels. Only a table in which
# no unit is at its position is refused.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"
python3 -m venv venv
venv/bin/pip install -q pynapple==0.11.4 numpy==2.4.6 pandas==3.1.1
venv/bin/python - 2>/dev/null <<'PY'
import sys
import warnings
import pandas as pd
import pynapple as nap

trains = {unit: nap.Ts([1.0, 2.0]) for unit in (2, 5, 10)}

def labels(*index):
    table = pd.DataFrame({"label": [f"unit {unit}" for unit in index]}, index=index)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            group = nap.TsGroup(trains, metadata=table)
        except ValueError as error:
            return f"refused: {error}"
    return dict(zip(group.index.tolist(), group["label"])), len(caught)

seen = [labels(2, 5, 10), labels(5, 2, 10), labels(5, 10, 2)]
print(*seen, sep="\n")
right = {2: "unit 2", 5: "unit 5", 10: "unit 10"}
swapped = {2: "unit 5", 5: "unit 2", 10: "unit 10"}
refused = "refused: Metadata index does not match the index of the TsGroup."
sys.exit(0 if seen == [(right, 0), (swapped, 0), refused] else 1)
PY
