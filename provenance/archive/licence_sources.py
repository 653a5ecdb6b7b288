"""The works and models behind one artwork, counted by licence or given one by one."""

from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self

from sqlalchemy import ColumnElement, Row, Select, and_, case, func, or_, select
from sqlalchemy.orm import Session

from provenance import schema
from provenance.archive.behind import Reached, behind
from provenance.audit.attribution import Credited
from provenance.audit.licence_held import Held, Use
from provenance.schema import Edge, Kind, Role
from provenance.schema.runs import Making
from provenance.words import Truth

_AT_ONCE = 1_000
"""Rows that are fetched at once."""

KNOWN = "counts behind"
"""Where `Session.info` keeps counts by `Sources.key`: works, members of sets and models never change, so that whoever
audits many artworks may give the same dictionary to all its sessions."""

_SETS = (Kind.DATASET, Kind.SELECTION)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """What is behind one artwork, as licences want to know it."""

    session: Session
    artwork: int
    reached: Sequence[Reached]

    @classmethod
    def of(cls, session: Session, artwork: int) -> Self:
        """Find what is behind the artwork in row `artwork`."""
        return cls(session=session, artwork=artwork, reached=behind(session, artwork))

    def shared(self) -> dict[Any, Any]:
        """Give the dictionary in which counts are kept for artworks with the same works and models behind them."""
        found: dict[Any, Any] = self.session.info.setdefault(KNOWN, {})
        return found

    @property
    def key(self) -> tuple[tuple[int, Use | None, Truth], ...]:
        """What the answers about works and models depend on: artworks of one model mostly have the same."""
        kinds = (Kind.WORK, Kind.MODEL, *_SETS)
        told = {each.row: (each.row, each.use, each.truth) for each in self.reached if each.kind in kinds}
        return tuple(told[row] for row in sorted(told))

    def held(self) -> Sequence[Held]:
        """Count works and models by licence and use. A work that the artwork was made from counts as that alone."""
        known, key = self.shared(), ("held", self.key)
        if key not in known:
            known[key] = (*self._single_works(), *self._members(), *self._models())
        found: tuple[Held, ...] = known[key]
        return found

    def disputed(self) -> int:
        """Count pictures that are recorded with several licences."""
        work = schema.Work
        query = select(work.pixels_digest).where(or_(*self._ways())).group_by(work.pixels_digest)
        several = query.having(func.count(work.licence.distinct()) > 1).subquery()
        return self.session.scalar(select(func.count()).select_from(several)) or 0

    def brought_in(self) -> int:
        """Count artworks, itself too, that came from elsewhere: what is behind them is not known here."""
        artwork = schema.Artwork
        rows = [self.artwork, *(each.row for each in self.reached if each.kind is Kind.ARTWORK)]
        query = select(func.count()).where(artwork.id.in_(rows), artwork.making == Making.IMPORTED.value)
        return self.session.scalar(query) or 0

    def without_creator(self) -> int:
        """Count the works, one by one or in sets, whose creator is not recorded; those of several sets count once."""
        work = schema.Work
        query = select(func.count()).where(or_(*self._ways()), work.creator.is_(None))
        return self.session.scalar(query) or 0

    def credited(self, licences: frozenset[str]) -> Generator[Credited, None, None]:
        """Give what has one of `licences`: by use, the nearest first, then by creator and title."""
        if not licences:
            return
        work = schema.Work
        columns = select(work.title, work.creator, work.source, work.name, work.licence)
        columns = columns.where(work.licence.in_(licences)).order_by(work.creator, work.title, work.id)
        for use in Use:
            yield from self._credited_works(columns.where(work.id.in_(self._works(use))), use)
            yield from self._credited_works(columns.where(work.id.in_(self._tied(use, Edge.parent_id))), use)
        for row in self._model_rows():
            if row.licence in licences:
                title = f"{row.name} {row.version}"
                yield Credited(title=title, author=None, source=None, licence=row.licence, use=Use.MODEL)

    def _credited_works(self, query: Select[*tuple[Any, ...]], use: Use) -> Iterator[Credited]:
        with self.session.execute(query, execution_options={"yield_per": _AT_ONCE}) as rows:
            for row in rows:
                source = row.source or f"file {row.name}"
                yield Credited(title=row.title, author=row.creator, source=source, licence=row.licence, use=use)

    def _works(self, use: Use | None = None) -> list[int]:
        """Name the works that are behind it one by one, and not in a set."""
        return [each.row for each in self.reached if each.kind is Kind.WORK and use in {None, each.use}]

    def _ways(self) -> list[ColumnElement[bool]]:
        """Write what makes a work one of those behind the artwork: one of these conditions holds."""
        sets = (schema.Work.id.in_(self._tied(use, Edge.parent_id)) for use in self._set_uses())
        return [schema.Work.id.in_(self._works()), *sets]

    def _set_uses(self) -> list[Use]:
        found = {each.use for each in self.reached if each.kind in _SETS}
        return [use for use in Use if use in found]

    def _tied(self, use: Use, *columns: Any) -> Select[*tuple[Any, ...]]:  # noqa: ANN401  (any columns of edges)
        """Select from the edges to the works of all sets with one use, without those that are behind it one by one."""
        sets = [each.row for each in self.reached if each.kind in _SETS and each.use is use]
        members = Edge.child_id.in_(sets), Edge.role == Role.MEMBER.value
        return select(*columns).where(*members, Edge.parent_id.not_in(self._works()))

    def _single_works(self) -> Iterator[Held]:
        work = schema.Work
        query = select(work.id, work.licence).where(work.id.in_(self._works()))
        licences = {row.id: row.licence for row in self.session.execute(query)}
        numbers, claimed = Counter[tuple[str | None, Use]](), Counter[tuple[str | None, Use]]()
        for each in self.reached:
            if each.kind is Kind.WORK:
                key = licences.get(each.row), each.use or Use.GIVEN
                numbers[key] += 1
                claimed[key] += each.truth is Truth.CLAIMED
        for key, number in numbers.items():
            yield Held(licence=key[0], use=key[1], number=number, claimed=claimed[key])

    def _members(self) -> Iterator[Held]:
        """Count the works of sets; one that is in several sets counts once, and as claimed only if all of them are."""
        work = schema.Work
        sure = [each.row for each in self.reached if each.truth is not Truth.CLAIMED]
        seen = case((and_(Edge.child_id.in_(sure), Edge.truth != Truth.CLAIMED.value), 1), else_=0)
        for use in self._set_uses():
            tied = self._tied(use, Edge.parent_id.label("work"), func.max(seen).label("seen"))
            each = tied.group_by(Edge.parent_id).subquery()
            query = select(work.licence, func.count(), func.sum(each.c.seen)).join(each, each.c.work == work.id)
            for licence, number, seen_number in self.session.execute(query.group_by(work.licence)):
                yield Held(licence=licence, use=use, number=number, claimed=number - int(seen_number))

    def _models(self) -> Iterator[Held]:
        truths = {each.row: each.truth for each in self.reached}
        numbers, claimed = Counter[str | None](), Counter[str | None]()
        for row in self._model_rows():
            numbers[row.licence] += 1
            claimed[row.licence] += truths[row.id] is Truth.CLAIMED
        for licence, number in numbers.items():
            yield Held(licence=licence, use=Use.MODEL, number=number, claimed=claimed[licence])

    def _model_rows(self) -> Sequence[Row[*tuple[Any, ...]]]:
        """Read the models behind it but for those whose code is all there is: a program asks nothing of its output."""
        model = schema.Model
        rows = [each.row for each in self.reached if each.kind is Kind.MODEL]
        query = select(model.id, model.name, model.version, model.licence)
        return self.session.execute(query.where(model.id.in_(rows), model.digest_of != "code").order_by(model.id)).all()
