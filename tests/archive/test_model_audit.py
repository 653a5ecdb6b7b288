"""What is asked of a model is recorded: a row for each answer, added and never changed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from faces import network
from learnt import learnt
from pictures import picture
from PIL import Image
from sqlalchemy import select

from provenance import schema
from provenance.archive import nodes
from provenance.archive.archive import Archive
from provenance.archive.collect import add_dataset
from provenance.archive.model_audit import MODEL_CHECKS, audit_model
from provenance.archive.publish import Form, export
from provenance.archive.record import start
from provenance.archive.verify import verify
from provenance.audit.bias_skin import MONK
from provenance.digest import Digest, canonical_json
from provenance.errors import EngineError, UsageError
from provenance.picture import Picture
from provenance.schema import Role
from provenance.settings import change
from provenance.words import Truth


def rows(archive: Archive) -> Sequence[schema.ModelAudit]:
    with archive.database.read() as session:
        found = session.scalars(select(schema.ModelAudit).order_by(schema.ModelAudit.id)).all()
        session.expunge_all()
    return found


def told(found: Sequence[Any]) -> list[tuple[Any, ...]]:
    return [(row.check, row.check_version, row.severity, row.sentence, row.record) for row in found]


def with_artworks(archive: Archive, folder: Path) -> tuple[str, ...]:
    """Record a model, faces, that learnt from four works, and two artworks of it; give their ids."""
    with start(archive, learnt(archive, folder, truth=Truth.CLAIMED), seed=1) as run:
        for seed in (7, 8):
            run.add(picture(seed, 24, 16))
    return run.artworks


def test_each_check_leaves_one_row_an_answer_and_an_audit_adds_its_own(archive: Archive, tmp_path: Path) -> None:
    with_artworks(archive, tmp_path / "works")
    uid, found = audit_model(archive, "faces")
    first = rows(archive)
    audit_model(archive, uid[:12], checks=("bias",))
    both = rows(archive)

    assert [row.check for row in first] == [each.check for each in found]
    assert {row.check for row in first} == set(MODEL_CHECKS)
    assert [row[3] for row in told(first)] == [each.sentence for each in found]
    assert len({row.audited_at for row in first}) == 1
    assert told(both[: len(first)]) == told(first)
    assert [row.id for row in both[: len(first)]] == [row.id for row in first]
    later = both[len(first) :]
    assert told(later) == [row for row in told(first) if row[0] == "bias"]
    assert all(row.audited_at > first[0].audited_at for row in later)


def test_both_databases_say_the_same(make_archive: Callable[..., Archive], postgres_url: str, tmp_path: Path) -> None:
    said = []
    for name, database in (("sqlite", ""), ("postgresql", postgres_url)):
        archive = make_archive(name, database=database)
        artworks = with_artworks(archive, tmp_path / "works")
        audit_model(archive, "faces")
        text = canonical_json(told(rows(archive)))
        for number, uid in enumerate(artworks):  # each archive has ids of its own for them
            text = text.replace(uid, f"artwork {number}")
        said.append(text)

    assert said[0] == said[1]
    assert all(f'"{name}"' in said[0] for name in MODEL_CHECKS)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        ({"checks": ("taste",)}, UsageError, "no check of models 'taste'"),
        ({"samples": 0}, UsageError, "ask for 1"),
        ({"typed": "nobody"}, UsageError, "no engine and no model .nobody."),
    ],
)
def test_a_wrong_order_gets_a_sentence_and_leaves_nothing(
    plain_archive: Archive, tmp_path: Path, call: dict[str, Any], error: type, message: str
) -> None:
    with_artworks(plain_archive, tmp_path / "works")
    given = {"typed": "faces"} | call

    with pytest.raises(error, match=message):
        audit_model(plain_archive, **given)
    assert rows(plain_archive) == []


def test_a_detector_that_is_missing_is_said_and_nothing_is_recorded(plain_archive: Archive, tmp_path: Path) -> None:
    with_artworks(plain_archive, tmp_path / "works")
    change(plain_archive.folder, "audit", "face_detector", str(tmp_path / "gone.onnx"))

    with (
        Archive(plain_archive.folder, passphrase=lambda: None) as archive,
        pytest.raises(EngineError, match=r"gone\.onnx cannot be read: No such file or directory"),
    ):
        audit_model(archive, "faces")
    assert rows(plain_archive) == []


@dataclass(frozen=True, slots=True, kw_only=True)
class Painted:
    """An archive with a model that learnt from darker skin than it paints, audited with a detector of faces."""

    archive: Archive
    detector: Digest
    artwork: str
    found: list[tuple[Any, ...]]


@pytest.fixture(scope="module")
def painted(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("painted")
    (folder / "faces.onnx").write_bytes(network())
    Archive.make(folder / "archive").close()
    change(folder / "archive", "audit", "face_detector", str(folder / "faces.onnx"))
    with Archive(folder / "archive", passphrase=lambda: None) as archive:
        (folder / "works").mkdir()
        for seed in range(8):
            Image.fromarray(skin(7, seed).pixels).save(folder / "works" / f"{seed}.png")
        add_dataset(archive, "people", folder / "works")
        with archive.run("painter", seed=1) as run:
            for seed in range(30):
                run.add(skin(5, 100 + seed))
        with archive.database.write() as session:
            model, version = (
                session.scalars(select(each)).one() for each in (schema.Model.id, schema.DatasetVersion.id)
            )
            nodes.add_edges(session, [(model, Role.TRAINED_ON, version, Truth.CHECKED)])
        audit_model(archive, "painter", checks=("bias",))
        found = told(rows(archive))
        yield Painted(
            archive=archive, detector=Digest.of_file(folder / "faces.onnx"), artwork=run.artworks[0], found=found
        )


def skin(step: int, seed: int) -> Picture:
    """Paint four squares of skin, of one step of the Monk scale, with a few lines that differ."""
    colour = [int(MONK[step - 1][at : at + 2], 16) for at in (1, 3, 5)]
    pixels = np.full((64, 64, 3), colour, np.uint8)
    random = np.random.default_rng(seed)
    pixels[random.integers(0, 64, 4)] = random.integers(0, 90, 3)
    return Picture(pixels)


def test_skin_tones_of_faces_are_compared_and_the_detector_is_on_record(painted: Painted) -> None:
    by_attribute = {row[4]["attribute"]: row for row in painted.found}

    assert "faces" not in by_attribute
    for scale, group in (("ita", "brown"), ("monk", "Monk 7")):
        record = by_attribute[scale][4]
        assert record["detector"] == f"yunet {painted.detector}"
        assert record["verdict"] == "more"
        assert next(each for each in record["groups"] if each["group"] == group)["told"] == "less"


def test_what_the_audit_said_travels_with_the_artwork(painted: Painted, tmp_path: Path) -> None:
    (left,) = export(painted.archive, [painted.artwork], tmp_path, Form())

    bias: Any = verify(painted.archive, left.path).reading.bias
    assert bias["dimensions"]["monk"] == {
        "told": "more",
        "of": "114",
        "group": "Monk 5",
        "parity": "+1.000 (+0.961 to +1.000)",
    }
    assert bias["outputs"] == "30"
