"""Figures on a model's bias leave with its artworks as far as the settings and the disclosure let them."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import encypher_c2pa
import pytest
from pictures import picture
from sqlalchemy import insert, select

from provenance import schema
from provenance.archive.archive import Archive
from provenance.archive.bias_travel import audit_digest, bias_of_model
from provenance.archive.detail import show
from provenance.archive.edit import edit
from provenance.archive.publish import Form, export
from provenance.archive.verify import verify
from provenance.database import utc_now
from provenance.digest import Digest
from provenance.errors import UsageError
from provenance.export.encode import FORMATS, Format
from provenance.picture import Picture
from provenance.settings import change
from provenance.words import Disclosure

CREATOR = "Ottoline Vex"
PARITY = "+0.300 (+0.250 to +0.350)"
FULL, PUBLIC, MINIMAL = Disclosure.FULL, Disclosure.PUBLIC, Disclosure.MINIMAL


def made(archive: Archive, model: str = "my-model") -> str:
    with archive.run(model, by="Bo") as run:
        run.add(picture(1, 96, 64))
    return run.artworks[0]


def audited(archive: Archive, *, skew: float = 0.3, later: int = 0, model: str = "my-model") -> None:
    """Record what an audit of bias says of a model: one group of works too often, one creator too seldom."""
    with archive.database.write() as session:
        row = session.scalars(select(schema.Model.id).where(schema.Model.name == model)).one()
        at = utc_now() + timedelta(seconds=later)
        said = {"check": "bias", "check_version": "1", "severity": "warn", "model_id": row, "audited_at": at}
        records = (
            {"attribute": "category", "verdict": "more", "groups": [_group("discs", skew, "more")]},
            {"attribute": "creator", "verdict": "less", "groups": [_group(CREATOR, -skew, "less")]},
            {"attribute": "faces", "verdict": "cannot_tell"},
        )
        rows = [said | {"sentence": "Said.", "record": {"outputs": 100, "works": 56} | each} for each in records]
        session.execute(insert(schema.ModelAudit), rows)


def _group(name: str, value: float, told: str) -> dict[str, Any]:
    return {"group": name, "told": told, "difference": {"value": value, "low": value - 0.05, "high": value + 0.05}}


def left(archive: Archive, uid: str, folder: Path, disclosure: Disclosure, file_format: Format = "png") -> Path:
    return export(archive, [uid], folder / disclosure.value, Form(disclosure=disclosure, format=file_format))[0].path


def test_the_latest_audit_travels_with_a_full_export(archive: Archive, tmp_path: Path) -> None:
    uid = made(archive)
    audited(archive, skew=0.1)
    audited(archive, later=5)
    bias: Any = verify(archive, left(archive, uid, tmp_path, FULL)).reading.bias

    assert bias["dimensions"]["category"] == {"told": "more", "of": "100", "group": "discs", "parity": PARITY}
    assert bias["dimensions"]["creator"]["group"] == CREATOR
    assert (bias["outputs"], bias["works"], bias["cannot_tell"]) == ("100", "56", ["faces"])
    with archive.database.read() as session:
        rows = session.scalars(select(schema.ModelAudit).order_by(schema.ModelAudit.id)).all()
        assert bias["audit"] == str(audit_digest(rows[3:]))


@pytest.mark.parametrize(
    ("setting", "told"), [("never", set()), ("full", {FULL}), ("public", {FULL, PUBLIC}), (None, {FULL})]
)
def test_the_setting_says_with_which_exports_it_travels(
    plain_archive: Archive, tmp_path: Path, setting: str | None, told: set[Disclosure]
) -> None:
    uid = made(plain_archive)
    audited(plain_archive)
    if setting is not None:
        change(plain_archive.folder, "audit", "bias_travels", setting)
    with Archive(plain_archive.folder, passphrase=lambda: None) as archive:
        paths = {each: left(archive, uid, tmp_path, each) for each in Disclosure}

        assert {each for each, path in paths.items() if verify(archive, path).reading.bias} == told
    assert {each for each, path in paths.items() if b"org.prov.bias" in path.read_bytes()} == told
    assert all(CREATOR.encode() not in paths[each].read_bytes() for each in (PUBLIC, MINIMAL))


def test_a_model_that_was_not_audited_has_nothing_to_say(archive: Archive, tmp_path: Path) -> None:
    uid = made(archive)
    made(archive, "another")
    audited(archive, model="another")

    assert verify(archive, left(archive, uid, tmp_path, FULL)).reading.bias is None


def test_an_edited_artwork_tells_of_the_model_that_it_began_with(plain_archive: Archive, tmp_path: Path) -> None:
    uid = made(plain_archive)
    audited(plain_archive)
    image = Picture.open(plain_archive.store.read(Digest(show(plain_archive, uid).file_digest))).image()
    image.paste((250, 20, 20), (5, 5, 15, 15))
    image.save(tmp_path / "edited.png")
    edited = edit(plain_archive, uid, tmp_path / "edited.png", by="Bob", actions=["drawn"])

    assert bias_of_model(plain_archive, edited.uid, FULL) == bias_of_model(plain_archive, uid, FULL) != {}


@pytest.mark.parametrize("file_format", FORMATS)
def test_an_independent_verifier_accepts_it(plain_archive: Archive, tmp_path: Path, file_format: Format) -> None:
    uid = made(plain_archive)
    audited(plain_archive)
    path = left(plain_archive, uid, tmp_path, FULL, file_format)

    root = (plain_archive.folder / "identity" / "trial.root.pem").read_bytes().decode()
    judged = encypher_c2pa.verify(str(path), trust_pem=root, no_default_trust=True, telemetry=False, online=False)
    assert (judged["validation_state"], judged["hard_binding"]) == ("Trusted", "match")
    assert verify(plain_archive, path).exit_code == 0


def test_it_costs_a_few_hundred_bytes(plain_archive: Archive, tmp_path: Path) -> None:
    uid = made(plain_archive)
    before = left(plain_archive, uid, tmp_path / "before", FULL).stat().st_size
    audited(plain_archive)

    assert 200 < left(plain_archive, uid, tmp_path / "after", FULL).stat().st_size - before < 1000


def test_a_changed_figure_does_not_hold(plain_archive: Archive, tmp_path: Path) -> None:
    uid = made(plain_archive)
    audited(plain_archive)
    path = left(plain_archive, uid, tmp_path, FULL)
    data = path.read_bytes()
    assert data.count(b"+0.300 (+0.250") == 1
    path.write_bytes(data.replace(b"+0.300 (+0.250", b"+0.010 (+0.250"))

    assert verify(plain_archive, path).reading.intact is False


def test_a_wrong_setting_lets_nothing_leave(plain_archive: Archive, tmp_path: Path) -> None:
    uid = made(plain_archive)
    change(plain_archive.folder, "audit", "bias_travels", "often")

    with (
        Archive(plain_archive.folder, passphrase=lambda: None) as archive,
        pytest.raises(UsageError, match=r"audit\.bias_travels is 'often'; it must be one of: never, full, public"),
    ):
        export(archive, [uid], tmp_path / "out", Form())
    assert not (tmp_path / "out").exists()
