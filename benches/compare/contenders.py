"""The measured programs, each a separate process: `apical bench`, or a worker of `torch_bench.py`."""

import json
import pathlib
import shutil
import subprocess
import sys

from cases import ROOT
from report import ONE_THREAD

WORKER = pathlib.Path(__file__).with_name("torch_bench.py")


class Apical:
    """`apical bench`: one process per measurement."""

    def __init__(self, binary, place, *selection):
        self.name, self.place = "apical", place
        self.command = [str(binary), "bench", *selection]
        self.device = None

    def measure(self, case, seconds, warm_up):
        timing = ["--rounds", "3", "--seconds", str(seconds / 3), "--warm-up", str(warm_up)]
        command = [*self.command, *case.arguments(), *timing, "--no-roofline", "--json"]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if done.returncode != 0:
            raise SystemExit(f"{' '.join(command)}\n{done.stderr}")
        report = json.loads(done.stdout)
        facts = [report["device"], report["driver"], f"apical {report['version']}"]
        if report["is_software"]:
            facts.append("software device: its times do not represent a GPU")
        self.device = ", ".join(fact for fact in facts if fact)
        (row,) = report["rows"]
        cpu = row["cpu_ms_per_minibatch"]
        return {
            "ms_per_image": row["ms_per_minibatch"] / row["batch_size"],
            "cpu_ms_per_image": None if cpu is None else cpu / row["batch_size"],
            "batch": row["batch_size"],
            "raw_ms": row["raw_ms"],
        }

    def close(self):
        pass


class Torch:
    """A worker process of `torch_bench.py` that waits between measurements."""

    def __init__(self, form, place, device="cpu", threads=1, tf32=False):
        self.name, self.place = f"PyTorch, {form}{', tf32' if tf32 else ''}", place
        command = [sys.executable, str(WORKER), "--form", form, "--device", device]
        command += ["--threads", str(threads), *(["--tf32"] if tf32 else [])]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.process = subprocess.Popen(command, **pipes)

    def measure(self, case, seconds, warm_up):
        self.process.stdin.write(case.request(seconds=seconds, warm_up=warm_up) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"error: {self.name} ({self.place}) exited, see its message above")
        return json.loads(line)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def build(binary):
    """Returns the program to measure; builds it if `binary` is None."""
    if binary:
        if not pathlib.Path(binary).is_file():
            raise SystemExit(f"error: --apical {binary}: no such file")
        return pathlib.Path(binary).resolve()
    if shutil.which("cargo") is None:
        raise SystemExit("error: cannot build apical: no cargo\nhint: give a program with --apical FILE")
    command = ["cargo", "build", "--release", "--message-format", "json-render-diagnostics"]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise SystemExit("error: cargo build --release failed\nhint: give a program with --apical FILE")
    messages = map(json.loads, done.stdout.splitlines())
    programs = [message["executable"] for message in messages if message.get("executable")]
    return pathlib.Path(programs[-1])


def gpus(binary):
    """Returns the GPUs that `apical devices` lists, as dictionaries."""
    done = subprocess.run([str(binary), "devices", "--json"], stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout or "[]")


def contenders(binary, cores, software_gpu, cuda):
    """Returns the programs and devices that this machine can run, in measuring order."""
    found = []
    for threads in sorted({1, cores}):
        place = ONE_THREAD if threads == 1 else f"{threads} threads"
        found.append(Apical(binary, place, "--backend", "cpu", "--threads", str(threads)))
        found += [Torch(form, place, threads=threads) for form in ("events", "dense")]
    devices = gpus(binary)
    if not all(gpu["is_software"] for gpu in devices):
        found.append(Apical(binary, "GPU", "--backend", "gpu"))
    elif software_gpu and devices:
        found.append(Apical(binary, "software GPU", "--backend", "gpu"))
    if cuda:
        found += [Torch(form, "GPU", "cuda") for form in ("events", "dense")]
        found.append(Torch("dense", "GPU", "cuda", tf32=True))
    return found
