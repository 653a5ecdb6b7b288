"""The policy is asked as a picture is recorded: what it blocks is recorded all the same, and does not leave."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pictures import picture
from sqlalchemy import func, select

from provenance import schema
from provenance.archive import nodes
from provenance.archive.archive import Archive
from provenance.archive.bring import Terms, bring
from provenance.archive.collect import Defaults, add_dataset
from provenance.archive.detail import show
from provenance.archive.integrity_check import findings as integrity_findings
from provenance.archive.judgements import decide
from provenance.archive.publish import Form, export
from provenance.archive.ruling import held_back, rule
from provenance.archive.verify import verify
from provenance.audit.policy_file import FILE_NAME, PRESETS, load_policy
from provenance.digest import Digest
from provenance.errors import RefusedError, UsageError
from provenance.sign.read import read
from provenance.words import PersonDecision, Severity

BLOCKS_SIGNING = '[rules.look-alike]\nsign = "block"\nexport = "inform"\n'


@dataclass(frozen=True, slots=True, kw_only=True)
class Two:
    """Two artworks of one run: one looks like a work, and one does not."""

    alike: str
    other: str


def recorded(archive: Archive, folder: Path, policy: str) -> Two:
    works = folder / "works"
    works.mkdir()
    picture(1, 96, 64).image().save(works / "one.png")
    add_dataset(archive, "works", works, defaults=Defaults(creator="Ada Lind", licence="CC0-1.0"))
    (archive.folder / FILE_NAME).write_text(policy, encoding="utf-8")
    with archive.run("my-model", by="Bo") as run:
        run.add(picture(1, 96, 64)).result()
        run.add(picture(8, 96, 64))
    return Two(alike=run.artworks[0], other=run.artworks[1])


def kept_ruling(archive: Archive, uid: str) -> Any:
    """What the audit at recording says of the policy."""
    with archive.database.read() as session:
        row = nodes.node_id(session, uid)
        checks = session.scalars(select(schema.Audit.checks).where(schema.Audit.artwork_id == row)).one()
    return checks["policy"]


def signed_record(archive: Archive, uid: str) -> Any:
    reading = read(archive.store.read(Digest(show(archive, uid).file_digest)), anchors=archive.anchors)
    assert reading.intact is True
    return reading.record


@pytest.mark.parametrize(("preset", "effect"), [("standard", "inform"), ("strict", "block"), ("lenient", "inform")])
def test_each_preset_is_asked_at_recording_and_named_by_its_digest(
    archive: Archive, tmp_path: Path, preset: str, effect: str
) -> None:
    two = recorded(archive, tmp_path, f'preset = "{preset}"')
    digest = str(load_policy(archive.folder).digest)

    told = {"digest": digest, "sign": effect} | ({"rule": "look-alike"} if effect == "block" else {})
    assert kept_ruling(archive, two.alike) == told
    assert kept_ruling(archive, two.other) == {"digest": digest, "sign": "inform"}
    assert set(held_back(archive, [two.alike, two.other])) == ({two.alike} if effect == "block" else set())


def test_every_preset_was_tried() -> None:
    assert set(PRESETS) == {"standard", "strict", "lenient"}


def test_what_is_held_back_is_recorded_whole_and_sealed(archive: Archive, tmp_path: Path) -> None:
    two = recorded(archive, tmp_path, BLOCKS_SIGNING)

    ruling = kept_ruling(archive, two.alike)
    record = signed_record(archive, two.alike)
    assert record["held_back"] == ruling
    assert record["artwork"] == two.alike
    assert "held_back" not in signed_record(archive, two.other)
    with archive.database.read() as session:
        for table in (schema.Artwork, schema.Manifest, schema.Audit):
            assert session.scalar(select(func.count()).select_from(table)) == 2
        assert integrity_findings(archive, session, two.alike) == []


def test_what_may_not_be_signed_does_not_leave_until_a_person_decides(archive: Archive, tmp_path: Path) -> None:
    two = recorded(archive, tmp_path, BLOCKS_SIGNING)
    (finding,) = show(archive, two.alike).findings

    with pytest.raises(RefusedError, match="The rule look-alike of the policy on findings blocks signing"):
        export(archive, [two.alike, two.other], tmp_path / "out", Form())
    assert [path.name[:12] for path in (tmp_path / "out").glob("*.png")] == [two.other[:12]]
    decide(archive, two.alike, finding.other, PersonDecision.DISMISSED, reason="The same street.", by="Bo")
    (left,) = export(archive, [two.alike], tmp_path / "out", Form())

    assert held_back(archive, [two.alike]) == {}
    result = verify(archive, left.path)
    assert result.exit_code == 0
    assert "held_back" not in (result.reading.record or {})


def test_what_is_held_back_is_said_with_what_to_do(plain_archive: Archive, tmp_path: Path) -> None:
    two = recorded(plain_archive, tmp_path, BLOCKS_SIGNING)

    (sentence,) = held_back(plain_archive, [two.alike, two.other]).values()
    assert sentence.startswith(f"The artwork {two.alike[:12]} is held back. Looks like the work")
    assert "`prov audit decide" in sentence


def test_a_policy_that_changes_later_decides_anew(plain_archive: Archive, tmp_path: Path) -> None:
    two = recorded(plain_archive, tmp_path, 'preset = "lenient"')
    (plain_archive.folder / FILE_NAME).write_text(BLOCKS_SIGNING, encoding="utf-8")
    blocked = rule(plain_archive, two.alike, load_policy(plain_archive.folder))
    (plain_archive.folder / FILE_NAME).write_text('preset = "lenient"', encoding="utf-8")
    free = rule(plain_archive, two.alike, load_policy(plain_archive.folder))

    assert (blocked.ruling.effect, free.ruling.effect) == (Severity.DECIDE, Severity.NOTE)
    assert kept_ruling(plain_archive, two.alike)["sign"] == "inform"


def test_a_policy_that_cannot_be_read_is_heard_of_before_the_first_picture(plain_archive: Archive) -> None:
    (plain_archive.folder / FILE_NAME).write_text('preset = "none"', encoding="utf-8")

    with pytest.raises(UsageError, match="preset is 'none'"):
        plain_archive.run("my-model")
    with plain_archive.database.read() as session:
        assert session.scalar(select(func.count()).select_from(schema.Run)) == 0


def test_a_policy_that_breaks_during_a_run_loses_no_picture(plain_archive: Archive) -> None:
    with plain_archive.run("my-model") as run:
        run.add(picture(1, 32, 32)).result()
        (plain_archive.folder / FILE_NAME).write_text("half a li", encoding="utf-8")
        run.add(picture(2, 32, 32))

    assert len(run.artworks) == 2


def test_a_picture_from_elsewhere_is_asked_about_too(plain_archive: Archive, tmp_path: Path) -> None:
    recorded(plain_archive, tmp_path, BLOCKS_SIGNING)
    picture(1, 96, 64).image().save(tmp_path / "again.jpg", quality=80)
    (came,) = bring(plain_archive, [tmp_path / "again.jpg"], Terms()).artworks

    assert set(held_back(plain_archive, [came.uid])) == {came.uid}
