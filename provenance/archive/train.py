"""`prov model train`: works that may be learnt from become a model, and every step of that is written down.

The training's row commits before the first step; its node names exactly the works that it sees. What it makes
(weights, samples, losses) is stored before the rows that speak of it. A training that was stopped keeps its last
checkpoint in the archive's folder `trainings`, and is gone on with from there.
"""

import dataclasses
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from provenance import schema
from provenance.archive import nodes
from provenance.archive.blobs import remember_blobs
from provenance.archive.models import ModelFacts, learnt_facts, remember_model
from provenance.archive.rights import Selected, select_for_training
from provenance.archive.runs import printable, recordable
from provenance.archive.training_order import TrainingOrder, check_training, versioned
from provenance.archive.trainings import Facts, Open, begin, fail, go_on
from provenance.database import utc_now
from provenance.digest import Digest, Json
from provenance.errors import CancelledError, DamagedArchiveError, ProvenanceError, UsageError
from provenance.export.encode import encode
from provenance.generate.identity import code_digest
from provenance.generate.registry import choose_device, find
from provenance.picture import Picture
from provenance.schema import Outcome, Role
from provenance.train.gan_settings import GanSettings
from provenance.train.pictures import Prepared, Preprocessing, Source, prepare
from provenance.words import Truth

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from provenance.archive.archive import Archive
    from provenance.train.gan import Progress, Trained


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainedModel:
    """What came of a training."""

    name: str
    version: str
    uid: str
    """Of the model."""
    training: str
    digest: str
    """SHA-256 of the weights' file."""
    steps: int
    seconds: float
    works: int
    withheld: Mapping[str, int]
    """Works that were kept out, by the rule that said so."""
    metrics: Mapping[str, Json]
    sheet_digest: str
    diverged: str | None
    """What went wrong, if it did: the model is the last good one then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """How far a training is."""

    phase: str
    """reading, training or measuring."""
    done: int
    total: int
    losses: Mapping[str, float] = field(default_factory=dict)
    sheet: Path | None = None
    """A picture of samples, made anew at each checkpoint."""


def train(
    archive: "Archive", order: TrainingOrder, *, report: Callable[[Report], None] = lambda _report: None
) -> TrainedModel:
    """Train a model on the works of a dataset that the archive's policy lets models learn from.

    Raises UsageError, NotFoundError or DamagedArchiveError before anything is recorded if it cannot begin;
    KeyboardInterrupt comes through, and the training can be gone on with.
    """
    settings, preprocessing = check_training(order)
    name, number = versioned(order.dataset)
    selected = select_for_training(archive, name, number, categories=tuple(order.categories))
    prepared = _pictures(archive, selected, preprocessing, report)
    training = _begun(archive, order, settings, preprocessing, selected)

    trained = _learn(archive, order, settings, training, prepared=prepared, selected=selected, report=report)
    made = _keep(archive, order, training, trained, prepared=prepared, report=report)
    shutil.rmtree(training.folder, ignore_errors=True)
    training.lock.close()
    return TrainedModel(
        name=order.name,
        version=made.facts.version,
        uid=made.facts.uid,
        training=training.uid,
        digest=str(made.facts.digest),
        steps=trained.steps,
        seconds=trained.seconds,
        works=len(selected.works),
        withheld=dict(selected.withheld),
        metrics=made.metrics,
        sheet_digest=made.sheet.hex,
        diverged=trained.diverged,
    )


def _pictures(
    archive: "Archive", selected: Selected, preprocessing: Preprocessing, report: Callable[[Report], None]
) -> Prepared:
    """Decode every work, each held against its digest. Raises DamagedArchiveError unless all are there as recorded."""
    sources = [
        Source(name=work.name, digest=work.file_digest, paths=tuple(map(Path, work.paths))) for work in selected.works
    ]

    def progress(done: int, total: int) -> None:
        report(Report(phase="reading", done=done, total=total))

    prepared = prepare(sources, preprocessing, limit=archive.settings.pixels, progress=progress)
    if prepared.left_out:
        lost = len(prepared.left_out)
        message = f"{lost} of the {len(sources)} works cannot be learnt from. {prepared.refusals[0]}"
        raise DamagedArchiveError(message)
    if prepared.distinct < 2:
        message = (
            f"The {len(sources)} works are all alike at {preprocessing.size} pixels: there is nothing to learn. "
            "Add other works, or train at a larger size."
        )
        raise UsageError(message)
    return prepared


def _classes(selected: Selected) -> tuple[tuple[str, ...], "NDArray[np.int64]"]:
    """Give the categories of the works and each work's number; works without one share a nameless category."""
    names = tuple(sorted({work.category or "" for work in selected.works}))
    numbers = {name: number for number, name in enumerate(names)}
    return names, np.array([numbers[work.category or ""] for work in selected.works], np.int64)


def _begun(
    archive: "Archive", order: TrainingOrder, settings: GanSettings, preprocessing: Preprocessing, selected: Selected
) -> Open:
    supplied = find(order.engine)
    facts = Facts(
        name=order.name,
        engine=order.engine,
        version=supplied.engine.version,
        distribution=supplied.distribution,
        code=code_digest("provenance.train.gan"),
        seed=order.seed,
        settings=dataclasses.asdict(settings) | {"categories": list(order.categories)},
        preprocessing=preprocessing.record(),
        learnt_from=selected.uid,
        by=recordable(order.by, "name after --by"),
        device=choose_device(order.device),
    )
    return go_on(archive, facts) if order.resume else begin(archive, facts)


def _learn(
    archive: "Archive",
    order: TrainingOrder,
    settings: GanSettings,
    training: Open,
    *,
    prepared: Prepared,
    selected: Selected,
    report: Callable[[Report], None],
) -> "Trained":
    from provenance.train import gan

    names, categories = _classes(selected)

    def forward(progress: "Progress") -> None:
        told = Report(
            phase="training", done=progress.step, total=progress.steps, losses=progress.losses, sheet=progress.sheet
        )
        report(told)

    try:
        return gan.train(
            settings,
            prepared.pixels,
            categories=categories,
            names=names,
            seed=training.seed,
            device=choose_device(order.device),
            folder=training.folder,
            resume=order.resume,
            report=forward,
        )
    except (KeyboardInterrupt, CancelledError):
        training.lock.close()
        raise  # the checkpoint stays, and the training stays open
    except ProvenanceError as error:
        fail(archive, training, str(error))
        raise


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    facts: ModelFacts
    metrics: Mapping[str, Json]
    sheet: Digest


def _keep(
    archive: "Archive",
    order: TrainingOrder,
    training: Open,
    trained: "Trained",
    *,
    prepared: Prepared,
    report: Callable[[Report], None],
) -> _Kept:
    """Store what came of a training, then write its rows in one transaction."""
    metrics = _measured(trained, prepared, report, count=order.samples, seed=training.seed)
    size = trained.weights.stat().st_size
    blobs = (
        (archive.store.put_file(trained.weights), size, "application/octet-stream"),
        _stored(archive, trained.history_csv().encode(), "text/csv"),
        _stored(archive, encode(Picture(trained.sheet), "png", compression=6), "image/png"),
    )
    weights, history, sheet = (digest for digest, _, _ in blobs)
    at = utc_now()
    with archive.database.write() as session:
        remember_blobs(session, blobs, at)
        facts = learnt_facts(session, order.name, find(order.engine), weights)
        model_id = remember_model(session, facts, at)
        if session.get(schema.Weights, model_id) is None:  # the same training again makes the same weights
            session.add(
                schema.Weights(
                    model_id=model_id,
                    format="safetensors",
                    file_digest=weights.hex,
                    size=size,
                    settings=dict(trained.settings),
                    identity={"file": str(weights)},
                    claims={},
                    recorded_at=at,
                )
            )
        session.add(
            schema.TrainingEnd(
                training_id=training.row,
                outcome=(Outcome.FAILED if trained.diverged else Outcome.FINISHED).value,
                message=printable(trained.diverged),
                steps=trained.steps,
                seconds=trained.seconds,
                metrics=dict(metrics),
                sessions=[dict(each) for each in training.sessions],
                history_digest=history.hex,
                sheet_digest=sheet.hex,
                ended_at=at,
            )
        )
        nodes.add_edges(session, [(model_id, Role.TRAINING, training.row, Truth.CHECKED)])
    return _Kept(facts=facts, metrics=metrics, sheet=sheet)


def _stored(archive: "Archive", data: bytes, media_type: str) -> tuple[Digest, int, str]:
    return archive.store.put(data), len(data), media_type


def _measured(
    trained: "Trained", prepared: Prepared, report: Callable[[Report], None], *, count: int, seed: int
) -> Mapping[str, Json]:
    """Measure samples of the finished model against the works, and the works against each other."""
    from provenance.train.features import Extractor
    from provenance.train.metrics import measure

    report(Report(phase="measuring", done=0, total=4))
    samples = trained.samples(count, seed)
    report(Report(phase="measuring", done=1, total=4))
    extractor = Extractor.load()
    works, made = extractor.extract(prepared.pixels), extractor.extract(samples)
    report(Report(phase="measuring", done=3, total=4))
    measured = measure(works, made, seed=seed).record() | {"features": extractor.record()}
    report(Report(phase="measuring", done=4, total=4))
    return measured
