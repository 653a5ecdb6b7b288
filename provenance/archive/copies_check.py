"""The check for copies, put to artworks of an archive: its works are the gallery, its calibration draws the line."""

from collections.abc import Collection, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from provenance.archive.continued import continued
from provenance.archive.features import METHODS, kept
from provenance.archive.gallery import ArchiveGallery, complete, gallery
from provenance.audit import copies
from provenance.audit.copies import Suspect
from provenance.audit.finding import Finding
from provenance.collect.merkle import dataset_root
from provenance.compare.agreement import SIDE as GREY_SIDE
from provenance.compare.cascade import Candidate, candidates
from provenance.compare.colour import NAME as COLOUR
from provenance.compare.colour import SIDE as COLOUR_SIDE
from provenance.compare.colour import colour_distance, unpack_colour
from provenance.compare.judge import Judge, Line
from provenance.compare.look import GREY, Look, unpack_grey
from provenance.digest import Json
from provenance.errors import NotFoundError
from provenance.fingerprint.embedding import NAME as EMBEDDING
from provenance.fingerprint.embedding import Projection, unpack
from provenance.fingerprint.local import NAME as POINTS
from provenance.fingerprint.local import LocalFeatures
from provenance.schema import Calibration, Kind

if TYPE_CHECKING:
    from provenance.archive.archive import Archive


class CopiesCheck:
    """The works of an archive, or its artworks, held ready for many pictures; read when the first one comes."""

    def __init__(self, archive: "Archive", kind: Kind = Kind.WORK) -> None:
        """Read the line, and which pictures there are."""
        self._archive = archive
        self._judge = Judge.shipped()
        with archive.database.read() as session:
            self.line = line_of(session, self._judge)
            self._pictures = complete(session, kind)
        self.uids = list(self._pictures.values())

    def settings(self) -> Mapping[str, Json]:
        """Give what has to be known to judge the answer later: versions, the line, and a digest of the works."""
        root = dataset_root(self.uids) if self.uids else None
        return {
            **copies.settings(self.line),
            "features": list(METHODS),
            "works": len(self.uids),
            "works_root": root,
        }

    def findings(self, session: Session, artwork_id: int, uid: str) -> list[Finding]:
        """Look for copies in an artwork that has its features. Raises NotFoundError if it has not."""
        data = _held(session, artwork_id)
        return list(copies.findings(self.suspects(data, without=continued(self._archive, [uid])), self.line))

    def suspects(self, data: Mapping[str, bytes], *, without: Collection[str] = ()) -> list[Suspect]:
        """Measure what a picture may be a copy of; `data` is what `features.reduce` gives, `without` are uids."""
        if not self.uids:
            return []
        look, colour = self._look(data), unpack_colour(data[COLOUR])
        found = candidates(look, self._gallery, without=self._gallery.places(without))
        return [self._suspect(look, colour, candidate) for candidate in found]

    def suspects_of(self, row: int, *, without: Collection[str]) -> list[Suspect]:
        """Do the same for a work or artwork that has its features."""
        with self._archive.database.read() as session:
            data = _held(session, row)
        return self.suspects(data, without=without)

    @cached_property
    def _gallery(self) -> ArchiveGallery:
        return gallery(self._archive, self._pictures)

    @cached_property
    def _projection(self) -> Projection:
        return Projection.load()

    def _look(self, data: Mapping[str, bytes]) -> Look:
        return Look(
            local=LocalFeatures.from_bytes(data[POINTS]),
            grey=unpack_grey(data[GREY]),
            embedding=self._projection.project(unpack(data[EMBEDDING])[None])[0],
        )

    def _suspect(self, look: Look, colour: NDArray[np.uint8], candidate: Candidate) -> Suspect:
        other, distance = self._gallery.look(candidate.place), None
        if candidate.matrix is not None:
            small = candidate.matrix.copy()
            small[:, 2] *= COLOUR_SIDE / GREY_SIDE
            there = self._gallery.colour(candidate.place)
            distance = colour_distance(colour, there, small, mirrored=bool(candidate.change & 1))
        return Suspect(
            uid=self._gallery.uids[candidate.place],
            score=self._judge.score(candidate),
            candidate=candidate,
            artwork_shape=(look.grey.shape[0], look.grey.shape[1]),
            work_shape=(other.grey.shape[0], other.grey.shape[1]),
            colour=distance,
        )


def line_of(session: Session, judge: Judge) -> Line:
    """Give the line at which the archive flags: its own latest calibration for this judge, else the shipped one."""
    query = select(Calibration).where(Calibration.method == judge.version).order_by(Calibration.id.desc()).limit(1)
    own = session.scalars(query).first()
    if own is None:
        return judge.line
    return Line(
        score=own.threshold,
        judge=judge.version,
        wanted=own.wanted,
        flagged=int(own.record["false_flags"]),
        pictures=int(own.record["pictures"]),
        source=f"measured on this archive's own works on {own.calibrated_at:%Y-%m-%d}",
    )


def _held(session: Session, row: int) -> dict[str, bytes]:
    """Read the features of a picture. Raises NotFoundError unless all are there."""
    held = {name: dict(kept(session, [row], name)).get(row) for name in METHODS}
    found = {name: data for name, data in held.items() if data is not None}
    if len(found) < len(METHODS):
        raise NotFoundError("The picture has not all its features: `prov audit` computes them first.")
    return found
