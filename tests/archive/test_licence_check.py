from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from graphs import Past, learnt
from pictures import picture
from sqlalchemy import update

from provenance import schema
from provenance.archive import nodes
from provenance.archive.archive import Archive
from provenance.archive.behind import behind
from provenance.archive.bring import Terms, bring
from provenance.archive.create import Order, generate
from provenance.archive.licence_check import attribution_lines, findings, settings
from provenance.archive.licence_sources import Sources
from provenance.archive.record import start
from provenance.audit.finding import Finding
from provenance.audit.licence_held import Purpose, Use
from provenance.errors import NotFoundError, UsageError
from provenance.schema import Kind, Role
from provenance.settings import change
from provenance.words import Severity, Truth

_NUMBERS = count()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    """Give one archive to all tests that look at their own lineage only."""
    with Archive.make(tmp_path_factory.mktemp("shared") / "archive") as archive:
        yield archive


def past_of(archive: Archive, **numbers: int) -> Past:
    return learnt(archive, name=f"faces {next(_NUMBERS)}", **numbers)


def checked(archive: Archive, uid: str, **more: Any) -> list[Finding]:
    with archive.database.read() as session:
        return findings(archive, session, uid, **more)


def rewritten(archive: Archive, uids: list[str], **values: object) -> None:
    """Give works other values than `learnt` did."""
    with archive.database.write() as session:
        rows = nodes.node_ids(session, uids)
        session.execute(update(schema.Work).where(schema.Work.id.in_(rows.values())).values(**values))


def tied(archive: Archive, *edges: tuple[str, Role, str, Truth]) -> None:
    with archive.database.write() as session:
        rows = nodes.node_ids(session, {uid for child, _, parent, _ in edges for uid in (child, parent)})
        nodes.add_edges(session, [(rows[child], role, rows[parent], truth) for child, role, parent, truth in edges])


def asks(found: list[Finding]) -> object:
    return found[0].evidence["asks"]


def kinds(found: list[Finding]) -> list[object]:
    return [finding.evidence["kind"] for finding in found if "kind" in finding.evidence]


def test_works_that_a_model_learnt_from_are_counted_and_those_kept_out_are_not(archive: Archive) -> None:
    past = past_of(archive, works=20, withheld=2)
    rewritten(archive, past.withheld, licence="CC-BY-NC-4.0")

    found = checked(archive, past.artworks[0])

    assert found[0].evidence["works"] == 20
    assert asks(found) == {"attribution": 20, "share-alike": 20}
    assert kinds(found) == []


def test_conflicts_among_works_are_found(shared: Archive) -> None:
    past = past_of(shared)
    rewritten(shared, past.used[:1], licence="GPL-2.0-only")
    rewritten(shared, past.used[1:3], licence=None)

    found = checked(shared, past.artworks[0])

    assert kinds(found) == ["share-alike"]
    assert found[1].sentence.startswith("2 works and 1 model have no licence on record")


def test_a_given_picture_weighs_more_than_what_a_model_learnt_from(shared: Archive) -> None:
    past, given = past_of(shared), past_of(shared, works=1)
    rewritten(shared, given.used, licence="CC-BY-ND-4.0")
    tied(shared, (past.run, Role.CONTENT, given.used[0], Truth.CHECKED))

    found = checked(shared, past.artworks[0])

    assert kinds(found) == ["no-derivatives"]
    assert found[-1].severity is Severity.DECIDE


def test_a_work_that_was_given_and_learnt_from_counts_once(archive: Archive) -> None:
    past = past_of(archive, works=5)
    tied(archive, (past.run, Role.PALETTE, past.used[0], Truth.CHECKED))

    found = checked(archive, past.artworks[0])

    assert found[0].evidence["works"] == 5
    assert {row["use"] for row in found[0].evidence["licences"]} == {"colours", "learnt", "model"}  # type: ignore[union-attr,index,call-overload]


def test_an_artwork_inherits_from_what_it_was_edited_from(shared: Archive) -> None:
    first, second = past_of(shared, works=4), past_of(shared, works=3)
    tied(shared, (first.artworks[1], Role.PARENT, second.artworks[0], Truth.CHECKED))

    found = checked(shared, first.artworks[1])

    assert (found[0].evidence["works"], found[0].evidence["models"]) == (7, 2)


def test_an_artwork_inherits_from_the_models_behind_its_model(shared: Archive) -> None:
    first, second = past_of(shared, works=4), past_of(shared, works=3)
    tied(shared, (first.model, Role.DERIVED_FROM, second.model, Truth.CLAIMED))

    found = checked(shared, first.artworks[1])

    assert (found[0].evidence["works"], found[0].evidence["models"]) == (7, 2)


def test_ties_that_somebody_only_claims_are_counted(archive: Archive) -> None:
    first, second = past_of(archive, works=4), past_of(archive, works=3)
    tied(archive, (first.model, Role.DERIVED_FROM, second.model, Truth.CLAIMED))

    with archive.database.read() as session:
        held = Sources.of(session, nodes.node_id(session, first.artworks[0])).held()

    assert [(each.number, each.claimed) for each in held if each.use is Use.LEARNT] == [(7, 3)]


def test_the_same_picture_with_two_licences_is_found(archive: Archive) -> None:
    past = past_of(archive)
    rewritten(archive, past.used[:2], pixels_digest="same")
    rewritten(archive, past.used[:1], licence="CC0-1.0")
    rewritten(archive, past.used[2:4], pixels_digest="other")

    found = checked(archive, past.artworks[0])

    assert "1 picture is recorded several times with different licences" in found[2].sentence


def test_cycles_that_are_claimed_are_walked_once(shared: Archive) -> None:
    first, second = past_of(shared, works=2), past_of(shared, works=2)
    tied(
        shared,
        (first.model, Role.DERIVED_FROM, second.model, Truth.CLAIMED),
        (second.model, Role.DERIVED_FROM, first.model, Truth.CLAIMED),
    )

    with shared.database.read() as session:
        reached = behind(session, nodes.node_id(session, first.artworks[0]))

    assert [each.kind for each in reached].count(Kind.MODEL) == 2


def test_lines_of_credit_are_those_of_all_works_that_ask_for_it(archive: Archive) -> None:
    past = past_of(archive, works=40)
    rewritten(archive, past.used[:10], licence="CC0-1.0")
    rewritten(archive, past.used[10:11], source="https://example.org/1", title="Night crossing", creator="Aa")

    lines = list(attribution_lines(archive, past.artworks[0][:12]))

    assert len(lines) == 30
    assert lines[0] == (
        '"Night crossing" by Aa (https://example.org/1), licensed under CC-BY-SA-4.0 '
        "(https://creativecommons.org/licenses/by-sa/4.0/). A model that made this picture learnt from it."
    )
    authors = [line.partition(" by ")[2] for line in lines]
    assert [author[:8] for author in authors] == sorted(author[:8] for author in authors)


def test_the_finding_has_the_first_lines_of_credit_and_their_number(shared: Archive) -> None:
    past = past_of(shared, works=40)

    evidence = checked(shared, past.artworks[0])[0].evidence

    assert list(evidence["credits"]) == list(attribution_lines(shared, past.artworks[0]))[:20]  # type: ignore[arg-type]
    assert evidence["credits_of"] == 40


def test_lines_of_credit_for_what_is_not_there_are_refused_at_once(shared: Archive) -> None:
    with pytest.raises(NotFoundError):
        attribution_lines(shared, "abcdef")


def test_a_stated_purpose_is_held_against_non_commercial(shared: Archive) -> None:
    past = past_of(shared)
    rewritten(shared, past.used, licence="CC-BY-NC-4.0")

    assert kinds(checked(shared, past.artworks[0], purpose=Purpose(commercial=True))) == ["commercial"]
    assert kinds(checked(shared, past.artworks[0])) == []


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("CC-BY-4.0", ["outgoing"]),
        ("https://creativecommons.org/licenses/by/4.0/", ["outgoing"]),
        ("CC-BY-SA-4.0", []),
        ("my own terms", []),
        ("", []),
    ],
)
def test_the_licence_in_the_settings_is_held_against_share_alike(
    make_archive: Callable[..., Archive], setting: str, expected: list[str]
) -> None:
    folder = make_archive().folder
    change(folder, "credit", "licence", setting)
    with Archive(folder, passphrase=lambda: None) as archive:
        found = checked(archive, past_of(archive).artworks[0])
        known = settings(archive)

    assert kinds(found) == expected
    assert (known["outgoing"] is None) == (setting in {"", "my own terms"})


def test_a_formula_has_nothing_behind_it(shared: Archive) -> None:
    made = generate(shared, Order(count=1, seed=7, width=32, height=32)).artworks

    assert checked(shared, made[0]) == []
    assert list(attribution_lines(shared, made[0])) == []


def test_a_model_known_by_name_has_no_licence(shared: Archive) -> None:
    with start(shared, "sdxl") as run:
        run.add(picture(1))

    found = checked(shared, run.artworks[0])

    assert [finding.sentence for finding in found] == [
        "1 model has no licence on record: what may be done is not known."
    ]


def test_a_picture_that_was_brought_in_says_so(shared: Archive, tmp_path: Path) -> None:
    picture(3).image().save(tmp_path / "fox.png")
    brought = bring(shared, [tmp_path / "fox.png"], Terms())

    found = checked(shared, brought.artworks[0].uid)

    assert "1 picture was brought in" in found[0].sentence


def test_sessions_may_share_what_they_counted(shared: Archive) -> None:
    past = past_of(shared)
    with shared.database.read() as session:
        first = findings(shared, session, past.artworks[0])
        kept = dict(session.info)
    with shared.database.read() as session:
        session.info.update(kept)
        again = findings(shared, session, past.artworks[1])

    assert again == first


def test_a_policy_that_cannot_be_read_is_a_sentence(plain_archive: Archive) -> None:
    past: Past = past_of(plain_archive)
    (plain_archive.folder / "rights.toml").write_text("[licences", encoding="utf-8")

    with pytest.raises(UsageError, match=r"rights.toml is not valid TOML"):
        checked(plain_archive, past.artworks[0])
