"""Pictures that lack features are found wherever they are, and the others are not gone through again."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import delete, event, insert, select
from sqlalchemy.engine import Engine

from provenance.archive.archive import Archive
from provenance.archive.features_lacking import lacking
from provenance.database import utc_now
from provenance.schema import Feature, Kind, Node

METHODS = ("one_v1", "two_v1")


def put(archive: Archive, numbers: Sequence[int], methods: Mapping[int, Sequence[str]] | None = None) -> None:
    """Add works, with both features if nothing else is said of them."""
    now = utc_now()
    with archive.database.write() as session:
        nodes = [{"uid": f"{each:064x}", "kind": Kind.WORK.value, "created_at": now} for each in numbers]
        session.execute(insert(Node), nodes)
    for each in numbers:
        give(archive, each, METHODS if methods is None else methods.get(each, METHODS))


def give(archive: Archive, number: int, methods: Sequence[str]) -> None:
    with archive.database.write() as session:
        row = session.scalars(select(Node.id).where(Node.uid == f"{number:064x}")).one()
        for method in methods:
            session.add(Feature(node_id=row, method=method, data=b"0"))


def found(archive: Archive) -> list[int]:
    return [int(node.uid, 16) for node in lacking(archive, METHODS, (Kind.WORK,))]


@contextmanager
def heard() -> Iterator[list[str]]:
    """Hear what is asked of databases."""
    said: list[str] = []

    def hear(*told: object) -> None:
        said.append(str(told[2]))

    event.listen(Engine, "before_cursor_execute", hear)
    try:
        yield said
    finally:
        event.remove(Engine, "before_cursor_execute", hear)


def test_what_lacks_one_feature_or_all_is_found_each_time_until_it_has_them(archive: Archive) -> None:
    put(archive, range(8), {3: METHODS[:1], 5: ()})

    assert found(archive) == [3, 5]
    assert found(archive) == [3, 5]
    give(archive, 3, METHODS[1:])
    assert found(archive) == [5]
    give(archive, 5, METHODS)
    assert found(archive) == []


def test_what_came_later_is_found_beside_what_was_known(archive: Archive) -> None:
    put(archive, range(4), {1: ()})
    found(archive)

    put(archive, range(4, 8), {6: METHODS[1:]})

    assert found(archive) == [1, 6]


def test_a_row_that_was_lost_in_the_middle_is_found(archive: Archive) -> None:
    put(archive, range(6))
    assert found(archive) == []
    with archive.database.write() as session:
        row = session.scalars(select(Node.id).where(Node.uid == f"{2:064x}")).one()
        session.execute(delete(Feature).where(Feature.node_id == row, Feature.method == METHODS[0]))

    assert found(archive) == [2]


def test_an_older_database_that_has_grown_again_is_gone_through_anew(plain_archive: Archive) -> None:
    put(plain_archive, range(4))
    with plain_archive.database.write() as session:
        session.add(Node(id=5, uid=f"{4:064x}", kind=Kind.ARTWORK.value, created_at=utc_now()))
    assert found(plain_archive) == []
    with plain_archive.database.write() as session:
        session.execute(delete(Node).where(Node.id == 5))
        session.add(Node(id=5, uid=f"{9:064x}", kind=Kind.WORK.value, created_at=utc_now()))

    assert found(plain_archive) == [9]


def test_features_of_other_pictures_in_the_places_of_those_that_were_there_are_noticed(plain_archive: Archive) -> None:
    put(plain_archive, range(4), {3: ()})
    give(plain_archive, 3, METHODS)
    assert found(plain_archive) == []
    with plain_archive.database.write() as session:
        last, other = session.scalars(select(Node.id).order_by(Node.id.desc()).limit(2)).all()
        session.execute(delete(Feature).where(Feature.node_id == last))
        session.add(Feature(id=7, node_id=last, method="other_v1", data=b"0"))
        session.add(Feature(id=8, node_id=other, method="other_v1", data=b"0"))

    assert found(plain_archive) == [3]


def test_works_that_were_complete_are_not_gone_through_again(archive: Archive) -> None:
    put(archive, range(3))
    found(archive)

    with heard() as said:
        found(archive)

    asked = [each for each in said if "EXISTS" in each]
    assert asked
    assert all("node.id > " in each for each in asked)


@pytest.mark.parametrize("damage", ["", "[]", "{}", '{"work one_v1 two_v1": 3}', '{"work one_v1 two_v1": {"node": 1}}'])
def test_a_damaged_note_is_as_good_as_none(plain_archive: Archive, damage: str) -> None:
    put(plain_archive, range(3), {1: ()})
    found(plain_archive)
    note(plain_archive).write_text(damage, encoding="utf-8")

    assert found(plain_archive) == [1]
    assert json.loads(note(plain_archive).read_text(encoding="utf-8"))


def test_each_network_has_its_own_note(plain_archive: Archive) -> None:
    put(plain_archive, range(3))
    found(plain_archive)

    assert len(lacking(plain_archive, ("three_v1",), (Kind.WORK,))) == 3
    assert lacking(plain_archive, METHODS, (Kind.ARTWORK,)) == []
    assert found(plain_archive) == []


def test_without_a_place_for_the_note_the_answer_is_the_same(plain_archive: Archive) -> None:
    put(plain_archive, range(3), {2: ()})
    folder = note(plain_archive).parent
    if folder.exists():
        folder.rename(folder.with_name("elsewhere"))
    folder.write_bytes(b"")

    assert found(plain_archive) == [2]
    assert found(plain_archive) == [2]
    folder.unlink()


def note(archive: Archive) -> Path:
    return archive.folder / "index" / "features.json"
