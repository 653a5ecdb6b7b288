"""Check an artwork's licences: what those of everything behind it ask, and the lines of credit that they ask for."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from provenance.archive import nodes
from provenance.archive.licence_sources import Sources
from provenance.audit.attribution import credit, licence_at
from provenance.audit.finding import Finding
from provenance.audit.licence import NAME, VERSION, Behind, answer, credited_licences
from provenance.audit.licence_held import Purpose
from provenance.collect.licence import spdx_expression
from provenance.collect.licence_policy import LicenceRule
from provenance.collect.policy import Policy
from provenance.digest import Json
from provenance.errors import UsageError
from provenance.schema import Kind

if TYPE_CHECKING:
    from provenance.archive.archive import Archive

__all__ = ["NAME", "VERSION", "attribution_lines", "findings", "purpose_of", "settings"]

_CREDITS = 20
"""Lines of credit in the evidence of a finding; `attribution_lines` gives them all."""

_PURPOSES = ("", "commercial", "non-commercial")


def findings(
    archive: "Archive", session: Session, artwork_uid: str, *, purpose: Purpose | None = None
) -> list[Finding]:
    """Say what the licences of everything behind the artwork ask; empty if nothing is behind it.

    Without a `purpose` it is what the settings say. Raises NotFoundError for an id that is not here, UsageError for a
    policy on rights or settings that are wrong.
    """
    rules = Policy.load(archive.folder).licences
    sources = Sources.of(session, nodes.node_id(session, artwork_uid))
    known, key = sources.shared(), (NAME, sources.key, rules)
    if key not in known:
        known[key] = _counted(sources, rules)
    told = replace(known[key], brought_in=sources.brought_in())
    return answer(told, rules, purpose or purpose_of(archive))


def settings(archive: "Archive", *, purpose: Purpose | None = None) -> dict[str, Json]:
    """Say what the answer depends on beside the record: with other settings the same artwork may get another one."""
    policy, told = Policy.load(archive.folder), purpose or purpose_of(archive)
    digest = str(policy.digest)
    return {"version": VERSION, "policy": digest, "outgoing": told.licence, "commercial": told.commercial}


def purpose_of(archive: "Archive", *, commercial: bool | None = None) -> Purpose:
    """Say what the archive's artworks are for, by its settings; `commercial` goes before them. Raises UsageError.

    They leave under the licence `credit.licence`, if that can be read as one, for the purpose `credit.purpose`.
    """
    said = archive.settings.purpose
    if said not in _PURPOSES:
        raise UsageError(f"The setting credit.purpose is {said!r}; it must be commercial, non-commercial or empty.")
    return Purpose(licence=_outgoing(archive), commercial=said == "commercial" if commercial is None else commercial)


def attribution_lines(archive: "Archive", artwork_uid: str) -> Iterator[str]:
    """Give a line of credit for each work and model behind the artwork whose licence asks for one, or may ask for it.

    `artwork_uid` may be the beginning of an id. What the artwork was made from comes first, then what its models
    learnt from, by creator and title; the same line is not given twice in a row. Rows are fetched a thousand at a
    time, in one view of the database. Raises NotFoundError and UsageError at once, before the first line.
    """
    Policy.load(archive.folder)
    with archive.database.read() as session:
        node = nodes.find(session, artwork_uid, kinds=[Kind.ARTWORK]).id
    return _lines(archive, node)


def _counted(sources: Sources, rules: tuple[LicenceRule, ...]) -> Behind:
    held = sources.held()
    with closing(sources.credited(credited_licences(rules, held))) as credited:
        lines = tuple(credit(each) for each in islice(credited, _CREDITS))
    return Behind(held=held, disputed=sources.disputed(), credits=lines)


def _lines(archive: "Archive", node: int) -> Iterator[str]:
    rules, last = Policy.load(archive.folder).licences, None
    with archive.database.read() as session:
        sources = Sources.of(session, node)
        for each in sources.credited(credited_licences(rules, sources.held())):
            line = credit(each)
            if line != last:
                yield line
            last = line


def _outgoing(archive: "Archive") -> str | None:
    """Give the licence under which the archive's artworks leave, if it can be read as one."""
    text = archive.settings.licence
    try:
        return spdx_expression(text) if text else None
    except UsageError:
        return licence_at(text)
