"""The works and artworks that are nearest to any picture: by its pixels, its fingerprints, and the parts that fit.

A search only reads: what was never prepared for comparing parts is compared by its fingerprints, and the answer says
so. It accuses nobody: the nearest of a thousand strangers is a stranger.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select

from provenance import schema
from provenance.archive.copies_check import CopiesCheck
from provenance.archive.labels import labels
from provenance.archive.nodes import node_ids
from provenance.archive.thresholds import thresholds
from provenance.audit.copies import STYLE, Relation
from provenance.compare.promise import Promise
from provenance.errors import UsageError
from provenance.fingerprint import DECIDING, Method
from provenance.picture import Picture
from provenance.schema import Kind, Node

if TYPE_CHECKING:
    from provenance.archive.archive import Archive

KINDS: Final = (Kind.WORK, Kind.ARTWORK)
"""What has a picture."""

COUNT: Final = 10
MOST: Final = 200
SAME: Final = "same picture as"
"""What is said of the very same pixels."""
_RULER: Final[Method] = DECIDING[0]
"""The fingerprint that distances are by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alike:
    """A picture that is near, or merely the nearest there is."""

    uid: str
    kind: str
    label: str = ""
    relation: str | None = None
    """What can be said: the same picture, a near copy, a part, a style. None: only near, or nearest."""
    score: float | None = None
    """How surely it is a copy, by the judge; None where its parts were not compared."""
    flagged: bool = False
    """Whether the score or the fingerprint's distance reaches its line, or the pixels are the same."""
    cosine: float | None = None
    """How alike the two look as a whole, -1 to 1."""
    distance: int | None = None
    """Bits of the fingerprint that decides which differ; None where it was not among the nearest by it."""
    bits: int = _RULER.bits

    @property
    def order(self) -> tuple[bool, bool, float, int, str]:
        """Sort by it: the surest first."""
        score = -1e9 if self.score is None else self.score
        return (
            self.relation != SAME,
            not self.flagged,
            -score,
            self.bits if self.distance is None else self.distance,
            self.uid,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AlikeAnswer:
    """The nearest pictures, the surest first, and with how many the picture was compared."""

    alike: tuple[Alike, ...]
    line: float
    """The score from which on a picture is flagged."""
    judge: str
    method: str
    """The fingerprint that distances are by."""
    compared: Mapping[str, int]
    """Pictures by kind whose parts were compared."""
    of: Mapping[str, int]
    """Pictures by kind that there are."""


def find_alike(
    archive: "Archive", picture: Picture, *, kinds: Sequence[Kind] = KINDS, count: int = COUNT
) -> AlikeAnswer:
    """Find the `count` nearest works and artworks to a picture. Nothing is written.

    Raises UsageError for another kind or a count out of bounds, EngineError where the network's weights are missing.
    """
    if not set(kinds) <= set(KINDS) or not kinds:
        raise UsageError("Only works and artworks have a picture. Leave --kind out, or give work or artwork.")
    if not 1 <= count <= MOST:
        raise UsageError(f"{count:,} pictures are no answer; 1 to {MOST:,} are possible.")
    checks = {kind: CopiesCheck(archive, kind) for kind in kinds}
    first = next(iter(checks.values()))
    data, found, compared = first.reduced(picture), dict[str, Alike](), dict[str, int]()
    for kind, check in checks.items():
        compared[kind.value] = len(check.uids)
        found |= {each.uid: each for each in _by_parts(check, kind, data)}
        found |= _by_fingerprint(archive, kind, picture, found, count)
    found |= _same(archive, kinds, picture, found)
    nearest = sorted(found.values(), key=lambda each: each.order)[:count]
    return AlikeAnswer(
        alike=_named(archive, nearest),
        line=first.line.score,
        judge=first.line.judge,
        method=_RULER.name,
        compared=compared,
        of=_counts(archive, kinds),
    )


def _by_parts(check: CopiesCheck, kind: Kind, data: Mapping[str, bytes]) -> Iterator[Alike]:
    """Lay the pictures of the archive over this one."""
    for suspect in check.suspects(data, promise=Promise.shipped().of_all()):
        cosine, flagged = suspect.candidate.cosine, suspect.score >= check.line.score
        said = suspect.relation if flagged else Relation.STYLE if cosine >= STYLE else None
        yield Alike(
            uid=suspect.uid,
            kind=kind.value,
            relation=None if said is None else said.value,
            score=suspect.score,
            flagged=flagged,
            cosine=cosine,
        )


def _by_fingerprint(
    archive: "Archive", kind: Kind, picture: Picture, found: Mapping[str, Alike], count: int
) -> dict[str, Alike]:
    """Find the nearest by the fingerprint that decides, in any of eight orientations; all pictures have one."""
    archive.indexes.refresh()
    index = (archive.indexes.works() if kind is Kind.WORK else archive.indexes.artworks())[_RULER.name]
    asked = _RULER.fingerprint(picture)
    line = thresholds(archive.settings)[_RULER.name] if asked.quality >= _RULER.reliable_at else -1
    near: dict[str, Alike] = {}
    for hit in index.nearest(asked.matrix, count)[0]:
        known = found.get(hit.uid) or Alike(uid=hit.uid, kind=kind.value)
        known = replace(known, distance=hit.distance)
        if hit.distance <= line and not known.flagged:
            known = replace(known, flagged=True, relation=Relation.NEAR_COPY.value)
        near[hit.uid] = known
    return {uid: each for uid, each in near.items() if uid not in archive.indexes.unwritten}


def _same(archive: "Archive", kinds: Sequence[Kind], picture: Picture, found: Mapping[str, Alike]) -> dict[str, Alike]:
    """Find the very same pixels."""
    same: dict[str, Alike] = {}
    work, artwork = schema.Work, schema.Artwork
    rows = {
        Kind.WORK: select(work.id).where(work.pixels_digest == picture.digest.hex),
        Kind.ARTWORK: select(artwork.id).where(artwork.pixels_digest == picture.digest.hex),
    }
    with archive.database.read() as session:
        for kind in kinds:
            query = select(Node.uid).where(Node.id.in_(rows[kind])).order_by(Node.id).limit(MOST)
            for uid in session.scalars(query):
                same[uid] = replace(found.get(uid) or Alike(uid=uid, kind=kind.value), relation=SAME, flagged=True)
    return same


def _named(archive: "Archive", found: Sequence[Alike]) -> tuple[Alike, ...]:
    with archive.database.read() as session:
        rows = node_ids(session, [each.uid for each in found])
        texts = labels(session, {rows[each.uid]: Kind(each.kind) for each in found if each.uid in rows})
    return tuple(replace(each, label=texts[rows[each.uid]]) for each in found if each.uid in rows)


def _counts(archive: "Archive", kinds: Sequence[Kind]) -> dict[str, int]:
    with archive.database.read() as session:
        query = select(Node.kind, func.count()).where(Node.kind.in_([kind.value for kind in kinds])).group_by(Node.kind)
        there = {kind: number for kind, number in session.execute(query)}  # noqa: C416  (a Row is not typed)
    return {kind.value: there.get(kind.value, 0) for kind in kinds}
