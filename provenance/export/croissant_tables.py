"""The tables of a Croissant export: what is known of the works, and what the archive decided about them."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from provenance.collect.table import COLUMNS
from provenance.collect.work import Consent, Work
from provenance.words import Decision

WORKS: Final = "works.csv"
DECISIONS: Final = "decisions.csv"

DECIDED: Final[Mapping[str, str]] = {
    "file": "The picture, as in works.csv.",
    "work": "The id of the work: the leaf hash (RFC 6962) of its record, from which the Merkle root is made.",
    "decision": "Whether the archive's policy lets models learn from it: allowed, refused or unclear.",
    "rule": "What decided: a rule of the policy, or withdrawn.",
    "obligations": "What the licence asks for, separated by semicolons.",
    "evidence": "What was found to say something about it, separated by semicolons; claimed.",
    "consent_when_added": "The consent in the record of the work, where it ended since.",
    "withdrawn_at": "When consent ended, if it did.",
}
"""The columns of the decisions, with a sentence each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A work of the version."""

    work: Work
    uid: str
    file: str
    """Its path in the export, which is its name unless two works have the same one."""
    there: bool = False
    """Whether its file lies in the export."""
    decision: Decision | None = None
    """None where nothing was decided."""
    rule: str = ""
    obligations: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    reserved: bool = False
    """Whether something beside the file said no, and so does not come along with it."""
    withdrawn_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """All that a description tells of a version."""

    name: str
    number: int
    uid: str
    merkle_root: str
    added_at: datetime
    exported_at: datetime
    entries: tuple[Entry, ...]
    left_out: Mapping[str, int] = field(default_factory=dict)
    """Files that did not go into the version, by reason."""
    url: str | None = None
    """Where the dataset is to be found, if somebody said so."""
    published: str | None = None
    """The day of its publication, if somebody said so."""


def works_table(described: Described) -> bytes:
    """Write what is known of the works, as the table that `prov dataset add --metadata` reads.

    Where consent ended since, the table says so, whatever the record of the work said when it was added.
    """
    extra = sorted({name for entry in described.entries for name in entry.work.extra})
    return _csv([*COLUMNS, *extra], ([*_cells(entry), *_extra(entry, extra)] for entry in described.entries))


def decisions_table(described: Described) -> bytes:
    """Write what the archive decided about each work, a row each in the same order."""
    rows = (
        [
            entry.file,
            entry.uid,
            "" if entry.decision is None else entry.decision.value,
            entry.rule,
            ";".join(entry.obligations),
            ";".join(entry.evidence),
            entry.work.consent.value if entry.withdrawn_at else "",
            instant(entry.withdrawn_at) if entry.withdrawn_at else "",
        ]
        for entry in described.entries
    )
    return _csv(list(DECIDED), rows)


def _cells(entry: Entry) -> list[str]:
    work = entry.work
    cells = {
        **{name: getattr(work, name) or "" for name in ("title", "creator", "licence", "source", "category", "series")},
        "file": entry.file,
        "subjects": ";".join(work.subjects),
        "sha256": work.file_digest.hex,
        "consent": (Consent.WITHDRAWN if entry.withdrawn_at else work.consent).value,
    }
    return [cells[name] for name in COLUMNS]


def _extra(entry: Entry, names: Sequence[str]) -> list[str]:
    return [entry.work.extra.get(name, "") for name in names]


def _csv(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(heading)
    writer.writerows(rows)
    return text.getvalue().encode("utf-8", "backslashreplace")


def instant(moment: datetime) -> str:
    """Write `moment` in UTC, to the second."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
