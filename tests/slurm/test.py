"""Proves: the commands of docs/guide/cluster.md work on Slurm; networks trained by job arrays that
are stopped by time limit and signal, killed and requeued have the files of networks trained by one
process.

Does not prove: the same on several machines or on a network file system.

Run by tests/slurm/run with a folder, which it removes after ending all processes.
"""

from __future__ import annotations

import filecmp
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from cluster import Cluster, resume

GUIDE = Path(__file__).parents[2] / "docs/guide/cluster.md"
# Read by the commands of the guide. Long enough to find tasks between their first and last epoch.
SETTINGS = """\
layers = [40, 10]
epochs = 30
train_images = 500
test_images = 100
batch_size = 5
"""


def commands(heading: str) -> list[str]:
    """Return the commands of the first block of a section of the guide."""
    section = GUIDE.read_text().split(f"\n## {heading}\n")[1]
    return section.split("```\n")[1].replace("\\\n", " ").splitlines()


def command(start: str) -> str:
    """Return the only command of the guide that begins with a text."""
    (line,) = (line for line in GUIDE.read_text().splitlines() if line.startswith(start))
    return line


class Work:
    """A folder in which commands of the guide run."""

    def __init__(self, cluster: Cluster, name: str) -> None:
        self.cluster = cluster
        self.folder = cluster.folder / name
        self.folder.mkdir()
        (self.folder / "net.toml").write_text(SETTINGS)
        self.runs = self.folder / "runs"
        self.job = ""

    def shell(self, line: str, expected: int = 0) -> str:
        """Run a line of bash and return its output."""
        environment = self.cluster.environment
        arguments = ["bash", "-c", line]
        done = subprocess.run(
            arguments,
            check=False,
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == expected, f"{line}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    def submit(self, heading: str) -> list[str]:
        """Run the commands of a section up to `sbatch`. Return those after it."""
        lines = commands(heading)
        number = lines.index("sbatch job.sh")
        output = [self.shell(line) for line in lines[: number + 1]][-1]
        self.job = re.findall(r"Submitted batch job (\d+)", output)[0]
        return lines[number + 1 :]

    def task(self, task: int) -> str:
        return f"{self.job}_{task}"

    def output(self, task: int) -> str:
        """Return the output of a task, of all its starts."""
        return (self.folder / f"slurm-{self.task(task)}.out").read_text()

    def suspend(self, task: int, parts: int) -> int:
        """Suspend a task after its first epoch and before its last. Return its process `apical`."""
        networks = [self.runs / f"replica-{k:03}" for k in range(task - 1, 16, parts)]
        metrics = [network / "metrics.jsonl" for network in networks]
        self.cluster.wait(
            f"an epoch of task {task}",
            lambda: any(path.exists() and path.stat().st_size for path in metrics),
        )
        claim = self.runs / f"part-{task:03}.claim"
        assert claim.exists(), f"task {task} has ended: {self.output(task)}"
        process = int(json.loads(claim.read_text())["process"])
        os.kill(process, signal.SIGSTOP)
        assert not all((network / "weights.safetensors").exists() for network in networks)
        return process

    def stop(self, task: int, process: int, *sender: str) -> None:
        """Let a suspended task receive SIGTERM and stop. Wait until it is requeued."""
        cluster = self.cluster
        # While tasks of the array wait, scancel of Slurm 22.05 repeats the signal.
        sending = subprocess.Popen(sender, env=cluster.environment) if sender else None
        cluster.wait(f"SIGTERM for task {task}", lambda: resume(process))
        cluster.wait_for_job(self.task(task), JobState="PENDING", Restarts="1")
        if sending:
            sending.kill()
            sending.wait()

    def start(self, tasks: Sequence[int]) -> None:
        """Let requeued tasks start now instead of two minutes after they were requeued."""
        # Slurm refuses to start a job within the second of its end: "Job credential revoked".
        time.sleep(2)
        for task in tasks:
            self.shell(command("scontrol update").replace("1_3", self.task(task)))

    def kill(self, task: int, process: int, code: str) -> None:
        """Kill a suspended task and requeue it."""
        os.kill(process, signal.SIGKILL)
        self.cluster.wait_for_job(self.task(task), JobState="FAILED", ExitCode=code)
        self.shell(command("scontrol requeue").replace("1_3", self.task(task)))
        self.cluster.wait_for_job(self.task(task), JobState="PENDING", Restarts="1")

    def wait_for_end(self, parts: int) -> None:
        """Wait until all tasks are completed."""
        for task in range(1, parts + 1):
            self.cluster.wait(f"the end of task {task}", partial(self.has_ended, task))
            assert self.state(task) == "COMPLETED", self.output(task)

    def has_ended(self, task: int) -> bool:
        return self.state(task) in ("COMPLETED", "FAILED", "TIMEOUT")

    def state(self, task: int) -> str:
        return self.cluster.job(self.task(task))["JobState"]


def array_with_limits_signals_and_kills(cluster: Cluster, whole: Path) -> None:
    work = Work(cluster, "array")
    cluster.reconfigure(command("RequeueExit="))
    (summary,) = work.submit("Job scripts")
    limited, stopped = (work.suspend(task, parts=8) for task in (1, 2))
    # At most two tasks run at once.
    assert work.state(3) == "PENDING"
    # Slurm sends the signal of `--signal` at its check of time limits, every 30 s.
    cluster.run("scontrol", "update", f"JobId={work.task(1)}", "TimeLimit=1")
    work.stop(2, stopped, "scancel", "--batch", "--signal=TERM", work.task(2))
    # Each end of a task lets the next one start.
    work.kill(3, work.suspend(3, parts=8), code="0:9")
    work.stop(4, work.suspend(4, parts=8), "scontrol", "requeue", work.task(4))
    missing = work.shell(summary, expected=5)
    assert "(part 1/8)" in missing, missing
    work.stop(1, limited)
    cluster.run("scontrol", "update", f"JobId={work.task(1)}", "TimeLimit=240")
    work.start((1, 2, 3, 4))
    work.wait_for_end(8)
    for task in (1, 2, 4):
        output = work.output(task)
        # The output of both starts is in one file.
        assert "stopping (SIGTERM): saving" in output and "apical summary runs" in output, output
    check_results(work, summary, whole)


def array_that_requeues_itself(cluster: Cluster, whole: Path) -> None:
    work = Work(cluster, "requeue")
    cluster.reconfigure("")
    (summary,) = work.submit("Job scripts that requeue themselves")
    processes = [work.suspend(task, parts=4) for task in (1, 2, 3)]
    for task in (1, 2):
        sender = ("scancel", "--batch", "--signal=TERM", work.task(task))
        work.stop(task, processes[task - 1], *sender)
    # Exit code of bash, whose child was killed.
    work.kill(3, processes[2], code="137:0")
    work.start((1, 2, 3))
    work.wait_for_end(4)
    check_results(work, summary, whole)


def gnu_parallel(cluster: Cluster, whole: Path) -> None:
    work = Work(cluster, "parallel")
    work.shell(command("parallel "))
    check_results(work, "apical summary runs", whole)


def check_results(work: Work, summary: str, whole: Path) -> None:
    """Check that the summary is complete, and that all results are those of one process."""
    work.shell(summary)
    first = (work.runs / "summary.json").stat()
    work.shell(summary)
    again = (work.runs / "summary.json").stat()
    assert (again.st_mtime_ns, again.st_ino) == (first.st_mtime_ns, first.st_ino)
    names = files(whole)
    assert len([name for name in names if name.endswith("/weights.safetensors")]) == 16
    differences = sorted(set(files(work.runs)) ^ set(names))
    assert not differences, f"only in one of both: {differences}"
    _, other, failed = filecmp.cmpfiles(whole, work.runs, names, shallow=False)
    assert not other and not failed, f"other files: {other} {failed}"


def files(runs: Path) -> list[str]:
    """Return the files of a run, except for the lock of one process, times of day and durations."""
    paths = (path for path in runs.rglob("*") if path.is_file())
    other = ("apical.lock", "run.json", "timings.jsonl")
    return sorted(str(path.relative_to(runs)) for path in paths if path.name not in other)


TESTS: list[Callable[[Cluster, Path], None]] = [
    array_with_limits_signals_and_kills,
    array_that_requeues_itself,
    gnu_parallel,
]


def main() -> None:
    cluster = Cluster(Path(sys.argv[1]))
    reference = Work(cluster, "reference")
    arguments = re.findall(r" -- +(.*) > job.sh", commands("Job scripts")[0])[0]
    reference.shell(f"apical {arguments}")
    for test in TESTS:
        test(cluster, reference.runs)
        print(f"passed: {test.__name__}", flush=True)
    print(f"{len(TESTS)} passed, 0 failed, 0 skipped")


if __name__ == "__main__":
    main()
