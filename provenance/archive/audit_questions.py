"""The checks of an audit, held ready for many artworks, and whether the audit on record would say the same."""

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from provenance import schema
from provenance.archive.continued import continued
from provenance.archive.copies_check import CopiesCheck
from provenance.archive.current import latest_audits
from provenance.archive.licence_sources import KNOWN
from provenance.archive.one_dataset import KEY, OneDataset
from provenance.archive.thresholds import thresholds
from provenance.audit import CHECKS, Answer, Subject, ask, copies, similarity
from provenance.audit.policy_file import load_policy
from provenance.digest import Json
from provenance.fingerprint.method import Fingerprint
from provenance.schema import Node

if TYPE_CHECKING:
    from provenance.archive.archive import Archive
    from provenance.fingerprint.index import Index

OTHERS: Final[Mapping[str, str]] = {
    "licence": "provenance.archive.licence_check",
    "completeness": "provenance.archive.completeness_check",
    "integrity": "provenance.archive.integrity_check",
    "nearest": "provenance.archive.nearest_check",
}
"""Checks that read the record, by name: the module that has `NAME`, `VERSION` and `findings`."""

ALWAYS: Final = ("completeness", "integrity")
"""Those of them that are asked at every audit: no setting tells that a file was damaged, or a picture reproduced."""

FEATURED: Final = frozenset({copies.NAME, "nearest"})
"""Checks that need what `features.fill` keeps."""

_HEARS: Final = "nearest"
"""The check that hears what copies were flagged: it is asked again when that was found later than its answer."""

_POLICY: Final = "policy"


class Questions:
    """The checks `names`, held ready for many artworks; `options` are what single ones are told beside."""

    def __init__(
        self,
        archive: "Archive",
        names: Sequence[str],
        options: Mapping[str, Mapping[str, Any]],
        only: OneDataset | None,
    ) -> None:
        """Read what there is to compare with: all works, or those of the dataset `only`."""
        self._archive = archive
        self._names = names
        self._options = options
        self._only = only
        self._copies = CopiesCheck(archive, dataset=only) if copies.NAME in names else None
        self._modules = {name: import_module(OTHERS[name]) for name in names if name in OTHERS}
        self._behind: dict[Any, Any] = {}  # what is behind models, counted once
        self._indexes = self._works() if similarity.NAME in names else {}
        self.line: Mapping[str, Json] = {} if self._copies is None else self._copies.line.record()
        self._settings = self._current()

    @property
    def notice(self) -> str | None:
        """Say that the index of copies had to be made anew, or could not be kept."""
        return None if self._copies is None else self._copies.notice

    @property
    def works(self) -> int:
        """Count the works that each artwork is held against."""
        if self._copies is not None:
            return len(self._copies.uids)
        return min((len(index) for index in self._indexes.values()), default=0)

    def known(self, row: int, uid: str) -> bool:
        """Tell whether the latest answer of each check would be the same today."""
        about = None if self._only is None else self._only.uid
        with self._archive.database.read() as session:
            latest = latest_audits(session, [row], dataset=about)
            found = {name: latest.get((row, name)) for name in self._names}
            audits = {name: session.get_one(schema.Audit, audit) for name, audit in found.items() if audit is not None}
            return (
                len(audits) == len(self._names)
                and (_HEARS not in found or (found[_HEARS] or 0) >= latest.get((row, copies.NAME), 0))
                and all(self._agrees(audit.checks, name) for name, audit in audits.items())
                and self._same(session, audits, uid)
            )

    def _agrees(self, before: Mapping[str, Any], name: str) -> bool:
        """Tell whether an audit put a check as it would be put today, under the same policy."""
        return all(
            before.get(each, {}).get(key) == value
            for each in (name, _POLICY)
            for key, value in self._settings[each].items()
        )

    def _same(self, session: Session, audits: Mapping[str, schema.Audit], uid: str) -> bool:
        """Tell whether the checks that are always asked still say what they said."""
        session.info[KNOWN] = self._behind
        finding = schema.Finding
        for name in filter(self._modules.__contains__, ALWAYS):
            query = select(finding.severity, finding.sentence).where(finding.audit_id == audits[name].id)
            before = sorted(tuple(row) for row in session.execute(query.where(finding.check == name)))
            now = self._modules[name].findings(self._archive, session, uid)
            if before != sorted((each.severity.value, each.sentence) for each in now):
                return False
        return True

    def answer(self, row: int, uid: str, *, seen: bool = True) -> Answer:
        """Put all checks to an artwork; one that could not be `seen` only those that read the record."""
        looked = self._copies if seen else None
        with self._archive.database.read() as session:
            session.info[KNOWN] = self._behind
            alike = self._alike(session, row, uid) if self._indexes else Answer()
            copied = [] if looked is None else looked.findings(session, row, uid)
            heard: dict[str, dict[str, Any]] = {} if looked is None else {_HEARS: {"flagged": copied}}
            found = [*alike.findings, *copied]
            for name, module in self._modules.items():
                told = {**self._options.get(name, {}), **heard.get(name, {})}
                found += module.findings(self._archive, session, uid, **told)
        asked = {name: said for name, said in self._settings.items() if name != copies.NAME or looked is not None}
        return Answer(
            findings=found,
            matches=alike.matches,
            works_compared=max(alike.works_compared, self.works if looked is not None else 0),
            artworks_compared=alike.artworks_compared,
            settings=asked | {similarity.NAME: _joined(asked, alike)} if self._indexes else asked,
        )

    def _current(self) -> dict[str, dict[str, Json]]:
        """Say how each check is put today."""
        settings: dict[str, dict[str, Json]] = {}
        for name, module in sorted(self._modules.items()):
            told = self._options.get(name, {})
            asks = hasattr(module, "settings")
            settings[name] = module.settings(self._archive, **told) if asks else {"version": module.VERSION}
        if self._copies is not None:
            settings[copies.NAME] = dict(self._copies.settings())
        if self._indexes:
            lines: dict[str, Json] = dict(thresholds(self._archive.settings))
            works = min(len(index) for index in self._indexes.values())
            about: dict[str, Json] = {} if self._only is None else {KEY: self._only.record()}
            settings[similarity.NAME] = {"version": similarity.VERSION, "lines": lines, "works": works, **about}
        settings[_POLICY] = {"digest": str(load_policy(self._archive.folder).digest)}
        return settings

    def _works(self) -> "Mapping[str, Index]":
        self._archive.indexes.refresh()
        if self._only is None:
            return self._archive.indexes.works()
        with self._archive.database.read() as session:
            return self._only.indexes(session)

    def _alike(self, session: Session, row: int, uid: str) -> Answer:
        """Compare fingerprints anew: with the works that there are now and, unless one dataset is meant, artworks."""
        fingerprints = {
            each.method: Fingerprint(method=each.method, codes=each.codes, quality=each.quality)
            for each in session.scalars(select(schema.Fingerprint).where(schema.Fingerprint.node_id == row))
        }
        subject = Subject(
            uid=uid,
            related=continued(self._archive, [uid]) | _descendants(session, row),
            fingerprints=fingerprints,
            works=self._indexes,
            artworks=self._archive.indexes.artworks() if self._only is None else {},
            thresholds=thresholds(self._archive.settings),
            keep=self._archive.settings.nearest,
        )
        return ask(subject, CHECKS)


def _joined(asked: Mapping[str, dict[str, Json]], alike: Answer) -> dict[str, Json]:
    """Put together how fingerprints were to be compared, and how they were."""
    said = alike.settings[similarity.NAME]
    return asked[similarity.NAME] | dict(said) if isinstance(said, Mapping) else asked[similarity.NAME]


def _descendants(session: Session, row: int) -> frozenset[str]:
    """Name the artworks that were made from this one: that those look like it is no finding about it."""
    edge = schema.Edge
    seen, front = {row}, {row}
    while front:
        step = select(edge.child_id).where(edge.parent_id.in_(front), edge.role == schema.Role.PARENT.value)
        front = set(session.scalars(step)) - seen
        seen |= front
    return frozenset(session.scalars(select(Node.uid).where(Node.id.in_(seen))))
