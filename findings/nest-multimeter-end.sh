#!/usr/bin/env bash
# NEST 3.10.0 (nest-simulator, PyPI): a multimeter records the voltage of one neuron each 0.1 ms, for 10 ms.
# Expected: 99 or 100 samples, whatever other neurons do.
# Seen: 90 samples, the last at 9.0 ms: the shortest delay of the network, by default 1 ms, is missing at the end. A
# connection of weight 0 between two other neurons moves the end: with a delay of 0.1 ms there are 99 samples.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"
python3 -m venv venv
venv/bin/pip install -q nest-simulator==3.10.0 numpy==2.4.6
cat > record.py <<'PY'
import nest

def recorded(delay=None):
    nest.ResetKernel()
    nest.resolution = 0.1
    neurons = nest.Create("iaf_psc_alpha", 3)
    meter = nest.Create("multimeter", params={"record_from": ["V_m"], "interval": 0.1})
    if delay is not None:
        nest.Connect(neurons[1], neurons[2], syn_spec={"weight": 0.0, "delay": delay})
    nest.Connect(meter, neurons[0])
    nest.Simulate(10.0)
    times = meter.events["times"]
    return len(times), float(times[-1])

print(recorded(), recorded(0.5), recorded(0.1))
PY
seen=$(venv/bin/python record.py 2>/dev/null | tail -1)
echo "samples and the last time, ms: no connection, delays of 0.5 and 0.1 ms: $seen"
[ "$seen" = "(90, 9.0) (95, 9.5) (99, 9.9)" ]
