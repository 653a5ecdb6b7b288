"""prov: a provenance-aware archive for generative art.

import provenance

archive = provenance.open_archive("prov-archive")
with archive.run(model="my-model", seed=7, prompt="...") as run:
    for picture in pipeline(run.prompt, generator=run.generator).images:
        run.add(picture)
"""

from typing import TYPE_CHECKING, Any

from provenance.errors import ProvenanceError

if TYPE_CHECKING:
    from provenance.archive import Archive, open_archive
    from provenance.archive.record import Run
    from provenance.picture import Picture

__all__ = ["Archive", "Picture", "ProvenanceError", "Run", "open_archive"]

_HOMES = {
    "Archive": "provenance.archive",
    "open_archive": "provenance.archive",
    "Run": "provenance.archive.record",
    "Picture": "provenance.picture",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401  (PEP 562: public names are loaded when they are used)
    if name in _HOMES:
        import importlib

        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'provenance' has no attribute {name!r}")
