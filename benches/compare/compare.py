#!/usr/bin/env python3
"""Measures apical beside a hand-written batched PyTorch version of the same model, on this machine.

784-500-10 on MNIST: training with minibatches of 32 and Adam, training one image at a time, and the
test. apical on one thread, on all cores and on a GPU where there is one; PyTorch on the same, in two
forms: "dense" is a matrix product for all steps at once, "events" sums weight rows of the spikes that
there are and is the fastest form found. All take turns in rounds; medians over rounds are quoted, and
ratios are taken within rounds, so that a busy machine disturbs them least.

It proves how fast both are here and now, and with --check that they learn the same. It does not
prove that no faster PyTorch version exists.
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
    add("--apical", metavar="FILE", help="program to measure; built with cargo where not given")
    add("--rounds", type=int, default=5, help="rounds that everyone takes part in (default 5)")
    add("--seconds", type=float, default=2, help="length of a measurement in s (default 2)")
    add("--warm-up", type=int, default=3200, help="images trained on before (default 3200)")
    add("--batch", type=int, nargs="+", default=[32], help="minibatches with Adam (default 32)")
    add("--no-cuda", action="store_true", help="leave PyTorch on CUDA out")
    add("--software-gpu", action="store_true", help="measure a software GPU if there is no other")
    add("--check", action="store_true", help="compare what is learned, not how fast, and stop")
    add("--images", type=int, default=30_000, help="images that --check trains on (default 30000)")
    add("--seeds", type=int, default=3, help="seeds that --check takes (default 3)")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--markdown", action="store_true", help="print a table of Markdown")
    form.add_argument("--json", action="store_true", help="print JSON with every raw time")
    add("--write", metavar="DIR", type=pathlib.Path, help="write compare.json and compare.md there")
    options = parser.parse_args()
    if min(options.rounds, options.warm_up, options.seeds, *options.batch) < 1:
        parser.error("rounds, warm-up, seeds and batches are at least 1")
    return options


def measure(everyone, options):
    """Rows of the table. Each case goes through its rounds, everyone in turn in each."""
    rows = []
    for case in cases(options.batch):
        rounds = [[] for _ in everyone]
        for number in range(options.rounds):
            for contender, mine in zip(everyone, rounds):
                who = f"{contender.name}, {contender.place}"
                print(f"{case.name}: round {number + 1}/{options.rounds}, {who}", file=sys.stderr)
                mine.append(contender.measure(case, options.seconds, options.warm_up))
        apical = {c.place: mine for c, mine in zip(everyone, rounds) if c.name == "apical"}
        rows += [
            report.summarise(case, contender, mine, apical.get(contender.place))
            for contender, mine in zip(everyone, rounds)
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
