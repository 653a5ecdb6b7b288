"""A run and its writer: what happens behind the generator, top to bottom.

The run's row commits before the first pixel. Then each picture goes through worker threads (fingerprint,
check, encode, sign, store, journal) to one writer thread that gathers them for a moment and commits batches: a
transaction costs as much for one picture as for many. The generator only waits when more pictures are on their
way than the settings allow.
"""

import queue
import secrets
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from provenance import schema
from provenance.archive import artwork, nodes
from provenance.archive.claims import generated_claim
from provenance.archive.continued import CONTINUES, continued
from provenance.archive.environment import worker_count
from provenance.archive.incoming import as_picture
from provenance.archive.models import ModelFacts, model_facts
from provenance.archive.rows import Recorded, matched, write
from provenance.archive.runs import RunFacts, begin, checked_seed, printable, recordable, recordable_parameters, run_uid
from provenance.audit.policy_file import load_policy
from provenance.database import utc_now
from provenance.digest import Json
from provenance.errors import CancelledError, ProvenanceError, UsageError
from provenance.picture import Picture
from provenance.schema import Outcome, Role
from provenance.schema.runs import Making
from provenance.sign.claim import Ingredient
from provenance.words import Truth

if TYPE_CHECKING:
    import torch

    from provenance.archive.archive import Archive

_PAUSE = 0.02
"""Seconds until a writer looks again whether another run has written what its records match."""

_LINGER = 0.25
"""Seconds that a prepared picture waits for others to share a transaction with; the journal holds it meanwhile."""


def start(
    archive: "Archive",
    model: str | ModelFacts,
    *,
    seed: int | None = None,
    prompt: str | None = None,
    parameters: Mapping[str, Json] | None = None,
    wanted: int | None = None,
    by: str | None = None,
    device: str | None = None,
    inputs: Sequence[tuple[Role, str, Truth]] = (),
    ingredients: Sequence[Ingredient] = (),
    source_type: str | None = None,
) -> "Run":
    """Write a run down. `model` is a name of yours, or the facts of a registered one.

    `source_type` is the IPTC digital source type of what it makes; without it a model known by name alone
    counts as trained (`trainedAlgorithmicMedia`). Raises UsageError for facts that cannot be recorded.
    """
    facts = RunFacts(
        model=model if isinstance(model, ModelFacts) else model_facts(model, source_type),
        seed=checked_seed(seed),
        prompt=recordable(prompt, "prompt"),
        parameters=recordable_parameters(parameters),
        wanted=wanted,
        by=recordable(by, "name after --by"),
        device=device,
        inputs=tuple(inputs),
        ingredients=tuple(archive.signer.stage(each) for each in ingredients),
        started_at=utc_now(),
        nonce=secrets.token_hex(16),
        source_type=source_type,
        continued=continued(archive, [uid for role, uid, _ in inputs if role in CONTINUES]) if inputs else frozenset(),
    )
    return Run(archive, facts)


class Run:
    """One generation run. Use it in a `with` block and `add` what the model makes."""

    def __init__(self, archive: "Archive", facts: RunFacts) -> None:
        """Commit the run's row and start the threads."""
        self.facts = facts
        self.seed, self.prompt = facts.seed, facts.prompt
        self.uid = run_uid(archive.uid, facts)
        self._archive = archive
        _ = archive.signer  # a locked key must be heard of now, not behind the generator
        self._policy = load_policy(archive.folder)  # and so a policy that cannot be read; one holds for the whole run
        archive.indexes.refresh()
        self._journal = begin(archive, self.uid, facts)

        self._count = 0
        self._failure: BaseException | None = None
        self._uids: dict[int, str] = {}
        self._room = threading.BoundedSemaphore(archive.settings.queue)  # of pictures in memory
        # Of records in front of the writer. Taken before a picture is prepared: what others are found to match
        # has its place already, so that they never wait for each other.
        self._places = threading.BoundedSemaphore(2 * archive.settings.batch)
        self._prepared: queue.SimpleQueue[_Prepared | None] = queue.SimpleQueue()
        self._workers = ThreadPoolExecutor(worker_count(archive.settings.workers), thread_name_prefix="prov-worker")
        # A daemon: a run that nobody closed must not keep the program from ending; its journal finishes it.
        self._writer = threading.Thread(target=self._write_batches, name="prov-writer", daemon=True)
        self._writer.start()
        self._open = True

    def __enter__(self) -> Self:
        """Use the run in a `with` block."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        """Finish what was added, then write down how the run ended."""
        if kind is None:
            self.close()
        elif issubclass(kind, KeyboardInterrupt | CancelledError):
            self._finish(Outcome.CANCELLED, "Stopped by the person who started it.")
        else:
            self._finish(Outcome.FAILED, f"{kind.__name__}: {error}")

    @property
    def generator(self) -> "torch.Generator":
        """A torch CPU generator with the run's seed, for your pipeline. Raises UsageError without a seed."""
        import torch

        if self.seed is None:
            raise UsageError("This run has no seed. Give one: archive.run(model, seed=...).")
        return torch.Generator("cpu").manual_seed(self.seed)

    @property
    def artworks(self) -> tuple[str, ...]:
        """The ids of what was recorded so far, in the order in which it was added."""
        return tuple(uid for _, uid in sorted(self._uids.copy().items()))

    def add(
        self,
        picture: object,
        *,
        seed: int | None = None,
        parameters: Mapping[str, Json] | None = None,
        title: str | None = None,
        adapt: Callable[[artwork.Draft], artwork.Draft] = lambda draft: draft,
    ) -> "Future[Recorded]":
        """Hand over a picture (Pillow, numpy or torch) and go on: it is copied and recorded in the background.

        `seed` is the picture's own, if it has one; `parameters` what is not the same for the whole run;
        `adapt` changes, on a worker thread, what is claimed of it.
        Waits only when too many are on their way. Raises what went wrong with an earlier picture.
        """
        self._check_open()
        item = _Item(
            picture=as_picture(picture),
            seed=checked_seed(seed),
            parameters=recordable_parameters(parameters),
            title=recordable(title, "title"),
            adapt=adapt,
        )
        self._room.acquire()
        if self._failure is not None:
            self._room.release()
            raise self._failure
        position, self._count = self._count, self._count + 1
        return self._workers.submit(self._prepare, position, item)

    def close(self, outcome: Outcome = Outcome.FINISHED, message: str | None = None) -> None:
        """Wait until everything is recorded, and write down how it ended. Raises what went wrong in the background."""
        if not self._open:
            return
        self._finish(outcome, message)
        if self._failure is not None:
            raise self._failure

    def _check_open(self) -> None:
        if self._failure is not None:
            raise self._failure
        if not self._open:
            raise UsageError(f"The run {self.uid[: nodes.SHORT]} has ended. Start another with archive.run(...).")

    def _prepare(self, position: int, item: "_Item") -> Recorded:
        uid, recorded = "", None
        self._places.acquire()
        try:
            draft = item.adapt(_draft(self._archive, self.uid, self.facts, position, item))
            uid = draft.uid
            self._archive.indexes.unwritten.add(uid)
            recorded = artwork.prepare(self._archive, draft, policy=self._policy)
            self._journal.write(recorded.to_json())
            self._uids[position] = uid
        except BaseException as error:
            self._failure = self._failure or error
            recorded = None
            raise
        finally:
            self._prepared.put(_Prepared(uid=uid, recorded=recorded))
            self._room.release()
        return recorded

    def _write_batches(self) -> None:
        waiting: list[Recorded] = []
        ended = False
        while waiting or not ended:
            arrived = self._next_arrivals(wait=None if not waiting else _PAUSE)
            ended = ended or None in arrived
            for prepared in arrived:
                if prepared is None:
                    continue
                if prepared.recorded is None:
                    self._archive.indexes.unwritten.discard(prepared.uid)
                    self._places.release()
                else:
                    waiting.append(prepared.recorded)
            ready = _complete(waiting, self._archive.indexes.unwritten.copy())
            if ready:
                self._write_batch(ready)
                written = {record.uid for record in ready}
                waiting = [record for record in waiting if record.uid not in written]

    def _next_arrivals(self, wait: float | None) -> "list[_Prepared | None]":
        arrived: list[_Prepared | None] = []
        try:
            arrived.append(self._prepared.get(timeout=wait))
            until = time.monotonic() + _LINGER
            while arrived[-1] is not None and len(arrived) < self._archive.settings.batch:
                arrived.append(self._prepared.get(timeout=max(0.0, until - time.monotonic())))
        except queue.Empty:
            pass
        return arrived

    def _write_batch(self, records: list[Recorded]) -> None:
        try:
            with self._archive.database.write() as session:
                write(session, records)
            self._archive.indexes.refresh()  # others write too; what they made is compared with from here on
        except Exception as error:  # noqa: BLE001  (the writer must live on, so that the generator hears of it)
            self._failure = self._failure or error
        for record in records:
            self._archive.indexes.unwritten.discard(record.uid)
            self._places.release()

    def _finish(self, outcome: Outcome, message: str | None) -> None:
        self._open = False
        self._workers.shutdown(wait=True)
        self._prepared.put(None)
        self._writer.join()
        if self._failure is not None:
            outcome, message = Outcome.FAILED, str(self._failure)
        try:
            with self._archive.database.write() as session:
                run_id = nodes.node_id(session, self.uid)
                ended = schema.RunEnd(
                    run_id=run_id, outcome=outcome.value, message=printable(message), ended_at=utc_now()
                )
                session.add(ended)
        except ProvenanceError as error:
            self._failure = self._failure or error
        if self._failure is None:
            self._journal.end()
        else:
            self._journal.leave()
            self._archive.indexes.forget()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Item:
    picture: Picture
    seed: int | None
    parameters: Mapping[str, Json]
    title: str | None
    adapt: Callable[[artwork.Draft], artwork.Draft] = lambda draft: draft


@dataclass(frozen=True, slots=True, kw_only=True)
class _Prepared:
    uid: str
    recorded: Recorded | None
    """None if it could not be prepared."""


def _complete(waiting: Sequence[Recorded], unwritten: set[str]) -> list[Recorded]:
    """Choose the records whose matches all have rows or are chosen too: a match needs the row it refers to.

    `unwritten` are all artworks of this program without rows, those of other runs and those in `waiting` too.
    """
    held = unwritten - {record.uid for record in waiting}
    while more := {record.uid for record in waiting if held & matched(record)} - held:
        held |= more
    return [record for record in waiting if record.uid not in held]


def _draft(archive: "Archive", run_uid: str, facts: RunFacts, position: int, item: _Item) -> artwork.Draft:
    pixels = item.picture.digest
    uid = artwork.artwork_uid(origin=run_uid, position=position, pixels=pixels)
    seed = None if item.seed is None else str(item.seed)
    made_at = utc_now()
    return artwork.Draft(
        uid=uid,
        picture=item.picture,
        pixels_digest=pixels,
        claim=generated_claim(
            archive.uid,
            facts,
            artwork_uid=uid,
            run_uid=run_uid,
            pixels=pixels,
            seed=seed,
            parameters=item.parameters,
            title=item.title,
            made_at=made_at,
        ),
        source_type=facts.made_as,
        making=Making.GENERATED,
        made_at=made_at,
        run_uid=run_uid,
        position=position,
        seed=seed,
        title=item.title,
        parameters=item.parameters,
        by=facts.by,
        ancestors=facts.continued,
    )
