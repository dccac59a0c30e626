"""A study: trainings with what was predicted before each, kept line by line, and their report."""

import argparse
import dataclasses
import datetime
import json
import pathlib
import platform
import resource
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
COLUMNS = ["training", "arguments", "epochs", "training error, %", "error, %", "predicted, %", "CPU s"]


@dataclasses.dataclass(frozen=True)
class Condition:
    """A training: arguments of `apical train` and the predicted error, %."""

    name: str
    arguments: str
    predicted: str = "-"


@dataclasses.dataclass(frozen=True)
class Study:
    """Trainings with common arguments, and the introduction of their report.

    `name` is that of the script and of the report's files, `argument` what the script requires.
    """

    name: str
    title: str
    common: list[str]
    text: str
    conditions: list[Condition]
    argument: str = ""


def run(study, parser):
    """Trains what is missing, in the folder that `parser` may define as `folder`, and writes the report."""
    add = parser.add_argument
    add("--apical", metavar="FILE", type=pathlib.Path, default=ROOT / "target" / "release" / "apical",
        help="program to measure (default target/release/apical)")
    add("--only", default="", help="train only conditions whose name contains this")
    add("--report", action="store_true", help="train nothing: only write the report")
    add("--out", metavar="DIR", type=pathlib.Path, default=ROOT / "benches" / "results",
        help=f"folder of {study.name}.md and {study.name}/ (default benches/results)")
    parser.set_defaults(folder=None)
    options = parser.parse_args()
    path = options.out / study.name / "trainings.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    trainings = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    found = {(training["name"], training["arguments"]) for training in trainings}
    for condition in study.conditions:
        is_there = (condition.name, condition.arguments) in found
        if options.report or is_there or options.only not in condition.name:
            continue
        training = train(options, study.common, condition)
        with path.open("a") as file:
            file.write(json.dumps(training) + "\n")
        trainings.append(training)
        print(f"{condition.name}: {training['errors'][-1]:.2f} %", file=sys.stderr)
    (options.out / f"{study.name}.md").write_text(report(study, trainings))


def train(options, common, condition):
    """Trains one network on one thread and returns its errors and CPU time."""
    command = [str(options.apical.resolve()), "train", "--backend", "cpu", "--threads", "1",
               "--eval-every", "0", "--quiet", "--json", *common, *condition.arguments.split()]
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    done = subprocess.run(command, capture_output=True, text=True, cwd=options.folder)
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
        "cpu": cpu_name(),
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
    }


def cpu_name():
    """Returns the name of the processor."""
    try:
        lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def report(study, trainings):
    """Returns the report of the finished trainings, in the order of the conditions."""
    by_key = {(training["name"], training["arguments"]): training for training in trainings}
    cpus = sorted({training["cpu"] for training in trainings})
    days = sorted({training["date"][:10] for training in trainings})
    keys = [(condition, (condition.name, condition.arguments)) for condition in study.conditions]
    rows = [row(condition, by_key[key]) for condition, key in keys if key in by_key]
    missing = [condition.name for condition, key in keys if key not in by_key]
    rest = f"\nNot trained yet: {'; '.join(missing)}.\n" if missing else ""
    return f"""# {study.title}

Written by `python benches/trainings/{study.name}.py{study.argument}` from `{study.name}/trainings.jsonl`.
One network each, seed 1 and minibatches of 32 unless the arguments say otherwise, one thread; the learning rate falls
to 0 over the epochs. Predictions were made before the training; those of a difference are shown added to the error of
the other training. CPU time includes the evaluations.

Each is `apical train {" ".join(study.common)} ARGUMENTS`: {study.text}

Trained on {", ".join(cpus)}. Days: {", ".join(days)}.

{table(rows)}{rest}"""


def row(condition, training):
    """Returns the cells of a training."""
    return [
        condition.name,
        f"`{condition.arguments}`",
        str(len(training["errors"])),
        f"{training['train_errors'][-1]:.2f}",
        " ".join(f"{error:.2f}" for error in training["errors"]),
        condition.predicted,
        f"{training['cpu_s']:.0f}",
    ]


def table(rows):
    """Returns a Markdown table."""
    lines = [COLUMNS, ["---"] * 2 + ["---:"] * (len(COLUMNS) - 2), *rows]
    return "".join("| " + " | ".join(cells) + " |\n" for cells in lines)
