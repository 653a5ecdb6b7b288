"""Decisions about works are recorded, follow the policy, and hold at the door of every training."""

import csv
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from packets import SOURCE_TYPE, mining, packet, save, with_xmp
from pictures import picture
from PIL import Image
from sqlalchemy import func, select

from provenance import schema
from provenance.archive.archive import Archive
from provenance.archive.check import check_dataset
from provenance.archive.collect import Defaults, add_dataset
from provenance.archive.datasets import show_dataset
from provenance.archive.rights import select_for_training
from provenance.archive.withdraw import withdraw
from provenance.collect.merkle import prove
from provenance.collect.policy import FILE_NAME
from provenance.database import utc_now
from provenance.errors import NotFoundError, UsageError
from provenance.schema import Edge, Kind, Node, Role
from provenance.sign.claim import Claim
from provenance.sign.embed import Signer
from provenance.sign.identity import create_trial

FREE = Defaults(licence="CC0-1.0", creator="Ada Lind")
NO = mining("DMI-PROHIBITED-AIMLTRAINING")


@pytest.fixture
def works(tmp_path: Path) -> Path:
    """Four pictures: the first says no."""
    folder = tmp_path / "works"
    folder.mkdir()
    save(folder / "0.png", with_xmp(picture(0).image(), "PNG", NO))
    for number in range(1, 4):
        picture(number).image().save(folder / f"{number}.png")
    return folder


def names(archive: Archive, name: str = "mine") -> list[str]:
    return [work.name for work in select_for_training(archive, name).works]


def rows(archive: Archive, table: Any = schema.Rights) -> int:
    with archive.database.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_what_says_no_is_kept_out_of_training_and_in_the_archive(plain_archive: Archive, works: Path) -> None:
    added = add_dataset(plain_archive, "mine", works, defaults=FREE)

    assert (added.works, dict(added.decisions)) == (4, {"allowed": 3, "refused": 1, "unclear": 0})
    assert dict(added.rules) == {"signals.xmp": 1}
    assert names(plain_archive) == ["1.png", "2.png", "3.png"]
    assert show_dataset(plain_archive, "mine").rules == {"signals.xmp": 1}


def test_the_decision_is_kept_with_rule_and_evidence(archive: Archive, works: Path) -> None:
    add_dataset(archive, "mine", works, defaults=FREE)

    with archive.database.read() as session:
        query = select(schema.Rights).join(schema.Work, schema.Work.id == schema.Rights.work_id)
        row = session.scalars(query.where(schema.Work.name == "0.png")).one()
        assert (row.decision, row.rule) == ("refused", "signals.xmp")
        assert [signal["statement"] for signal in row.signals] == ["licence", "plus:DataMining"]
        assert {signal["truth"] for signal in row.signals} == {"claimed"}


def test_a_selection_is_a_node_with_a_root_of_its_own_written_once(archive: Archive, works: Path) -> None:
    version = add_dataset(archive, "mine", works, defaults=FREE)
    first, again = (select_for_training(archive, "mine") for _ in range(2))

    assert first == again
    assert (first.kind, dict(first.withheld)) == ("selection", {"signals.xmp": 1})
    uids = [work.uid for work in first.works]
    assert prove(uids, uids[0]).root == first.merkle_root != version.merkle_root
    with archive.database.read() as session:
        node = session.scalars(select(Node).where(Node.kind == Kind.SELECTION.value)).one()
        edges = session.scalars(select(Edge).where(Edge.child_id == node.id)).all()
        row = session.get_one(schema.Selection, node.id)
    assert node.uid == first.uid
    assert sorted(edge.role for edge in edges) == [Role.MEMBER] * 3 + [Role.SELECTED_FROM]
    assert (row.works, row.withheld, row.merkle_root) == (3, 1, first.merkle_root)


def test_a_version_that_loses_nothing_is_what_the_training_names(plain_archive: Archive, works: Path) -> None:
    (works / "0.png").unlink()
    version = add_dataset(plain_archive, "mine", works, defaults=FREE)
    selected = select_for_training(plain_archive, "mine")

    assert (selected.kind, selected.uid, selected.merkle_root) == ("dataset", version.uid, version.merkle_root)
    assert selected.works[0].paths == (str(works / "1.png"),)
    assert rows(plain_archive, schema.Selection) == 0


def test_nothing_to_learn_from_says_why_and_what_to_do(plain_archive: Archive, works: Path) -> None:
    add_dataset(plain_archive, "mine", works)

    with pytest.raises(NotFoundError) as raised:
        select_for_training(plain_archive, "mine")
    assert str(raised.value) == (
        "Models may learn from none of the 4 works of mine version 1. Kept out are 3: nothing says yes "
        "(training.unclear); 1: XMP in the file says no (signals.xmp). `prov dataset check mine` shows the evidence, "
        "and what would change it."
    )
    assert rows(plain_archive, schema.Selection) == 0


def test_a_changed_policy_decides_anew_and_adds_a_row(archive: Archive, works: Path) -> None:
    add_dataset(archive, "mine", works)
    (archive.folder / FILE_NAME).write_text('[training]\nunclear = "allow"\n', encoding="utf-8")

    assert dict(check_dataset(archive, "mine").rules) == {"signals.xmp": 1}
    assert rows(archive) == 4  # to look is not to write
    assert names(archive) == ["1.png", "2.png", "3.png"]
    assert rows(archive) == 8
    select_for_training(archive, "mine")
    assert rows(archive) == 8


def test_reading_again_adds_a_row_only_where_something_changed(archive: Archive, works: Path) -> None:
    add_dataset(archive, "mine", works, defaults=FREE)
    add_dataset(archive, "mine", works, defaults=FREE)
    assert rows(archive) == 4
    save(works / "2.xmp", NO)
    added = add_dataset(archive, "mine", works, defaults=FREE)

    assert (added.made, rows(archive)) == (False, 5)
    assert names(archive) == ["1.png", "3.png"]


def test_works_of_an_older_archive_are_asked_before_anything_learns_from_them(
    plain_archive: Archive, works: Path
) -> None:
    add_dataset(plain_archive, "mine", works, defaults=FREE)
    with plain_archive.database.write() as session:
        session.execute(schema.Rights.__table__.delete())  # type: ignore[attr-defined]  # as an older prov left it

    with pytest.raises(NotFoundError, match="read them again with `prov dataset add mine PATH`"):
        select_for_training(plain_archive, "mine")
    add_dataset(plain_archive, "mine", works, defaults=FREE)
    assert names(plain_archive) == ["1.png", "2.png", "3.png"]


def test_a_default_licence_does_not_replace_one_that_cannot_be_read(plain_archive: Archive, works: Path) -> None:
    table = works / "works.csv"
    table.write_text("file,licence\n1.png,as agreed with the museum\n2.png,\n", encoding="utf-8")
    add_dataset(plain_archive, "mine", works, metadata=table, defaults=FREE)

    assert names(plain_archive) == ["2.png", "3.png"]
    assert show_dataset(plain_archive, "mine").licences == {"CC0-1.0": 3, "not recorded": 1}


def test_a_twin_of_a_refused_work_is_no_way_round(plain_archive: Archive, works: Path) -> None:
    picture(0).image().save(works / "twin.png")
    add_dataset(plain_archive, "mine", works, defaults=FREE)

    assert dict(select_for_training(plain_archive, "mine").withheld) == {"signals.xmp": 1, "twin": 1}


def test_a_withdrawn_picture_stays_out_under_any_description(archive: Archive, works: Path) -> None:
    add_dataset(archive, "mine", works, defaults=FREE)
    withdraw(archive, "mine", ["1.png"], reason="asked by letter")
    with Image.open(works / "1.png") as image:
        image.save(works / "other.webp", lossless=True)
    (works / "1.png").rename(works / "renamed.png")
    add_dataset(archive, "again", works, defaults=Defaults(licence="CC0-1.0", creator="Somebody else"))

    assert names(archive) == ["2.png", "3.png"]
    assert names(archive, "again") == ["2.png", "3.png"]
    assert select_for_training(archive, "again").withheld["withdrawn"] == 2


def test_a_training_may_ask_for_categories(plain_archive: Archive, works: Path) -> None:
    table = works / "works.csv"
    table.write_text("file,category\n0.png,boats\n1.png,boats\n2.png,bowls\n", encoding="utf-8")
    add_dataset(plain_archive, "mine", works, metadata=table, defaults=FREE)
    boats = select_for_training(plain_archive, "mine", categories=["boats"])

    assert ([work.name for work in boats.works], boats.kind) == (["1.png"], "selection")
    with pytest.raises(UsageError, match=r"no works of the category 'cups'. It has: boats, bowls."):
        select_for_training(plain_archive, "mine", categories=["cups"])


def test_an_unknown_dataset_is_said_so(plain_archive: Archive) -> None:
    with pytest.raises(NotFoundError, match="There is no dataset 'mine'"):
        select_for_training(plain_archive, "mine")


def test_a_picture_signed_with_a_no_is_kept_out(plain_archive: Archive, works: Path, signing: "Signing") -> None:
    save(works / "signed.png", signing(9, "notAllowed"))
    save(works / "signed2.png", signing(10, "allowed"))
    added = add_dataset(plain_archive, "mine", works)

    assert dict(added.rules) == {"training.unclear": 3, "signals.c2pa": 1, "signals.xmp": 1}
    assert names(plain_archive) == ["signed2.png"]


def test_broken_metadata_is_a_note_and_no_yes(plain_archive: Archive, works: Path) -> None:
    save(works / "3.png", with_xmp(picture(3).image(), "PNG", packet("<plus:DataMining>")))
    save(works / "robots.txt", b"")
    save(works / "ai.txt", b"leave me alone")
    added = add_dataset(plain_archive, "mine", works, defaults=FREE)

    assert [note.reason for _, note in added.notes] == ["signals", "signals"]
    assert "ai.txt cannot be read: it has no rule that is understood." in added.notes[0][1].sentence
    assert dict(added.decisions)["allowed"] == 0


# The law: no work that says no ever reaches a training, whatever mix of signals.

Signing = Callable[[int, str], bytes]


@pytest.fixture(scope="session")
def signing() -> Signing:
    """Sign pictures that say what may be learnt from them; each is signed once."""
    signer = Signer(create_trial("studio", now=utc_now()))
    made: dict[tuple[int, str], bytes] = {}

    def sign(seed: int, use: str) -> bytes:
        if (seed, use) not in made:
            claim = Claim(
                title="a picture",
                media_type="image/png",
                opening="created",
                when=utc_now(),
                digital_source_type="digitalArt",
                training_mining={"ai_generative_training": use},  # type: ignore[dict-item]
            )
            made[seed, use] = signer.sign(with_xmp(picture(seed).image(), "PNG", packet()), "image/png", claim).data
        return made[seed, use]

    return sign


NOTHING: Mapping[str, Any] = {
    "format": "PNG",
    "xmp": None,
    "sidecar": None,
    "source_type": None,
    "c2pa": None,
    "consent": "",
    "licence": "",
    "columns": {},
    "robots": None,
    "ai_txt": None,
    "tdmrep": None,
}
REFUSING = {"DMI-PROHIBITED", "DMI-PROHIBITED-GENAIMLTRAINING"}
MINING = ["DMI-ALLOWED", "DMI-UNSPECIFIED", *sorted(REFUSING)]
MIX = st.fixed_dictionaries(
    {
        "format": st.sampled_from(["PNG", "JPEG", "WEBP", "TIFF", "GIF", "AVIF"]),
        "xmp": st.sampled_from([None, *MINING, "DMI-PROHIBITED-SEECONSTRAINT"]),
        "sidecar": st.sampled_from([None, *MINING]),
        "source_type": st.sampled_from([None, "digitalArt", "trainedAlgorithmicMedia"]),
        "c2pa": st.sampled_from([None, None, "allowed", "notAllowed", "constrained"]),
        "consent": st.sampled_from(["", "granted", "denied", "withdrawn"]),
        "licence": st.sampled_from(["", "CC0-1.0", "CC-BY-4.0", "CC-BY-NC-4.0", "LicenseRef-no-ai", "no AI, please"]),
        "columns": st.dictionaries(
            st.sampled_from(["noai", "x-robots-tag", "tdm-reservation", "content-usage"]),
            st.sampled_from(["1", "0", "noai", "train-ai=n", "train-ai=y"]),
            max_size=2,
        ),
        "robots": st.sampled_from([None, "GPTBot", "*", "Googlebot"]),
        "ai_txt": st.sampled_from([None, "Allow", "Disallow"]),
        "tdmrep": st.sampled_from([None, 0, 1]),
    }
)
FREE_BUT = st.builds(
    lambda mix, key: {**NOTHING, "licence": "CC0-1.0", key: mix[key]}, MIX, st.sampled_from(sorted(NOTHING))
)
"""A free work with one signal of a mix."""

_EXAMPLES = count()


def says_no(mix: Mapping[str, Any]) -> bool:
    """Tell by the words alone whether anything in a mix is a no: an oracle that shares no code with the policy."""
    columns = mix["columns"]
    return (
        any(
            (
                "PROHIBITED" in (mix["xmp"] or "")
                and mix["c2pa"] is None,  # a signed picture carries no other XMP here
                mix["sidecar"] in REFUSING,
                mix["c2pa"] == "notAllowed",
                mix["consent"] in {"denied", "withdrawn"},
                mix["licence"] in {"LicenseRef-no-ai", "no AI, please"},
                columns.get("noai") in {"1", "noai"},
                columns.get("x-robots-tag") in {"noai", "train-ai=n"},
                columns.get("tdm-reservation") == "1",
                columns.get("content-usage") == "train-ai=n",
                mix["robots"] in {"GPTBot", "*"},
                mix["ai_txt"] == "Disallow",
                mix["tdmrep"] == 1,
            )
        )
        and mix["xmp"] != "DMI-PROHIBITED-SEECONSTRAINT"
    )


def lay_out(folder: Path, mixes: Sequence[Mapping[str, Any]], signing: Signing) -> Path:
    """Write works with their mixes of signals, and the table."""
    robots, ai_txt, tdmrep, table = [], ["User-agent: *\nDisallow: /none"], [], []
    columns = ["noai", "x-robots-tag", "tdm-reservation", "content-usage"]
    for number, mix in enumerate(mixes):
        name = f"{number}.{'png' if mix['c2pa'] else mix['format'].lower()}"
        described = f"<plus:DataMining>{mix['xmp']}</plus:DataMining>" if mix["xmp"] else ""
        if mix["source_type"]:
            address = SOURCE_TYPE + mix["source_type"]
            described += f"<Iptc4xmpExt:DigitalSourceType>{address}</Iptc4xmpExt:DigitalSourceType>"
        image = picture(20 + number).image()
        unsigned = with_xmp(image, mix["format"], packet(described))
        save(folder / name, signing(20 + number, mix["c2pa"]) if mix["c2pa"] else unsigned)
        if mix["sidecar"]:
            save(folder / f"{name}.xmp", mining(mix["sidecar"]))
        if mix["robots"]:
            robots.append(f"User-agent: {mix['robots']}\nDisallow: /{name}\n")
        if mix["ai_txt"]:
            ai_txt.append(f"{mix['ai_txt']}: /{name}")
        if mix["tdmrep"] is not None:
            tdmrep.append(f'{{"location": "/{name}$", "tdm-reservation": {mix["tdmrep"]}}}')
        table.append([name, mix["consent"], mix["licence"], *(mix["columns"].get(column, "") for column in columns)])
    save(folder / "robots.txt", "\n".join(robots).encode())
    save(folder / "ai.txt", "\n".join(ai_txt).encode())
    save(folder / "tdmrep.json", f"[{','.join(tdmrep)}]".encode())
    with (folder / "works.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["file", "consent", "licence", *columns], *table])
    return folder / "works.csv"


SINGLE_NOS: list[dict[str, Any]] = [
    *({"xmp": value, "format": each} for value in sorted(REFUSING) for each in ("PNG", "JPEG", "TIFF", "AVIF")),
    *({"sidecar": value} for value in sorted(REFUSING)),
    {"c2pa": "notAllowed"},
    {"consent": "denied"},
    {"consent": "withdrawn"},
    {"licence": "LicenseRef-no-ai"},
    {"licence": "no AI, please"},
    {"columns": {"noai": "1"}},
    {"columns": {"x-robots-tag": "noai"}},
    {"columns": {"tdm-reservation": "1"}},
    {"columns": {"content-usage": "train-ai=n"}},
    {"robots": "GPTBot"},
    {"robots": "*"},
    {"ai_txt": "Disallow"},
    {"tdmrep": 1},
]
SINGLE_YESES: list[dict[str, Any]] = [
    {},
    {"xmp": "DMI-ALLOWED"},
    {"c2pa": "allowed"},
    {"tdmrep": 0},
    {"robots": "Googlebot"},
]


def test_every_single_no_keeps_a_free_work_out(plain_archive: Archive, tmp_path: Path, signing: Signing) -> None:
    mixes = [{**NOTHING, "licence": "CC0-1.0", **said} for said in (*SINGLE_NOS, *SINGLE_YESES)]
    table = lay_out(tmp_path / "works", mixes, signing)
    add_dataset(plain_archive, "mine", tmp_path / "works", metadata=table)

    assert [says_no(mix) for mix in mixes] == [True] * len(SINGLE_NOS) + [False] * len(SINGLE_YESES)
    reached = {int(name.partition(".")[0]) for name in names(plain_archive)}
    assert reached == set(range(len(SINGLE_NOS), len(mixes)))


@given(
    mixes=st.lists(st.one_of(MIX, FREE_BUT, FREE_BUT), min_size=1, max_size=4),
    licence=st.sampled_from([None, "CC0-1.0"]),
)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_work_that_says_no_ever_reaches_a_training(
    plain_archive: Archive, tmp_path: Path, signing: Signing, mixes: list[Mapping[str, Any]], licence: str | None
) -> None:
    folder = tmp_path / f"mix-{next(_EXAMPLES)}"
    table = lay_out(folder, mixes, signing)
    name = folder.name
    add_dataset(plain_archive, name, folder, metadata=table, defaults=Defaults(licence=licence))
    try:
        selected = select_for_training(plain_archive, name).works
    except NotFoundError:
        selected = ()

    reached = {int(work.name.partition(".")[0]) for work in selected}
    refusing = {number for number, mix in enumerate(mixes) if says_no(mix)}
    willing = {
        number
        for number, mix in enumerate(mixes)
        if {**NOTHING, "licence": mix["licence"], "format": mix["format"]} == mix
        and (mix["licence"] in {"CC0-1.0", "CC-BY-4.0"} or (licence and not mix["licence"]))
    }
    assert reached & refusing == set()
    assert willing <= reached
