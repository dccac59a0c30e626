#!/usr/bin/env bash
# Arbor 0.12.2 (PyPI) records spikes: spike_recording.local those of this process, spike_recording.all of all processes.
# Expected: in one process, both record every spike.
# Seen: "all" lacks the spikes of cells from which no connection leaves, such as an output layer, without a warning. A
# connection of weight 0 from the cell brings them back.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"
python3 -m venv venv
venv/bin/pip install -q arbor==0.12.2 numpy==2.4.6
venv/bin/python - <<'PY'
import sys
import arbor
from arbor import units

class Chain(arbor.recipe):
    """A source of spikes at 1 and 12.5 ms, cell 0, drives cell 1, which fires 5 ms later."""

    def __init__(self, leaves):
        arbor.recipe.__init__(self)
        self.leaves = leaves

    def num_cells(self):
        return 2

    def cell_kind(self, gid):
        return [arbor.cell_kind.spike_source, arbor.cell_kind.lif][gid]

    def cell_description(self, gid):
        times = arbor.explicit_schedule([1.0 * units.ms, 12.5 * units.ms])
        return [arbor.spike_source_cell("source", times), arbor.lif_cell("source", "target")][gid]

    def connections_on(self, gid):
        weights = {0: 1000.0, 1: 0.0} if self.leaves else {0: 1000.0}
        delay = 5.0 * units.ms
        connect = lambda source: arbor.connection((source, "source"), "target", weights[source], delay)
        return [connect(source) for source in weights] if gid == 1 else []

def spikes(leaves, recorded):
    simulation = arbor.simulation(Chain(leaves))
    simulation.record(recorded)
    simulation.run(30 * units.ms, 0.1 * units.ms)
    return [(source[0], time) for source, time in simulation.spikes().tolist()]

kinds = arbor.spike_recording
seen = [spikes(False, kinds.local), spikes(False, kinds.all), spikes(True, kinds.all)]
for name, value in zip(("local", "all", "all, with a connection from cell 1"), seen):
    print(f"{name:34} {value}")
both = [(0, 1.0), (1, 6.0), (0, 12.5), (1, 17.5)]
sys.exit(0 if seen == [both, [(0, 1.0), (0, 12.5)], both] else 1)
PY
