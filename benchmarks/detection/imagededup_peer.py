"""imagededup as a peer: its methods run in an environment of their own, since it brings libraries of its own."""

import os
import subprocess
from collections.abc import Callable, Collection, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from benchmarks.detection.attack import Pixels
from benchmarks.detection.corpus import Work, load
from benchmarks.detection.detector import Scored
from benchmarks.detection.imagededup_serve import receive, send
from benchmarks.detection.peers import Known
from provenance.errors import UsageError

METHODS: Final = ("PHash", "DHash", "AHash", "WHash", "CNN")
_SCRIPT: Final = Path(__file__).with_name("imagededup_serve.py")


class ImagededupPeer:
    """One method of imagededup: bits by how many differ, features of its network by the cosine of their angle.

    The time of its process is not ours to see: of the times only the wall clock's mean something.
    """

    def __init__(self, method: str, python: str) -> None:
        """Run `method` of imagededup by the interpreter `python`."""
        self.name = _name(method)
        self._method = method
        self._python = python
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = 0
        self._known = Known()
        self._codes: NDArray[Any] = np.zeros((0, 1))

    def fit(self, works: Sequence[Work]) -> None:
        """Take up the works' codes. Raises UsageError where the interpreter or imagededup does not run."""
        self._known = Known(works)
        self._codes = np.stack([self._code(load(work)) for work in works])

    def search(self, query: Pixels, *, without: Collection[str] = ()) -> list[Scored]:
        """Give the nearest works."""
        code = self._code(query)
        if self._method == "CNN":
            return self._known.best(self._codes @ code, without)
        differing = np.bitwise_count(self._codes ^ code).sum(axis=1, dtype=np.int64)
        return self._known.best(-differing.astype(np.float64), without)

    def close(self) -> None:
        """End the process."""
        if self._process is not None and self._owner == os.getpid():
            self._process.communicate()
            self._process = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def _code(self, pixels: Pixels) -> NDArray[Any]:
        process = self._running()
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            send(process.stdin, pixels)
            code = receive(process.stdout)
        except BrokenPipeError:
            code = None
        if code is None:
            raise UsageError(f"{self.name} ended; {self._python} says why above. Is imagededup installed there?")
        return code

    def _running(self) -> "subprocess.Popen[bytes]":
        """Start the interpreter: one for each process of ours, as two would read each other's codes."""
        if self._process is None or self._owner != os.getpid():
            command = [self._python, str(_SCRIPT), self._method]
            try:
                self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            except OSError as cause:
                message = f"{self._python} cannot be started: {cause.strerror}. Name a Python that has imagededup."
                raise UsageError(message) from cause
            self._owner = os.getpid()
        return self._process


def imagededup_peers(python: str | None) -> dict[str, Callable[[], ImagededupPeer]]:
    """Give all its methods, or none where no interpreter was named."""
    if python is None:
        return {}
    return {_name(method): partial(ImagededupPeer, method, python) for method in METHODS}


def _name(method: str) -> str:
    return f"imagededup-{method.lower()}"
