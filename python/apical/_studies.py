"""Devices, comparisons, benchmarks, sweeps and the paper's experiments."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from . import _apical
from ._arrays import find_classes, to_images, to_labels
from ._data import Labelled, to_data
from ._events import Callback, Listener
from ._html import Svg, page
from ._jobs import Executor, run_jobs
from ._settings import (
    device_choice,
    setting_text,
    settings_json,
    settings_of_classes,
    whole,
)
from ._table import Table


@dataclass(frozen=True)
class Device:
    """CPU or GPU."""

    # "cpu" or "gpu".
    backend: str
    name: str
    # Whether it computes the bits of the CPU; None if it could not be tested.
    is_exact: bool | None
    # Driver, limits and result of the self-test.
    details: dict[str, Any] = field(default_factory=dict, repr=False)

    def _repr_html_(self) -> str:
        known = {"backend": self.backend, "computes the bits of the CPU": self.is_exact}
        return page(self.name, {**known, **self.details})


def devices() -> list[Device]:
    """Return the CPU and all GPUs, each tested whether it computes the bits of the CPU."""
    listed = json.loads(_apical.devices())
    found = [Device("cpu", listed["cpu"], True, {"threads": listed["threads"]})]
    for gpu in listed["gpus"]:
        name = f"{gpu['name']} ({gpu['backend']})"
        verdict = gpu["self_test"]
        is_tested = not (isinstance(verdict, dict) and "failed" in verdict)
        found.append(Device("gpu", name, verdict == "exact" if is_tested else None, gpu))
    return found


@dataclass(frozen=True)
class Comparison:
    """Result of a comparison of the CPU with a GPU."""

    identical: bool
    # Number of 4-byte words compared.
    values: int
    minibatches: int
    images: int
    test_images: int
    device: str
    self_test: Any
    # First word that differs; None if all bits agree.
    difference: dict[str, Any] | None

    def __bool__(self) -> bool:
        """Return whether all bits agree."""
        return self.identical

    def _repr_html_(self) -> str:
        title = "identical" if self.identical else "not equal"
        return page(f"CPU and {self.device}: {title}", vars(self))


def compare(
    first: str = "cpu",
    second: str | int = "gpu",
    *,
    images: int = 200,
    test_images: int = 200,
    preset: str = "quick",
    epochs: int = 1,
    **settings: Any,
) -> Comparison:
    """Train on the CPU and on a GPU, and compare every value, on the embedded MNIST.

    `first`: "cpu". `second`: "gpu", or the index or a part of the name of a GPU.
    """
    if first != "cpu":
        first, second = str(second), first
    if first != "cpu" or second == "cpu":
        raise ValueError(f'expected "cpu" and a GPU to compare, found {first!r} and {second!r}')
    given = {"train_images": images, "test_images": test_images, "epochs": epochs, **settings}
    result = _apical.compare(None, settings_json(preset, given), device_choice(second, 0, None))
    return Comparison(**json.loads(result))


class _BenchArguments(NamedTuple):
    layers: list[list[int]]
    batch_size: list[int]
    replicas: list[int]
    g_apical: list[float]
    tasks: list[str]
    rounds: int
    seconds: float
    warm_up: int
    roofline: bool


def bench(
    *,
    preset: str = "quick",
    layers: Sequence[int] | Sequence[Sequence[int]] | None = None,
    batch_size: int | Sequence[int] | None = None,
    g_apical: float | Sequence[float] | None = None,
    replicas: int | Sequence[int] = 1,
    tasks: str | Sequence[str] = ("train", "test"),
    quick: bool = False,
    roofline: bool = False,
    device: str | int = "auto",
    threads: int = 0,
    **settings: Any,
) -> Table:
    """Measure the speed of every combination of lists of values; a row per network and task."""
    text = settings_json(preset, settings)
    base = json.loads(text)
    sizes = base["layers"] if layers is None else layers
    if not len(sizes):
        raise ValueError("layers: expected at least one, found none")
    nested: Any = sizes if np.ndim(sizes[0]) else [sizes]
    arguments = _BenchArguments(
        layers=[list(one) for one in nested],
        batch_size=_wholes("batch_size", base["batch_size"] if batch_size is None else batch_size),
        replicas=_wholes("replicas", replicas),
        g_apical=_list(base["g_apical"] if g_apical is None else g_apical),
        tasks=_list(tasks),
        rounds=5 if quick else 7,
        seconds=0.1 if quick else 1.0,
        warm_up=320 if quick else 3200,
        roofline=roofline,
    )
    report = _apical.bench(None, text, arguments, device_choice(device, threads, None))
    return Table(json.loads(report)["rows"])


def _wholes(name: str, values: Any) -> list[int]:
    return [whole(name, value, 1) for value in _list(values)]


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple, range, np.ndarray)) else [value]


def sweep(
    grid: Mapping[str, Sequence[Any]],
    X: ArrayLike | None = None,
    y: ArrayLike | None = None,
    *,
    replicas: int = 1,
    validation: Labelled | None = None,
    preset: str = "quick",
    device: str | int = "auto",
    threads: int = 0,
    memory: int | None = None,
    callbacks: Callback | str | None = None,
    executor: Executor | None = None,
    **settings: Any,
) -> Table:
    """Train a network per combination of values and per seed, side by side; a row per network.

    `grid`: values by setting, as {"eta": [0.1, 0.2]}. Without X and y, on the embedded MNIST.
    Each network has the bits of a network trained alone.

    `executor`: runs a job per network, such as an executor of concurrent.futures (with processes
    started by "spawn") or of submitit. All arguments must pickle. Ctrl-C cancels the jobs.
    """
    if X is None and (y is not None or validation is not None):
        raise ValueError("X is None: expected the images of the labels or of the validation")
    for name, values in grid.items():
        if isinstance(values, str) or not isinstance(values, (Sequence, np.ndarray)):
            raise TypeError(f"{name}: expected a list of values, found {values!r}")
        if not len(values):
            raise ValueError(f"{name}: expected at least one value, found none")
    sweeps = [
        f"{name}={','.join(setting_text(name, value) for value in values)}"
        for name, values in grid.items()
    ]
    replicas = whole("replicas", replicas, 1)
    if executor is not None:
        if not callable(getattr(executor, "submit", None)):
            raise TypeError(f"executor: expected an object with submit, found {executor!r}")
        if callbacks is not None:
            raise ValueError("callbacks: cannot be called by the jobs of an executor")
        networks = _apical.sweep_networks(settings_json(preset, settings), sweeps, replicas)
        job = {"X": X, "y": y, "validation": validation, "preset": preset, "settings": settings}
        job |= {"device": device, "threads": threads, "memory": memory}
        jobs = [{"network": dict(network), **job} for network in networks]
        return Table(run_jobs(executor, _train, jobs))
    if X is None:
        data, text = None, settings_json(preset, settings)
    else:
        images = to_images(X)
        labels = to_labels(y, len(images.bytes))
        classes = find_classes(labels)
        data = to_data(images, labels, classes, validation)
        text = settings_of_classes(preset, settings, len(classes))
    listener = Listener(callbacks)
    try:
        rows = _apical.sweep(
            data,
            text,
            sweeps,
            replicas,
            device_choice(device, threads, memory),
            lambda line: listener(line, None),
        )
    finally:
        listener.close()
    return Table(json.loads(rows))


def _train(network: Mapping[str, str], settings: Mapping[str, Any], **job: Any) -> dict[str, Any]:
    """Train one network of a sweep. Return its row."""
    grid = {name: [value] for name, value in network.items()}
    return dict(sweep(grid, **job, **settings)[0])


@dataclass(frozen=True)
class Reproduction:
    """Findings of an experiment of the paper, in a folder with its figures."""

    name: str
    title: str
    # A row per number of the paper.
    findings: Table
    folder: Path
    # All fields of result.json.
    result: dict[str, Any] = field(repr=False)

    @property
    def figures(self) -> dict[str, Svg]:
        """Figures by name."""
        files = sorted(self.folder.glob("*.svg"))
        return {file.stem: Svg(file.read_text(encoding="utf-8")) for file in files}

    def _repr_html_(self) -> str:
        pictures = (figure.text for figure in self.figures.values())
        return page(f"{self.name}: {self.title}", {}, self.findings._repr_html_(), *pictures)


def experiments() -> Table:
    """Return the experiments of the paper."""
    columns = ("name", "figure", "title", "about")
    return Table([dict(zip(columns, one, strict=True)) for one in _apical.experiments()])


def reproduce(
    name: str,
    *,
    quick: bool = False,
    seeds: int | None = None,
    out: str | os.PathLike[str] = "reproduction",
    device: str | int = "auto",
    threads: int = 0,
    progress: Callable[[str, int, int], object] | None = None,
) -> Reproduction:
    """Run an experiment of the paper and write its folder into `out`.

    A repeated call resumes a stopped one. `progress` receives what is counted, how many are done
    and how many there are.
    """
    count = (2 if quick else 5) if seeds is None else whole("seeds", seeds, 1, 1000)
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    listen = progress or (lambda *_: None)
    choice = device_choice(device, threads, None)
    stored, text = _apical.reproduce(name, quick, count, folder, choice, listen)
    result = json.loads(text)
    findings = Table(result["findings"])
    return Reproduction(name, result["title"], findings, folder / stored, result)
