"""What a detector offers to be measured: it learns the works once, then says which of them a picture is near to."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from benchmarks.detection.corpus import Work


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """A work that a picture was found near to."""

    uid: str
    score: float
    """Higher is nearer; the same scale for every picture, so that one threshold serves all."""


class Detector(Protocol):
    """A way to find copies."""

    name: str

    def fit(self, works: Sequence[Work]) -> None:
        """Take up the works to be found: once, and not timed as an audit."""
        ...

    def search(self, query: NDArray[np.uint8], *, without: Collection[str] = ()) -> list[Scored]:
        """Give works near to `query`, RGB uint8 (height, width, 3), best first.

        `without` are uids that are not to be found, as if they had never been taken up.
        """
        ...


@runtime_checkable
class Staged(Protocol):
    """A detector that says where the time of its last search went."""

    @property
    def stages(self) -> Mapping[str, float]:
        """CPU seconds of the last search by stage, in the order in which they ran; a stage left out did not run."""
        ...


@runtime_checkable
class Lined(Protocol):
    """A detector that is shipped with a line, drawn on the development split."""

    @property
    def line(self) -> float:
        """The score from which on it flags: for one false flag in a thousand."""
        ...


@runtime_checkable
class Batched(Protocol):
    """A detector that is much quicker for many pictures together; its times are means over a batch."""

    def search_many(
        self, queries: Sequence[NDArray[np.uint8]], withouts: Sequence[Collection[str]]
    ) -> list[list[Scored]]:
        """Do what `search` does for each of `queries`."""
        ...
