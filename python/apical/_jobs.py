"""Networks of a sweep as jobs of an executor."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol


class Job(Protocol):
    """Future result, such as that of concurrent.futures or a job of submitit."""

    def result(self) -> Any:
        """Return the result, or raise the error of the job."""
        ...

    def cancel(self) -> Any:
        """Cancel the job if it can be."""
        ...


class Executor(Protocol):
    """Runs functions as jobs, such as an executor of concurrent.futures or of submitit."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Job:
        """Run a function with these arguments."""
        ...


def run_jobs(
    executor: Executor, function: Callable[..., Any], jobs: Sequence[dict[str, Any]]
) -> list[Any]:
    """Return the results of a function for each dictionary of keywords, in order.

    Cancels all jobs after an error or Ctrl-C.
    """
    submitted: list[Job] = []
    try:
        for keywords in jobs:
            submitted.append(executor.submit(function, **keywords))
        return [_result(job, keywords) for job, keywords in zip(submitted, jobs, strict=True)]
    except BaseException:
        for job in submitted:
            job.cancel()
        raise


def _result(job: Job, keywords: Mapping[str, Any]) -> Any:
    try:
        return job.result()
    except Exception as error:
        network = ", ".join(f"{name} = {value}" for name, value in keywords["network"].items())
        raise RuntimeError(f"cannot train the network with {network}: {error}") from error
