"""`prov import`: pictures that exist already come in, with what they say of themselves, as claimed.

Files are read, checked and signed side by side, and written in batches: after Ctrl-C every batch that was
written is whole, and the next call passes over what it holds.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from provenance.archive import artwork, rows
from provenance.archive.claimed_run import ClaimedRun
from provenance.archive.environment import worker_count
from provenance.archive.known import Already, already_here, own_parent
from provenance.archive.models import UNKNOWN
from provenance.archive.received import Received, receive, received_claim
from provenance.archive.rows import Recorded
from provenance.archive.runs import recordable
from provenance.collect.folder import list_folder
from provenance.collect.item import Refusal, printable
from provenance.database import utc_now
from provenance.digest import Digest
from provenance.errors import NotFoundError, PictureError, RefusedError, SigningError
from provenance.schema import Role
from provenance.schema.runs import Making
from provenance.words import Truth

if TYPE_CHECKING:
    from provenance.archive.archive import Archive

_FILES_AT_ONCE = 4
"""Files in memory for each worker."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What whoever brings pictures in says of all of them."""

    by: str | None = None
    model: str | None = None
    """The model that made them, by a name of yours: a run of it is recorded, as claimed."""
    title: str | None = None
    allow_changed: bool = False
    """Whether a manifest that does not hold is taken in, with that on record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BroughtPicture:
    """A file that became an artwork."""

    name: str
    uid: str
    program: str | None
    findings: int
    manifest_state: str | None
    notes: tuple[str, ...]
    """Sentences about what was cut, or does not hold."""


@dataclass(slots=True, kw_only=True)
class Brought:
    """What came of bringing pictures in."""

    run: str | None = None
    """The run that was recorded as claimed, if a model was named."""
    artworks: list[BroughtPicture] = field(default_factory=list)
    already: list[Already] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    skipped: int = 0
    """Files of the folders that are no pictures by their names."""


def bring(
    archive: "Archive",
    paths: Sequence[Path],
    terms: Terms,
    *,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Brought:
    """Take the files at `paths`, and in the folders there, into the archive; `progress` hears how many are done.

    Each becomes an artwork, unless the archive has the same bytes. A file that is refused stays out, with a
    sentence in the result, and the others go in. Raises NotFoundError for a path where there is nothing, UsageError.
    """
    recordable(terms.title, "title")
    recordable(terms.by, "name after --by")
    brought = Brought()
    files = list(_files(paths, brought))
    total = len(files) + len(brought.refused)
    _ = archive.signer  # a locked key must be heard of now
    archive.indexes.refresh()
    run = None if terms.model is None else ClaimedRun.of(archive, terms.model, by=terms.by, files=len(files))
    workers = worker_count(archive.settings.workers)
    size = _FILES_AT_ONCE * workers
    batch = _Batch(archive=archive, terms=terms, run=run, brought=brought)
    with ThreadPoolExecutor(workers, thread_name_prefix="prov-import") as pool:
        for start in range(0, len(files), size):
            batch.bring(pool, files[start : start + size])
            progress(min(start + size, len(files)) + total - len(files), total)
    return brought


def _files(paths: Sequence[Path], brought: Brought) -> Iterator[tuple[str, Path]]:
    """Name every file with its path, each once."""
    seen: set[Path] = set()
    for path in paths:
        if not path.exists():
            raise NotFoundError(f"There is no file or folder {path}. Check the name.")
        listing = list_folder(path)
        brought.refused += listing.refusals
        brought.skipped += listing.skipped
        for name in listing.names:
            file = listing.root / name
            if file not in seen:
                seen.add(file)
                yield name, file


@dataclass(frozen=True, slots=True, kw_only=True)
class _Batch:
    archive: "Archive"
    terms: Terms
    run: ClaimedRun | None
    brought: Brought
    underway: set[str] = field(default_factory=set)
    """Artworks that the checks of others find already and that have no rows yet."""

    def bring(self, pool: ThreadPoolExecutor, files: Sequence[tuple[str, Path]]) -> None:
        loaded, twins = _loaded(files, self.brought)
        with self.archive.database.read() as session:
            found = already_here(session, {digest: name for digest, (name, _) in loaded.items()})
        self.brought.already += found.values()
        wanted = [file for digest, file in loaded.items() if digest not in found]
        futures = [pool.submit(self.prepare, name, data) for name, data in wanted]
        try:
            outcomes = [future.result() for future in futures]
            self.brought.refused += [outcome for outcome in outcomes if isinstance(outcome, Refusal)]
            self.write([outcome for outcome in outcomes if isinstance(outcome, Recorded)])
        finally:
            for future in futures:
                future.cancel()
            self.archive.indexes.unwritten.difference_update(self.underway)
            self.underway.clear()
        for name, first in twins:
            _tell_twin(self.brought, name, first)

    def prepare(self, name: str, data: bytes) -> Recorded | Refusal:
        """Read, check, sign and store one file, on any thread."""
        archive = self.archive
        try:
            received = receive(archive, data, printable(name), allow_changed=self.terms.allow_changed)
            with archive.database.read() as session:
                parent = own_parent(session, received.reading)
            archive.store.put(data)
            draft = _draft(archive, received, self.terms, self.run, parent)
            self.underway.add(draft.uid)
            archive.indexes.unwritten.add(draft.uid)
            return artwork.prepare(archive, draft)
        except PictureError as problem:
            return Refusal(name=name, reason=problem.reason, sentence=str(problem))
        except RefusedError as problem:
            return Refusal(name=name, reason="manifest", sentence=str(problem))
        except SigningError as problem:
            return Refusal(name=name, reason="manifest", sentence=f"{name} cannot be continued: {problem}")

    def write(self, records: Sequence[Recorded]) -> None:
        if not records:
            return
        with self.archive.database.write() as session:
            # Another program may have brought them in since we looked.
            found = already_here(session, {_file(record): _row(record)["name"] for record in records})
            new = [record for record in records if _file(record) not in found]
            if self.run is not None and new:
                self.run.write(session)
                self.brought.run = self.run.uid
            rows.write(session, new)
        self.brought.already += found.values()
        self.brought.artworks += map(_told, new)


def _loaded(
    files: Sequence[tuple[str, Path]], brought: Brought
) -> tuple[dict[str, tuple[str, bytes]], list[tuple[str, str]]]:
    """Read files, by digest; of several with the same bytes the first is meant, the others are named with it."""
    loaded: dict[str, tuple[str, bytes]] = {}
    twins: list[tuple[str, str]] = []
    for name, path in files:
        try:
            data = path.read_bytes()
        except OSError as cause:
            sentence = f"{name} cannot be read: {cause.strerror}."
            brought.refused.append(Refusal(name=name, reason="unreadable", sentence=sentence))
            continue
        digest = Digest.of(data).hex
        if digest in loaded:
            twins.append((name, loaded[digest][0]))
        else:
            loaded[digest] = (name, data)
    return loaded, twins


def _tell_twin(brought: Brought, name: str, first: str) -> None:
    known: list[BroughtPicture | Already] = [*brought.artworks, *brought.already]
    uid = next((each.uid for each in known if each.name == first), None)
    sentence = f"{name} has the same bytes as {first}."
    if uid is None:
        brought.refused.append(Refusal(name=name, reason="duplicate", sentence=f"{sentence} That one was refused."))
    else:
        brought.already.append(Already(name=name, uid=uid, sentence=f"{sentence} Nothing new was recorded."))


def _draft(
    archive: "Archive", received: Received, terms: Terms, run: ClaimedRun | None, parent: str | None
) -> artwork.Draft:
    pixels = received.picture.digest
    # From the bytes alone, so that two programs that bring in the same file at once make one artwork.
    uid = artwork.artwork_uid(origin=f"import {archive.uid} {received.digest}", position=0, pixels=pixels)
    made_at = utc_now()
    source_type = received.source_type or (run.facts.model.source_type if run else UNKNOWN)
    return artwork.Draft(
        uid=uid,
        picture=received.picture,
        pixels_digest=pixels,
        claim=received_claim(
            archive.uid,
            received,
            artwork_uid=uid,
            run_uid=None if run is None else run.uid,
            pixels=pixels,
            title=terms.title or received.name,
            by=terms.by,
            model=terms.model,
            source_type=source_type,
            made_at=made_at,
        ),
        source_type=source_type,
        making=Making.IMPORTED,
        made_at=made_at,
        run_uid=None if run is None else run.uid,
        run_truth=Truth.CLAIMED,
        title=terms.title,
        edges=[(Role.PARENT, parent, Truth.CHECKED)] if parent else [],
        by=terms.by,
        imported=received.row(),
        allow_changed_parent=bool(received.problems),
    )


def _told(record: Recorded) -> BroughtPicture:
    row = _row(record)
    claims = row["claims"]
    return BroughtPicture(
        name=row["name"],
        uid=record.uid,
        program=row["program"],
        findings=len(record.findings),
        manifest_state=row["manifest_state"],
        notes=(*claims.get("notes", ()), *claims.get("manifest_problems", ())),
    )


def _file(record: Recorded) -> str:
    digest: str = _row(record)["received"]["digest"]
    return digest


def _row(record: Recorded) -> dict[str, Any]:
    assert record.imported is not None
    return record.imported
