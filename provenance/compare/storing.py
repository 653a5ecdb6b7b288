"""Writing an index of pictures in a folder: what is new becomes a segment, and small segments are merged.

Every step leaves a whole index: files are finished before the manifest names them, and those that it names no more
are removed after it. Whoever has them mapped keeps them. Only one writer may be at work: the caller holds a lock.
"""

import os
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from provenance.compare.cells import Cells
from provenance.compare.manifest import NAME, Held, Manifest, seal
from provenance.compare.segment import merge_lists, write_lists
from provenance.compare.shape_search import packed_shapes
from provenance.compare.stored import ROW
from provenance.compare.vocabulary import Vocabulary, learnt
from provenance.compare.voting import segment
from provenance.errors import DamagedArchiveError
from provenance.fingerprint.local import LocalFeatures

Read = Callable[[NDArray[np.int64]], Iterable[LocalFeatures]]
"""Gives the points of pictures, by the numbers in their rows, in their order."""

_PICTURES: Final = 2_000  # whose points are encoded at once
_GROWN: Final = 4
"""Times as many points as it was learnt from, when the vocabulary is learnt anew."""
_MERGED: Final = 3
"""A segment is merged with all behind it when they are so many times as large."""
_LARGEST: Final = 2 << 30  # bytes of a segment that is merged


class Storing:
    """One writer of an index."""

    def __init__(self, folder: Path, made_for: Mapping[str, str], *, length: int) -> None:
        """Go on with the index in `folder`, or begin a new one: `anew` says why.

        Raises OSError where the folder cannot be used.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._made_for = dict(made_for)
        self._cells = Cells.one(length)
        self.anew: str | None = None
        """A sentence where an index was there that cannot be used."""
        self.manifest = self._found()

    def restart(self, reason: str) -> None:
        """Begin anew, for a `reason` that is a sentence; the files go when the next step is finished."""
        self.anew = reason
        self.manifest = Manifest(made_for=self._made_for)

    def add(
        self,
        nodes: Sequence[int],
        uids: Sequence[str],
        sizes: Sequence[int],
        vectors: NDArray[np.float32],
        shapes: Sequence[NDArray[np.float32]],
    ) -> None:
        """Append pictures: numbers, uids, how many points each has, vectors, float32 (n, length), shapes.

        `finish` makes it last. Raises OSError.
        """
        rows = np.zeros(len(nodes), ROW)
        rows["node"], rows["points"] = nodes, sizes
        rows["uid"] = np.frombuffer(bytes.fromhex("".join(uids)), np.uint8).reshape(-1, 32)
        first = len(self.manifest)
        filled = self._cells.filled(vectors, np.arange(first, first + len(rows), dtype=np.int64))
        held, (codes, shaped) = self.manifest, packed_shapes(shapes)
        self.manifest = replace(
            held,
            pictures=self._appended("pictures", rows, held.pictures),
            vectors=self._merged((*held.vectors, self._written("vectors", filled, len(rows)))),
            codes=self._appended("codes", codes, held.codes),
            shapes=self._appended("shapes", shaped, held.shapes),
        )

    def finish(self, *, seen: int, anchor: str) -> None:
        """Make what was added last, under the caller's mark. Raises OSError."""
        self.manifest = replace(self.manifest, seen=seen, anchor=anchor)
        self.manifest.write(self._folder)
        self._sweep()

    def encode(self, read: Read, progress: Callable[[int, int], None] = lambda _done, _total: None) -> None:
        """Put the points of all pictures into segments that are in none yet; the vocabulary is learnt when it is due.

        It can be interrupted, and goes on where it was. Raises OSError.
        """
        if self.manifest.encoded == len(self.manifest):
            return
        rows = self.rows()
        self._learn(rows, read)
        vocabulary = self._vocabulary()
        for start in range(self.manifest.encoded, len(rows), _PICTURES):
            end = min(start + _PICTURES, len(rows))
            points = self.manifest.points
            if rows["points"][start:end].any():
                assert vocabulary is not None
                features = list(read(rows["node"][start:end].astype(np.int64)))
                filled = segment(vocabulary, range(start, end), features)
                points = self._merged((*points, self._written("points", filled, int(rows["points"][start:end].sum()))))
            self.manifest = replace(self.manifest, points=points, encoded=end)
            self.manifest.write(self._folder)
            self._sweep()
            progress(end, len(rows))

    def rows(self) -> NDArray[np.void]:
        """Give the rows that there are now, mapped."""
        held = self.manifest.pictures
        if held is None:
            return np.zeros(0, ROW)
        return np.memmap(self._folder / held.name, ROW, "r", shape=(held.entries,))

    def _found(self) -> Manifest:
        try:
            manifest = Manifest.read(self._folder).checked(self._folder)
            if manifest.made_for == self._made_for:
                return manifest
            self.anew = f"The index {self._folder} was made for other features, and is made anew from the database."
        except FileNotFoundError as gone:
            if Path(gone.filename).name != NAME:
                name = Path(gone.filename).name
                self.anew = f"The index {self._folder} has lost {name}, and is made anew from the database."
        except DamagedArchiveError as damaged:
            self.anew = str(damaged)
        return Manifest(made_for=self._made_for)

    def _learn(self, rows: NDArray[np.void], read: Read) -> None:
        total = int(rows["points"].sum())
        known = self.manifest.learnt_from
        if total <= _GROWN * known or not total:
            return
        nodes = rows["node"]
        vocabulary = learnt(rows["points"].astype(np.int64), lambda places: read(nodes[places].astype(np.int64)))
        path = self._named("vocabulary")
        with path.open("xb") as file:
            file.write(vocabulary.to_bytes())
            file.flush()
            os.fsync(file.fileno())
        self.manifest = replace(
            self.manifest, vocabulary=seal(path, len(vocabulary.cells)), learnt_from=total, points=(), encoded=0
        )

    def _vocabulary(self) -> Vocabulary | None:
        held = self.manifest.vocabulary
        return None if held is None else Vocabulary.from_bytes((self._folder / held.name).read_bytes())

    def _appended(self, what: str, rows: NDArray[Any], before: Held | None) -> Held:
        """Write rows behind those that are there."""
        path = self._named(what) if before is None else self._folder / before.name
        with path.open("ab") as file:
            file.truncate(0 if before is None else before.size)  # what a crash left behind the end
            file.write(rows.tobytes())
            file.flush()
            os.fsync(file.fileno())
        return seal(path, len(rows) + (0 if before is None else before.entries), before)

    def _written(self, what: str, filled: Any, entries: int) -> Held:  # noqa: ANN401
        path = self._named(what)
        write_lists(path, filled)
        return seal(path, entries)

    def _merged(self, held: tuple[Held, ...]) -> tuple[Held, ...]:
        """Merge the tail from the first segment on that is small beside what is behind it."""
        for start, each in enumerate(held):
            tail = held[start:]
            if _MERGED * each.entries <= sum(other.entries for other in tail[1:]) and _fits(tail):
                path = self._named(each.name.partition("-")[0])
                merge_lists(path, [self._folder / other.name for other in tail])
                return (*held[:start], seal(path, sum(other.entries for other in tail)))
        return held

    def _named(self, what: str) -> Path:
        """Name a file as none was ever named: others may have the old ones mapped."""
        return self._folder / f"{what}-{uuid.uuid4().hex[:12]}"

    def _sweep(self) -> None:
        """Remove what the manifest does not name: what was replaced, and what a crash left."""
        named = {NAME, *(held.name for held in self.manifest.files)}
        for path in self._folder.iterdir():
            if path.name.partition("-")[0] in _KINDS and path.name not in named:
                path.unlink(missing_ok=True)


_KINDS: Final = frozenset({"pictures", "vocabulary", "points", "vectors", "codes", "shapes"})


def _fits(tail: Sequence[Held]) -> bool:
    return sum(each.size for each in tail) <= _LARGEST
