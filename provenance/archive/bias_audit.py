"""The bias of a model, from what the archive has: artworks of its runs beside the works that it learnt from.

Embeddings and small colour copies are read where they are kept, and computed where not. Nothing is written here.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from provenance import schema
from provenance.archive import nodes
from provenance.archive.features import embedder, embeddings, kept
from provenance.archive.learnt import CLAIMED, learnt_sets, made_by, members
from provenance.archive.refingerprint import picture_of
from provenance.audit import bias
from provenance.audit.bias_colour import FAMILIES, parts
from provenance.audit.bias_material import Material
from provenance.audit.bias_skin import Tone, YuNet, tones
from provenance.audit.model_finding import ModelFinding
from provenance.compare.colour import NAME as COLOUR
from provenance.compare.colour import small_colour, unpack_colour
from provenance.errors import EngineError, ProvenanceError, UsageError
from provenance.fingerprint.embedding import LENGTH
from provenance.schema import Node
from provenance.words import Truth, count

if TYPE_CHECKING:
    from provenance.archive.archive import Archive

NAME: Final = bias.NAME
VERSION: Final = bias.VERSION

MOST_WORKS: Final = 5_000
"""Works that outputs are compared with; of more, those whose ids, which are digests, come first: any of them."""

_SKIN: Final = ("skin_tone", "skin tone", "skintone")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """Pictures that could be read, with what bias is read from."""

    rows: list[int]
    """Their places in the list that was asked for."""
    embeddings: NDArray[np.float32]
    colours: NDArray[np.float64]
    tones: list[Tone]


def examine(
    archive: "Archive",
    model_uid: str,
    *,
    samples: int,
    face_detector: Path | None = None,
    seed: int = 0,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> list[ModelFinding]:
    """Examine up to `samples` different artworks of a model; with fewer, those that there are.

    `face_detector` is a file of YuNet's weights, else that of the settings: without one skin tones come from metadata
    alone. `progress` hears how many pictures of how many were read. Raises NotFoundError for an unknown model,
    UsageError for `samples` under 1, EngineError where weights are missing or of another network.
    """
    if samples < 1:
        raise UsageError(f"{samples} artworks cannot be examined: ask for 1 at least.")
    weights = face_detector or archive.settings.face_detector_path()
    finder = None if weights is None else YuNet.load(weights)
    with archive.database.read() as session:
        model = nodes.node_id(session, model_uid)
        works, claimed = _works(session, model)
        made_here, repeated = made_by(session, model, samples)
        artworks = [node.id for node in made_here]
    compared = works[:MOST_WORKS]
    total = len(compared) + len(artworks)
    made = _read(archive, artworks, finder, lambda done: progress(done, total))
    learnt = _read(archive, [work.id for work in compared], finder, lambda done: progress(len(artworks) + done, total))
    return bias.examine(
        Material(
            outputs=made.embeddings,
            works=learnt.embeddings,
            rows=np.array(learnt.rows, np.int64),
            kin=_kin(works),
            labels=_labels(works),
            subjects=[work.subjects for work in works],
            output_colours=made.colours,
            work_colours=learnt.colours,
            output_tones=made.tones,
            work_tones=learnt.tones,
            detector=None if finder is None else finder.name,
            asked=samples,
            repeated=repeated,
            notes=_notes(
                claimed=claimed, lost=len(artworks) - len(made.rows), lost_works=len(compared) - len(learnt.rows)
            ),
        ),
        seed=seed,
    )


def _works(session: Session, model: int) -> tuple[Sequence[Any], bool]:
    """Give the works that a model learnt from, and whether that is claimed."""
    own, work = learnt_sets(session, model), schema.Work
    said = (work.category, work.creator, work.series, work.subjects, work.extra, work.pixels_digest)
    query = (
        select(work.id, *said)
        .join(Node, Node.id == work.id)
        .where(work.id.in_(members([link.node for link in own])))
        .order_by(Node.uid)
    )
    return session.execute(query).all(), any(link.truth is Truth.CLAIMED for link in own)


def _read(archive: "Archive", asked: Sequence[int], finder: YuNet | None, progress: Callable[[int], None]) -> _Read:
    with archive.database.read() as session:
        known = embeddings(session, asked)
        colours = {row: unpack_colour(data) for row, data in kept(session, asked, COLOUR)}
        those = {node.id: node for node in _nodes(session, asked)}
        session.expunge_all()
    rows, found_embeddings, found_colours, found_tones = [], [], [], []
    for place, row in enumerate(asked):
        progress(place + 1)
        try:
            if finder is not None or row not in known or row not in colours:
                picture = picture_of(archive, those[row])
                found_tones += [] if finder is None else tones(picture, finder)
                known.setdefault(row, embedder().embed(picture))
                colours.setdefault(row, small_colour(picture))
        except EngineError:  # of the network or the detector: the next picture fares no better
            raise
        except ProvenanceError:
            continue
        rows.append(place)
        found_embeddings.append(known[row])
        found_colours.append(parts(colours[row]))
    return _Read(
        rows=rows,
        embeddings=np.array(found_embeddings, np.float32).reshape(-1, LENGTH),
        colours=np.array(found_colours, np.float64).reshape(-1, len(FAMILIES)),
        tones=found_tones,
    )


def _nodes(session: Session, asked: Sequence[int]) -> Iterator[Node]:
    for start in range(0, len(asked), 500):
        yield from session.scalars(select(Node).where(Node.id.in_(asked[start : start + 500])))


def _kin(works: Sequence[Any]) -> NDArray[np.int64]:
    """Give each design a number: works of one series are variants, and so are works of the same pixels."""
    number: dict[str, int] = {}
    names = [f"series {work.series}" if work.series else f"pixels {work.pixels_digest}" for work in works]
    return np.array([number.setdefault(name, len(number)) for name in names], np.int64)


def _labels(works: Sequence[Any]) -> Mapping[str, Sequence[str | None]]:
    return {
        "category": [work.category for work in works],
        "creator": [work.creator for work in works],
        "skin_tone": [next((work.extra[name] for name in _SKIN if work.extra.get(name)), None) for work in works],
    }


def _notes(*, claimed: bool, lost: int, lost_works: int) -> list[str]:
    notes = [CLAIMED] if claimed else []
    if lost:
        notes.append(f"{_many(lost, 'artwork')} cannot be read; `prov db check` says why.")
    if lost_works:
        notes.append(f"{_many(lost_works, 'work')} cannot be read where last seen.")
    return notes


def _many(number: int, what: str) -> str:
    return f"1 {what} is left out, as it" if number == 1 else f"{count(number)} {what}s are left out, as they"
