"""Trains and studies networks of neurons with segregated dendrites.

The same bits on every GPU and on the CPU, and as the command `apical` computes.
"""

import os
import sys

from ._apical import VERSION, DeviceError, InternalError
from ._classifier import Classifier, load
from ._data import Dataset, load_data, mnist
from ._events import Checkpoint, Event, StopTraining
from ._html import Svg
from ._recording import Recording
from ._settings import presets, settings
from ._studies import (
    Comparison,
    Device,
    Reproduction,
    bench,
    compare,
    devices,
    experiments,
    reproduce,
    sweep,
)
from ._table import Table

__version__ = VERSION

if sys.platform == "linux" and "XDG_RUNTIME_DIR" not in os.environ:
    # Mesa's device selection layer prints spurious errors without a desktop session.
    os.environ.setdefault("NODEVICE_SELECT", "1")
__all__ = [
    "Checkpoint",
    "Classifier",
    "Comparison",
    "Dataset",
    "Device",
    "DeviceError",
    "Event",
    "InternalError",
    "Recording",
    "Reproduction",
    "StopTraining",
    "Svg",
    "Table",
    "__version__",
    "bench",
    "compare",
    "devices",
    "experiments",
    "load",
    "load_data",
    "mnist",
    "presets",
    "reproduce",
    "settings",
    "sweep",
]
