"""A model with a past, as an archive records it: for tests of what is signed about it."""

from datetime import datetime
from pathlib import Path

import numpy as np
from pictures import picture
from safetensors.numpy import save
from sqlalchemy import select
from sqlalchemy.orm import Session

from provenance import schema
from provenance.archive import nodes
from provenance.archive.archive import Archive
from provenance.archive.collect import Defaults, add_dataset
from provenance.archive.environment import environment_id
from provenance.archive.models import ModelFacts, remember_model
from provenance.archive.trainings import training_uid
from provenance.database import utc_now
from provenance.schema import Kind, Role
from provenance.words import Truth

CREATOR = "Ottoline Vex"
TRAINED_FROM = 100
"""The seed of the first work's picture."""


def works(folder: Path, count: int = 4) -> Path:
    """Write pictures that a model may learn from: `work-0.png`, ..."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        picture(TRAINED_FROM + number, 24, 16).image().save(folder / f"work-{number}.png")
    return folder


def learnt(
    archive: Archive,
    folder: Path,
    *,
    name: str = "faces",
    truth: Truth = Truth.CHECKED,
    count: int = 4,
    values: int = 1_000,
) -> ModelFacts:
    """Record a model with weights in the store that learnt from the works in `folder` (made if it is not there).

    With CHECKED there is a training between model and dataset; with CLAIMED the model names the dataset itself.
    """
    add_dataset(archive, f"{name}-works", works(folder, count), defaults=Defaults(licence="CC0-1.0", creator=CREATOR))
    data = save({"weight": np.arange(values, dtype=np.float32)})
    digest = archive.store.put(data)
    facts = ModelFacts(
        name=name,
        engine="gan",
        version="1",
        distribution="provenance-archive",
        digest=digest,
        digest_of="weights",
        source_type="trainedAlgorithmicMedia",
    )
    at = utc_now()
    with archive.database.write() as session:
        model = remember_model(session, facts, at)
        row = {"digest": digest.hex, "size": len(data), "media_type": "application/octet-stream", "stored_at": at}
        session.add(schema.Blob(**row))
        session.flush()
        session.add(
            schema.Weights(
                model_id=model,
                format="safetensors",
                file_digest=digest.hex,
                size=len(data),
                settings={"size": 64, "channels": [64, 32]},
                identity={"file": str(digest)},
                claims={},
                recorded_at=at,
            )
        )
        version = session.scalars(select(schema.DatasetVersion.id).order_by(schema.DatasetVersion.id.desc())).first()
        assert version is not None
        child = model if truth is Truth.CLAIMED else _training(archive, session, model, name, at, version)
        nodes.add_edges(session, [(child, Role.TRAINED_ON, version, truth)])
    return facts


def _training(archive: Archive, session: Session, model: int, name: str, at: datetime, version: int) -> int:
    row = schema.Training(
        name=name,
        engine="gan",
        version="1",
        distribution="provenance-archive",
        code_digest="ab" * 32,
        seed="7",
        settings={"steps": 100, "betas": [0.5, 0.99]},
        preprocessing={"size": 64},
        started_at=at,
    )
    uid = training_uid(archive.uid, row, session.get_one(schema.Node, version).uid)
    row.id = nodes.add_nodes(session, {uid: Kind.TRAINING}, at)[uid]
    row.environment_id = environment_id(session, {"device": "cpu"})
    session.add(row)
    session.flush()
    nodes.add_edges(session, [(model, Role.TRAINING, row.id, Truth.CHECKED)])
    return row.id
