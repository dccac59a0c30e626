#!/usr/bin/env python3
"""Compares apical with a hand-written batched PyTorch version of the same model, on this machine.

784-500-10 on MNIST: training with minibatches of 32 and Adam, training with batch size 1, and the test.
Both run on one thread, on all cores and on a GPU if there is one. PyTorch runs in two forms: "dense" is
one matrix product for all steps, "events" sums the weight rows of spikes and is the fastest form found.
The programs take turns in rounds. The table has medians over rounds; ratios are taken within rounds,
which makes them robust against other load.

It measures the speed of both on this machine; --check compares their learning. It does not prove that
no faster PyTorch version exists.
"""

import argparse
import json
import pathlib
import sys

import torch

import check
import machine
import report
from cases import ROOT, cases
from contenders import build, contenders


def parse():
    description, _, rest = __doc__.partition("\n\n")
    parser = argparse.ArgumentParser(
        description=description, epilog=rest, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--apical", metavar="FILE", help="program to measure (default: built with cargo)")
    add("--rounds", type=int, default=5, help="number of rounds (default 5)")
    add("--seconds", type=float, default=2, help="duration of a measurement [s] (default 2)")
    add("--warm-up", type=int, default=3200, help="training images before timing (default 3200)")
    add("--batch", type=int, nargs="+", default=[32], help="minibatch sizes with Adam (default 32)")
    add("--no-cuda", action="store_true", help="skip PyTorch on CUDA")
    add("--software-gpu", action="store_true", help="measure a software GPU if there is no other")
    add("--check", action="store_true", help="compare test errors instead of speed")
    add("--images", type=int, default=30_000, help="training images of --check (default 30000)")
    add("--seeds", type=int, default=3, help="number of seeds of --check (default 3)")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--markdown", action="store_true", help="print a Markdown table")
    form.add_argument("--json", action="store_true", help="print JSON with all raw times")
    add("--write", metavar="DIR", type=pathlib.Path, help="write compare.json and compare.md to DIR")
    options = parser.parse_args()
    if min(options.rounds, options.warm_up, options.seeds, *options.batch) < 1:
        parser.error("expected rounds, warm-up, seeds and batches of at least 1")
    return options


def measure(everyone, options):
    """Returns the rows of the table. In each round of a case, each contender is measured once."""
    rows = []
    for case in cases(options.batch):
        rounds = [[] for _ in everyone]
        for number in range(options.rounds):
            for contender, times in zip(everyone, rounds):
                label = f"{contender.name}, {contender.place}"
                print(f"{case.name}: round {number + 1}/{options.rounds}, {label}", file=sys.stderr)
                times.append(contender.measure(case, options.seconds, options.warm_up))
        apical = {c.place: times for c, times in zip(everyone, rounds) if c.name == "apical"}
        rows += [
            report.summarise(case, contender, times, apical.get(contender.place))
            for contender, times in zip(everyone, rounds)
        ]
    return rows


def facts(everyone):
    found = machine.describe(ROOT) | {"torch": torch.__version__}
    if torch.cuda.is_available():
        found["cuda device"] = torch.cuda.get_device_name()
    devices = {c.place: c.device for c in everyone if c.name == "apical"}
    return found | {f"apical, {place}": device for place, device in devices.items()}


def write(folder, result, text):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "compare.json").write_text(json.dumps(result, indent=1) + "\n")
    (folder / "compare.md").write_text(text + "\n")
    print(f"wrote {folder / 'compare.json'} and compare.md", file=sys.stderr)


def main():
    options = parse()
    binary = build(options.apical)
    if options.check:
        return check.run(binary, options.images, options.seeds)
    cuda = torch.cuda.is_available() and not options.no_cuda
    everyone = contenders(binary, machine.cores(), options.software_gpu, cuda)
    try:
        rows = measure(everyone, options)
    finally:
        for contender in everyone:
            contender.close()
    result = {"machine": facts(everyone), "rows": rows}
    notes = report.warnings(rows)
    if notes:
        print("\n".join(notes), file=sys.stderr)
    text = "\n\n".join(
        ["# apical beside PyTorch", __doc__.partition("\n\n")[2].strip(), report.markdown(rows)]
        + (["\n".join(notes)] if notes else [])
        + [machine.table(result["machine"])]
    )
    if options.write:
        write(options.write, result, text)
    print(json.dumps(result) if options.json else text if options.markdown else report.plain(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
