"""The works or artworks of an archive as a gallery that can be searched for copies.

Votes and vectors come from the index; what a candidate is then measured by is read from the database, for it alone.
"""

import contextlib
import json
import os
import threading
from collections import OrderedDict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, overload

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select

from provenance.archive.features import METHODS
from provenance.collect.merkle import dataset_root
from provenance.compare.colour import NAME as COLOUR
from provenance.compare.colour import unpack_colour
from provenance.compare.look import GREY, Look, unpack_grey
from provenance.compare.stored import Stored
from provenance.compare.voting import Vote
from provenance.errors import DamagedArchiveError
from provenance.fingerprint.embedding import NAME as EMBEDDING
from provenance.fingerprint.embedding import Projection, unpack
from provenance.fingerprint.local import NAME as POINTS
from provenance.fingerprint.local import LocalFeatures
from provenance.schema import Feature, Node

if TYPE_CHECKING:
    from provenance.archive.archive import Archive

_KEPT: Final = 512
"""Candidates that are kept as they were read."""
_AT_ONCE: Final = 64
"""Candidates that are read together."""
_PART: Final = 4_096
_ROOT: Final = "root.json"
_WORTH_KEEPING: Final = 10_000  # pictures


class Uids(Sequence[str]):
    """The uids of an index, by place; nothing is held for each."""

    def __init__(self, rows: NDArray[np.void]) -> None:
        """Name the pictures of `rows`."""
        self._uids = rows["uid"]

    def __len__(self) -> int:
        return len(self._uids)

    def __iter__(self) -> Iterator[str]:
        """Name all, some at once."""
        for start in range(0, len(self), _PART):
            text = self._uids[start : start + _PART].tobytes().hex()
            yield from (text[place : place + 64] for place in range(0, len(text), 64))

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> list[str]: ...
    def __getitem__(self, place: int | slice) -> str | list[str]:
        """Name one picture, or some."""
        if isinstance(place, slice):
            return [uid.tobytes().hex() for uid in self._uids[place]]
        return str(self._uids[place].tobytes().hex())


class ArchiveGallery:
    """Pictures of an archive that have all features. Threads may ask it."""

    def __init__(self, archive: "Archive", stored: Stored) -> None:
        """Search by `stored`; read candidates from the archive's database."""
        self._database = archive.database
        self._stored = stored
        self._projection = Projection.load()
        self._lock = threading.Lock()
        self._read: OrderedDict[int, Look] = OrderedDict()
        self._proposed: list[int] = []
        self.uids = Uids(stored.rows)

    def __len__(self) -> int:
        return len(self._stored)

    def places(self, uids: Collection[str]) -> list[int]:
        """Say where pictures are; those that are not here are left out."""
        return self._stored.places(uids)

    def vote(
        self, descriptors: NDArray[np.uint8], asker: LocalFeatures, most: int, without: Collection[int]
    ) -> Sequence[Vote]:
        """Name those whose points are like the asker's, as `Voters.ask` does."""
        votes = self._stored.voters.ask(descriptors, asker, most, without)
        self._expect([vote.place for vote in votes])
        return votes

    def resembling(self, embedding: NDArray[np.float32], most: int, without: Collection[int]) -> Sequence[int]:
        """Name those that look most like it as a whole, best first."""
        places = self._stored.resembling(embedding, most, without)
        self._expect(places)
        return places

    def cosine(self, embedding: NDArray[np.float32], place: int) -> float:
        """Say how alike one looks as a whole, -1 to 1."""
        return float(self.look(place).embedding @ embedding)

    def shaped(self, vectors: NDArray[np.float32], most: int, without: Collection[int]) -> Sequence[int]:
        """Name those with a shape most like one of `vectors`, float32 (n, 256), best first."""
        places = self._stored.shaped(vectors, most, without)
        self._expect(places)
        return places

    def look(self, place: int) -> Look:
        """Give all that comparing needs of one. Raises DamagedArchiveError where the database has it no more."""
        return self._features(place)

    def _expect(self, places: Iterable[int]) -> None:
        """Remember what was proposed: it is read together when the first of it is looked at."""
        with self._lock:
            self._proposed = [*self._proposed, *places][-_AT_ONCE + 1 :]

    def _features(self, place: int) -> Look:
        with self._lock:
            if place not in self._read:
                wanted = [each for each in dict.fromkeys([place, *self._proposed]) if each not in self._read]
                self._proposed = []
                self._read |= self._from_database(wanted)
            self._read.move_to_end(place)
            while len(self._read) > _KEPT:
                self._read.popitem(last=False)
            return self._read[place]

    def _from_database(self, places: Sequence[int]) -> dict[int, Look]:
        nodes = self._stored.rows["node"][np.asarray(places)].tolist()
        query = select(Node.id, Node.uid, Feature.method, Feature.data).join(Feature, Feature.node_id == Node.id)
        held: dict[tuple[int, str], dict[str, bytes]] = {}
        with self._database.read() as session:
            for row, uid, method, data in session.execute(query.where(Node.id.in_(nodes), Feature.method.in_(METHODS))):
                held.setdefault((row, uid), {})[method] = data
        return {
            place: self._unpacked(held.get((node, self.uids[place]), {}), place)
            for place, node in zip(places, nodes, strict=True)
        }

    def _unpacked(self, data: Mapping[str, bytes], place: int) -> Look:
        if len(data) < len(METHODS):
            uid = self.uids[place]
            message = f"The database has not all features of {uid}, which the index names. Call again to compare anew."
            raise DamagedArchiveError(message)
        return replace(look_of(data, self._projection), shape_vectors=self._stored.shape(place))


def look_of(data: Mapping[str, bytes], projection: Projection) -> Look:
    """Unpack a picture's features, by method. Raises DamagedArchiveError."""
    return Look(
        local=LocalFeatures.from_bytes(data[POINTS]),
        grey=unpack_grey(data[GREY]),
        colour=unpack_colour(data[COLOUR]),
        embedding=projection.project(unpack(data[EMBEDDING])[None])[0],
    )


def works_root(stored: Stored, folder: Path) -> str | None:
    """Give the Merkle root of an index's pictures, None where there are none; it is kept in `folder` for next time."""
    held = stored.manifest.pictures
    if held is None or not held.entries:
        return None
    path, of = folder / _ROOT, f"{held.entries} {held.crc32:08x}"
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        kept = json.loads(path.read_text(encoding="utf-8"))
        if kept["of"] == of and len(bytes.fromhex(kept["root"])) == 32:
            return str(kept["root"])
    root = dataset_root(Uids(stored.rows))
    if held.entries >= _WORTH_KEEPING:
        with contextlib.suppress(OSError):  # it only saves time
            partial = path.with_name(f".{_ROOT}.{os.getpid()}-{threading.get_ident()}.partial")
            partial.write_text(json.dumps({"of": of, "root": root}), encoding="utf-8")
            partial.replace(path)
    return root
