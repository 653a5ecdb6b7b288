"""What pictures are compared by beside their fingerprints, computed once and kept: works when they come in.

An embedding, the points, a small grey and a small colour copy take 40 to 60 ms of one core and 20 kB a picture.
What is missing, in an archive of an older version or after a call that was interrupted, is made up for.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from provenance.archive.environment import worker_count
from provenance.archive.features_lacking import lacking, lacking_among
from provenance.archive.nodes import SHORT
from provenance.archive.refingerprint import picture_of
from provenance.compare.agreement import SIDE as GREY_SIDE
from provenance.compare.colour import NAME as COLOUR
from provenance.compare.colour import pack_colour, small_colour
from provenance.compare.look import GREY, pack_grey
from provenance.errors import ProvenanceError
from provenance.fingerprint.embedding import NAME as EMBEDDING
from provenance.fingerprint.embedding import Embedder, pack, unpack
from provenance.fingerprint.local import NAME as POINTS
from provenance.fingerprint.local import SIDE, features_of, shrunk
from provenance.fingerprint.white import grey_on_white
from provenance.picture import Picture
from provenance.schema import Feature, Kind, Node

if TYPE_CHECKING:
    from provenance.archive.archive import Archive

METHODS = (EMBEDDING, POINTS, GREY, COLOUR)
"""What every picture has, each under its versioned name."""

_BATCH = 64
_ASKED = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """What came of filling in."""

    pictures: int
    """How many got features that they had not."""
    problems: Mapping[str, str]
    """Sentences about those that could not be read, by uid."""


def reduce(picture: Picture) -> dict[str, bytes]:
    """Reduce a picture by all of `METHODS`. Raises EngineError where the network's weights are missing."""
    luma = grey_on_white(picture)
    return {
        EMBEDDING: pack(embedder().embed(picture)),
        POINTS: features_of(shrunk(luma, SIDE)).to_bytes(),
        GREY: pack_grey(shrunk(luma, GREY_SIDE)),
        COLOUR: pack_colour(small_colour(picture)),
    }


@cache
def embedder() -> Embedder:
    """Load the network once a process."""
    return Embedder.load()


def fill(
    archive: "Archive",
    kinds: Sequence[Kind] = (Kind.WORK, Kind.ARTWORK),
    *,
    only: Sequence[int] | None = None,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Filled:
    """Compute every feature that is missing, of all pictures or of the rows `only`, on as many threads as record.

    It can be interrupted and called again: each batch is committed by itself. Works are read where they were seen.
    """
    return fill_by(archive, METHODS, reduce, kinds, only=only, progress=progress)


def fill_by(
    archive: "Archive",
    methods: Sequence[str],
    by: Callable[[Picture], Mapping[str, bytes]],
    kinds: Sequence[Kind],
    *,
    only: Sequence[int] | None,
    progress: Callable[[int, int], None],
) -> Filled:
    """Do the same for other `methods`; `by` reduces a picture by all of them, on several threads."""
    missing = _missing(archive, methods, kinds, only)
    problems: dict[str, str] = {}
    filled = 0
    with ThreadPoolExecutor(worker_count(archive.settings.workers), thread_name_prefix="prov-features") as pool:
        for some in _batches(missing):
            rows: list[dict[str, Any]] = []
            for node, answer in zip(some, pool.map(lambda node: _reduced(archive, node, by), some), strict=True):
                if isinstance(answer, str):
                    problems[node.uid] = f"{node.uid[:SHORT]}: {answer}"
                    continue
                filled += 1
                rows += [{"node_id": node.id, "method": name, "data": data} for name, data in answer.items()]
            _write(archive, rows)
            progress(min(filled + len(problems), len(missing)), len(missing))
    return Filled(pictures=filled, problems=problems)


def embeddings(session: Session, node_ids: Sequence[int]) -> dict[int, NDArray[np.float32]]:
    """Read embeddings, float32 (1280,) of 0..6, by row of the node; those that are missing are left out."""
    return {row: unpack(data) for row, data in kept(session, node_ids, EMBEDDING)}


def kept(session: Session, node_ids: Sequence[int], method: str) -> Iterator[tuple[int, bytes]]:
    """Read what is kept of nodes by a method, as it was packed."""
    query = select(Feature.node_id, Feature.data).where(Feature.method == method)
    for start in range(0, len(node_ids), _ASKED):
        some = node_ids[start : start + _ASKED]
        yield from session.execute(query.where(Feature.node_id.in_(some)))


def _missing(
    archive: "Archive", methods: Sequence[str], kinds: Sequence[Kind], only: Sequence[int] | None
) -> list[Node]:
    if only is None:
        return lacking(archive, methods, kinds)
    with archive.database.read() as session:
        found = lacking_among(session, methods, kinds, only)
        session.expunge_all()
        return found


def _batches(nodes: Sequence[Node]) -> Iterator[Sequence[Node]]:
    for start in range(0, len(nodes), _BATCH):
        yield nodes[start : start + _BATCH]


def _reduced(archive: "Archive", node: Node, by: Callable[[Picture], Mapping[str, bytes]]) -> Mapping[str, bytes] | str:
    """Reduce a picture, or say why not."""
    try:
        return by(picture_of(archive, node))
    except ProvenanceError as error:
        return str(error)


def _write(archive: "Archive", rows: Sequence[dict[str, Any]]) -> None:
    """Write what nobody has written meanwhile."""
    if not rows:
        return
    with archive.database.write() as session:
        nodes = list({row["node_id"] for row in rows})
        query = select(Feature.node_id, Feature.method).where(Feature.node_id.in_(nodes))
        there = set(session.execute(query))
        fresh = [row for row in rows if (row["node_id"], row["method"]) not in there]
        if fresh:
            session.execute(insert(Feature), fresh)
