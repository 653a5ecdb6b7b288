"""The works of one dataset, when an audit is to compare with those alone: `prov audit --dataset`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from provenance import schema
from provenance.archive.decisions import find_version
from provenance.archive.learnt import members
from provenance.digest import Json
from provenance.fingerprint import METHODS
from provenance.schema import Node

if TYPE_CHECKING:
    from provenance.fingerprint.index import Index

COMPARING: Final = frozenset({"similarity", "copies", "nearest"})
"""Checks that hold an artwork against works; the others read its record, whatever the dataset."""

KEY: Final = "dataset"
"""Where such a check writes into its settings which dataset it was asked about."""

_PART: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class OneDataset:
    """A version of a dataset with its works."""

    row: int
    name: str
    number: int
    uid: str
    works: Mapping[int, str]
    """Row to uid."""

    @classmethod
    def find(cls, session: Session, typed: str) -> Self:
        """Find a dataset by NAME (its latest version) or NAME@VERSION. Raises NotFoundError."""
        name, at, number = typed.rpartition("@")
        numbered = bool(at) and number.isdecimal() and len(number) < 10
        name = name if numbered else typed
        version, uid = find_version(session, name, int(number) if numbered else None)
        query = members([version.id]).join(Node, Node.id == schema.Edge.parent_id).add_columns(Node.uid)
        works: dict[int, str] = dict(session.execute(query.order_by(Node.id)).all())
        return cls(row=version.id, name=name, number=version.number, uid=uid, works=works)

    def record(self) -> dict[str, Json]:
        """Give what an audit keeps of it."""
        return {"name": self.name, "number": self.number, "uid": self.uid}

    def __str__(self) -> str:
        """Name it in a sentence."""
        return f"the dataset {self.name} (version {self.number})"

    def indexes(self, session: Session) -> "dict[str, Index]":
        """Make an index of the works' fingerprints for each method."""
        from provenance.fingerprint.index import Index

        made = {method.name: Index(method.name, method.size) for method in METHODS}
        kept, rows = schema.Fingerprint, list(self.works)
        for start in range(0, len(rows), _PART):
            for each in session.scalars(select(kept).where(kept.node_id.in_(rows[start : start + _PART]))):
                if each.method in made:
                    size = made[each.method].size
                    first = np.frombuffer(each.codes[:size], np.uint8).reshape(1, size)
                    made[each.method].add([self.works[each.node_id]], first)
        return made


def dataset_of(settings: object) -> str | None:
    """Give the uid of the dataset that a check was asked about alone, from its settings in an audit."""
    said = settings.get(KEY) if isinstance(settings, dict) else None
    return said["uid"] if isinstance(said, dict) else None
