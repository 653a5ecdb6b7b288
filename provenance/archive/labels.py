"""What a node is called in a list or a tree: a few words for people, made in one query per kind."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from provenance import schema
from provenance.schema import Kind


def labels(session: Session, rows: Mapping[int, Kind]) -> dict[int, str]:
    """Name nodes, given by row id with their kinds."""
    named: dict[int, str] = {}
    for kind in dict.fromkeys(rows.values()):
        query, text = _QUERIES[kind]
        wanted = [row for row, its in rows.items() if its == kind]
        named |= {row.id: text(row) for row in session.execute(query(wanted))}
    return {row: named.get(row, "not recorded") for row in rows}


def _artworks(rows: Sequence[int]) -> Select[*tuple[Any, ...]]:
    artwork, model, run = schema.Artwork, schema.Model, schema.Run
    columns = (artwork.id, artwork.title, artwork.making, artwork.seed, artwork.parameters, model.name)
    brought = schema.Import
    query = select(*columns, brought.name.label("file")).outerjoin(run, run.id == artwork.run_id)
    query = query.outerjoin(model, model.id == run.model_id).outerjoin(brought, brought.artwork_id == artwork.id)
    return query.where(artwork.id.in_(rows))


def _artwork_text(row: Any) -> str:  # noqa: ANN401
    if row.title:
        return str(row.title)
    if row.making == "edited":
        return "edited by a person"
    if row.file:
        return f"{row.file}, brought in" if row.making == "imported" else f"{row.name}, {row.file}"
    style = row.parameters.get("style")
    made_by = f"{row.name} {style}" if style else row.name
    return f"{made_by}, seed {row.seed or 'not recorded'}"


def _runs(rows: Sequence[int]) -> Select[*tuple[Any, ...]]:
    query = select(schema.Run.id, schema.Run.started_at, schema.Model.name)
    return query.join(schema.Model, schema.Model.id == schema.Run.model_id).where(schema.Run.id.in_(rows))


def _models(rows: Sequence[int]) -> Select[*tuple[Any, ...]]:
    return select(schema.Model.id, schema.Model.name, schema.Model.version).where(schema.Model.id.in_(rows))


def _datasets(rows: Sequence[int]) -> Select[*tuple[Any, ...]]:
    version = schema.DatasetVersion
    query = select(version.id, schema.Dataset.name, version.number, version.works)
    return query.join(schema.Dataset, schema.Dataset.id == version.dataset_id).where(version.id.in_(rows))


def _works(rows: Sequence[int]) -> Select[*tuple[Any, ...]]:
    work = schema.Work
    return select(work.id, work.title, work.name, work.creator, work.licence).where(work.id.in_(rows))


def _work_text(row: Any) -> str:  # noqa: ANN401
    creator = row.creator or "creator not recorded"
    return f"{row.title or row.name}, {creator}, {row.licence or 'licence not recorded'}"


def _people(rows: Sequence[int]) -> Select[*tuple[Any, ...]]:
    return select(schema.Contributor.id, schema.Contributor.name).where(schema.Contributor.id.in_(rows))


def _exports(rows: Sequence[int]) -> Select[*tuple[Any, ...]]:
    export = schema.Export
    return select(export.id, export.name, export.disclosure).where(export.id.in_(rows))


def _trainings(rows: Sequence[int]) -> Select[*tuple[Any, ...]]:
    training = schema.Training
    return select(training.id, training.name, training.engine, training.started_at).where(training.id.in_(rows))


def _selections(rows: Sequence[int]) -> Select[*tuple[Any, ...]]:
    version, selection = schema.DatasetVersion, schema.Selection
    query = select(selection.id, schema.Dataset.name, version.number, selection.works, selection.withheld)
    query = query.join(version, version.id == selection.version_id)
    return query.join(schema.Dataset, schema.Dataset.id == version.dataset_id).where(selection.id.in_(rows))


def _selection_text(row: Any) -> str:  # noqa: ANN401
    return f"{row.works:,} of {row.works + row.withheld:,} works of {row.name} version {row.number}"


_QUERIES: Mapping[Kind, tuple[Callable[[Sequence[int]], Select[*tuple[Any, ...]]], Callable[[Any], str]]] = {
    Kind.ARTWORK: (_artworks, _artwork_text),
    Kind.RUN: (_runs, lambda row: f"{row.name}, {row.started_at:%Y-%m-%d %H:%M:%S} UTC"),
    Kind.MODEL: (_models, lambda row: f"{row.name} {row.version}"),
    Kind.DATASET: (_datasets, lambda row: f"{row.name} version {row.number} ({row.works} works)"),
    Kind.WORK: (_works, _work_text),
    Kind.CONTRIBUTOR: (_people, lambda row: row.name),
    Kind.TRAINING: (_trainings, lambda row: f"{row.name} ({row.engine}), {row.started_at:%Y-%m-%d %H:%M:%S} UTC"),
    Kind.SELECTION: (_selections, _selection_text),
    Kind.EXPORT: (_exports, lambda row: f"{row.name} ({row.disclosure})"),
}
"""How nodes of each kind are fetched and named."""
