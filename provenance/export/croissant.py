"""Croissant out: a dataset version as a description that other programs read, and the tables that it describes.

Croissant 1.1 with its responsible-AI vocabulary 1.0 (docs.mlcommons.org/croissant). Only what the archive knows is
written: what it does not know has no field here, or is said to be not recorded.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from provenance.collect.croissant_document import MERKLE_ROOT
from provenance.digest import Json
from provenance.export.croissant_context import CONTEXT, VERSIONS
from provenance.export.croissant_files import distribution, record_sets
from provenance.export.croissant_tables import DECISIONS, WORKS, Described, Entry, instant
from provenance.words import NOT_RECORDED, Decision, count, day

DESCRIPTION: Final = "croissant.json"

RECORD: Final = "urn:provenance-archive:dataset"
"""What the identifier of a version is called: the id that the archive gave it."""


def croissant(described: Described, tables: Mapping[str, bytes]) -> dict[str, Json]:
    """Write the description as JSON-LD; `tables` are the bytes of the tables that lie beside it, by name."""
    document: dict[str, Json] = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": VERSIONS,
        "name": described.name,
        "description": _description(described),
        "version": f"{described.number}.0.0",
        "identifier": [
            _property(MERKLE_ROOT, f"sha256:{described.merkle_root}"),
            _property(RECORD, described.uid),
        ],
        "license": _licence(described),
        "creator": _creators(described),
        "citeAs": _citation(described),
        "url": described.url,
        "dateCreated": instant(described.added_at),
        "datePublished": described.published,
        "sdDatePublished": instant(described.exported_at),
        **_responsible(described),
        "distribution": distribution(described, tables),
        "recordSet": record_sets(described, tables),
    }
    return {key: value for key, value in document.items() if value not in (None, [])}


def croissant_bytes(document: Mapping[str, Json]) -> bytes:
    """Write the description as indented UTF-8 JSON, its keys in the order in which people read them."""
    return (json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()


def _description(described: Described) -> str:
    works, creators = len(described.entries), len({entry.work.creator for entry in described.entries} - {None})
    return (
        f"Version {described.number} of the dataset {described.name}, added on {day(described.added_at)}: "
        f"{count(works)} works by {count(creators)} named creators. What is said of the works is claimed; "
        f"digests are checked. {DECISIONS} says which of them the archive's policy lets models learn from."
    )


def _licence(described: Described) -> Json:
    """Name the one licence of all works, or say that there is no such thing."""
    licences = _counted(entry.work.licence for entry in described.entries)
    if len(licences) == 1 and NOT_RECORDED not in licences:
        (licence,) = licences
        simple = re.fullmatch(r"(?!LicenseRef-)[A-Za-z0-9.+-]+", licence) is not None
        return f"https://spdx.org/licenses/{licence}.html" if simple else licence
    told = ", ".join(f"{name} ({count(number)})" for name, number in licences.items())
    return {
        "@type": "sc:CreativeWork",
        "name": f"No single licence: see the column licence of {WORKS}",
        "description": f"Each work has its own licence, or none that is recorded: {told}.",
    }


def _creators(described: Described) -> list[Json]:
    names = sorted({entry.work.creator for entry in described.entries if entry.work.creator})
    said = f"Named as a creator in {WORKS}. Whether this is a person or an organisation is not recorded."
    return [{"@type": "sc:Person", "name": name, "description": said} for name in names]


def _citation(described: Described) -> str:
    """Write a BibTeX entry from what is recorded."""
    names = [name for name, _ in Counter(e.work.creator for e in described.entries if e.work.creator).most_common()]
    authors = " and ".join(f"{{{_bibtex(name)}}}" for name in names[:8]) + (" and others" if len(names) > 8 else "")
    lines = [
        f"title = {{{_bibtex(described.name)}}}",
        *([f"author = {{{authors}}}"] if names else []),
        f"year = {{{described.added_at:%Y}}}",
        f"version = {{{described.number}}}",
        f"note = {{Merkle root sha256:{described.merkle_root}}}",
    ]
    return f"@misc{{{re.sub('[^A-Za-z0-9]', '', described.name)}{described.number}, {', '.join(lines)}}}"


def _bibtex(text: str) -> str:
    return re.sub(r"[{}\\]", "", text)


def _responsible(described: Described) -> dict[str, Json]:
    entries = described.entries
    missing = {
        name: sum(not getattr(entry.work, name) for entry in entries)
        for name in ("title", "creator", "licence", "source")
    }
    left_out = "; ".join(f"{reason}: {count(number)}" for reason, number in described.left_out.items())
    return {
        "rai:dataCollection": (
            "Files were read and digested when they were added to the archive. Titles, creators, licences and consent "
            "are claimed by whoever added them, or by the files."
        ),
        "rai:dataCollectionMissingData": (
            f"{NOT_RECORDED}, of {count(len(entries))} works: "
            + ", ".join(f"{name} {count(number)}" for name, number in missing.items())
            + (f". Files that did not go in, by reason: {left_out}." if left_out else ".")
        ),
        "rai:dataPreprocessingProtocol": ["None: files are as they were found."],
        "rai:dataBiases": _spread(entries),
        "rai:dataLimitations": _limits(entries),
        "rai:dataReleaseMaintenancePlan": (
            "A version never changes; another set of works is another version with another Merkle root. Consent that "
            "ends is recorded, and shows in exports from then on."
        ),
    }


def _spread(entries: Sequence[Entry]) -> list[Json]:
    """Say how unevenly the works are spread, as counts."""
    told: list[Json] = []
    for name, many in (("creator", "named creators"), ("category", "categories")):
        counts = _counted(getattr(entry.work, name) for entry in entries)
        known = {value: number for value, number in counts.items() if value != NOT_RECORDED}
        if len(known) > 1:
            first, number = next(iter(known.items()))
            of = count(len(entries))
            told.append(f"{count(len(known))} {many}; the most frequent, {first}, has {count(number)} of {of} works.")
    return told


def _limits(entries: Sequence[Entry]) -> list[Json]:
    counts, of = Counter(entry.decision for entry in entries), count(len(entries))
    told: list[Json] = [
        f"{decision.sentence} So for {count(counts[decision])} of {of} works."
        for decision in Decision
        if counts[decision]
    ]
    if counts[None]:
        told.append(f"Nothing was decided about {count(counts[None])} of {of} works.")
    if withdrawn := sum(entry.withdrawn_at is not None for entry in entries):
        told.append(f"Consent has ended for {count(withdrawn)} of {of} works; their files are not part of this export.")
    return told


def _property(name: str, value: str) -> dict[str, Json]:
    return {"@type": "sc:PropertyValue", "propertyID": name, "value": value}


def _counted(values: Iterable[str | None]) -> dict[str, int]:
    counts = Counter(value or NOT_RECORDED for value in values)
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
