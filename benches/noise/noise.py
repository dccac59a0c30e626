#!/usr/bin/env python3
"""Measures how spike noise limits learning: with two phases and by depth, or with bursts.

Trains the networks of a study in conditions.py that benches/results/STUDY/trainings.jsonl lacks, one after another,
and writes benches/results/STUDY.md. An interrupted call continues with the first missing training.
"""

import argparse
import datetime
import json
import pathlib
import resource
import subprocess
import sys

import report
from conditions import STUDIES

ROOT = pathlib.Path(__file__).resolve().parents[2]


def parse():
    """Parses the arguments."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    add = parser.add_argument
    add("--apical", metavar="FILE", default=ROOT / "target" / "release" / "apical",
        help="program to measure (default target/release/apical)")
    add("--study", choices=STUDIES, default="noise", help="study (default noise)")
    add("--only", default="", help="train only conditions whose name contains this")
    add("--report", action="store_true", help="train nothing: only write the report")
    add("--out", metavar="DIR", type=pathlib.Path, default=ROOT / "benches" / "results",
        help="folder of STUDY.md and STUDY/ (default benches/results)")
    return parser.parse_args()


def train(binary, common, condition):
    """Trains one network on one thread and returns its errors and CPU time."""
    command = [str(binary), "train", "--backend", "cpu", "--threads", "1", "--eval-every", "0",
               "--quiet", "--json", *common, *condition.arguments.split()]
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)}\n{done.stderr}")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    epochs = [event for event in events if event["event"] == "epoch"]
    return {
        "name": condition.name,
        "arguments": condition.arguments,
        "train_errors": [event["train_error"] for event in epochs],
        "errors": [event["test_error"] for event in epochs],
        "cpu_s": round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before, 1),
        "weights_sha256": events[-1].get("weights_sha256", ""),
        "cpu": report.cpu_name(),
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
    }


def main():
    """Trains what is missing and writes the report."""
    options = parse()
    study = STUDIES[options.study]
    path = options.out / options.study / "trainings.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    trainings = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    found = {(training["name"], training["arguments"]) for training in trainings}
    for condition in study.conditions:
        is_there = (condition.name, condition.arguments) in found
        if options.report or is_there or options.only not in condition.name:
            continue
        training = train(options.apical, study.common, condition)
        with path.open("a") as file:
            file.write(json.dumps(training) + "\n")
        trainings.append(training)
        print(f"{condition.name}: {training['errors'][-1]:.2f} %", file=sys.stderr)
    text = report.report(options.study, study, trainings)
    (options.out / f"{options.study}.md").write_text(text)


if __name__ == "__main__":
    main()
