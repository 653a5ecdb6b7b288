"""Collecting: every file of a folder read once, digested, decoded unless it is known, and measured.

Worker threads read, decode and measure; Pillow, numpy and SHA-256 let go of the interpreter lock while they work, so
that threads use the cores as well as processes would, and nothing has to be copied between them.
What must be decided in order (duplicates, what is known) is decided on the thread that iterates.
"""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Generic, Self, TypeVar

from provenance.collect.folder import list_folder
from provenance.collect.item import Item, Known, M, Note, Read, Refusal
from provenance.collect.match import Described, Plan, match
from provenance.collect.table import Table
from provenance.collect.work import Work
from provenance.digest import Digest
from provenance.errors import NotFoundError, PictureError
from provenance.picture import PIXEL_LIMIT, Picture
from provenance.settings import processors

T = TypeVar("T")

_BYTES_A_PIXEL = 8  # of 16-bit RGBA without compression; no format that we read needs more
_ROOM_FOR_METADATA = 1 << 26
_CLAIMS = ("title", "creator", "licence", "source", "category", "subjects", "series", "consent", "extra")


def collect(
    folder: Path,
    table: Table | None = None,
    *,
    measure: Callable[[Picture], M],
    known: Callable[[Digest], Known | None] = lambda _: None,
    look: Callable[[str, bytes], object] = lambda _name, _data: None,
    workers: int = 0,
    limit: int = PIXEL_LIMIT,
) -> "Collection[M]":
    """Read the pictures of a folder (or one picture) with what `table` says of them.

    `measure` is called on worker threads, several at once, with each picture that is decoded. `known` is called on
    the thread that iterates, with the digest of each file; what it knows is not decoded again. `look` is called on
    worker threads with the name and the bytes of each file that goes in. `workers` 0 takes as
    many as there are processors. `limit` is the greatest number of pixels.
    Raises NotFoundError when there is no such folder, or nothing in it that could be a work.
    """
    plan = match(list_folder(folder), table)
    if not plan.files and not plan.refusals:
        message = f"{folder} holds no PNG, JPEG, WebP, TIFF, GIF or AVIF file. Give the folder that holds the works."
        raise NotFoundError(message)
    return Collection(plan, measure=measure, known=known, look=look, workers=workers or processors(), limit=limit)


class Collection(Generic[M]):
    """Works and refusals, one after another: refused rows first, then the files in the order of their names.

    It can be gone through once. At most `4 * workers` files are in memory at a time. Closing it, leaving its `with`,
    or an exception on the way (Ctrl-C too) stops the workers after the files they are at.
    """

    def __init__(
        self,
        plan: Plan,
        *,
        measure: Callable[[Picture], M],
        known: Callable[[Digest], Known | None],
        look: Callable[[str, bytes], object],
        workers: int,
        limit: int,
    ) -> None:
        self.total = len(plan.files) + len(plan.refusals)
        """How many items there will be."""
        self.skipped = plan.skipped
        """Files of the folder that are none of ours and do not count."""
        self._plan = plan
        self._measure = measure
        self._known = known
        self._look = look
        self._workers = workers
        self._limit = limit
        self._names: dict[Digest, str] = {}
        self._twins: dict[Digest, str] = {}
        self._items = self._run()

    def __len__(self) -> int:
        return self.total

    def __iter__(self) -> Iterator[Item[M]]:
        return self

    def __next__(self) -> Item[M]:
        return next(self._items)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop; what was not yet given is not read."""
        self._items.close()

    def _run(self) -> Generator[Item[M], None, None]:
        yield from self._plan.refusals
        pool = ThreadPoolExecutor(self._workers, thread_name_prefix="collect")
        try:
            ahead = 2 * self._workers
            loaded = in_order(pool, (partial(_load, file, self._limit) for file in self._plan.files), ahead)
            for item in in_order(pool, map(self._decide, loaded), ahead):
                yield self._note_twin(item)
        finally:
            pool.shutdown(cancel_futures=True)

    def _decide(self, loaded: "_Loaded | Refusal") -> Callable[[], Item[M]]:
        """Choose what is left to do for a file; called in the order of the names."""
        found = loaded if isinstance(loaded, Refusal) else self._refuse(loaded)
        if isinstance(found, Refusal):
            return partial(_itself, found)
        assert isinstance(loaded, _Loaded)
        self._names[loaded.digest] = loaded.file.name
        if (facts := self._known(loaded.digest)) is not None:
            return partial(_read, loaded, facts, None, look=self._look, reused=True)
        return partial(_decode, loaded, self._measure, self._limit, self._look)

    def _refuse(self, loaded: "_Loaded") -> Refusal | None:
        file, row = loaded.file, loaded.file.row
        if row is not None and row.sha256 not in (None, loaded.digest):
            sentence = (
                f"{file.name} has the digest {loaded.digest}, but row {row.number} says {row.sha256}. "
                "Bring the right file, or correct the cell."
            )
            return _refusal(file, "checksum", sentence)
        if (first := self._names.get(loaded.digest)) is not None:
            return _refusal(file, "duplicate", f"{file.name} has the same bytes as {first}, which comes first.")
        return None

    def _note_twin(self, item: Item[M]) -> Item[M]:
        """Remark that an earlier file holds the same pixels."""
        if isinstance(item, Refusal):
            return item
        name = item.work.name
        first = self._twins.setdefault(item.work.pixels_digest, name)
        if first == name:
            return item
        note = Note(reason="twin", sentence=f"{name} holds exactly the pixels of {first}, in other bytes.")
        return replace(item, notes=(*item.notes, note))


def in_order(pool: ThreadPoolExecutor, jobs: Iterable[Callable[[], T]], ahead: int) -> Iterator[T]:
    """Run jobs on the pool and give their results in order; at most `ahead` are begun and not yet given.

    `jobs` is gone through on the calling thread, so that it may itself be a chain of `in_order`.
    """
    waiting = iter(jobs)
    running = deque(pool.submit(job) for job in islice(waiting, ahead))
    while running:
        result = running.popleft().result()
        running.extend(pool.submit(job) for job in islice(waiting, 1))
        yield result


@dataclass(frozen=True, slots=True, kw_only=True)
class _Loaded:
    file: Described
    data: bytes
    digest: Digest


def _load(file: Described, limit: int) -> _Loaded | Refusal:
    try:
        if file.path.stat().st_size > limit * _BYTES_A_PIXEL + _ROOM_FOR_METADATA:
            sentence = (
                f"{file.name} is larger than a picture of {limit:,} pixels can be. Raise limits.pixels if it is one."
            )
            return _refusal(file, "huge", sentence)
        data = file.path.read_bytes()
    except FileNotFoundError:
        return _refusal(file, "missing", f"{file.name} went away while the folder was read. Call again.")
    except OSError as cause:
        return _refusal(file, "unreadable", f"{file.name} cannot be read: {cause.strerror}.")
    return _Loaded(file=file, data=data, digest=Digest.of(data))


def _decode(
    loaded: _Loaded, measure: Callable[[Picture], M], limit: int, look: Callable[[str, bytes], object]
) -> Item[M]:
    name = loaded.file.name
    try:
        picture = Picture.open(loaded.data, limit=limit, animated=False)
    except PictureError as error:
        return _refusal(loaded.file, error.reason, f"{name}: {error}")
    except Exception as cause:  # noqa: BLE001  (whatever a broken file does to a decoder, the others go in)
        return _refusal(loaded.file, "unreadable", f"{name} cannot be decoded: {cause!r}.")
    assert picture.media_type is not None
    facts = Known(
        pixels_digest=picture.digest, width=picture.width, height=picture.height, media_type=picture.media_type
    )
    return _read(loaded, facts, measure(picture), look=look, reused=False)


def _read(
    loaded: _Loaded, facts: Known, measured: M | None, *, look: Callable[[str, bytes], object], reused: bool
) -> Read[M]:
    row = loaded.file.row
    work = Work(
        file_digest=loaded.digest,
        pixels_digest=facts.pixels_digest,
        file_size=len(loaded.data),
        media_type=facts.media_type,
        width=facts.width,
        height=facts.height,
        name=loaded.file.name,
        **({} if row is None else {column: getattr(row, column) for column in _CLAIMS}),
    )
    number, notes = (None, ()) if row is None else (row.number, row.notes)
    said = look(loaded.file.name, loaded.data)
    path = loaded.file.path
    return Read(work=work, measured=measured, reused=reused, path=path, row=number, notes=notes, said=said)


def _refusal(file: Described, reason: str, sentence: str) -> Refusal:
    row = None if file.row is None else file.row.number
    return Refusal(name=file.name, reason=reason, sentence=sentence, row=row)


def _itself(refusal: Refusal) -> Refusal:
    return refusal
