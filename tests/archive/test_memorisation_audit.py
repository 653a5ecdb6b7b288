"""A model is held against its works as its training saw them, and what repeats them is found."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from pictures import picture
from PIL import Image
from sqlalchemy import func, select

from provenance import schema
from provenance.archive.archive import Archive
from provenance.archive.choose import choose
from provenance.archive.collect import add_dataset
from provenance.archive.create import Order, generate
from provenance.archive.memorisation_audit import examine
from provenance.archive.memorisation_works import behind
from provenance.archive.nodes import node_id
from provenance.archive.record import start
from provenance.archive.train import train
from provenance.archive.training_order import TrainingOrder
from provenance.audit.model_finding import ModelFinding
from provenance.digest import canonical_json
from provenance.errors import NotFoundError, UsageError
from provenance.picture import Picture
from provenance.words import Severity, forbidden_in

LEARNT, UNSEEN = 24, 22
SIDE = 32


def trained(archive: Archive, folder: Path) -> str:
    """Let a tiny GAN take two steps on some of the works; what it draws is noise."""
    folder.mkdir(exist_ok=True)
    rows = ["file,title,creator,licence,category"]
    for number in range(LEARNT + UNSEEN):
        Image.fromarray(picture(number, 40, 32).pixels).save(folder / f"{number}.png")
        kind = "boats" if number < LEARNT else "harbours"
        rows.append(f"{number}.png,Boat {number},Creator {number % 3},CC0-1.0,{kind}")
    (folder / "works.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    add_dataset(archive, "drawings", folder, metadata=folder / "works.csv")
    settings = {"size": SIDE, "steps": 2, "batch": 4, "width": 0.125}
    order = TrainingOrder(
        name="harbour", dataset="drawings", categories=["boats"], settings=settings, seed=1, device="cpu", samples=2
    )
    return train(archive, order).uid


@pytest.fixture(scope="module")
def learnt(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Train once: a folder with an archive, and the model's id. It is copied before it is used."""
    folder = tmp_path_factory.mktemp("learnt")
    with Archive.make(folder / "archive") as made:
        return folder / "archive", trained(made, folder / "works")


@pytest.fixture
def harbour(learnt: tuple[Path, str], tmp_path: Path) -> Iterator[tuple[Archive, str]]:
    """Give a copy of that archive, and the model's id."""
    folder = shutil.copytree(learnt[0], tmp_path / "copy")
    with Archive(folder, passphrase=lambda: None) as opened:
        yield opened, learnt[1]


def recorded(archive: Archive, pictures: Sequence[NDArray[np.uint8]]) -> None:
    """Record pictures as if the model had made them."""
    with start(archive, choose(archive, "harbour").facts, seed=1, device="cpu") as run:
        for each in pictures:
            run.add(Picture(each))


def repeated(number: int) -> NDArray[np.uint8]:
    """Draw a training work again as a network does that learnt it by heart: small, paler, noisy."""
    pixels = picture(number % 5, 40, 32).pixels
    small = np.asarray(Image.fromarray(pixels).resize((SIDE, round(SIDE * 0.8))), np.float64)
    square = np.full((SIDE, SIDE, 3), 250.0)
    square[3 : 3 + len(small)] = small * 0.95 + 10
    return (square + np.random.default_rng(number).normal(0, 3, square.shape)).clip(0, 255).astype(np.uint8)


def rows(archive: Archive) -> list[int]:
    tables = (schema.Node, schema.Run, schema.Artwork, schema.Feature, schema.ModelAudit)
    with archive.database.read() as session:
        return [session.scalar(select(func.count()).select_from(table)) or 0 for table in tables]


def told(findings: Sequence[ModelFinding]) -> str:
    return str(findings[0].record["told"])


def test_artworks_that_repeat_works_are_flagged_and_the_works_are_named(archive: Archive, tmp_path: Path) -> None:
    model = trained(archive, tmp_path / "works")
    recorded(archive, [repeated(number) for number in range(60)])
    before = rows(archive)

    verdict, ranking = examine(archive, model, samples=60, judged=2)

    assert verdict.severity is Severity.WARNING
    assert told([verdict]) == "nearer"
    assert verdict.record["sampled"] == 0
    assert '"outputs_looked_at":2' in canonical_json(dict(verdict.record))
    works = ranking.record["works"]
    assert isinstance(works, list)
    assert {row["name"] for row in works} == {f"Boat {number}" for number in range(5)}
    assert sum(int(row["outputs"]) for row in works) == 60
    assert [finding for each in (verdict, ranking) for finding in forbidden_in(each.sentence)] == []
    assert rows(archive) == before


def test_a_model_that_has_learnt_nothing_yet_is_sampled_and_not_flagged(harbour: tuple[Archive, str]) -> None:
    archive, model = harbour
    generate(archive, Order(model="harbour", count=4, seed=1, device="cpu"))
    generate(archive, Order(model="cppn", count=2, seed=1, width=SIDE, height=SIDE))  # of another model
    before, heard = rows(archive), []

    findings = examine(archive, model, samples=60, judged=0, progress=lambda done, total: heard.append((done, total)))

    assert told(findings) == "not_nearer"
    assert findings[0].severity is Severity.NOTE
    assert findings[0].record["sampled"] == 56
    assert rows(archive) == before
    assert heard[-1][0] == heard[-1][1]
    assert heard == sorted(heard)


def test_works_are_compared_as_the_training_saw_them_and_beside_works_that_it_did_not_see(
    harbour: tuple[Archive, str],
) -> None:
    archive, model = harbour
    with archive.database.read() as session:
        found = behind(session, node_id(session, model))

    assert (len(found.learnt), len(found.unseen), found.claimed) == (LEARNT, UNSEEN, False)
    assert found.recorded
    assert (found.preprocessing.size, found.preprocessing.background) == (SIDE, "#ffffff")


def test_few_samples_cannot_tell(harbour: tuple[Archive, str]) -> None:
    archive, model = harbour

    findings = examine(archive, model, samples=8, judged=0)

    assert told(findings) == "cannot_tell"
    assert "there are 8 different outputs, and 50 are needed" in findings[0].sentence


def test_works_that_are_gone_are_missing_from_the_verdict_and_it_says_so(
    plain_archive: Archive, tmp_path: Path
) -> None:
    model = trained(plain_archive, tmp_path / "works")
    for number in range(3):
        (tmp_path / "works" / f"{number}.png").unlink()

    some = examine(plain_archive, model, samples=50, judged=0)
    for number in range(3, LEARNT):
        (tmp_path / "works" / f"{number}.png").write_bytes(b"no picture")
    none = examine(plain_archive, model, samples=50, judged=1)

    assert f"The verdict covers {LEARNT - 3} of {LEARNT}." in some[0].sentence
    assert f"none of its {LEARNT} training works can be read" in none[0].sentence
    assert none[0].severity is Severity.NOTE


def test_a_model_without_works_on_record_cannot_be_told_anything_of(plain_archive: Archive) -> None:
    run = generate(plain_archive, Order(model="cppn", count=1, seed=1, width=32, height=32)).run
    with plain_archive.database.read() as session:
        row = session.scalar(select(schema.Run.model_id).where(schema.Run.id == node_id(session, run)))
        model = session.get_one(schema.Node, row).uid

    findings = examine(plain_archive, model, samples=50, judged=0)

    assert "what it learnt from is not recorded" in findings[0].sentence


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (lambda archive: examine(archive, "00" * 32, samples=50), NotFoundError, "nothing with the id"),
        (lambda archive: examine(archive, "00" * 32, samples=0), UsageError, "ask for 1 at least"),
    ],
)
def test_what_cannot_be_asked_gets_a_sentence(
    plain_archive: Archive, call: Callable[[Archive], object], error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        call(plain_archive)
