"""Lineage is walked both ways, bounded, and says no more than was recorded."""

from pathlib import Path

import pytest
from pictures import picture

from provenance.archive import nodes
from provenance.archive.archive import Archive
from provenance.archive.collect import add_dataset
from provenance.archive.create import Order, generate
from provenance.archive.datasets import show_dataset
from provenance.archive.detail import show
from provenance.archive.lineage import impact, lineage
from provenance.archive.search import artworks
from provenance.database import utc_now
from provenance.errors import NotFoundError, UsageError
from provenance.schema import Kind, Role
from provenance.words import Truth


@pytest.fixture
def works(tmp_path: Path) -> Path:
    folder = tmp_path / "works"
    folder.mkdir()
    for number in range(4):
        picture(number).image().save(folder / f"{number}.png")
    return folder


def _order(**facts: object) -> Order:
    return Order(model="cppn", style="facet", width=16, height=16, seed=1, **facts)  # type: ignore[arg-type]


def test_an_artwork_comes_from_its_run_model_and_maker(archive: Archive) -> None:
    made = generate(archive, _order(by="Ada Lind"))

    kinds = {relative.kind: relative.depth for relative in lineage(archive, made.artworks[0]).relatives}
    assert {"run": 1, "contributor": 1, "model": 2} == kinds


def test_a_model_touches_its_runs_and_their_artworks(archive: Archive) -> None:
    made = generate(archive, _order(count=3))
    run = show(archive, made.artworks[0]).run
    assert run is not None

    touched = {relative.uid for relative in impact(archive, run["model"]["uid"]).relatives}
    assert {made.run, *made.artworks} == touched


def test_a_person_touches_what_the_person_made_and_nobody_elses(archive: Archive) -> None:
    ada = generate(archive, _order(by="Ada"))
    generate(archive, _order(by="Jun"))

    touched = {relative.uid for relative in impact(archive, nodes.contributor_uid("Ada")).relatives}
    assert {ada.run, *ada.artworks} == touched


def test_a_work_touches_the_dataset_and_only_what_used_it(archive: Archive, works: Path) -> None:
    add_dataset(archive, "mine", works)
    uids = [work["uid"] for work in show_dataset(archive, "mine").works]
    used = generate(archive, _order(palette_from=[uids[0]]))
    generate(archive, _order())

    kinds = [relative.kind for relative in impact(archive, uids[0]).relatives]
    assert {"dataset": 1, "run": 1, "artwork": 1} == {kind: kinds.count(kind) for kind in kinds}
    assert used.run in {relative.uid for relative in impact(archive, uids[0]).relatives}
    assert ["dataset"] == [relative.kind for relative in impact(archive, uids[1]).relatives]


def test_an_answer_is_bounded_and_says_so(archive: Archive, works: Path) -> None:
    add_dataset(archive, "mine", works)
    dataset = show_dataset(archive, "mine").version.uid

    found = lineage(archive, dataset, limit=2)
    assert (2, False) == (len(found.relatives), found.complete)
    assert lineage(archive, dataset, limit=4).complete


def test_every_step_joins_nodes_of_the_answer(archive: Archive) -> None:
    made = generate(archive, _order(count=2, by="Ada"))
    found = impact(archive, made.run)

    uids = {found.subject.uid, *(relative.uid for relative in found.relatives)}
    assert found.steps
    assert all({step.child, step.parent} <= uids for step in found.steps)


def test_ids_are_shortened_like_gits(archive: Archive) -> None:
    made = generate(archive, _order())
    uid = made.artworks[0]

    assert uid == show(archive, uid[:8]).uid == show(archive, uid.upper()).uid
    with pytest.raises(NotFoundError, match="at least the first 4"):
        show(archive, uid[:3])
    with pytest.raises(NotFoundError, match="has no artwork"):
        show(archive, made.run)


def test_an_ambiguous_id_lists_what_it_may_mean(plain_archive: Archive) -> None:
    with plain_archive.database.write() as session:
        nodes.add_nodes(session, {"abcd" + "0" * 60: Kind.WORK, "abcd" + "1" * 60: Kind.WORK}, utc_now())

    with pytest.raises(UsageError, match="abcd00000000"):
        lineage(plain_archive, "abcd")


def test_a_list_goes_on_where_it_ended(archive: Archive) -> None:
    made = generate(archive, _order(count=5))

    first = artworks(archive, count=3)
    rest = artworks(archive, count=3, before=first[-1].uid)
    assert set(made.artworks) == {row.uid for row in (*first, *rest)}
    assert 5 == len(first) + len(rest)


def test_a_list_is_of_one_maker_or_model(archive: Archive) -> None:
    ada = generate(archive, _order(by="Ada"))
    generate(archive, _order(by="Jun"))

    assert list(ada.artworks) == [row.uid for row in artworks(archive, by="Ada")]
    assert [] == artworks(archive, by="Nobody")
    assert [] == artworks(archive, model="flow")


def test_many_paths_to_one_artwork_do_not_hide_others(plain_archive: Archive, works: Path) -> None:
    add_dataset(plain_archive, "mine", works)
    for seed in range(6):
        generate(plain_archive, Order(model="cppn", style="facet", width=8, height=8, seed=seed, palette_from=["mine"]))
    dataset = show_dataset(plain_archive, "mine")
    with plain_archive.database.write() as session:
        person = nodes.contributors(session, ["Cleo"], utc_now())["Cleo"]
        rows = nodes.node_ids(session, [work["uid"] for work in dataset.works])
        nodes.add_edges(session, [(row, Role.CREATOR, person, Truth.CLAIMED) for row in rows.values()])

    found = impact(plain_archive, nodes.contributor_uid("Cleo"), limit=20)
    kinds = [relative.kind for relative in found.relatives]
    assert found.complete
    assert (6, 6) == (kinds.count("run"), kinds.count("artwork"))
