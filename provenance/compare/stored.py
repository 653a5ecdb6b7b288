"""An index of pictures in a folder: read by any number of programs, written by one at a time (`storing`).

Pictures have places, in the order in which they came. A picture's row names it; its shapes are rows as well, its vector
and its points lie in segments. All are mapped into memory: opening reads little, and what is searched often stays in
the system's cache.
"""

from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from provenance.compare.cells import Cells
from provenance.compare.manifest import Held, Manifest, refusal
from provenance.compare.segment import read_lists
from provenance.compare.shape import LENGTH
from provenance.compare.shape_search import BOXES, CODE, nearest_shapes
from provenance.compare.vocabulary import Vocabulary
from provenance.compare.voting import Voters

ROW: Final = np.dtype([("node", "<i8"), ("points", "<i8"), ("uid", "u1", (32,))])
"""What names a picture, in 48 bytes: the caller's number, how many points it has, its uid."""

_TRIES: Final = 5


class Stored:
    """An index as it was when it was opened. Threads may ask it."""

    def __init__(self, folder: Path, manifest: Manifest, *, length: int) -> None:
        """Map what `manifest` names; vectors have `length` numbers. Raises DamagedArchiveError, FileNotFoundError."""
        self.noted = manifest.checked(folder) == manifest
        """Whether the files have the times that the manifest notes; of others every byte had to be checked."""
        self.manifest = manifest
        self.rows = _mapped(folder, manifest.pictures, ROW)
        vocabulary = None
        if manifest.vocabulary is not None:
            vocabulary = Vocabulary.from_bytes((folder / manifest.vocabulary.name).read_bytes())
        segments = []
        if vocabulary is not None:
            segments = [vocabulary.cells.over(read_lists(folder / held.name)) for held in manifest.points]
        self.voters = Voters(vocabulary, segments, self.rows["points"])
        self._cells = Cells.one(length)
        self._vectors = [self._cells.over(read_lists(folder / held.name)) for held in manifest.vectors]
        self._codes = _mapped(folder, manifest.codes, np.dtype(("u1", (BOXES, CODE))))
        self._shapes = _mapped(folder, manifest.shapes, np.dtype(("<f2", (BOXES, LENGTH))))

    @classmethod
    def open(cls, folder: Path, made_for: Mapping[str, str], *, length: int) -> Self:
        """Open the index in `folder`. Raises DamagedArchiveError where there is none, or one of other data."""
        for _ in range(_TRIES):  # a writer may have replaced files since the manifest was read
            try:
                manifest = Manifest.read(folder)
                if manifest.made_for != dict(made_for):
                    raise refusal(folder, "it was made for other features or another version")
                return cls(folder, manifest, length=length)
            except FileNotFoundError as gone:
                lost = gone.filename
        raise refusal(folder, f"{Path(lost).name} is missing")

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def whole(self) -> bool:
        """Whether all pictures' points can be asked: an index that is being made is not yet."""
        return self.manifest.encoded == len(self)

    def uid(self, place: int) -> str:
        """Name the picture at a place."""
        return bytes(self.rows["uid"][place]).hex()

    def places(self, uids: Collection[str]) -> list[int]:
        """Say where pictures are; those that are not here are left out."""
        if not uids or not len(self):
            return []
        keys, order = self._keys
        asked = np.frombuffer(bytes.fromhex("".join(uids)), np.uint8).reshape(-1, 32)
        wanted = _keys(asked)
        starts, ends = np.searchsorted(keys, wanted), np.searchsorted(keys, wanted, side="right")
        return [
            int(place)
            for uid, start, end in zip(asked, starts, ends, strict=True)
            for place in order[start:end]
            if (self.rows["uid"][place] == uid).all()
        ]

    def resembling(self, vector: NDArray[np.float32], most: int, without: Collection[int]) -> Sequence[int]:
        """Name the places whose vectors have the largest products with `vector`, best first, but for some."""
        if not len(self):
            return []
        left_out = set(without)
        asked = min(most + len(left_out), len(self))
        places = self._cells.nearest(np.ascontiguousarray(vector[None]), asked, self._vectors)[1][0].tolist()
        return [place for place in places if place >= 0 and place not in left_out][:most]

    def shaped(self, vectors: NDArray[np.float32], most: int, without: Collection[int]) -> Sequence[int]:
        """Name the places with a shape most like one of `vectors`, float32 (n, 256), best first, but for some."""
        return nearest_shapes(vectors, self._codes, self._shapes, most, without)

    def shape(self, place: int) -> NDArray[np.float32]:
        """Give the vectors of one's shapes, (2, 256): twice the same where it has one."""
        return np.asarray(self._shapes[place], np.float32)

    @cached_property
    def _keys(self) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
        keys = _keys(self.rows["uid"])
        order = np.argsort(keys, kind="stable")
        return keys[order], order


def _keys(uids: NDArray[np.uint8]) -> NDArray[np.uint64]:
    return np.ascontiguousarray(uids[:, :8]).view(np.uint64).ravel()


def _mapped(folder: Path, held: Held | None, row: np.dtype[Any]) -> NDArray[Any]:
    if held is None or not held.entries:
        return np.zeros(0, row)
    return np.memmap(folder / held.name, row, "r", shape=(held.entries,))
