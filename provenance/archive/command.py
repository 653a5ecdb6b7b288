"""`prov run`: a program of any kind makes pictures, and those that it leaves in a folder are recorded.

That the command made a file is concluded from when the file appeared, so that edge of the lineage is claimed.
The files themselves are read and never changed.
"""

import dataclasses
import functools
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING

from provenance.archive import artwork
from provenance.archive.known import Already, already_here
from provenance.archive.process import Ending, program_path, run_process
from provenance.archive.received import Received, as_received, receive
from provenance.archive.record import Run, start
from provenance.archive.watch import Watch, check_watched, ends_like_a_picture, has_its_end, pause, settled
from provenance.collect.item import Refusal, printable
from provenance.digest import Digest, Json
from provenance.errors import PictureError, RefusedError, UsageError
from provenance.schema import Outcome
from provenance.words import Truth

if TYPE_CHECKING:
    from provenance.archive.archive import Archive

LARGEST = 1 << 30
"""Bytes of a file that is read; no picture within the limits of an archive is larger in practice."""

_REFUSALS = 20
"""Refusals that stand in the run's end; all of them are said."""

TIMED_OUT = 124
"""The exit code after a time-out, as timeout(1) has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A command, and what is said of what it makes."""

    command: Sequence[str]
    """The program and its arguments; no shell reads them. They are recorded as they are."""
    watch: Path
    model: str | None = None
    """What you call the model; without it the program's name."""
    by: str | None = None
    title: str | None = None
    timeout: float | None = None
    """Seconds."""
    allow_changed: bool = False
    source_type: str | None = None
    """The IPTC digital source type of what it makes; without it a trained model is taken to make it."""


@dataclass(slots=True, kw_only=True)
class Done:
    """What came of a command."""

    run: str
    code: int
    """The command's own exit code; 124 after a time-out; 1 if it ended well but left no picture, or half of one."""
    ending: str
    """How the command ended, as a sentence."""
    stopped: bool = False
    artworks: tuple[str, ...] = ()
    already: list[Already] = field(default_factory=list)
    """Files that nothing new was recorded for: this archive wrote them, or an earlier one has the same bytes."""
    refused: list[Refusal] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def run_command(
    archive: "Archive",
    job: Job,
    *,
    taken: Callable[[str], None] = lambda _name: None,
    stdout: "IO[bytes] | int | None" = None,
) -> Done:
    """Run a command, and take up the pictures that appear or change below `job.watch` while it runs.

    `taken` hears the name of each; the command's output goes to `stdout`, else where ours goes. Raises UsageError
    before anything is recorded if there is no such program or folder. However the command ends, so is it recorded.
    """
    program = program_path(job.command)
    check_watched(job.watch.resolve())
    watch = Watch(job.watch.resolve())
    if job.timeout is not None and not 0 < job.timeout < float("inf"):
        raise UsageError(f"A time-out of {job.timeout:g} seconds is none. Give more than 0.")
    run = start(
        archive,
        job.model or program.name,
        parameters=_parameters(job, program),
        by=job.by,
        source_type=job.source_type,
    )
    intake = _Intake(archive=archive, run=run, watch=watch, job=job, taken=taken)
    try:
        ending = run_process(job.command, meanwhile=intake.look, timeout=job.timeout, stdout=stdout)
        intake.finish()
    except KeyboardInterrupt:
        run.close(Outcome.CANCELLED, "Stopped by the person who started it.")
        raise
    except BaseException as error:
        run.close(Outcome.FAILED, f"{type(error).__name__}: {error}")
        raise
    return _ended(run, ending, intake)


def _parameters(job: Job, program: Path) -> dict[str, Json]:
    said: dict[str, Json] = {"command": [printable(word) for word in job.command], "program": printable(str(program))}
    try:
        said["program_digest"] = str(Digest.of_file(program))
    except OSError:
        said["program_digest"] = None
    return said


def _ended(run: Run, ending: Ending, intake: "_Intake") -> Done:
    done = intake.done
    made = intake.count > 0 or bool(done.already)
    done.ending, done.stopped = ending.sentence, ending.stopped
    if not made:
        folder = intake.watch.folder
        done.ending += f" It left no picture in {folder}." if folder.is_dir() else f" There is no folder {folder}."
    if intake.twins:
        done.ending += f" {_same_bytes(len(intake.twins))} not recorded again."
    good = made and not done.refused
    done.code = TIMED_OUT if ending.timed_out else ending.code or (0 if good else 1)
    message = " ".join([done.ending, *(refusal.sentence for refusal in done.refused[:_REFUSALS])])
    run.close(_outcome(ending), message)
    done.artworks = run.artworks
    done.already += intake.told_twins()
    return done


def _same_bytes(number: int) -> str:
    return (
        "1 file has the bytes of an earlier one and is"
        if number == 1
        else (f"{number:,} files have the bytes of earlier ones and are")
    )


def _outcome(ending: Ending) -> Outcome:
    if ending.stopped:
        return Outcome.CANCELLED
    return Outcome.FAILED if ending.timed_out or ending.code else Outcome.FINISHED


@dataclass(slots=True, kw_only=True)
class _Intake:
    """What takes files up while the command runs."""

    archive: "Archive"
    run: Run
    watch: Watch
    job: Job
    taken: Callable[[str], None]
    done: Done = field(init=False)
    count: int = 0
    """Pictures taken up."""
    twins: dict[str, str] = field(default_factory=dict)
    """Files by name that have the bytes of an earlier one, each with its digest."""
    _first: dict[str, str] = field(default_factory=dict)
    """Which file had these bytes first, by digest."""
    _places: dict[str, int] = field(default_factory=dict)
    """What place among the run's artworks it has, by digest."""

    def __post_init__(self) -> None:
        self.done = Done(run=self.run.uid, code=0, ending="")

    def look(self) -> float:
        """Take up what is whole by now; gives the seconds until the next look."""
        begun = time.monotonic()
        for path in self.watch.whole():
            if settled(path):
                self._try(path, ended=False)
        return pause(time.monotonic() - begun)

    def finish(self) -> None:
        """Take up what is left, and say of the rest why not."""
        for path in self.watch.whole(ended=True):
            self._try(path, ended=True)

    def told_twins(self) -> list[Already]:
        """Say which files are copies of others, when all that was taken up is recorded."""
        uids = {known.name: known.uid for known in self.done.already}
        artworks = self.run.artworks
        told = []
        for name, digest in self.twins.items():
            first, place = self._first[digest], self._places.get(digest)
            sentence = f"{name} has the same bytes as {first}. Nothing new was recorded."
            uid = uids[first] if place is None else artworks[place]
            told.append(Already(name=name, uid=uid, sentence=sentence))
        return told

    def _try(self, path: Path, *, ended: bool) -> None:
        name = printable(str(path.relative_to(self.watch.folder)))
        try:
            received = self._receive(path, name, ended=ended)
        except PictureError as problem:
            self._pass_over(path, name, problem, ended=ended)
            return
        except RefusedError as problem:
            self.watch.done(path)
            self.done.refused.append(Refusal(name=name, reason="manifest", sentence=str(problem)))
            return
        self.watch.done(path)
        if received is not None:
            self._record(received)

    def _receive(self, path: Path, name: str, *, ended: bool) -> Received | None:
        """Read a file; None if it is gone, or has the bytes of one that is known."""
        try:
            if path.stat().st_size > LARGEST:
                raise PictureError(f"{name} has more than {LARGEST >> 30} GiB and was not read.", reason="huge")
            data = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as cause:
            raise PictureError(f"{name} cannot be read: {cause.strerror}.", reason="unreadable") from cause
        if not ended and not has_its_end(data):
            raise PictureError(f"{name} breaks off before its end.", reason="truncated")
        digest = Digest.of(data).hex
        if digest in self._first:
            if self._first[digest] != name:  # the very file was only written once more
                self.twins[name] = digest
            return None
        with self.archive.database.read() as session:
            found = already_here(session, {digest: name}, ours=True)
        if found:
            self._first[digest] = name
            self.done.already += found.values()
            return None
        received = receive(self.archive, data, name, allow_changed=self.job.allow_changed)
        self._first[digest] = name
        return received

    def _pass_over(self, path: Path, name: str, problem: PictureError, *, ended: bool) -> None:
        """Leave a file that is no picture, unless its name says that it is one, or that it began as one."""
        claimed = ends_like_a_picture(path)
        if problem.reason in {"format", "empty"} and not claimed:
            self.watch.done(path)
            return
        if not ended:
            self.watch.later(path)
            return
        self.watch.done(path)
        sentence = str(problem)
        if problem.reason in {"truncated", "empty"}:
            sentence += " It was written by half and is not recorded."
        self.done.refused.append(Refusal(name=name, reason=problem.reason, sentence=sentence))

    def _record(self, received: Received) -> None:
        self.archive.store.put(received.data)
        adapt = functools.partial(_adapted, self.archive, received)
        self.run.add(received.picture, title=self.job.title, adapt=adapt)
        self._places[received.digest.hex] = self.count
        self.twins.pop(received.name, None)
        told = () if received.claims is None else received.claims.notes
        self.done.notes += [f"{received.name}: {note}" for note in (*received.problems, *told)]
        self.count += 1
        self.taken(received.name)


def _adapted(archive: "Archive", received: Received, draft: artwork.Draft) -> artwork.Draft:
    return dataclasses.replace(as_received(archive, received, draft), run_truth=Truth.CLAIMED)
