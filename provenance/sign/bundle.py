"""A set of works as one signed bundle: a ZIP whose manifest says which works are in it, and travels with pictures.

Of a ZIP that is an ingredient only the manifest comes along. So the manifest itself lists the works, as far as
that stays small enough to be in every picture: with their records, or by digests, or by the Merkle root alone.
"""

import base64
import io
import json
import zipfile
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from provenance.collect.merkle import dataset_root
from provenance.collect.work import RECORD, Work
from provenance.digest import Json, canonical_json
from provenance.errors import DamagedArchiveError
from provenance.sign.claim import Claim
from provenance.sign.definition import ZIP

LIMIT: Final = 1 << 16
"""Characters that a list of works may take in a manifest, and so in every picture.

About 450 records or 1,500 digests. The bundle's own signature, which is checked again when a picture is read
back, costs more than its list then; without a limit 2,000 records would double the cost, and be 270 kB in every
picture (`benchmarks/signed_chain.py`).
"""

PREFIX: Final = 16
"""Bytes of a digest that are listed where records are not: nobody can make a file for 128 chosen bits."""

_KINDS_OF_LICENCES: Final = 100
_FIRST_DAY: Final = (1980, 1, 1, 0, 0, 0)  # the earliest that ZIP knows: the same works give the same bytes


class Form(StrEnum):
    """What a bundle tells of its works."""

    RECORDS = "records_v1"
    """All records: Base64 of zlib of their canonical JSON texts, a line each, in the order of the Merkle tree."""
    DIGESTS = "digests_v1"
    """Base64 of 32 bytes a work, ascending: the first 16 of its file digest, the first 16 of its pixel digest."""
    ROOT = "root_v1"
    """Nothing but the Merkle root."""

    @property
    def sentence(self) -> str:
        """Say what can be told with it."""
        return _SAYS[self]


_SAYS: Final = {
    Form.RECORDS: "The records of all works are here, and their Merkle root can be computed again.",
    Form.DIGESTS: "The first 128 bits of each work's file digest and pixel digest are here; their records are not.",
    Form.ROOT: "Only the Merkle root is here: whether a given work is in the set cannot be told from it.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkSet:
    """A dataset's version, or what a training was allowed to see of one."""

    uid: str
    """64 hex digits."""
    name: str
    """Of the dataset."""
    version: int
    selected: bool = False
    """Whether it is a selection from that version and not all of it."""
    merkle_root: str
    """64 hex digits."""
    works: Sequence[Work]

    @property
    def title(self) -> str:
        """Name it for people."""
        part = ", a selection from it" if self.selected else ""
        return f"dataset {self.name} version {self.version}{part}"


def bundle(works: WorkSet, *, people: bool, at: datetime) -> tuple[bytes, Claim]:
    """Write the ZIP of a set, and what its manifest claims: to be signed with one another.

    Without `people` neither holds a record: records name creators. The same set and `people` give the same ZIP.
    Raises DamagedArchiveError where the works are not those of the Merkle root.
    """
    ordered = sorted(works.works, key=lambda work: work.uid)
    if dataset_root(work.uid for work in ordered) != works.merkle_root:
        message = f"The works recorded for {works.title} are not those of its Merkle root. Run `prov db check`."
        raise DamagedArchiveError(message)
    said = _facts(works)
    files = {"dataset.json": canonical_json(said)}
    if people:
        files["works.jsonl"] = "".join(f"{canonical_json(work.record())}\n" for work in ordered)
    claim = Claim(
        title=works.title,
        media_type=ZIP,
        opening="created",
        when=at,
        digital_source_type="composite",
        dataset={**said, **_listed(ordered, people=people)},
    )
    return _zip(files), claim


def _facts(works: WorkSet) -> dict[str, Json]:
    creators = {work.creator for work in works.works if work.creator}
    return {
        "uid": works.uid,
        "name": works.name,
        "version": works.version,
        "selected": works.selected,
        "merkle_root": works.merkle_root,
        "record": RECORD,
        "works": len(works.works),
        "creators": len(creators),
        "licences": licence_counts(work.licence for work in works.works),
    }


def licence_counts(licences: Iterable[str | None]) -> dict[str, int]:
    """Count licences, the most frequent first; after a hundred kinds the others are counted together."""
    counts: dict[str, int] = {}
    for licence in licences:
        counts[licence or "not recorded"] = counts.get(licence or "not recorded", 0) + 1
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    kept = dict(ranked[:_KINDS_OF_LICENCES])
    rest = sum(count for _, count in ranked[_KINDS_OF_LICENCES:])
    return kept | ({"other licences": rest} if rest else {})


def _listed(ordered: Sequence[Work], *, people: bool) -> Mapping[str, Json]:
    """List the works in the fullest form that is small enough."""
    if people:
        text = "\n".join(canonical_json(work.record()) for work in ordered)
        records = base64.b64encode(zlib.compress(text.encode(), 9)).decode()
        if len(records) <= LIMIT:
            return {"form": Form.RECORDS.value, "says": Form.RECORDS.sentence, "records": records}
    beginnings = sorted(prefix(work.file_digest.hex) + prefix(work.pixels_digest.hex) for work in ordered)
    digests = base64.b64encode(b"".join(beginnings)).decode()
    if len(digests) <= LIMIT:
        return {"form": Form.DIGESTS.value, "says": Form.DIGESTS.sentence, "digests": digests}
    return {"form": Form.ROOT.value, "says": Form.ROOT.sentence}


def prefix(digest: str) -> bytes:
    """Take the beginning of a digest, given as hex digits, that a list of digests holds."""
    return bytes.fromhex(digest)[:PREFIX]


def _zip(files: Mapping[str, str]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name, text in files.items():
            entry = zipfile.ZipInfo(name, _FIRST_DAY)
            entry.create_system = 3  # else the machine that writes would show
            archive.writestr(entry, text.encode())
    return target.getvalue()


def bundle_facts(data: bytes) -> Mapping[str, Json]:
    """Read what the ZIP of a bundle says of its set. Raises DamagedArchiveError."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            said: dict[str, Json] = dict(json.loads(archive.read("dataset.json")))
            return {**said, "people": "works.jsonl" in archive.namelist()}
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError) as cause:
        message = f"The signed bundle of a dataset cannot be read: {cause}. Bring it back from a copy of the archive."
        raise DamagedArchiveError(message) from cause
