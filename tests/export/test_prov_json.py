"""PROV-JSON: the `prov` package loads it, and reaches in it exactly what the archive's own answer holds."""

import itertools
import json
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
from graphs import learnt, plant
from hypothesis import given, settings
from hypothesis import strategies as st
from prov.graph import prov_to_graph
from prov.model import ProvDocument

from provenance.archive.archive import Archive
from provenance.archive.lineage import Lineage, impact, lineage
from provenance.export.prov_json import NAMESPACE, prov_json
from provenance.export.record import record_bytes
from provenance.schema import Kind, Role
from provenance.words import Truth

_numbers = itertools.count()


@pytest.fixture(scope="module")
def one_archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    with Archive.make(tmp_path_factory.mktemp("prov") / "archive") as archive:
        yield archive


def loaded(found: Lineage) -> Any:
    return ProvDocument.deserialize(content=record_bytes(prov_json(found)).decode(), format="json")


def reached(found: Lineage) -> set[str]:
    """Follow the relations from the subject, as a stranger with the document alone would."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the reader's own plans for its next version
        graph = prov_to_graph(loaded(found))
    steps = {(uid_of(child), uid_of(parent)) for child, parent in graph.edges()}
    if not found.upwards:
        steps = {(parent, child) for child, parent in steps}
    seen, waiting = set[str](), [found.subject.uid]
    while waiting:
        here = waiting.pop()
        new = {there for at, there in steps if at == here} - seen
        seen |= new
        waiting += new
    return seen - {found.subject.uid}


def uid_of(element: Any) -> str:
    return str(element.identifier.localpart)


def test_a_lineage_reaches_the_same_in_prov(plain_archive: Archive) -> None:
    past = learnt(plain_archive)

    for found in (lineage(plain_archive, past.artworks[0]), impact(plain_archive, past.used[0])):
        assert found.relatives
        assert {each.uid for each in found.relatives} == reached(found)
    assert {past.dataset} == reached(impact(plain_archive, past.withheld[0]))


@settings(max_examples=40, deadline=None)
@given(
    edges=st.lists(
        st.tuples(st.integers(0, 8), st.sampled_from(Role), st.integers(0, 8), st.sampled_from(Truth)),
        max_size=16,
        unique_by=lambda edge: edge[:3],
    ),
    upwards=st.booleans(),
)
def test_any_graph_reaches_the_same_in_prov(
    one_archive: Archive, edges: list[tuple[int, Role, int, Truth]], upwards: bool
) -> None:
    uids = plant(one_archive, list(Kind), edges, name=str(next(_numbers)))
    ends = [(child if upwards else parent) for child, _, parent, _ in edges] or [0]
    found = (lineage if upwards else impact)(one_archive, uids[ends[0]])

    assert {each.uid for each in found.relatives} == reached(found)
    relations = [each for key, records in prov_json(found).items() for each in records_of(key, records)]
    assert sorted((step.role, step.truth) for step in found.steps) == sorted(
        (each["archive:role"], each["archive:truth"]) for each in relations
    )


def records_of(key: str, records: Any) -> list[dict[str, str]]:
    return [] if key in {"prefix", "entity", "activity", "agent"} else list(records.values())


def test_each_step_is_the_relation_that_prov_has_for_it(plain_archive: Archive) -> None:
    past = learnt(plain_archive, works=1, withheld=0, artworks=1)
    document: Any = prov_json(lineage(plain_archive, past.artworks[0]))

    def ends(relation: str) -> list[tuple[str, ...]]:
        return [
            tuple(value.partition(":")[0] for key, value in record.items() if key.startswith("prov:"))
            for record in document[relation].values()
        ]

    assert [("artwork", "run"), ("model", "training")] == sorted(ends("wasGeneratedBy"))
    assert [("run", "model"), ("training", "selection")] == sorted(ends("used"))
    assert [("selection", "dataset")] == ends("wasDerivedFrom")
    assert [("selection", "work")] == ends("hadMember")
    assert [("artwork", "contributor"), ("work", "contributor")] == sorted(ends("wasAttributedTo"))
    assert {"prefix", "entity", "activity", "agent"} < set(document)
    assert f"{NAMESPACE}work:" == document["prefix"]["work"]
    work = document["entity"][f"work:{past.used[0]}"]
    assert ("CC-BY-SA-4.0", "checked") == (work["archive:licence"], work["archive:truth"])


def test_an_edit_is_a_revision(plain_archive: Archive) -> None:
    uids = plant(plain_archive, [Kind.ARTWORK] * 2, [(0, Role.PARENT, 1, Truth.CHECKED)])
    document: Any = prov_json(lineage(plain_archive, uids[0]))

    (record,) = document["wasDerivedFrom"].values()
    assert {"$": "prov:Revision", "type": "xsd:QName"} == record["prov:type"]


def test_an_answer_that_was_cut_says_so(plain_archive: Archive) -> None:
    past = learnt(plain_archive)
    found = lineage(plain_archive, past.artworks[0], limit=4)

    document: Any = json.loads(record_bytes(prov_json(found)))
    assert document["entity"][f"artwork:{past.artworks[0]}"]["archive:complete"] is False
    assert {each.uid for each in found.relatives} == reached(found)
