"""Consent that ends: what was touched is listed, models tell of it, and nothing else is rewritten."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from pictures import picture
from sqlalchemy import func, select

from provenance import schema
from provenance.archive import nodes
from provenance.archive.archive import Archive
from provenance.archive.collect import Defaults, add_dataset
from provenance.archive.create import Order, generate
from provenance.archive.lineage import impact
from provenance.archive.rights import check_model, select_for_training, standing
from provenance.archive.withdraw import withdraw
from provenance.collect.policy import FILE_NAME
from provenance.database import utc_now
from provenance.errors import NotFoundError, RefusedError, UsageError
from provenance.schema import Kind, Node, Role
from provenance.words import STAYS_LEARNT, Truth


@pytest.fixture
def works(tmp_path: Path) -> Path:
    """Four pictures: two by Ada Lind, one by Ben Oak, one that says no."""
    folder = tmp_path / "works"
    folder.mkdir()
    for number in range(4):
        picture(number).image().save(folder / f"{number}.png")
    people = ["Ada Lind", "Ada Lind", "Ben Oak", "Ben Oak"]
    lines = [f"{number}.png,{person},{'1' if number == 3 else ''}" for number, person in enumerate(people)]
    (folder / "works.csv").write_text("\n".join(["file,creator,noai", *lines]), encoding="utf-8")
    return folder


def _filled(archive: Archive, works: Path) -> Archive:
    add_dataset(archive, "mine", works, metadata=works / "works.csv", defaults=Defaults(licence="CC0-1.0"))
    return archive


@pytest.fixture
def filled(plain_archive: Archive, works: Path) -> Archive:
    return _filled(plain_archive, works)


@pytest.fixture
def filled_on_each(archive: Archive, works: Path) -> Archive:
    """The same, on each database."""
    return _filled(archive, works)


def learn(archive: Archive, name: str, learnt_from: str, *, derived_from: str | None = None) -> str:
    """Let a model make a picture, and write down that it learnt from a set of works, or from another model."""
    with archive.run(name) as run:
        run.add(picture(50).image())
    at = utc_now()
    with archive.database.write() as session:
        model, uid = session.execute(
            select(schema.Model.id, Node.uid).join(Node, Node.id == schema.Model.id).where(schema.Model.name == name)
        ).one()
        if derived_from is not None:
            base = nodes.node_id(session, derived_from)
            nodes.add_edges(session, [(model, Role.DERIVED_FROM, base, Truth.CLAIMED)])
            return str(uid)
        training = nodes.add_nodes(session, {uid[::-1]: Kind.TRAINING}, at)[uid[::-1]]
        facts: dict[str, Any] = {"engine": "gan", "version": "1", "distribution": "prov", "code_digest": "0" * 64}
        session.add(
            schema.Training(
                id=training,
                name=name,
                **facts,
                environment_id=session.scalars(select(schema.Run.environment_id)).first(),
                seed="1",
                settings={},
                preprocessing={},
                started_at=at,
            )
        )
        session.flush()
        parent = nodes.node_id(session, learnt_from)
        edges = [(training, Role.TRAINED_ON, parent, Truth.CHECKED), (model, Role.TRAINING, training, Truth.CHECKED)]
        nodes.add_edges(session, edges)
    return str(uid)


def test_a_withdrawal_lists_everything_that_was_touched(filled_on_each: Archive) -> None:
    model = learn(filled_on_each, "boats", select_for_training(filled_on_each, "mine").uid)
    ended = withdraw(filled_on_each, "mine", ["0.png"], reason=" asked by letter ", by="Ada Lind")

    assert dict(ended.touched) == {"model": 1, "training": 1, "run": 1, "artwork": 1, "export": 0}
    assert [(node.kind, node.uid == model) for node in ended.nodes if node.kind == "model"] == [("model", True)]
    assert [node.kind for node in ended.nodes] == ["model", "training", "run", "artwork"]
    assert ([work.name for work in ended.works], ended.reason) == (["0.png"], "asked by letter")
    with filled_on_each.database.read() as session:
        row = session.scalars(select(schema.Withdrawal)).one()
        assert (row.reason, row.touched) == ("asked by letter", dict(ended.touched))
        assert session.get_one(schema.Contributor, row.contributor_id).name == "Ada Lind"


def test_what_was_touched_is_what_impact_finds(filled: Archive) -> None:
    model = learn(filled, "boats", select_for_training(filled, "mine").uid)
    learn(filled, "better boats", "", derived_from=model)
    uid = select_for_training(filled, "mine").works[0].uid
    found = impact(filled, uid)
    ended = withdraw(filled, "mine", [uid], reason="one")

    touched = {(each.kind, each.uid) for each in found.relatives if each.kind in ended.touched}
    assert touched == {(node.kind, node.uid) for node in ended.nodes}
    assert len(touched) == sum(ended.touched.values()) == 7


def test_a_work_that_was_kept_out_has_touched_nothing(filled: Archive) -> None:
    model = learn(filled, "boats", select_for_training(filled, "mine").uid)
    ended = withdraw(filled, "mine", ["3.png"], reason="late")

    assert set(ended.touched.values()) == {0}
    assert standing(filled, model) == ()


def test_all_works_of_a_creator_can_be_withdrawn(filled: Archive) -> None:
    ended = withdraw(filled, "mine", creator="Ada Lind", reason="asked by letter")

    assert [work.name for work in ended.works] == ["0.png", "1.png"]
    assert [work.name for work in select_for_training(filled, "mine").works] == ["2.png"]


def test_withdrawing_again_says_since_when_and_records_nothing(filled_on_each: Archive) -> None:
    first = withdraw(filled_on_each, "mine", ["0.png"], reason="one")
    again = withdraw(filled_on_each, "mine", ["0.png", "1.png"], reason="two")

    assert [(work.name, work.before) for work in again.works] == [("0.png", True), ("1.png", False)]
    assert again.works[0].since == first.works[0].since
    with filled_on_each.database.read() as session:
        assert session.scalars(select(schema.Withdrawal.reason)).all() == ["one", "two"]


def test_nothing_but_the_withdrawal_is_written(filled: Archive) -> None:
    learn(filled, "boats", select_for_training(filled, "mine").uid)
    before = _counts(filled)
    withdraw(filled, "mine", ["0.png"], reason="one")

    assert {name: n for name, n in _counts(filled).items() if n != before[name]} == {"withdrawal": 1}


def _counts(archive: Archive) -> dict[str, int]:
    with archive.database.read() as session:
        tables = schema.Base.metadata.sorted_tables
        return {table.name: session.scalar(select(func.count()).select_from(table)) or 0 for table in tables}


def test_other_descriptions_of_the_picture_are_named(filled: Archive, works: Path, tmp_path: Path) -> None:
    shutil.copy(works / "0.png", tmp_path / "copy.png")
    add_dataset(filled, "other", tmp_path / "copy.png")

    assert withdraw(filled, "mine", ["0.png"], reason="one").same_pictures == 1


def test_a_model_tells_of_works_that_were_withdrawn_since(filled_on_each: Archive) -> None:
    model = learn(filled_on_each, "boats", select_for_training(filled_on_each, "mine").uid)
    child = learn(filled_on_each, "better boats", "", derived_from=model)
    assert check_model(filled_on_each, model) == ()
    withdraw(filled_on_each, "mine", creator="Ada Lind", reason="asked by letter")

    (sentence,) = check_model(filled_on_each, model)
    assert sentence.startswith("2 works were withdrawn that boats learnt from: 0.png on ")
    assert sentence.endswith(STAYS_LEARNT)
    assert standing(filled_on_each, child)[0].startswith("2 works were withdrawn that better boats learnt from")


def test_the_policy_may_refuse_such_a_model(filled: Archive) -> None:
    model = learn(filled, "boats", select_for_training(filled, "mine").uid)
    withdraw(filled, "mine", ["1.png"], reason="one")
    (filled.folder / FILE_NAME).write_text('[training]\nwithdrawn = "refuse"\n', encoding="utf-8")

    with pytest.raises(RefusedError, match=r"1 work was withdrawn that boats learnt from: 1\.png"):
        check_model(filled, model)


def test_a_model_that_learnt_from_the_picture_under_another_name_tells_too(
    filled: Archive, works: Path, tmp_path: Path
) -> None:
    shutil.copytree(works, tmp_path / "other")
    add_dataset(filled, "other", tmp_path / "other", defaults=Defaults(licence="CC0-1.0", creator="Somebody"))
    model = learn(filled, "boats", select_for_training(filled, "other").uid)
    withdraw(filled, "mine", ["0.png"], reason="one")

    assert len(standing(filled, model)) == 1


def test_many_withdrawn_works_become_a_count(plain_archive: Archive, tmp_path: Path) -> None:
    for number in range(5):
        picture(number).image().save(tmp_path / f"{number}.png")
    add_dataset(plain_archive, "mine", tmp_path, defaults=Defaults(licence="CC0-1.0", creator="Ada Lind"))
    model = learn(plain_archive, "boats", select_for_training(plain_archive, "mine").uid)
    withdraw(plain_archive, "mine", creator="Ada Lind", reason="one")

    assert "; and 2 more." in standing(plain_archive, model)[0]


@pytest.mark.parametrize(
    ("arguments", "facts", "kind", "said"),
    [
        (["0.png"], {"reason": " "}, UsageError, "needs a reason"),
        ([], {"reason": "one"}, UsageError, "Nothing says what"),
        (["9.png"], {"reason": "one"}, NotFoundError, "has no work '9.png'"),
        (["abcd"], {"reason": "one"}, NotFoundError, "has no work 'abcd'"),
        ([], {"reason": "one", "creator": "Cy"}, NotFoundError, "no works by 'Cy'"),
    ],
)
def test_a_wrong_call_writes_nothing(
    plain_archive: Archive, works: Path, arguments: list[str], facts: dict[str, str], kind: type[Exception], said: str
) -> None:
    add_dataset(plain_archive, "mine", works)
    before = _counts(plain_archive)

    with pytest.raises(kind, match=said):
        withdraw(plain_archive, "mine", arguments, **facts)
    assert _counts(plain_archive) == before


def test_an_unknown_dataset_is_said_so(plain_archive: Archive) -> None:
    with pytest.raises(NotFoundError, match="There is no dataset 'mine'"):
        withdraw(plain_archive, "mine", ["a.png"], reason="one")


def test_works_are_named_by_the_beginning_of_their_ids(filled: Archive) -> None:
    uid = select_for_training(filled, "mine").works[0].uid

    assert withdraw(filled, "mine", [uid[:12]], reason="one").works[0].uid == uid


def test_a_withdrawn_work_that_is_given_is_warned_of_or_refused(filled: Archive, works: Path) -> None:
    withdraw(filled, "mine", ["0.png"], reason="one")
    order = Order(palette_from=["mine"], width=16, height=16)

    assert "The consent to use 0.png was withdrawn." in generate(filled, order).warnings
    (filled.folder / FILE_NAME).write_text('[training]\nwithdrawn = "refuse"\n', encoding="utf-8")
    with pytest.raises(RefusedError, match=r"consent to use 0\.png was withdrawn"):
        generate(filled, order)
