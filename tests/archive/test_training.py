"""A model that learnt in the archive can say from what, and be trained again to the same weights."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest
from pictures import picture
from PIL import Image
from sqlalchemy import func, select, text

from provenance import schema
from provenance.archive.archive import Archive
from provenance.archive.collect import add_dataset
from provenance.archive.create import Order, generate
from provenance.archive.lineage import impact, lineage
from provenance.archive.model_detail import models, show_model
from provenance.archive.reproduce import reproduce
from provenance.archive.train import Report, TrainedModel, train
from provenance.archive.training_order import TrainingOrder
from provenance.collect.merkle import dataset_root
from provenance.digest import Digest
from provenance.errors import DamagedArchiveError, NotFoundError, ProvenanceError, UsageError

ORDER = TrainingOrder(
    name="shapes",
    dataset="discs",
    settings={"size": 32, "steps": 6, "batch": 4, "width": 0.125, "checkpoint_every": 2, "sheet_every": 4},
    seed=7,
    device="cpu",
    samples=16,
)


def works(archive: Archive, folder: Path, count: int = 8, *, denied: int = 0, category: str = "") -> None:
    """Add a dataset of small pictures; the first `denied` of them must not be learnt from."""
    folder.mkdir(exist_ok=True)
    rows = ["file,creator,licence,consent,category"]
    for number in range(count):
        Image.fromarray(picture(number, 40, 32).pixels).save(folder / f"{number}.png")
        consent = "denied" if number < denied else "granted"
        rows.append(f"{number}.png,Creator {number % 3},CC0-1.0,{consent},{category or number % 2}")
    (folder / "works.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    add_dataset(archive, "discs", folder, metadata=folder / "works.csv")


def stop_at(step: int) -> Callable[[Report], None]:
    def report(now: Report) -> None:
        if now.phase == "training" and now.done >= step:
            raise KeyboardInterrupt

    return report


def weights(archive: Archive, made: TrainedModel) -> str:
    return str(show_model(archive, made.uid).model.digest)


def trainings(archive: Archive) -> int:
    with archive.database.read() as session:
        return session.scalar(select(func.count()).select_from(schema.Training)) or 0


def test_lineage_and_impact_name_exactly_the_works_that_were_learnt_from(archive: Archive, tmp_path: Path) -> None:
    works(archive, tmp_path / "works", 8, denied=3)
    made = train(archive, ORDER)
    outputs = generate(archive, Order(model="shapes", count=3, seed=1)).artworks

    with archive.database.read() as session:
        rows = session.execute(select(schema.Node.uid, schema.Work.consent).join(schema.Work)).all()
    allowed = {uid for uid, consent in rows if consent == "granted"}
    assert (made.works, sum(made.withheld.values())) == (5, 3)
    for output in outputs:
        assert allowed == {each.uid for each in lineage(archive, output).relatives if each.kind == "work"}
    for uid, _ in rows:
        touched = {each.uid for each in impact(archive, uid).relatives if each.kind == "artwork"}
        assert touched == (set(outputs) if uid in allowed else set())


def test_every_step_from_artwork_to_work_is_checked_and_none_is_missing(plain_archive: Archive, tmp_path: Path) -> None:
    works(plain_archive, tmp_path / "works")
    train(plain_archive, dataclasses.replace(ORDER, by="Ada Lind"))
    (output,) = generate(plain_archive, Order(model="shapes")).artworks

    found = lineage(plain_archive, output)
    steps = {(step.role, step.truth) for step in found.steps}
    assert {"run", "model", "training", "trained_on", "member"} <= {role for role, _ in steps}
    assert {truth for role, truth in steps if role not in {"creator", "by"}} == {"checked"}


def test_a_training_that_was_stopped_goes_on_to_the_same_weights(plain_archive: Archive, tmp_path: Path) -> None:
    works(plain_archive, tmp_path / "works")
    whole = train(plain_archive, ORDER)
    with pytest.raises(KeyboardInterrupt):
        train(plain_archive, dataclasses.replace(ORDER, name="again"), report=stop_at(5))
    assert [row.name for row in models(plain_archive)] == ["shapes"], "nothing came of it yet"

    gone_on = train(plain_archive, dataclasses.replace(ORDER, name="again", resume=True))

    assert weights(plain_archive, whole) == weights(plain_archive, gone_on)
    assert trainings(plain_archive) == 2
    training = show_model(plain_archive, "again").training
    assert training is not None
    assert len(training["sessions"]) == 2
    assert not list((plain_archive.folder / "trainings").iterdir()), "the checkpoints have done their service"


def test_a_training_goes_on_with_the_same_settings_and_works_only(plain_archive: Archive, tmp_path: Path) -> None:
    works(plain_archive, tmp_path / "works")
    with pytest.raises(KeyboardInterrupt):
        train(plain_archive, ORDER, report=stop_at(5))
    resumed = dataclasses.replace(ORDER, resume=True)

    with pytest.raises(UsageError, match="has batch = 4; now it is 5"):
        train(plain_archive, dataclasses.replace(resumed, settings={**ORDER.settings, "batch": 5}))
    with pytest.raises(UsageError, match="has seed = 7"):
        train(plain_archive, dataclasses.replace(resumed, seed=8))
    with pytest.raises(NotFoundError, match="No training of other is open"):
        train(plain_archive, dataclasses.replace(resumed, name="other"))
    works(plain_archive, tmp_path / "works", 9)
    with pytest.raises(UsageError, match="saw other works"):
        train(plain_archive, resumed)


def test_the_same_name_again_is_the_next_version(plain_archive: Archive, tmp_path: Path) -> None:
    works(plain_archive, tmp_path / "works")
    first, second = train(plain_archive, ORDER), train(plain_archive, dataclasses.replace(ORDER, seed=8))

    assert ("1", "2") == (first.version, second.version)
    assert show_model(plain_archive, "shapes").model.uid == second.uid
    assert show_model(plain_archive, "shapes@1").model.uid == first.uid
    with pytest.raises(UsageError, match="no engine and no model 'shapes@3'"):
        generate(plain_archive, Order(model="shapes@3"))


def test_an_artwork_of_a_learnt_model_is_made_again_bit_for_bit(plain_archive: Archive, tmp_path: Path) -> None:
    works(plain_archive, tmp_path / "works")
    train(plain_archive, ORDER)
    one, two = generate(plain_archive, Order(model="shapes", count=2, seed=3)).artworks
    (near,) = generate(plain_archive, Order(model="shapes", like=[one], seed=4)).artworks
    (between,) = generate(plain_archive, Order(model="shapes", like=[one, two], parameters={"position": 0.25})).artworks

    for artwork in (one, near, between):
        assert reproduce(plain_archive, artwork).verdict.value == "exact"
    guides = {each.uid for each in lineage(plain_archive, between).relatives if each.kind == "artwork"}
    assert {one, two} == guides


def test_a_changed_byte_of_the_weights_is_found_before_a_picture_is_made(
    plain_archive: Archive, tmp_path: Path
) -> None:
    works(plain_archive, tmp_path / "works")
    made = train(plain_archive, ORDER)
    (artwork,) = generate(plain_archive, Order(model="shapes")).artworks
    path = plain_archive.store.path(_digest(made))
    path.chmod(0o600)
    data = bytearray(path.read_bytes())
    data[-7] ^= 1
    path.write_bytes(data)

    for attempt in (lambda: generate(plain_archive, Order(model="shapes")), lambda: reproduce(plain_archive, artwork)):
        with pytest.raises(ProvenanceError, match=r"weights|changed|damaged"):
            attempt()
    assert any("weights" in problem or made.digest[7:19] in problem for problem in _problems(plain_archive))


def test_the_same_training_twice_makes_one_model_with_two_trainings(plain_archive: Archive, tmp_path: Path) -> None:
    works(plain_archive, tmp_path / "works")

    first, second = train(plain_archive, ORDER), train(plain_archive, ORDER)

    assert (first.uid, first.version) == (second.uid, second.version)
    assert trainings(plain_archive) == 2
    assert _problems(plain_archive) == ()


def test_a_training_is_gone_on_with_by_one_process_at_a_time(plain_archive: Archive, tmp_path: Path) -> None:
    works(plain_archive, tmp_path / "works")
    with pytest.raises(KeyboardInterrupt):
        train(plain_archive, ORDER, report=stop_at(5))
    resumed = dataclasses.replace(ORDER, resume=True)

    def meanwhile(now: Report) -> None:
        if now.phase == "training":
            with pytest.raises(UsageError, match="going on in another process"):
                train(plain_archive, resumed)

    train(plain_archive, resumed, report=meanwhile)
    assert trainings(plain_archive) == 1


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE edge SET parent_id = (SELECT id FROM dataset_version) WHERE role = 'trained_on'",
        "UPDATE training SET seed = '8'",
        "UPDATE training SET settings = '{}'",
        "UPDATE selection SET policy_digest = policy_digest, merkle_root = replace(merkle_root, 'a', 'b')",
        "DELETE FROM edge WHERE role = 'training'",
        "DELETE FROM edge WHERE role = 'model'",
        "UPDATE edge SET parent_id = (SELECT id FROM training) WHERE role = 'run'",
        "DELETE FROM edge WHERE role = 'selected_from'",
        "UPDATE rights SET decision = 'allowed' WHERE decision = 'refused'",
        "UPDATE environment SET record = '{}'",
        "UPDATE work SET creator = 'Mallory' WHERE id = (SELECT min(id) FROM work)",
    ],
)
def test_a_row_that_was_altered_is_found(plain_archive: Archive, tmp_path: Path, change: str) -> None:
    works(plain_archive, tmp_path / "works", 6, denied=1)
    train(plain_archive, ORDER)
    generate(plain_archive, Order(model="shapes"))
    assert _problems(plain_archive) == ()

    with plain_archive.database.write() as session:
        session.execute(text(change))

    assert _problems(plain_archive) != ()


def test_a_selection_that_was_altered_in_step_with_its_works_is_found(plain_archive: Archive, tmp_path: Path) -> None:
    works(plain_archive, tmp_path / "works", 6, denied=1)
    train(plain_archive, ORDER)

    with plain_archive.database.write() as session:
        selection = session.scalars(select(schema.Selection)).one()
        query = select(schema.Node.uid, schema.Node.id).join(schema.Edge, schema.Edge.parent_id == schema.Node.id)
        members = session.execute(query.where(schema.Edge.child_id == selection.id, schema.Edge.role == "member")).all()
        session.execute(text(f"DELETE FROM edge WHERE child_id = {selection.id} AND parent_id = {members[0].id}"))
        selection.merkle_root, selection.works = dataset_root([row.uid for row in members[1:]]), len(members) - 1

    (problem,) = _problems(plain_archive)
    assert problem.startswith("The selection ")


@pytest.mark.parametrize(("count", "denied"), [(1, 0), (4, 4)])
def test_nothing_is_recorded_of_a_training_that_cannot_begin(
    plain_archive: Archive, tmp_path: Path, count: int, denied: int
) -> None:
    works(plain_archive, tmp_path / "works", count, denied=denied)

    with pytest.raises(ProvenanceError):
        train(plain_archive, ORDER)

    assert trainings(plain_archive) == 0


def test_works_all_alike_teach_nothing(plain_archive: Archive, tmp_path: Path) -> None:
    folder = tmp_path / "works"
    folder.mkdir()
    for number in range(4):
        Image.new("RGB", (40 + number, 40 + number), "#336699").save(folder / f"{number}.png")
    (folder / "works.csv").write_text("file,licence\n" + "".join(f"{n}.png,CC0-1.0\n" for n in range(4)))
    add_dataset(plain_archive, "discs", folder, metadata=folder / "works.csv")

    with pytest.raises(UsageError, match="all alike"):
        train(plain_archive, ORDER)


def test_a_work_whose_file_changed_stops_the_training(plain_archive: Archive, tmp_path: Path) -> None:
    works(plain_archive, tmp_path / "works")
    Image.new("RGB", (40, 32)).save(tmp_path / "works" / "3.png")

    with pytest.raises(DamagedArchiveError, match=r"(?s)1 of the 8 works .*3\.png has changed"):
        train(plain_archive, ORDER)

    assert trainings(plain_archive) == 0


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"engine": "cppn"}, "Nothing called 'cppn' learns here"),
        ({"name": "gan"}, "gan is the name of an engine"),
        ({"name": "a/b"}, "cannot name a model"),
        ({"settings": {"size": 48}}, "size"),
        ({"settings": {"speed": 1}}, "no parameter 'speed'"),
        ({"dataset": "discs@x"}, "names no version"),
        ({"seed": -1}, "out of range"),
        ({"background": "white"}, "no colour"),
        ({"fit": "round"}, "fitted by one of"),
        ({"categories": ["cats"]}, "cats"),
        ({"samples": 1}, "measured on 2 to"),
    ],
)
def test_a_wrong_order_gets_a_sentence(
    plain_archive: Archive, tmp_path: Path, change: dict[str, object], sentence: str
) -> None:
    works(plain_archive, tmp_path / "works", 2)

    with pytest.raises(ProvenanceError, match=sentence):
        train(plain_archive, dataclasses.replace(ORDER, **change))  # type: ignore[arg-type]

    assert trainings(plain_archive) == 0


def _digest(made: TrainedModel) -> Digest:
    return Digest.parse(made.digest)


def _problems(archive: Archive) -> tuple[str, ...]:
    from provenance.archive.integrity import check

    return check(archive).problems
