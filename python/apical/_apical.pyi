"""The library with arrays and exceptions; internal."""

from collections.abc import Callable
from os import PathLike
from typing import Protocol, final

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "VERSION",
    "Data",
    "DeviceError",
    "InternalError",
    "Model",
    "Monitor",
    "Recorded",
    "bench",
    "command",
    "compare",
    "devices",
    "experiments",
    "mnist",
    "panic_for_test",
    "preset_names",
    "reproduce",
    "settings",
    "sweep",
    "train",
]

VERSION: str

class _DeviceChoice(Protocol):
    @property
    def device(self) -> str: ...
    @property
    def threads(self) -> int: ...
    @property
    def memory(self) -> int | None: ...

class DeviceError(RuntimeError): ...
class InternalError(RuntimeError): ...

@final
class Data:
    def __new__(
        cls,
        training: tuple[NDArray[np.uint8], NDArray[np.uint8]],
        test: tuple[NDArray[np.uint8], NDArray[np.uint8]] | None,
        shape: tuple[int, int, int],
        class_names: list[str],
        arrays: str,
    ) -> Data: ...

@final
class Model:
    @staticmethod
    def load(path: str | PathLike[str]) -> Model: ...
    @staticmethod
    def from_bytes(bytes: bytes, name: str) -> Model: ...
    def to_bytes(self) -> bytes: ...
    @property
    def settings(self) -> str: ...
    def weights(self) -> dict[str, NDArray[np.float32]]: ...
    @property
    def sha256(self) -> str: ...
    @property
    def class_names(self) -> list[str]: ...
    @property
    def image_shape(self) -> tuple[int, int, int]: ...
    @property
    def arrays(self) -> str | None: ...
    @property
    def metrics(self) -> str: ...
    @property
    def position(self) -> tuple[int, int] | None: ...
    def predict(
        self, images: NDArray[np.uint8], device: _DeviceChoice, repeats: int
    ) -> tuple[NDArray[np.uint8], NDArray[np.float64], NDArray[np.uint32]]: ...
    def curves(self) -> str | None: ...
    def plots(self) -> list[tuple[str, str]]: ...

@final
class Monitor:
    def __new__(
        cls,
        quantities: list[str],
        populations: list[int] | None,
        units: tuple[int, int] | None,
        steps: tuple[int, int] | None,
    ) -> Monitor: ...
    def record(
        self,
        model: Model,
        images: NDArray[np.uint8],
        labels: NDArray[np.uint8] | None,
        device: _DeviceChoice,
    ) -> Recorded: ...

@final
class Recorded:
    def arrays(self) -> list[tuple[str, list[str], list[int], NDArray[np.float32]]]: ...
    def predicted(self) -> NDArray[np.uint8]: ...
    def steps(self) -> NDArray[np.uint32]: ...
    def save(self, path: str) -> None: ...
    def raster(self, image: int) -> str: ...

class _TrainArguments(Protocol):
    @property
    def settings(self) -> str: ...
    @property
    def part(self) -> str: ...
    @property
    def checkpoints(self) -> str | None: ...

class _BenchArguments(Protocol):
    @property
    def layers(self) -> list[list[int]]: ...
    @property
    def batch_size(self) -> list[int]: ...
    @property
    def replicas(self) -> list[int]: ...
    @property
    def g_apical(self) -> list[float]: ...
    @property
    def tasks(self) -> list[str]: ...
    @property
    def rounds(self) -> int: ...
    @property
    def seconds(self) -> float: ...
    @property
    def warm_up(self) -> int: ...
    @property
    def roofline(self) -> bool: ...

def bench(
    data: Data | None, settings: str, arguments: _BenchArguments, device: _DeviceChoice
) -> str: ...
def command(arguments: list[str]) -> int: ...
def compare(data: Data | None, settings: str, device: _DeviceChoice) -> str: ...
def devices() -> str: ...
def experiments() -> list[list[str]]: ...
def mnist() -> tuple[
    tuple[NDArray[np.uint8], NDArray[np.uint8]], tuple[NDArray[np.uint8], NDArray[np.uint8]]
]: ...
def panic_for_test() -> None: ...
def preset_names() -> list[str]: ...
def reproduce(
    name: str,
    quick: bool,
    seeds: int,
    folder: str | PathLike[str],
    device: _DeviceChoice,
    listener: Callable[[str, int, int], object],
) -> str: ...
def settings(preset: str, values: list[tuple[str, str]] = ...) -> str: ...
def sweep(
    data: Data | None,
    settings: str,
    sweeps: list[str],
    replicas: int,
    device: _DeviceChoice,
    listener: Callable[[str], object],
) -> str: ...
def train(
    data: Data,
    arguments: _TrainArguments,
    device: _DeviceChoice,
    listener: Callable[[str, Model | None], bool],
    start: Model | None = None,
) -> tuple[Model | None, BaseException | None]: ...
