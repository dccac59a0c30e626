"""Description of the machine of a measurement: processor, memory, versions, commit, command."""

import datetime
import os
import pathlib
import shlex
import subprocess
import sys


def describe(root):
    """Returns the facts that are stored with each result."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cpu": cpu_name(),
        "cores": cores(),
        "memory_gib": round(memory / 2**30, 1),
        "system": f"{os.uname().sysname} {os.uname().machine}",
        "python": sys.version.split()[0],
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "commit": commit(root),
        "command": command(root),
    }


def cores():
    """Returns the number of cores that this process can use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def cpu_name():
    """Returns the processor's name, family and model. On virtual machines the name alone is vague."""
    info = pathlib.Path("/proc/cpuinfo")
    if not info.exists():
        return os.uname().machine
    first = info.read_text().split("\n\n")[0]
    fields = dict(line.split(":", 1) for line in first.splitlines() if ":" in line)
    fields = {key.strip(): value.strip() for key, value in fields.items()}
    name = fields.get("model name", os.uname().machine)
    if "cpu family" in fields:
        name += f" (family {fields['cpu family']}, model {fields['model']})"
    return name


def commit(root):
    """Returns the short hash of the commit, with a plus if tracked files were changed."""

    def git(*arguments):
        done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True)
        return done.stdout.strip() if done.returncode == 0 else ""

    name = git("rev-parse", "--short", "HEAD")
    if not name:
        return "unknown"
    return name + ("+" if git("status", "--porcelain", "--untracked-files=no") else "")


def command(root):
    script = pathlib.Path(sys.argv[0]).resolve().relative_to(root)
    return shlex.join(["python3", str(script), *sys.argv[1:]])


def table(facts):
    return "\n".join(["| | |", "|---|---|", *(f"| {key} | {value} |" for key, value in facts.items())])
