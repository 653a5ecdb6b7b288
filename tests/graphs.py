"""Lineages for tests: any graph at all, and one as a trained model leaves it."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, select

from provenance import schema
from provenance.archive import nodes
from provenance.archive.archive import Archive
from provenance.database import utc_now
from provenance.schema import Kind, Role
from provenance.words import Truth


def uid(name: object) -> str:
    """Make a full id of any name."""
    return hashlib.sha256(str(name).encode()).hexdigest()


def plant(
    archive: Archive, kinds: Sequence[Kind], edges: Iterable[tuple[int, Role, int, Truth]], *, name: str = ""
) -> list[str]:
    """Add bare nodes of these kinds and edges between them, by their places; gives the ids."""
    uids = [uid(f"{name} {place}") for place in range(len(kinds))]
    with archive.database.write() as session:
        rows = nodes.add_nodes(session, dict(zip(uids, kinds, strict=True)), utc_now())
        nodes.add_edges(session, [(rows[uids[a]], role, rows[uids[b]], truth) for a, role, b, truth in edges])
    return uids


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """Ids of a model with a past, and of what it made."""

    people: list[str]
    used: list[str]
    withheld: list[str]
    dataset: str
    selection: str
    training: str
    model: str
    run: str
    artworks: list[str]


def learnt(archive: Archive, *, works: int = 20, withheld: int = 2, artworks: int = 3, name: str = "faces") -> Past:
    """Record a model `name` that learnt from a selection of a dataset of that name, and what it made."""
    people = [uid(f"{name} person {number}") for number in range(3)]
    pictures = [uid(f"{name} work {number}") for number in range(works + withheld)]
    rest = {kind: uid(f"{name} {kind.value}") for kind in (Kind.DATASET, Kind.SELECTION, Kind.TRAINING, Kind.MODEL)}
    run, made = uid(f"{name} run"), [uid(f"{name} artwork {number}") for number in range(artworks)]
    kinds = [
        *((each, Kind.CONTRIBUTOR) for each in people),
        *((each, Kind.WORK) for each in pictures),
        *((each, kind) for kind, each in rest.items()),
        (run, Kind.RUN),
        *((each, Kind.ARTWORK) for each in made),
    ]
    past = Past(
        people=people,
        used=pictures[:works],
        withheld=pictures[works:],
        dataset=rest[Kind.DATASET],
        selection=rest[Kind.SELECTION],
        training=rest[Kind.TRAINING],
        model=rest[Kind.MODEL],
        run=run,
        artworks=made,
    )
    with archive.database.write() as session:
        rows = nodes.add_nodes(session, dict(kinds), utc_now())
        nodes.add_edges(session, [(rows[a], role, rows[b], truth) for a, role, b, truth in _edges(past)])
        _fill(session, past, rows, name)
    return past


def _edges(past: Past) -> list[tuple[str, Role, str, Truth]]:
    checked, claimed = Truth.CHECKED, Truth.CLAIMED
    return [
        *((each, Role.CREATOR, past.people[at % 3], claimed) for at, each in enumerate([*past.used, *past.withheld])),
        *((past.dataset, Role.MEMBER, each, checked) for each in [*past.used, *past.withheld]),
        *((past.selection, Role.MEMBER, each, checked) for each in past.used),
        (past.selection, Role.SELECTED_FROM, past.dataset, checked),
        (past.training, Role.TRAINED_ON, past.selection, checked),
        (past.model, Role.TRAINING, past.training, checked),
        (past.run, Role.MODEL, past.model, checked),
        *((each, Role.RUN, past.run, checked) for each in past.artworks),
        *((each, Role.BY, past.people[0], claimed) for each in past.artworks),
    ]


def _fill(session: Any, past: Past, rows: dict[str, int], name: str) -> None:
    at = utc_now()
    session.execute(
        insert(schema.Contributor),
        [{"id": rows[each], "name": f"{name} person {n}"} for n, each in enumerate(past.people)],
    )
    session.execute(insert(schema.Work), [_work(rows[each], n) for n, each in enumerate([*past.used, *past.withheld])])
    session.execute(insert(schema.Dataset), [{"name": name, "created_at": at}])
    dataset = session.scalar(select(schema.Dataset.id).where(schema.Dataset.name == name))
    total = len(past.used) + len(past.withheld)
    session.add(
        schema.DatasetVersion(
            id=rows[past.dataset], dataset_id=dataset, number=1, merkle_root="0", works=total, added_at=at
        )
    )
    session.add(schema.Environment(digest=uid(name), record={}))
    session.flush()
    environment = session.scalar(select(schema.Environment.id).where(schema.Environment.digest == uid(name)))
    session.add(
        schema.Selection(
            id=rows[past.selection],
            version_id=rows[past.dataset],
            merkle_root="0",
            works=len(past.used),
            withheld=len(past.withheld),
            policy_digest="0",
            selected_at=at,
        )
    )
    engine = {"name": name, "engine": "gan", "version": "1", "distribution": "provenance-archive 0.1.0"}
    session.add(
        schema.Training(
            **engine,
            id=rows[past.training],
            code_digest="0",
            environment_id=environment,
            seed="1",
            settings={},
            preprocessing={},
            started_at=at,
        )
    )
    session.add(
        schema.Model(
            **engine, id=rows[past.model], digest="0", digest_of="weights", source_type="trainedAlgorithmicMedia"
        )
    )
    session.flush()
    session.add(
        schema.Run(
            id=rows[past.run],
            model_id=rows[past.model],
            environment_id=environment,
            seed="7",
            parameters={},
            started_at=at,
        )
    )
    session.add(schema.Blob(digest=uid(name), size=1, media_type="image/png", stored_at=at))
    session.flush()
    session.execute(insert(schema.Artwork), [_artwork(past, rows, n, name) for n in range(len(past.artworks))])


def _work(row: int, number: int) -> dict[str, Any]:
    return {
        "id": row,
        "file_digest": str(row),
        "pixels_digest": str(row),
        "file_size": 1,
        "media_type": "image/png",
        "width": 8,
        "height": 8,
        "name": f"{number}.png",
        "title": f"face {number}",
        "creator": f"person {number % 3}",
        "licence": "CC-BY-SA-4.0",
        "subjects": [],
        "consent": "unknown",
        "extra": {},
    }


def _artwork(past: Past, rows: dict[str, int], number: int, name: str) -> dict[str, Any]:
    return {
        "id": rows[past.artworks[number]],
        "run_id": rows[past.run],
        "position": number,
        "making": "generated",
        "seed": str(number),
        "parameters": {},
        "width": 8,
        "height": 8,
        "media_type": "image/png",
        "file_digest": uid(name),
        "pixels_digest": str(number),
        "source_type": "trainedAlgorithmicMedia",
        "made_at": utc_now(),
    }
