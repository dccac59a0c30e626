#!/usr/bin/env python3
"""Measures how apical's cost grows with hidden size, minibatch, depth, image and length of a phase.

Runs `apical bench` along one axis at a time and draws a figure per axis. Expectation: the time per
addition is constant. A spike causes one addition per postsynaptic neuron, so the cost per spike grows
with the next layer, but the cost per addition should not. The time includes kernels without additions.
On one thread it is CPU time, which other programs disturb less; otherwise it is wall-clock time.

It measures the growth on this machine, at the spike rates of a network after a short warm-up. It does
not say anything about other rates, or that the cost is low.
"""

import argparse
import csv
import json
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "compare"))

import findings  # noqa: E402
import machine  # noqa: E402
import plot  # noqa: E402
from axes import axes  # noqa: E402
from cases import ROOT  # noqa: E402
from contenders import build  # noqa: E402

COLUMNS = [
    "x", "ms_per_image", "cpu_ms_per_image", "ns_per_addition", "us_per_spike",
    "synaptic_input_ns_per_addition", "additions_per_image", "spikes_per_image", "steps_per_image",
    "weights_mib", "spread",
]


def parse():
    description, _, rest = __doc__.partition("\n\n")
    parser = argparse.ArgumentParser(
        description=description, epilog=rest, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--apical", metavar="FILE", help="program to measure (default: built with cargo)")
    add("--quick", action="store_true", help="fewer points, shorter measurements: minutes on two cores")
    add("--axis", nargs="+", help="measure only these axes: hidden, batch, depth, side, steps")
    add("--backend", choices=["cpu", "gpu"], default="cpu", help="backend (default cpu)")
    add("--threads", type=int, default=1, help="threads of the CPU backend (0: all cores; default 1)")
    add("--rounds", type=int, default=5, help="measurements per point (default 5)")
    add("--seconds", type=float, help="duration of a measurement [s] (default 1; with --quick 0.3)")
    add("--warm-up", type=int, default=640, help="training images before timing (default 640)")
    add("--write", metavar="DIR", type=pathlib.Path, default=ROOT / "benches" / "results" / "growth",
        help="folder of figures and numbers (default benches/results/growth)")
    add("--redraw", action="store_true", help="write figures and README again from the stored growth.json")
    options = parser.parse_args()
    options.seconds = options.seconds or (0.3 if options.quick else 1.0)
    return options


def measure(binary, point, options):
    """Measures one point. Returns facts about the device, and the row with derived costs."""
    selection = ["--backend", options.backend]
    if options.backend == "cpu":
        selection += ["--threads", str(options.threads)]
    timing = ["--rounds", str(options.rounds), "--seconds", str(options.seconds)]
    timing += ["--warm-up", str(options.warm_up), "--no-roofline", "--task", "train", "--json"]
    command = [str(binary), "bench", "--preset", "hidden-1-batch-32", *selection, *timing, *point.arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)}\n{done.stderr}")
    report = json.loads(done.stdout)
    (row,) = report["rows"]
    ms, cpu = row["ms_per_minibatch"] / row["batch_size"], row["cpu_ms_per_minibatch"]
    cpu = None if cpu is None else cpu / row["batch_size"]
    cost = cpu if report["threads"] == 1 and cpu else ms
    kernels, additions = row["kernels"], row["additions_per_image"]
    sizes = [row["inputs"], *row["layers"]]
    share = sum(kernel["share"] for kernel in kernels or [] if kernel["name"] == "synaptic_input_spikes")
    facts = {"device": report["device"], "threads": report["threads"], "version": report["version"]}
    return facts, {
        "x": point.x,
        "ms_per_image": ms,
        "cpu_ms_per_image": cpu,
        "ns_per_addition": 1e6 * cost / additions,
        "us_per_spike": 1e3 * cost / sum(row["spikes_per_image"]),
        "synaptic_input_ns_per_addition": 1e6 * cost * share / additions if kernels else float("nan"),
        "additions_per_image": additions,
        "spikes_per_image": sum(row["spikes_per_image"]),
        "steps_per_image": row["steps_per_image"],
        "weights_mib": sum(n_pre * n for n_pre, n in zip(sizes, sizes[1:])) * 4 / 2**20,
        "spread": row["spread"],
        "kernels": kernels,
        "raw_ms": row["raw_ms"],
    }


def write_rows(folder, axis, rows):
    with open(folder / f"{axis.name}.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)


def summary(results, facts):
    """Returns the report as Markdown: findings, figures and the machine."""
    lines = [line for axis, rows in results for line in findings.of_axis(axis, rows)]
    reasons = findings.explained(lines)
    figures = [f"![{axis.label}]({axis.name}.png)" for axis, _ in results]
    wide = [
        f"- {axis.label}, {row['x']:,}: interquartile range {100 * row['spread']:.0f} % of the median"
        for axis, rows in results for row in rows if row["spread"] > 0.1
    ]
    parts = ["# How cost grows", __doc__.partition("\n\n")[2].strip(), "\n".join(lines)]
    parts += ["The named kernels have the largest increase of measured time:\n\n"
              + "\n".join(reasons)] if reasons else []
    parts += ["Unsteady measurements:\n\n" + "\n".join(wide)] if wide else []
    return "\n\n".join([*parts, *figures, machine.table(facts)]) + "\n"


def names(facts):
    """Returns the names of the device and of the clock."""
    if facts["threads"] == 1:
        return f"{facts['device']}, 1 thread", "CPU time"
    threads = f", {facts['threads']} threads" if facts["threads"] else ""
    return facts["device"] + threads, "wall clock"


def redraw(folder):
    """Writes the figures and the README from the measurements in growth.json."""
    record = json.loads((folder / "growth.json").read_text())
    facts = record["machine"]
    with tempfile.TemporaryDirectory() as images:
        known = axes(True, pathlib.Path(images), ROOT / "data" / "mnist")
    results = [(axis, record["axes"][axis.name]) for axis in known if axis.name in record["axes"]]
    for axis, rows in results:
        plot.draw(axis, rows, *names(facts), folder / f"{axis.name}.png")
    (folder / "README.md").write_text(summary(results, facts))


def main():
    options = parse()
    if options.redraw:
        redraw(options.write)
        return
    binary = build(options.apical)
    options.write.mkdir(parents=True, exist_ok=True)
    results, facts = [], machine.describe(ROOT)
    with tempfile.TemporaryDirectory() as folder:
        selected = axes(options.quick, pathlib.Path(folder), ROOT / "data" / "mnist")
        unknown = set(options.axis or []) - {axis.name for axis in selected}
        if unknown:
            raise SystemExit(f"error: unknown axis: {', '.join(sorted(unknown))}")
        selected = [axis for axis in selected if not options.axis or axis.name in options.axis]
        for axis in selected:
            rows = []
            for point in axis.points:
                print(f"{axis.label}: {point.x:,}", file=sys.stderr)
                device, row = measure(binary, point, options)
                facts |= device
                rows.append(row)
            results.append((axis, rows))
            write_rows(options.write, axis, rows)
            plot.draw(axis, rows, *names(facts), options.write / f"{axis.name}.png")
    record = {"machine": facts, "axes": {axis.name: rows for axis, rows in results}}
    (options.write / "growth.json").write_text(json.dumps(record, indent=1) + "\n")
    (options.write / "README.md").write_text(summary(results, facts))
    print(f"wrote {options.write / 'README.md'}", file=sys.stderr)


if __name__ == "__main__":
    main()
