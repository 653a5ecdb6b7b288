"""What people decide about findings is signed, remembered for the pair, and never lost."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from pictures import picture
from sqlalchemy import func, insert, select, update

from provenance import schema
from provenance.archive import nodes
from provenance.archive.archive import Archive
from provenance.archive.collect import Defaults, add_dataset
from provenance.archive.detail import show
from provenance.archive.judgement_seals import judgement_problems
from provenance.archive.judgements import Judgement, decide, judgements, person_said
from provenance.archive.ruling import ArtworkRuling, rule
from provenance.audit.policy_file import FILE_NAME, load_policy
from provenance.database import utc_now
from provenance.digest import Digest
from provenance.errors import DamagedArchiveError, NotFoundError, UsageError
from provenance.sign.claim import Claim
from provenance.sign.sidecar import OCTETS, read_as
from provenance.words import PersonDecision, Severity

ACCEPTED, DISPUTED, DISMISSED = PersonDecision.ACCEPTED, PersonDecision.DISPUTED, PersonDecision.DISMISSED
BLOCKING = '[rules.look-alike]\nexport = "block"\n'


@pytest.fixture
def copied(archive: Archive, tmp_path: Path) -> tuple[str, str]:
    """An artwork, and the work that it is a copy of; the archive's policy blocks that."""
    return _copied(archive, tmp_path)


@pytest.fixture
def plain_copied(plain_archive: Archive, tmp_path: Path) -> tuple[str, str]:
    return _copied(plain_archive, tmp_path)


def _copied(archive: Archive, folder: Path) -> tuple[str, str]:
    works = folder / "works"
    works.mkdir()
    picture(1, 96, 64).image().save(works / "one.png")
    add_dataset(archive, "works", works, defaults=Defaults(creator="Ada Lind", licence="CC0-1.0"))
    (archive.folder / FILE_NAME).write_text(BLOCKING, encoding="utf-8")
    artwork = _made(archive)
    (finding,) = show(archive, artwork).findings
    assert finding.other is not None
    return artwork, finding.other


def _made(archive: Archive) -> str:
    with archive.run("my-model", by="Bo") as run:
        run.add(picture(1, 96, 64))
    return run.artworks[0]


def _ruled(archive: Archive, artwork: str) -> ArtworkRuling:
    return rule(archive, artwork, load_policy(archive.folder))


def _listed(archive: Archive, artwork: str) -> list[Judgement]:
    with archive.database.read() as session:
        return judgements(session, nodes.node_id(session, artwork))


def _decide(archive: Archive, artwork: str, other: str | None, decision: PersonDecision = DISMISSED) -> Judgement:
    return decide(archive, artwork, other, decision, reason="The same street.", by="Ada Lind")


def test_a_dismissed_finding_holds_nothing_back(archive: Archive, copied: tuple[str, str]) -> None:
    artwork, work = copied
    before = _ruled(archive, artwork)
    judged = _decide(archive, artwork[:10], work[:10])

    assert (before.ruling.effect, _ruled(archive, artwork).ruling.effect) == (Severity.DECIDE, Severity.NOTE)
    assert (judged.artwork, judged.other, judged.other_kind, judged.by) == (artwork, work, "work", "Ada Lind")
    assert judged.text == DISMISSED.sentence
    assert _listed(archive, artwork) == [judged]


def test_the_latest_decision_holds_and_the_earlier_ones_stay(archive: Archive, copied: tuple[str, str]) -> None:
    artwork, work = copied
    for decision in (DISMISSED, ACCEPTED, DISMISSED, DISPUTED):
        _decide(archive, artwork, work, decision)

    listed = _listed(archive, artwork)
    assert [each.decision for each in listed] == [DISMISSED, ACCEPTED, DISMISSED, DISPUTED]
    assert [each.holds for each in listed] == [False, False, False, True]
    assert _ruled(archive, artwork).ruling.effect is Severity.DECIDE
    assert DISPUTED.sentence in (_ruled(archive, artwork).refusal or "")


def test_what_was_decided_is_a_signed_statement_in_the_store(
    plain_archive: Archive, plain_copied: tuple[str, str]
) -> None:
    artwork, work = plain_copied
    judged = _decide(plain_archive, artwork, work)
    data = plain_archive.store.read(Digest(judged.statement_digest))
    manifest = plain_archive.store.read(Digest(judged.manifest_digest))

    reading = read_as(data, OCTETS, store=manifest, anchors=plain_archive.anchors)
    said = json.loads(data)["judgement"]
    assert (reading.intact, reading.trusted_by) == (True, "this archive")
    assert (said["artwork"], said["other"], said["decision"]) == (artwork, work, "dismissed")
    assert (said["by"], said["reason"], said["archive"]) == ("Ada Lind", "The same street.", plain_archive.uid)
    assert said["policy"] == str(load_policy(plain_archive.folder).digest)
    assert said["finding"]["sentence"] == judged.finding
    with plain_archive.database.read() as session:
        assert list(judgement_problems(plain_archive, session)) == []


def test_a_decision_about_two_artworks_holds_for_both(archive: Archive) -> None:
    first, second = _made(archive), _made(archive)
    judged = decide(archive, first, second, DISMISSED, reason="A series.", by="Bo")

    assert [each.other for each in _listed(archive, first)] == [second]
    assert [each.other for each in _listed(archive, second)] == [first]
    assert (judged.artwork, judged.other_kind) == (first, "artwork")
    assert [finding.other for finding in _ruled(archive, second).ruling.dismissed] == [first]


def test_a_decision_is_remembered_when_the_work_comes_again_with_another_record(
    archive: Archive, copied: tuple[str, str], tmp_path: Path
) -> None:
    artwork, work = copied
    _decide(archive, artwork, work)
    add_dataset(archive, "works", tmp_path / "works", defaults=Defaults(creator="Ada Lind", licence="CC-BY-4.0"))

    with archive.database.read() as session:
        said = person_said(session, nodes.node_id(session, artwork))
    assert len(said) == 2
    assert work in {each.other for each in said}


def test_an_audit_of_another_check_leaves_what_was_found_before(
    plain_archive: Archive, plain_copied: tuple[str, str]
) -> None:
    artwork, _ = plain_copied
    _audit(plain_archive, artwork, "completeness", findings=0)
    still = _ruled(plain_archive, artwork).ruling.effect
    _audit(plain_archive, artwork, "similarity", findings=0)

    assert (still, _ruled(plain_archive, artwork).ruling.effect) == (Severity.DECIDE, Severity.NOTE)


def test_a_later_finding_about_the_same_pair_carries_the_decision(
    plain_archive: Archive, plain_copied: tuple[str, str]
) -> None:
    artwork, work = plain_copied
    _decide(plain_archive, artwork, work)
    _audit(plain_archive, artwork, "copies", other=work)

    ruling = _ruled(plain_archive, artwork).ruling
    assert (ruling.effect, len(ruling.dismissed)) == (Severity.NOTE, 2)


def test_a_finding_about_the_artwork_alone_is_decided_by_its_check(
    plain_archive: Archive, plain_copied: tuple[str, str]
) -> None:
    artwork, work = plain_copied
    _decide(plain_archive, artwork, work)
    _audit(plain_archive, artwork, "licence")
    held = _ruled(plain_archive, artwork)
    decide(plain_archive, artwork, None, DISMISSED, reason="Asked its maker.", by="Bo", check="licence")

    assert "--check licence" in (held.refusal or "")
    assert _ruled(plain_archive, artwork).refusal is None


def test_nobody_looked_for_copies_until_an_audit_did(plain_archive: Archive) -> None:
    artwork = _made(plain_archive)
    (plain_archive.folder / FILE_NAME).write_text('preset = "strict"', encoding="utf-8")
    before = _ruled(plain_archive, artwork).refusal
    _audit(plain_archive, artwork, "copies", findings=0)

    assert f"Run `prov audit {artwork[:12]}`." in (before or "")
    assert _ruled(plain_archive, artwork).refusal is None


def test_what_is_found_of_a_model_counts_for_its_artworks(plain_archive: Archive) -> None:
    artwork = _made(plain_archive)
    (plain_archive.folder / FILE_NAME).write_text('[rules.memorisation]\nexport = "block"', encoding="utf-8")
    with plain_archive.database.write() as session:
        row = {"check": "memorisation", "check_version": "1", "sentence": "It gives works back.", "record": {}}
        model = session.scalars(select(schema.Model.id)).one()
        for severity in ("inform", "warn"):
            said = row | {"model_id": model, "severity": severity, "audited_at": utc_now()}
            session.execute(insert(schema.ModelAudit), [said])

    refusal = _ruled(plain_archive, artwork).refusal or ""
    assert "It gives works back. The rule memorisation" in refusal
    assert "decide" not in refusal


def test_all_that_the_latest_audit_of_a_model_found_counts(plain_archive: Archive) -> None:
    artwork = _made(plain_archive)
    (plain_archive.folder / FILE_NAME).write_text('[rules.bias]\nexport = "warn"', encoding="utf-8")
    with plain_archive.database.write() as session:
        model = session.scalars(select(schema.Model.id)).one()
        row = {"model_id": model, "check": "bias", "check_version": "1", "severity": "warn", "record": {}}
        for said in (("Long ago.",), ("Too many discs.", "Too few people.")):
            at = utc_now()
            session.execute(insert(schema.ModelAudit), [row | {"sentence": each, "audited_at": at} for each in said])

    assert _ruled(plain_archive, artwork).warnings == ("Too many discs.", "Too few people.")


def test_what_is_damaged_is_to_be_restored_and_not_decided(plain_archive: Archive) -> None:
    artwork = _made(plain_archive)
    _audit(plain_archive, artwork, "integrity")

    refusal = _ruled(plain_archive, artwork).refusal or ""
    assert "Run `prov db check`" in refusal
    assert "decide" not in refusal


def _audit(archive: Archive, artwork: str, check: str, *, findings: int = 1, other: str | None = None) -> None:
    """Record an audit by one check, which finds a copy that needs a decision."""
    with archive.database.write() as session:
        row = nodes.node_id(session, artwork)
        of = {"artwork_id": row, "audited_at": utc_now()}
        audit = schema.Audit(checks={check: {}}, works_compared=1, artworks_compared=1, **of)
        session.add(audit)
        session.flush()
        for number in range(findings):
            session.add(
                schema.Finding(
                    audit_id=audit.id,
                    artwork_id=row,
                    check=check,
                    check_version="1",
                    severity=Severity.DECIDE.value,
                    sentence=f"Finding {number}.",
                    evidence={"kind": "work", "relation": "near copy of"},
                    other_id=None if other is None else nodes.node_id(session, other),
                )
            )


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"decision": "accepted"}, "its row is not what was signed"),
        ({"reason": "Another."}, "its row is not what was signed"),
        ({"check": "copies"}, "names another finding"),
        ({"finding_id": None}, "names another finding"),
    ],
)
def test_an_altered_decision_is_found_and_lets_nothing_leave(
    plain_archive: Archive, plain_copied: tuple[str, str], change: dict[str, object], told: str
) -> None:
    artwork, work = plain_copied
    _decide(plain_archive, artwork, work)
    with plain_archive.database.write() as session:
        session.execute(update(schema.Judgement).values(**change))

    with plain_archive.database.read() as session:
        (problem,) = judgement_problems(plain_archive, session)
    assert told in problem
    with pytest.raises(DamagedArchiveError, match=told):
        _ruled(plain_archive, artwork)


def test_a_statement_that_somebody_else_signed_is_none(
    plain_archive: Archive, make_archive: Callable[..., Archive], plain_copied: tuple[str, str]
) -> None:
    artwork, work = plain_copied
    judged = _decide(plain_archive, artwork, work)
    data = plain_archive.store.read(Digest(judged.statement_digest))
    stranger = make_archive("stranger")
    claim = Claim(
        title="decision",
        media_type=OCTETS,
        opening="created",
        when=judged.at,
        digital_source_type="digitalCreation",
    )
    forged = stranger.signer.sign_beside(data, claim).data
    digest = plain_archive.store.put(forged)
    with plain_archive.database.write() as session:
        at = {"size": len(forged), "media_type": "application/c2pa", "stored_at": utc_now()}
        session.execute(insert(schema.Blob), [{"digest": digest.hex, **at}])
        session.execute(update(schema.Judgement).values(manifest_digest=digest.hex))

    with pytest.raises(DamagedArchiveError, match="signed by an identity of this archive"):
        _ruled(plain_archive, artwork)


def test_a_statement_whose_bytes_are_gone_lets_nothing_leave(
    plain_archive: Archive, plain_copied: tuple[str, str]
) -> None:
    artwork, work = plain_copied
    judged = _decide(plain_archive, artwork, work)
    plain_archive.store.path(Digest(judged.statement_digest)).unlink()

    with pytest.raises(DamagedArchiveError, match="cannot be read"):
        _ruled(plain_archive, artwork)


@pytest.mark.parametrize(
    ("call", "error", "told"),
    [
        ({"reason": " \n"}, UsageError, "needs a reason"),
        ({"reason": "a\0b"}, UsageError, "reason holds a NUL character"),
        ({"by": "\ud800"}, UsageError, "name is not text that UTF-8 can write"),
        ({"by": " "}, UsageError, "needs a name"),
        ({"other": None}, UsageError, "Name the other picture"),
        ({"other": None, "check": "licence"}, NotFoundError, "no finding by the check licence in"),
        ({"check": "copies"}, NotFoundError, "no finding by the check copies between"),
        ({"other": "ffffff"}, NotFoundError, "no work or artwork ffffff"),
        ({"typed": "ffffff"}, NotFoundError, "no artwork ffffff"),
        ({"typed": "?"}, NotFoundError, "is not an id"),
    ],
)
def test_a_decision_about_nothing_is_refused_and_leaves_nothing(
    plain_archive: Archive, plain_copied: tuple[str, str], call: dict[str, str | None], error: type, told: str
) -> None:
    artwork, work = plain_copied
    given = {"typed": artwork, "other": work, "reason": "Looked.", "by": "Bo", "check": None} | call
    files = set(plain_archive.store.digests())

    with pytest.raises(error, match=told):
        decide(plain_archive, decision=DISMISSED, **given)  # type: ignore[arg-type]
    assert files == set(plain_archive.store.digests())
    with plain_archive.database.read() as session:
        assert session.scalar(select(func.count()).select_from(schema.Judgement)) == 0


def test_two_pictures_without_a_finding_cannot_be_decided(plain_archive: Archive) -> None:
    first = _made(plain_archive)
    with plain_archive.run("my-model", by="Bo") as run:
        run.add(picture(77, 96, 64))

    with pytest.raises(NotFoundError, match="There is no finding between"):
        _decide(plain_archive, first, run.artworks[0])
    with pytest.raises(NotFoundError, match="There is no finding between"):
        _decide(plain_archive, first, first)
