"""Processes that each open the archive for themselves and answer questions: all cores, where threads gain little.

What measures copies is short calls from Python, which threads make one after the other. The processes are programs of
their own, not copies of this one: no connection, index or lock is shared, and a script that calls us needs no guard.
In each of them every library works on one thread, so that they do not stand in each other's way.
"""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack
from multiprocessing.connection import Connection, Pipe, wait
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

from provenance.errors import EngineError, ProvenanceError
from provenance.settings import processors

if TYPE_CHECKING:
    from provenance.archive.archive import Archive

Question = TypeVar("Question")
Said = TypeVar("Said")

_AHEAD: Final = 4
"""Questions for each process that are asked or answered before the one whose turn it is."""

_WORTH: Final = 50
"""Pictures for which a process is worth starting: it takes as long as twenty to thirty pictures."""

_ROOM: Final = 1 << 30
"""Bytes of memory for each process; half of that is what one takes."""

_ONE_THREAD: Final = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
"""What numpy, torch and faiss read when they are loaded."""

_Answer: TypeAlias = tuple[Any, ProvenanceError | None]
"""What was said, or why nothing can be."""

_SERVE: Final = "from provenance.archive.crew import serve; serve()"
_PATIENCE: Final = 5.0  # seconds


def crew_size(pictures: int) -> int:
    """Choose how many processes look at so many pictures: one a core, if memory and pictures are enough for it."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return max(1, min(processors(), memory // _ROOM, pictures // _WORTH))


def answered(
    archive: "Archive",
    prepare: "Callable[[Archive], Callable[[Question], Said]]",
    questions: Iterable[Question],
    *,
    processes: int,
) -> Generator[Said, None, None]:
    """Give the answer to each question, or raise its error, in their order.

    `prepare`, a function of a module, makes what answers from an archive, once in each process; questions and answers
    are pickled. `questions` are taken when somebody can answer them. One process is this one. Close the iterator to
    stop: whoever is at a question then is ended. Raises what `prepare` raised and what answers raised, EngineError
    where a process came to its end.
    """
    if processes == 1 or not sys.executable:
        with one_thread():
            answer = prepare(archive)
        for question in questions:
            with one_thread():
                said = answer(question)
            yield said
        return
    with ExitStack() as stack:
        members = [stack.enter_context(_hired(archive.folder, prepare)) for _ in range(processes)]
        yield from _in_order(members, questions)


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Let torch, OpenCV and faiss work on the calling thread alone, and put it back as it was."""
    import cv2
    import faiss
    import torch

    before = torch.get_num_threads(), cv2.getNumThreads(), faiss.omp_get_max_threads()
    _threads(1, 1, 1)
    try:
        yield
    finally:
        _threads(*before)


def serve() -> None:
    """Answer on standard output what comes in on standard input, until it ends: what each process runs."""
    import cv2

    cv2.setNumThreads(1)  # the others read `_ONE_THREAD`
    signal.signal(signal.SIGTERM, lambda _signal, _frame: sys.exit())  # so that scratch files go
    questions = Connection(os.dup(0), writable=False)
    answers = Connection(os.dup(1), readable=False)
    os.dup2(2, 1)  # what a library prints is no answer
    with contextlib.suppress(EOFError, BrokenPipeError):
        try:
            folder, prepare = questions.recv()
            answer = _prepared(folder, prepare)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)  # whoever only answers may be ended at once
            while True:
                answers.send((answer(questions.recv()), None))
        except ProvenanceError as error:
            answers.send((None, error))


class _Member:
    """A process, seen from ours."""

    def __init__(self, process: "subprocess.Popen[bytes]", questions: Connection, answers: Connection) -> None:
        self._process = process
        self._questions = questions
        self.answers = answers

    def ask(self, question: object) -> None:
        with contextlib.suppress(BrokenPipeError):  # why it ended is in its answer
            self._questions.send(question)

    def answer(self) -> "_Answer":
        try:
            answer: _Answer = self.answers.recv()
        except EOFError:
            code = self._process.wait()
            reason = signal.Signals(-code).name if code < 0 else f"exit code {code}"
            message = f"A process that measured pictures came to its end ({reason}). If memory ran out, free some, "
            return None, EngineError(f"{message}then call again.")
        return answer


@contextlib.contextmanager
def _hired(folder: Path, prepare: Callable[["Archive"], object]) -> Iterator[_Member]:
    """Start a process, and end it. Ctrl-C reaches us alone, and we tell the others; so does the end of our pipe."""
    inwards, questions = Pipe(duplex=False)
    answers, outwards = Pipe(duplex=False)
    with questions, answers:
        with inwards, outwards:
            process = subprocess.Popen(  # noqa: S603  (our own words)
                [sys.executable, "-P", "-c", _SERVE],
                stdin=inwards.fileno(),
                stdout=outwards.fileno(),
                env=os.environ | _ONE_THREAD | {"PYTHONPATH": os.pathsep.join(map(os.path.abspath, sys.path))},
                process_group=0,
            )
        try:
            member = _Member(process, questions, answers)
            member.ask((folder, prepare))
            yield member
        finally:
            _end(process)


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _in_order(members: Sequence[_Member], questions: Iterable[Question]) -> Iterator[Any]:
    coming = enumerate(questions)
    idle, busy = list(members), dict[object, tuple[int, _Member]]()
    early, given = dict[int, _Answer](), 0
    while True:
        while idle and len(busy) + len(early) < _AHEAD * len(members) and (each := next(coming, None)) is not None:
            member = idle.pop()
            member.ask(each[1])
            busy[member.answers] = each[0], member
        if not busy:
            return
        for ready in wait([member.answers for _, member in busy.values()]):
            number, member = busy.pop(ready)
            early[number] = member.answer()
            if early[number][1] is None:
                idle.append(member)
        while given in early:
            said, error = early.pop(given)
            if error is not None:
                raise error
            yield said
            given += 1


def _prepared(folder: Path, prepare: Callable[["Archive"], Callable[[Any], object]]) -> Callable[[Any], object]:
    from provenance.archive.archive import Archive

    return prepare(Archive(folder, passphrase=lambda: None))


def _threads(torch_threads: int, cv2_threads: int, faiss_threads: int) -> None:
    import cv2
    import faiss
    import torch

    torch.set_num_threads(torch_threads)
    cv2.setNumThreads(cv2_threads)
    faiss.omp_set_num_threads(faiss_threads)
