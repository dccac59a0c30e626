"""The report: a table of errors."""

import pathlib
import platform

COLUMNS = ["training", "arguments", "epochs", "training error, %", "error, %", "predicted, %", "CPU s"]


def cpu_name():
    """Returns the name of the processor."""
    try:
        lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def head(name, study):
    """Returns the introduction of the report of a study."""
    command = "python benches/noise/noise.py" + ("" if name == "noise" else f" --study {name}")
    return f"""# {study.title}

Written by `{command}` from `{name}/trainings.jsonl`. One network each, seed 1, minibatches
of 32, one thread; the learning rate falls to 0 over the epochs. Predictions were made before the training; those of a
difference are shown added to the error of the other training. CPU time includes the evaluations.

Each is `apical train {" ".join(study.common)} ARGUMENTS`: {study.text}
"""


def report(name, study, trainings):
    """Returns the report of the finished trainings, in the order of the conditions."""
    by_key = {(training["name"], training["arguments"]): training for training in trainings}
    text = head(name, study)
    cpus = sorted({training["cpu"] for training in trainings})
    days = sorted({training["date"][:10] for training in trainings})
    text += f"\nTrained on {', '.join(cpus)}. Days: {', '.join(days)}.\n"
    keys = [(condition, (condition.name, condition.arguments)) for condition in study.conditions]
    return text + "\n" + table([row(condition, by_key[key]) for condition, key in keys if key in by_key])


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
