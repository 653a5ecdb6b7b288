"""A model's bias, from artworks and works as the archive has them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import func, select

from provenance import schema
from provenance.archive import nodes
from provenance.archive.archive import Archive
from provenance.archive.bias_audit import examine
from provenance.archive.collect import add_dataset
from provenance.audit.model_finding import ModelFinding
from provenance.errors import EngineError, NotFoundError, UsageError
from provenance.picture import Picture
from provenance.schema import Node, Role
from provenance.words import Truth

EACH = 28
"""Works of each category."""


def drawn(kind: str, seed: int) -> Picture:
    """Draw discs in warm colours on white, or stripes in cold ones on black."""
    random = np.random.default_rng([seed, len(kind)])
    rows, columns = np.mgrid[0:64, 0:64]
    canvas = np.full((64, 64, 3), 255.0 if kind == "discs" else 0.0)
    if kind == "discs":
        for _ in range(4):
            x, y, radius = random.uniform(8, 56), random.uniform(8, 56), random.uniform(5, 14)
            canvas[(columns - x) ** 2 + (rows - y) ** 2 < radius**2] = (random.uniform(180, 255), 40, 20)
    else:
        angle, width = random.uniform(-0.5, 0.5), random.uniform(6, 14)
        across = (columns * np.cos(angle) + rows * np.sin(angle) + random.uniform(0, 20)) % width
        canvas[across < width / 2] = (20, random.uniform(100, 220), 255)
    return Picture(canvas.astype(np.uint8))


def collected(archive: Archive, folder: Path, discs: int, stripes: int) -> None:
    folder.mkdir()
    lines = ["file,creator,category,subjects,skin_tone"]
    for kind, number in (("discs", discs), ("stripes", stripes)):
        for seed in range(number):
            Image.fromarray(drawn(kind, seed).pixels).save(folder / f"{kind}{seed}.png")
            lines.append(f"{kind}{seed}.png,Ada,{kind},{kind};shape,{'light' if seed == 0 else ''}")
    (folder / "works.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    add_dataset(archive, "shapes", folder, metadata=folder / "works.csv")


def learnt(archive: Archive, model: str, truth: Truth = Truth.CHECKED) -> None:
    """Let the model have learnt from the one dataset."""
    with archive.database.write() as session:
        row = session.scalars(select(schema.Model.id).where(schema.Model.name == model)).one()
        version = session.scalars(select(schema.DatasetVersion.id)).one()
        nodes.add_edges(session, [(row, Role.TRAINED_ON, version, truth)])


def made(archive: Archive, model: str, discs: int, stripes: int, *, first: int = 1000) -> str:
    with archive.run(model, seed=1) as run:
        for kind, number in (("discs", discs), ("stripes", stripes)):
            for seed in range(first, first + number):
                run.add(drawn(kind, seed))
    with archive.database.read() as session:
        query = select(Node.uid).join(schema.Model, schema.Model.id == Node.id).where(schema.Model.name == model)
        return session.scalars(query).one()


def found(findings: list[ModelFinding], attribute: str) -> ModelFinding:
    return next(each for each in findings if each.record["attribute"] == attribute)


def group(finding: ModelFinding, name: str) -> dict[str, Any]:
    groups: Any = finding.record["groups"]
    return next(each for each in groups if each["group"] == name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    findings: list[ModelFinding]
    heard: list[tuple[int, int]]
    """What the progress was told."""
    rows: tuple[list[int], list[int]]
    """Of tables, before and after."""


@pytest.fixture(scope="module")
def examined(tmp_path_factory: pytest.TempPathFactory) -> Examined:
    """Examine a model that learnt from as many of both, and made 80 of 100 discs."""
    folder = tmp_path_factory.mktemp("skewed")
    heard: list[tuple[int, int]] = []
    with Archive.make(folder / "archive") as archive:
        collected(archive, folder / "works", EACH, EACH)
        uid = made(archive, "painter", 80, 20)
        learnt(archive, "painter")
        before = counted(archive)
        findings = examine(archive, uid, samples=500, progress=lambda done, total: heard.append((done, total)))
        return Examined(findings=findings, heard=heard, rows=(before, counted(archive)))


def counted(archive: Archive) -> list[int]:
    tables: Any = (schema.Feature, schema.Node, schema.ModelAudit, schema.Blob)
    with archive.database.read() as session:
        return [session.scalar(select(func.count()).select_from(table)) or 0 for table in tables]


def test_a_planted_skew_of_pictures_comes_back_within_two_points(examined: Examined) -> None:
    category = found(examined.findings, "category")

    assert group(category, "discs")["share"]["value"] == pytest.approx(0.8, abs=0.02)
    assert group(category, "discs")["works"] == 0.5
    assert category.record["verdict"] == "more"
    subject = found(examined.findings, "subject")
    assert group(subject, "stripes")["share"]["value"] == pytest.approx(0.2, abs=0.02)
    assert group(found(examined.findings, "colour"), "white")["told"] == "more"


def test_every_attribute_has_its_finding(examined: Examined) -> None:
    attributes = {each.record["attribute"] for each in examined.findings}

    assert attributes == {"category", "creator", "skin_tone", "subject", "faces", "colour", "diversity"}
    assert examined.heard[-1] == (2 * EACH + 100, 2 * EACH + 100)


def test_fewer_artworks_than_asked_for_are_used_and_said(examined: Examined) -> None:
    for each in examined.findings:
        assert each.record["outputs"] == 100
        assert "500 artworks of this model were asked for; the archive has 100 different ones." in each.sentence


def test_examining_writes_nothing(examined: Examined) -> None:
    before, after = examined.rows

    assert before == after


def test_a_face_detector_that_cannot_be_read_gets_a_sentence(plain_archive: Archive, tmp_path: Path) -> None:
    (tmp_path / "faces.onnx").write_text("no network")

    with pytest.raises(EngineError, match=r"faces\.onnx is no face detector"):
        examine(plain_archive, "0" * 64, samples=5, face_detector=tmp_path / "faces.onnx")


def test_a_model_of_which_nobody_knows_what_it_learnt_cannot_be_told(archive: Archive) -> None:
    uid = made(archive, "stranger", 2, 1)
    (only,) = examine(archive, uid, samples=10)

    assert only.record["verdict"] == "cannot_tell"
    assert "0 different works can be read" in only.sentence


def test_what_is_only_claimed_and_what_is_lost_is_said(archive: Archive, tmp_path: Path) -> None:
    collected(archive, tmp_path / "works", 4, 5)
    uid = made(archive, "painter", 2, 1)
    made(archive, "painter", 2, 0)  # the same pixels again
    learnt(archive, "painter", Truth.CLAIMED)
    with archive.database.write() as session:
        session.query(schema.Feature).delete()
    (tmp_path / "works" / "discs0.png").unlink()
    (only,) = examine(archive, uid, samples=10)

    assert "What this model learnt from is only claimed." in only.sentence
    assert "1 work is left out, as it cannot be read where last seen." in only.sentence
    assert (only.record["outputs"], only.record["repeated"], only.record["works_compared"]) == (3, 2, 8)


def test_bad_input_gets_a_sentence(plain_archive: Archive) -> None:
    with pytest.raises(NotFoundError, match="nothing with the id"):
        examine(plain_archive, "0" * 64, samples=10)
    with pytest.raises(UsageError, match="ask for 1"):
        examine(plain_archive, "0" * 64, samples=0)
