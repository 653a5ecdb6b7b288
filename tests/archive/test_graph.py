"""Where a walk may go, both ways; how well each way is known; circles; pages; and what people may type."""

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
from graphs import learnt, plant, uid
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.orm import Session

from provenance import schema
from provenance.archive import graph, nodes
from provenance.archive.archive import Archive
from provenance.archive.graph_ways import circles, truths
from provenance.archive.lineage import Lineage, impact, lineage
from provenance.database import utc_now
from provenance.errors import NotFoundError, UsageError
from provenance.schema import Kind, Role
from provenance.words import Truth

Edges = list[tuple[int, Role, int, Truth]]

NODES = 7
ROLES = st.sampled_from([*Role, *[Role.SELECTED_FROM] * 3])
GRAPHS: st.SearchStrategy[Edges] = st.lists(
    st.tuples(st.integers(0, NODES - 1), ROLES, st.integers(0, NODES - 1), st.sampled_from(Truth)),
    max_size=16,
    unique_by=lambda edge: edge[:3],
)


@pytest.fixture(scope="module")
def one_archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    with Archive.make(tmp_path_factory.mktemp("graphs") / "archive") as archive:
        yield archive


_numbers = itertools.count()


def planted(archive: Archive, edges: Edges) -> list[str]:
    return plant(archive, [list(Kind)[place % len(Kind)] for place in range(NODES)], edges, name=str(next(_numbers)))


def ways(edges: Edges, start: int) -> dict[int, Truth]:
    """Find what `start` comes from by trying every way up: the law, written down once more and slowly."""
    best: dict[int, Truth] = {}

    def go(here: int, level: Truth, passed: frozenset[int]) -> None:
        for child, role, parent, truth in edges:
            if child != here or role is Role.PREVIOUS:
                continue
            reached = min(level, truth)
            best[parent] = max(best.get(parent, reached), reached)
            if role is not Role.SELECTED_FROM and parent not in passed:
                go(parent, reached, passed | {parent})

    go(start, Truth.REPRODUCED, frozenset({start}))
    best.pop(start, None)
    return best


def shown(found: Lineage) -> dict[str, str | None]:
    return {relative.uid: relative.truth for relative in found.relatives}


@settings(max_examples=40, deadline=None)
@given(edges=GRAPHS)
def test_both_ways_agree_and_every_truth_is_that_of_the_best_way(one_archive: Archive, edges: Edges) -> None:
    uids = planted(one_archive, edges)
    up = [lineage(one_archive, each) for each in uids]
    down = [impact(one_archive, each) for each in uids]

    for place, found in enumerate(up):
        assert {uids[row]: truth.value for row, truth in ways(edges, place).items()} == shown(found)
    for a, b in itertools.permutations(range(NODES), 2):
        assert shown(up[a]).get(uids[b]) == shown(down[b]).get(uids[a])


@settings(max_examples=25, deadline=None)
@given(edges=GRAPHS, size=st.integers(1, 4), upwards=st.booleans())
def test_pages_put_together_are_the_whole_answer(one_archive: Archive, edges: Edges, size: int, upwards: bool) -> None:
    start = planted(one_archive, edges)[0]
    walk = lineage if upwards else impact
    whole = walk(one_archive, start)

    pages = [walk(one_archive, start, limit=size)]
    while (after := pages[-1].next) is not None:
        pages.append(walk(one_archive, start, limit=size, after=after))

    assert whole.relatives == tuple(each for page in pages for each in page.relatives)
    assert sorted(map(repr, whole.steps)) == sorted(repr(each) for page in pages for each in page.steps)
    assert [False] * (len(pages) - 1) + [True] == [page.complete for page in pages]
    for page in pages:
        here = {each.uid for each in (page.subject, *page.earlier, *page.relatives)}
        assert {end for step in page.steps for end in (step.child, step.parent)} <= here
        assert (whole.counts, whole.cycles) == (page.counts, page.cycles)


@settings(max_examples=40, deadline=None)
@given(edges=GRAPHS)
def test_a_circle_is_reported_with_all_that_is_in_it(one_archive: Archive, edges: Edges) -> None:
    uids = planted(one_archive, edges)
    found = lineage(one_archive, uids[0])
    steps = {(uids.index(step.child), uids.index(step.parent)) for step in found.steps}

    reach = set(steps)
    for _ in range(NODES):
        reach |= {(a, d) for a, b in reach for c, d in steps if b == c}
    assert {uids[row] for row in range(NODES) if (row, row) in reach} == {
        each for group in found.cycles for each in group
    }


def test_a_model_with_a_past_comes_from_the_works_it_saw_and_no_others(archive: Archive) -> None:
    past = learnt(archive)

    for artwork in past.artworks:
        found = lineage(archive, artwork)
        assert set(past.used) == {each.uid for each in found.relatives if each.kind == Kind.WORK}
        assert {past.run, past.model, past.training, past.selection, past.dataset} <= set(shown(found))
    for work in past.used:
        touched = impact(archive, work)
        assert set(past.artworks) == {each.uid for each in touched.relatives if each.kind == Kind.ARTWORK}
    for work in past.withheld:
        assert [past.dataset] == [each.uid for each in impact(archive, work).relatives]
    assert {past.selection, past.training, past.model, past.run, *past.artworks} == set(
        shown(impact(archive, past.dataset))
    )


def test_a_circle_claimed_between_artworks_is_walked_once_and_named(archive: Archive) -> None:
    edges = [(a, Role.PARENT, b, Truth.CLAIMED) for a, b in ((0, 1), (1, 2), (2, 0), (3, 0))]
    uids = plant(archive, [Kind.ARTWORK] * 4, edges)

    found = lineage(archive, uids[3])
    assert set(uids[:3]) == set(shown(found))
    assert (tuple(uids[:3]),) == found.cycles
    assert () == lineage(archive, plant(archive, [Kind.RUN], [], name="alone")[0]).cycles


def test_a_hub_is_walked_only_as_far_as_is_asked(archive: Archive) -> None:
    wide = 2_600
    kinds = [Kind.MODEL, *[Kind.RUN] * wide]
    uids = plant(archive, kinds, [(place, Role.MODEL, 0, Truth.CHECKED) for place in range(1, wide + 1)])

    first = impact(archive, uids[0], limit=3)
    assert (3, False, False) == (len(first.relatives), first.complete, first.counted)
    assert 2_000 <= first.counts["run"] < wide
    everything = impact(archive, uids[0], limit=wide)
    assert (wide, True, {"run": wide}) == (len(everything.relatives), everything.counted, dict(everything.counts))
    last = impact(archive, uids[0], limit=10, after=everything.relatives[-3].uid)
    assert everything.relatives[-2:] == last.relatives
    assert last.complete


def test_every_hub_of_a_level_is_walked_to_its_end(plain_archive: Archive) -> None:
    wide, hubs = graph._ROWS + 100, (1, 2, 3)
    edges = [(hub, Role.DERIVED_FROM, 0, Truth.CHECKED) for hub in hubs]
    edges += [(4 + place, Role.MODEL, hubs[place % 3], Truth.CHECKED) for place in range(3 * wide)]
    uids = plant(plain_archive, [Kind.MODEL] * 4 + [Kind.RUN] * (3 * wide), edges)

    found = impact(plain_archive, uids[0], limit=10_000)
    assert set(uids[1:]) == set(shown(found))
    assert len(edges) == len(found.steps)


def test_records_added_later_do_not_move_those_that_were_there(plain_archive: Archive) -> None:
    edges = [(place, Role.MODEL, 0, Truth.CHECKED) for place in range(1, 7)]
    uids = plant(plain_archive, [Kind.MODEL, *[Kind.RUN] * 6], edges)
    first = impact(plain_archive, uids[0], limit=3)
    before = [each.uid for each in impact(plain_archive, uids[0]).relatives]

    with plain_archive.database.write() as session:
        added = nodes.add_nodes(session, {uid(f"later {n}"): Kind.RUN for n in range(3)}, utc_now())
        model = nodes.node_id(session, uids[0])
        nodes.add_edges(session, [(row, Role.MODEL, model, Truth.CHECKED) for row in added.values()])

    rest = impact(plain_archive, uids[0], after=first.next)
    assert before == [each.uid for each in (*first.relatives, *rest.relatives) if each.uid not in added]


def test_depth_ends_the_walk(plain_archive: Archive) -> None:
    past = learnt(plain_archive)

    assert {1, 2} == {each.depth for each in lineage(plain_archive, past.artworks[0], depth=2).relatives}
    with pytest.raises(UsageError, match="leaves nothing"):
        lineage(plain_archive, past.artworks[0], depth=0)
    with pytest.raises(UsageError, match="leaves nothing"):
        impact(plain_archive, past.artworks[0], limit=0)


def test_a_page_behind_a_stranger_is_refused(plain_archive: Archive) -> None:
    past, other = learnt(plain_archive), learnt(plain_archive, name="other")

    with pytest.raises(NotFoundError, match="not in this answer"):
        lineage(plain_archive, past.artworks[0], after=other.run)


def test_a_walk_begins_at_an_id_or_a_name(archive: Archive) -> None:
    past = learnt(archive)

    for typed, meant in {
        "dataset:faces": past.dataset,
        "dataset:faces@1": past.dataset,
        "model:faces": past.model,
        "model:faces@1": past.model,
        "faces person 1": past.people[1],
        "person: faces person 1": past.people[1],
        "  faces person 1 ": past.people[1],
        past.run[:8].upper(): past.run,
    }.items():
        assert meant == impact(archive, typed).subject.uid


def test_the_name_of_a_dataset_means_its_latest_version(plain_archive: Archive) -> None:
    uids = plant(plain_archive, [Kind.DATASET] * 3, [])
    with plain_archive.database.write() as session:
        session.add(schema.Dataset(id=1, name="tiles", created_at=utc_now()))
        session.flush()
        for number, each in ((2, uids[0]), (3, uids[1]), (1, uids[2])):
            row = nodes.node_id(session, each)
            facts = {"merkle_root": "0", "works": 1, "added_at": utc_now()}
            session.add(schema.DatasetVersion(id=row, dataset_id=1, number=number, **facts))

    asked = {"tiles": uids[1], "tiles@1": uids[2], "tiles@2": uids[0], "tiles@3": uids[1]}
    assert asked == {typed: impact(plain_archive, typed).subject.uid for typed in asked}


def test_a_name_that_means_several_things_lists_them(plain_archive: Archive) -> None:
    past = learnt(plain_archive)

    with pytest.raises(UsageError) as refused:
        impact(plain_archive, "faces")
    assert past.dataset[:12] in str(refused.value)
    assert past.model[:12] in str(refused.value)


def test_what_names_nothing_is_said_in_a_sentence(archive: Archive) -> None:
    learnt(archive)
    hostile = ("no\0body", "\ud800", "x" * 1_000_000, "%", "a'; --", "f" * 65, "f" * 64)

    for typed in ("", "@", "faces@", "faces@9", "faces@x", "faces@\u0661", "person:", "run:faces", *hostile):
        with pytest.raises(NotFoundError) as refused:
            lineage(archive, typed)
        assert len(str(refused.value)) < 400


def test_the_last_step_counts_once_however_it_is_reached() -> None:
    edges: list[graph.Walked] = [
        (1, "run", 2, "claimed"),
        (2, "trained_on", 3, "checked"),
        (3, "selected_from", 4, "checked"),
        (1, "input", 4, "checked"),
    ]

    assert Truth.CHECKED is truths(1, edges, upwards=True)[4]
    assert [] == circles(edges)


def test_a_way_through_a_selection_does_not_lead_on(plain_archive: Archive) -> None:
    edges = [
        (0, Role.TRAINED_ON, 1, Truth.CHECKED),
        (1, Role.SELECTED_FROM, 2, Truth.CHECKED),
        (2, Role.MEMBER, 3, Truth.CHECKED),
        (2, Role.PREVIOUS, 4, Truth.CHECKED),
    ]
    uids = plant(plain_archive, [Kind.TRAINING, Kind.SELECTION, Kind.DATASET, Kind.WORK, Kind.DATASET], edges)

    assert set(uids[1:3]) == set(shown(lineage(plain_archive, uids[0])))
    assert [uids[2]] == list(shown(impact(plain_archive, uids[3])))
    assert [] == list(shown(impact(plain_archive, uids[4])))


def test_a_walk_searches_its_indexes_and_sorts_nothing(plain_archive: Archive) -> None:
    values = {"never": "previous", "not_now": "selected_from", "here": 1, "role": "run", "there": 1}
    with plain_archive.database.read() as session:
        for query, some in ((query, {"some": [1, 2]}) for query in graph._MANY.values()):
            assert_indexed(session, query.params(**{**values, **some}))
        for query in graph._ONE.values():
            assert_indexed(session, query.params(values))


def assert_indexed(session: Session, query: Any) -> None:
    compiled = query.compile(session.get_bind(), compile_kwargs={"literal_binds": True})
    plan = [row[3] for row in session.execute(text(f"EXPLAIN QUERY PLAN {compiled}"))]

    assert 2 == len(plan), plan
    assert all(line.startswith("SEARCH ") for line in plan), plan
