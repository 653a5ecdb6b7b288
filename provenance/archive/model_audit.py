"""`prov audit model`: checks of a model as a whole, over many of its artworks; what they find is recorded."""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Final

from sqlalchemy import insert

from provenance import schema
from provenance.archive.choose import find_model
from provenance.archive.features import fill
from provenance.audit.model_finding import ModelFinding
from provenance.database import utc_now
from provenance.errors import UsageError

if TYPE_CHECKING:
    from provenance.archive.archive import Archive

MODEL_CHECKS: Final[Mapping[str, str]] = {
    "bias": "provenance.archive.bias_audit",
    "memorisation": "provenance.archive.memorisation_audit",
}
"""Checks of models, by name: the module that has `examine`."""

SAMPLES: Final = 256
"""Artworks that are looked at, at most."""


def audit_model(
    archive: "Archive",
    typed: str,
    *,
    checks: tuple[str, ...] = (),
    samples: int = SAMPLES,
    progress: Callable[[str, int, int], None] = lambda _phase, _done, _total: None,
) -> tuple[str, list[ModelFinding]]:
    """Put `checks` (all, if none is named) to a model, by its name or id; give its uid and what was found.

    Raises UsageError for a model or check that there is not.
    """
    for name in checks:
        if name not in MODEL_CHECKS:
            raise UsageError(f"There is no check of models {name!r}. There are: {', '.join(MODEL_CHECKS)}.")
    with archive.database.read() as session:
        model = find_model(session, typed)
        row, uid = model.id, model.uid
    fill(archive, progress=lambda done, total: progress("artworks", done, total))
    found: list[ModelFinding] = []
    for name in checks or tuple(MODEL_CHECKS):
        module = import_module(MODEL_CHECKS[name])
        found += module.examine(
            archive, uid, samples=samples, progress=lambda done, total: progress("checks", done, total)
        )
    _write(archive, row, found)
    return uid, found


def _write(archive: "Archive", row: int, found: list[ModelFinding]) -> None:
    at = utc_now()
    rows = [
        {
            "model_id": row,
            "check": each.check,
            "check_version": each.check_version,
            "severity": each.severity.value,
            "sentence": each.sentence,
            "record": dict(each.record),
            "audited_at": at,
        }
        for each in found
    ]
    if rows:
        with archive.database.write() as session:
            session.execute(insert(schema.ModelAudit), rows)
