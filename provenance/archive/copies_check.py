"""The check for copies, put to artworks of an archive: its works are the gallery, its calibration draws the line."""

from collections.abc import Collection, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import Session

from provenance.archive.continued import continued
from provenance.archive.copies_index import CopiesIndex
from provenance.archive.features import METHODS, kept, reduce
from provenance.archive.gallery import ArchiveGallery, Uids, look_of, works_root
from provenance.archive.learnt_features import OwnVectors, count_own, own_embedder, reduce_by, unpacked
from provenance.archive.one_dataset import KEY, OneDataset
from provenance.audit import copies
from provenance.audit.copies import Suspect
from provenance.audit.finding import Finding
from provenance.compare.candidate import Candidate
from provenance.compare.cascade import candidates
from provenance.compare.judge import Judge, Line
from provenance.compare.look import Look
from provenance.compare.promise import Promise
from provenance.compare.stored import Stored
from provenance.digest import Json
from provenance.errors import NotFoundError
from provenance.fingerprint.embedding import Projection
from provenance.fingerprint.learnt_embedding import unpack as unpack_own
from provenance.picture import Picture
from provenance.schema import Artwork, Calibration, Kind, Node, Work
from provenance.words import Severity

if TYPE_CHECKING:
    from provenance.archive.archive import Archive


class CopiesCheck:
    """The works of an archive, or its artworks, held ready for many pictures; read when the first one comes."""

    def __init__(self, archive: "Archive", kind: Kind = Kind.WORK, *, dataset: OneDataset | None = None) -> None:
        """Read the line; of works only those of `dataset` are compared with, if one is given.

        Raises NotFoundError, EngineError where the settings name a network of the user's own that cannot be used.
        """
        self._archive = archive
        self._kind = kind
        self._dataset = dataset
        self._judge = Judge.shipped()
        self._own = own_embedder(archive.settings)
        with archive.database.read() as session:
            self.line = line_of(session, self._judge)
        self._index = CopiesIndex(archive, kind, only=None if dataset is None else dataset.works)

    @property
    def uids(self) -> Uids:
        """The pictures that are compared with: those that there were at the first question."""
        return self._gallery.uids

    @property
    def notice(self) -> str | None:
        """A sentence to show where the index had to be made anew, or could not be kept."""
        return self._index.notice

    def settings(self) -> Mapping[str, Json]:
        """Give what has to be known to judge the answer later: versions, the line, and a digest of the works."""
        return {
            **copies.settings(self.line),
            "features": list(METHODS),
            "works": len(self.uids),
            "works_root": works_root(self._stored, self._index.folder),
            "embedding": self._own_record(),
            **({} if self._dataset is None else {KEY: self._dataset.record()}),
        }

    def findings(self, session: Session, artwork_id: int, uid: str) -> list[Finding]:
        """Look for copies in an artwork that has its features. Raises NotFoundError if it has not."""
        data = self._held(session, artwork_id)
        without = continued(self._archive, [uid])
        found = list(copies.findings(self.suspects(data, without=without), self.line))
        told = {finding.other for finding in found if finding.severity is not Severity.NOTE}
        same = [other for other in self._same(session, artwork_id) if other not in told and other not in without]
        return [*map(copies.same_pixels, same), *found]

    def suspects(
        self, data: Mapping[str, bytes], *, without: Collection[str] = (), promise: Promise | None = None
    ) -> list[Suspect]:
        """Measure what a picture may be a copy of; `data` is what `reduced` gives, `without` are uids.

        `promise` says what is worth measuring, as for `candidates`.
        """
        if not self.uids:
            return []
        look = look_of(data, self._projection)
        left_out = self._gallery.places(without)
        also = self._also(data, left_out)
        found = candidates(look, self._gallery, without=left_out, also=also, promise=promise)
        return [self._suspect(look, candidate) for candidate in found]

    def reduced(self, picture: Picture) -> dict[str, bytes]:
        """Reduce a picture that is not in the archive to all that this check compares by. Raises EngineError."""
        return reduce(picture) | ({} if self._own is None else reduce_by(self._own, picture))

    def _same(self, session: Session, artwork_id: int) -> list[str]:
        """Name works with the same pixels: flat pictures and slivers have nothing that could be measured."""
        pixels = select(Artwork.pixels_digest).where(Artwork.id == artwork_id).scalar_subquery()
        query = select(Node.uid).join(Work, Work.id == Node.id).where(Work.pixels_digest == pixels).order_by(Node.id)
        uids = session.scalars(query).all()
        held = {self.uids[place] for place in self._gallery.places(uids)}
        return [uid for uid in uids if uid in held]

    def suspects_of(self, row: int, *, without: Collection[str]) -> list[Suspect]:
        """Do the same for a work or artwork that has its features."""
        with self._archive.database.read() as session:
            data = self._held(session, row)
        return self.suspects(data, without=without)

    @cached_property
    def _gallery(self) -> ArchiveGallery:
        return ArchiveGallery(self._archive, self._stored)

    @cached_property
    def _stored(self) -> Stored:
        return self._index.level()

    @cached_property
    def _projection(self) -> Projection:
        return Projection.load()

    @cached_property
    def _own_vectors(self) -> OwnVectors | None:
        if self._own is None:
            return None
        with self._archive.database.read() as session:
            return OwnVectors.read(session, self._own, self._stored.rows["node"])

    def _own_record(self) -> Json:
        """Say which network of the user's own proposes too, and of how many pictures there is a vector."""
        if self._own is None:
            return None
        with self._archive.database.read() as session:
            return {"name": self._own.name, **self._own.record(), "works": count_own(session, self._own, self._kind)}

    def _also(self, data: Mapping[str, bytes], without: Collection[int]) -> list[int]:
        """Name the places that the user's own network finds nearest; none without it, or without the vector."""
        if self._own is None or self._own_vectors is None or self._own.name not in data:
            return []
        # It only proposes. The cosine that is judged stays that of the shipped embedding, to which the judge's
        # weights were fitted: those of another network lie elsewhere.
        return self._own_vectors.nearest(unpack_own(data[self._own.name], self._own.length), without)

    def _held(self, session: Session, row: int) -> dict[str, bytes]:
        """Read the features of a picture, the own vector only if there is one. Raises NotFoundError if others lack."""
        data = _held(session, row)
        if self._own is not None:
            for _, vector in kept(session, [row], self._own.name):
                unpacked(session, self._own, row, vector)  # one that is damaged is said with the picture it is of
                data[self._own.name] = vector
        return data

    def _suspect(self, look: Look, candidate: Candidate) -> Suspect:
        other = self._gallery.look(candidate.place)
        return Suspect(
            uid=self._gallery.uids[candidate.place],
            score=self._judge.score(candidate),
            candidate=candidate,
            artwork_shape=(look.grey.shape[0], look.grey.shape[1]),
            work_shape=(other.grey.shape[0], other.grey.shape[1]),
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
