"""Which detectors can be measured, by name."""

import importlib
from collections.abc import Callable, Mapping

from benchmarks.detection.detector import Detector
from benchmarks.detection.imagededup_peer import imagededup_peers
from benchmarks.detection.peers import PEERS
from provenance.errors import UsageError

OURS: Mapping[str, str] = {"prov": "benchmarks.detection.ours:Cascade"}
"""Our own, as module and class, by the name that the class bears."""


def known(imagededup: str | None = None) -> tuple[str, ...]:
    """Name all, ours first; imagededup's where `imagededup` names a Python that has it."""
    return (*OURS, *PEERS, *imagededup_peers(imagededup))


def detector(name: str, imagededup: str | None = None) -> Detector:
    """Make a detector by its name, or as `module:class`. Raises UsageError."""
    made: dict[str, Callable[[], Detector]] = {**PEERS, **imagededup_peers(imagededup)}
    if name in made:
        return made[name]()
    target = OURS.get(name, name)
    if ":" not in target:
        raise UsageError(f"There is no detector {name!r}. There are: {', '.join(known(imagededup))}; or module:class.")
    module, _colon, kind = target.partition(":")
    try:
        found: Detector = getattr(importlib.import_module(module), kind)()
    except (ImportError, AttributeError) as cause:
        raise UsageError(f"{target} cannot be made: {cause}.") from cause
    return found
