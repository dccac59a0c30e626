"""A Slurm of one machine for tests, without systemd, munge and cgroups."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

# Time after which a condition counts as never reached, s. No test depends on shorter times.
PATIENCE = 900
POLL = 0.01

CONF = """\
ClusterName=test
SlurmctldHost={host}
SlurmctldPort={controller_port}
SlurmdPort={node_port}
SlurmUser=root
AuthType=auth/none
CredType=cred/none
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
SwitchType=switch/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
MailProg=/bin/true
MinJobAge=3600
{more}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
NodeName={host} NodeAddr=127.0.0.1 CPUs=4 State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


class Cluster:
    """A running Slurm. The caller ends all processes that use files of the folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = os.environ | {"SLURM_CONF": str(folder / "slurm.conf")}
        for name in ("state", "spool"):
            (folder / name).mkdir()
        self.ports = free_port(), free_port()
        self.configure("")
        for daemon in ("slurmctld", "slurmd"):
            with open(folder / f"{daemon}.out", "wb") as out:
                subprocess.Popen([daemon, "-D"], env=self.environment, stdout=out, stderr=out)
        self.wait("an idle node", lambda: "idle" in self.ask("sinfo", "--noheader", "-o", "%t"))

    def configure(self, more: str) -> None:
        """Write slurm.conf with more lines."""
        controller_port, node_port = self.ports
        conf = CONF.format(
            host=socket.gethostname(),
            controller_port=controller_port,
            node_port=node_port,
            folder=self.folder,
            more=more,
        )
        (self.folder / "slurm.conf").write_text(conf)

    def reconfigure(self, more: str) -> None:
        """Let the running daemons read more lines of slurm.conf."""
        self.configure(more)
        self.run("scontrol", "reconfigure")

    def ask(self, *command: str) -> str:
        """Return the output of a command; empty if it fails."""
        done = subprocess.run(
            command, check=False, env=self.environment, capture_output=True, text=True
        )
        return done.stdout if done.returncode == 0 else ""

    def run(self, *command: str) -> None:
        """Run a command that must succeed."""
        subprocess.run(command, env=self.environment, check=True)

    def wait(self, what: str, condition: Callable[[], object]) -> None:
        """Wait until a condition holds."""
        end = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > end:
                logs = (self.folder / f"{name}.log" for name in ("slurmctld", "slurmd"))
                texts = "\n".join(log.read_text()[-3000:] for log in logs)
                raise AssertionError(f"never seen: {what}\n{self.ask('squeue', '-a')}\n{texts}")
            time.sleep(POLL)

    def job(self, job: str) -> dict[str, str]:
        """Return the fields of a job that `scontrol show job` prints, such as JobState."""
        line = self.ask("scontrol", "show", "job", "--oneliner", job)
        return dict(re.findall(r"(\w+)=(\S*)", line))

    def wait_for_job(self, job: str, **fields: str) -> None:
        """Wait until fields of a job have these values."""
        self.wait(f"job {job}: {fields}", lambda: fields.items() <= self.job(job).items())


def free_port() -> int:
    """Return a port that no program uses."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def resume(process: int) -> bool:
    """Resume a suspended process if SIGTERM waits for it.

    Return whether it has received SIGTERM.
    """
    try:
        status = Path(f"/proc/{process}/status").read_text()
        masks = re.findall(r"^(?:SigPnd|ShdPnd):\s*(\w+)", status, re.MULTILINE)
        has_signal = any(int(mask, 16) >> (signal.SIGTERM - 1) & 1 for mask in masks)
        # Slurm resumes some processes itself.
        is_suspended = "\nState:\tT" in status
        if is_suspended and has_signal:
            os.kill(process, signal.SIGCONT)
        return has_signal or not is_suspended
    except (FileNotFoundError, ProcessLookupError):
        return True
