"""Compares the event files of a run, as TensorBoard reads them, with the run's metrics and weights.

`tests/python` runs it. It needs packages from PyPI; cli/tests/command_line/tensorboard.rs needs none.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install tensorboard safetensors
    cargo run --release -- train --train-images 6000 --epochs 3 --eval-every 2000 --out /tmp/run --tensorboard
    /tmp/venv/bin/python tests/event_files.py /tmp/run
"""

import json
import struct
import sys
from pathlib import Path

from safetensors.numpy import load_file
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

# 0: load all steps instead of a sample.
SIZE_GUIDANCE = {"scalars": 0, "histograms": 0, "images": 0}


def to_float32(number):
    return struct.unpack("f", struct.pack("f", number))[0]


def check(run):
    events = EventAccumulator(str(run / "tensorboard"), size_guidance=SIZE_GUIDANCE).Reload()
    tags = events.Tags()
    lines, timings = (
        [json.loads(line) for line in (run / name).read_text().splitlines()]
        for name in ("metrics.jsonl", "timings.jsonl")
    )
    # A resumed run writes the timings of an epoch again; the last ones are valid.
    timings_by_epoch = {line["epoch"]: line for line in timings if line["event"] == "epoch"}
    epochs = [line | timings_by_epoch[line["epoch"]] for line in lines if line["event"] == "epoch"]
    assert epochs, "no epoch is finished"
    total_images = epochs[0]["images"]

    curves = {
        "error/training": "train_error",
        "error/test": "test_error",
        "loss/output": "loss",
        "images a second/training": "images_per_second",
        "images a second/test": "test_images_per_second",
    }
    for tag, key in curves.items():
        found = [(event.step, event.value) for event in events.Scalars(tag)]
        expected = [(line["epoch"] * total_images, to_float32(line[key])) for line in epochs]
        assert found == expected, (tag, found, expected)
    partial = [line for line in lines if line["event"] == "partial_eval"]
    if partial:
        found = [(event.step, event.value) for event in events.Scalars("error/test, partial")]
        step = lambda line: (line["epoch"] - 1) * total_images + line["images"]
        assert found == [(step(line), to_float32(line["test_error"])) for line in partial]

    weights = load_file(run / "weights.safetensors")
    assert sorted(tags["histograms"]) == sorted(f"weights/{name}" for name in weights)
    for name, values in weights.items():
        history = events.Histograms(f"weights/{name}")
        assert [event.step for event in history] == [line["epoch"] * total_images for line in epochs]
        last = history[-1].histogram_value
        assert (last.min, last.max, last.num) == (values.min(), values.max(), values.size), name
        assert sum(last.bucket) == values.size, name

    images = events.Images("receptive fields")
    assert [image.step for image in images] == [line["epoch"] * total_images for line in epochs]
    assert all(image.encoded_image_string.startswith(b"\x89PNG") for image in images)
    return tags


if __name__ == "__main__":
    for kind, names in check(Path(sys.argv[1])).items():
        if names and isinstance(names, list):
            print(f"{kind}: {', '.join(sorted(names))}")
    print("event files match metrics and weights")
