"""Artworks leave as signed files, and tell what they may."""

import json
from pathlib import Path

import encypher_c2pa
import pytest
from learnt import CREATOR, TRAINED_FROM, learnt
from pictures import picture
from sqlalchemy import select

from provenance import schema
from provenance.archive.archive import Archive
from provenance.archive.chain import chain_ingredients
from provenance.archive.detail import show
from provenance.archive.edit import edit
from provenance.archive.lineage import lineage
from provenance.archive.publish import Form, export, export_each
from provenance.archive.record import start
from provenance.archive.verify import verify
from provenance.audit.policy_file import FILE_NAME, load_policy
from provenance.digest import Digest
from provenance.errors import NotFoundError, RefusedError, UsageError
from provenance.export.encode import FORMATS, Format
from provenance.export.metadata import read_metadata
from provenance.picture import Picture
from provenance.settings import change
from provenance.sign.contained import Containment, contains
from provenance.words import Disclosure, Found

SECRETS = {
    "prompt": "a very secret prompt",
    "by": "Zebulon Quux",
    "parameter": "s3cretparameter",
    "path": "/home/zebulon/loras/hidden",
}
SEED = 8_127_364_554_631_209


@pytest.fixture
def artwork(archive: Archive) -> str:
    return _record(archive)


@pytest.fixture
def plain_artwork(plain_archive: Archive) -> str:
    return _record(plain_archive)


def _record(archive: Archive) -> str:
    parameters = {"lora": SECRETS["path"], "note": SECRETS["parameter"]}
    with archive.run("my-model", seed=SEED, prompt=SECRETS["prompt"], by=SECRETS["by"], parameters=parameters) as run:
        run.add(picture(1, 96, 64), seed=SEED)
    return run.artworks[0]


@pytest.mark.parametrize("file_format", FORMATS)
@pytest.mark.parametrize("disclosure", Disclosure)
def test_every_export_is_intact_for_us_and_for_an_independent_verifier(
    plain_archive: Archive, plain_artwork: str, tmp_path: Path, file_format: Format, disclosure: Disclosure
) -> None:
    form = Form(format=file_format, disclosure=disclosure)
    path = export(plain_archive, [plain_artwork], tmp_path / "out", form)[0].path

    result = verify(plain_archive, path)
    assert result.exit_code == 0, result.reading.problems
    root = (plain_archive.folder / "identity" / "trial.root.pem").read_bytes().decode()
    judged = encypher_c2pa.verify(str(path), trust_pem=root, no_default_trust=True, telemetry=False, online=False)
    assert judged["validation_state"] in {"Valid", "Trusted"}, judged


def test_an_export_is_recorded_with_its_digest_and_lineage(archive: Archive, artwork: str, tmp_path: Path) -> None:
    exported = export(archive, [artwork[:10]], tmp_path, Form(format="jpeg"))[0]

    assert [exported.path.name] == [item["name"] for item in show(archive, artwork).exports]
    assert artwork == lineage(archive, exported.uid).relatives[0].uid
    known = verify(archive, exported.path).known
    assert known is not None
    assert (Found.BY_FILE, exported.uid) == (known.found, known.uid)


@pytest.mark.parametrize("file_format", ["png", "tiff"])
def test_a_lossless_export_has_the_very_pixels(
    plain_archive: Archive, plain_artwork: str, tmp_path: Path, file_format: Format
) -> None:
    path = export(plain_archive, [plain_artwork], tmp_path, Form(format=file_format))[0].path

    assert picture(1, 96, 64).digest == Picture.open(path).digest


def test_a_full_export_carries_the_whole_chain(archive: Archive, artwork: str, tmp_path: Path) -> None:
    path = export(archive, [artwork], tmp_path, Form(format="webp"))[0].path

    reading = verify(archive, path).reading
    manifest = show(archive, artwork).manifest
    assert manifest is not None
    assert manifest["label"] == reading.ingredients[0].label
    assert SECRETS["prompt"].encode() in path.read_bytes()


@pytest.mark.parametrize("file_format", FORMATS)
def test_a_minimal_export_holds_no_secret_in_any_byte(
    plain_archive: Archive, plain_artwork: str, tmp_path: Path, file_format: Format
) -> None:
    form = Form(format=file_format, disclosure=Disclosure.MINIMAL)
    exported = export(plain_archive, [plain_artwork], tmp_path / "out", form)[0]

    for path in (exported.path, exported.record_path):
        data = path.read_bytes()
        for secret in (*SECRETS.values(), str(SEED), str(plain_archive.folder), str(tmp_path), "my-model"):
            assert secret.encode() not in data
            assert secret.encode("utf-16-le") not in data


def test_a_public_export_credits_the_creator_and_tells_nothing_else(
    archive: Archive, artwork: str, tmp_path: Path
) -> None:
    exported = export(archive, [artwork], tmp_path, Form(disclosure=Disclosure.PUBLIC))[0]

    data = exported.path.read_bytes()
    metadata = read_metadata(data)
    assert metadata is not None
    assert (SECRETS["by"],) == metadata.creators
    for secret in (SECRETS["prompt"], SECRETS["parameter"], SECRETS["path"], str(SEED)):
        assert secret.encode() not in data
        assert secret.encode() not in exported.record_path.read_bytes()


def test_the_record_beside_it_says_what_the_file_is(archive: Archive, artwork: str, tmp_path: Path) -> None:
    exported = export(archive, [artwork], tmp_path, Form())[0]

    record = json.loads(exported.record_path.read_text(encoding="utf-8"))
    assert artwork == record["artwork"]["id"]
    assert str(exported.file_digest) == record["export"]["file_digest"]
    assert SECRETS["prompt"] == record["run"]["prompt"]


def test_a_file_that_is_there_already_is_not_replaced(archive: Archive, artwork: str, tmp_path: Path) -> None:
    first = export(archive, [artwork], tmp_path, Form())[0]
    before = first.path.read_bytes()

    with pytest.raises(UsageError, match="is there already"):
        export(archive, [artwork], tmp_path, Form())
    assert before == first.path.read_bytes()
    assert len(show(archive, artwork).exports) == 1


def test_one_that_fails_keeps_the_others_from_nothing(plain_archive: Archive, tmp_path: Path) -> None:
    good, there, broken, last = (_record(plain_archive) for _ in range(4))
    out = tmp_path / "out"
    export(plain_archive, [there], out, Form())
    before = {path: path.read_bytes() for path in out.iterdir()}
    file = plain_archive.store.path(Digest(show(plain_archive, broken).file_digest))
    file.chmod(0o600)
    file.write_bytes(b"no picture")
    heard: list[tuple[int, int]] = []

    batch = export_each(
        plain_archive,
        [good, there, "fffffff", broken, last, good],
        out,
        Form(),
        progress=lambda done, total: heard.append((done, total)),
    )

    assert [each.artwork for each in batch.exported] == [good, last]
    assert [(each.artwork, each.error.exit_code) for each in batch.failed] == [(there, 2), ("fffffff", 3), (broken, 3)]
    assert all(before[path] == path.read_bytes() for path in before)
    names = {path.name for each in batch.exported for path in (each.path, each.record_path)}
    assert {path.name for path in out.iterdir()} == names | {path.name for path in before}
    assert heard[-1] == (6, 6)
    assert show(plain_archive, broken).exports == []


def test_in_python_the_failure_is_heard_when_the_others_are_out(plain_archive: Archive, tmp_path: Path) -> None:
    first, second = (_record(plain_archive) for _ in range(2))

    with pytest.raises(NotFoundError, match="no artwork fffffff"):
        export(plain_archive, [first, "fffffff", second], tmp_path / "out", Form())

    assert len(list((tmp_path / "out").glob("*.png"))) == 2


def test_no_half_written_file_is_left(archive: Archive, artwork: str, tmp_path: Path) -> None:
    export(archive, [artwork], tmp_path, Form())

    assert [path for path in tmp_path.iterdir() if path.name.endswith(".part")] == []


def test_the_rights_of_the_settings_leave_with_the_picture(
    plain_archive: Archive, plain_artwork: str, tmp_path: Path
) -> None:
    change(plain_archive.folder, "credit", "rights", "Copyright 2026 Ada Lind")
    change(plain_archive.folder, "credit", "licence", "https://creativecommons.org/licenses/by/4.0/")
    with Archive(plain_archive.folder, passphrase=lambda: None) as archive:
        form = Form(format="jpeg", disclosure=Disclosure.PUBLIC)
        metadata = read_metadata(export(archive, [plain_artwork], tmp_path / "out", form)[0].path.read_bytes())

    assert metadata is not None
    assert metadata.rights == "Copyright 2026 Ada Lind"
    assert metadata.licence_url == "https://creativecommons.org/licenses/by/4.0/"


@pytest.mark.parametrize("disclosure", Disclosure)
def test_every_export_says_in_its_manifest_how_it_was_made(
    plain_archive: Archive, plain_artwork: str, tmp_path: Path, disclosure: Disclosure
) -> None:
    path = export(plain_archive, [plain_artwork], tmp_path, Form(format="jpeg", disclosure=disclosure))[0].path

    reading = verify(plain_archive, path).reading
    behind = [kind for ingredient in reading.ingredients for kind in ingredient.digital_source_types]
    assert "trainedAlgorithmicMedia" in {*reading.digital_source_types, *behind}


def test_an_edited_artwork_leaves_with_all_its_makers_and_its_model(
    plain_archive: Archive, plain_artwork: str, tmp_path: Path
) -> None:
    image = Picture.open(plain_archive.store.read(Digest(show(plain_archive, plain_artwork).file_digest))).image()
    image.paste((250, 20, 20), (5, 5, 15, 15))
    image.save(tmp_path / "edited.png")
    edited = edit(plain_archive, plain_artwork, tmp_path / "edited.png", by="Bob", actions=["drawn"])
    record = json.loads(export(plain_archive, [edited.uid], tmp_path, Form())[0].record_path.read_text("utf-8"))

    assert [person["name"] for person in record["people"]] == [SECRETS["by"], "Bob"]
    assert record["run"]["model"]["name"] == "my-model"


def _learnt_artwork(archive: Archive, folder: Path) -> str:
    facts = learnt(archive, folder, name="my-model")
    ingredients = chain_ingredients(archive, facts.uid)
    with start(archive, facts, seed=SEED, prompt=SECRETS["prompt"], by=SECRETS["by"], ingredients=ingredients) as run:
        run.add(picture(1, 96, 64), seed=SEED)
    return run.artworks[0]


def test_each_level_tells_its_part_of_what_the_model_learnt_from(plain_archive: Archive, tmp_path: Path) -> None:
    uid = _learnt_artwork(plain_archive, tmp_path / "works")
    work = tmp_path / "works" / "work-1.png"

    answers, signed = {}, {}
    for disclosure in Disclosure:
        path = export(plain_archive, [uid], tmp_path / disclosure.value, Form(disclosure=disclosure))[0].path
        signed[disclosure] = path.read_bytes()
        answers[disclosure] = contains(path, work)[0]

    assert answers[Disclosure.FULL].answer is Containment.FILE
    assert answers[Disclosure.FULL].record is not None
    assert (answers[Disclosure.PUBLIC].answer, answers[Disclosure.PUBLIC].record) == (Containment.FILE, None)
    assert answers[Disclosure.MINIMAL].answer is Containment.UNSAID
    assert b"my-model" in signed[Disclosure.PUBLIC]
    assert b"my-model" not in signed[Disclosure.MINIMAL]
    for level in (Disclosure.PUBLIC, Disclosure.MINIMAL):
        for secret in (CREATOR, "work-1.png", SECRETS["prompt"], str(SEED)):
            assert secret.encode() not in signed[level]


def test_the_record_counts_works_licences_and_creators(plain_archive: Archive, tmp_path: Path) -> None:
    uid = _learnt_artwork(plain_archive, tmp_path / "works")
    records = {
        level: json.loads(
            export(plain_archive, [uid], tmp_path / level.value, Form(disclosure=level))[0].record_path.read_text(
                "utf-8"
            )
        )
        for level in Disclosure
    }

    (told,) = records[Disclosure.PUBLIC]["lineage"]["datasets"]
    assert (told["name"], told["version"], told["works"], told["creators"]) == ("my-model-works", 1, 4, 1)
    assert told["licences"] == {"CC0-1.0": {"claimed": 4}}
    assert "works" not in records[Disclosure.PUBLIC]["lineage"]
    assert records[Disclosure.FULL]["lineage"]["works"][0]["licence"] == {"value": "CC0-1.0", "truth": "claimed"}
    assert "lineage" not in records[Disclosure.MINIMAL]


@pytest.mark.parametrize("disclosure", Disclosure)
def test_an_independent_verifier_accepts_exports_with_the_chain(
    plain_archive: Archive, tmp_path: Path, disclosure: Disclosure
) -> None:
    uid = _learnt_artwork(plain_archive, tmp_path / "works")
    path = export(plain_archive, [uid], tmp_path / "out", Form(format="webp", disclosure=disclosure))[0].path

    root = (plain_archive.folder / "identity" / "trial.root.pem").read_bytes().decode()
    judged = encypher_c2pa.verify(str(path), trust_pem=root, no_default_trust=True, telemetry=False, online=False)
    assert (judged["validation_state"], judged["hard_binding"]) == ("Trusted", "match")


def _copy_of_a_work(archive: Archive, folder: Path) -> str:
    facts = learnt(archive, folder)
    with start(archive, facts, seed=1) as run:
        run.add(picture(TRAINED_FROM, 24, 16))
    return run.artworks[0]


def test_what_looks_like_a_work_leaves_with_a_warning(plain_archive: Archive, tmp_path: Path) -> None:
    uid = _copy_of_a_work(plain_archive, tmp_path / "works")
    alike, other = export(plain_archive, [uid, _record(plain_archive)], tmp_path / "out", Form())

    assert other.warnings == ()
    (warning,) = alike.warnings
    assert warning.startswith("Looks like the work")


@pytest.mark.parametrize("disclosure", Disclosure)
def test_an_export_remembers_the_policy_that_let_it_leave(
    plain_archive: Archive, plain_artwork: str, tmp_path: Path, disclosure: Disclosure
) -> None:
    exported = export(plain_archive, [plain_artwork], tmp_path, Form(disclosure=disclosure))[0]
    digest = str(load_policy(plain_archive.folder).digest)

    record = json.loads(exported.record_path.read_text(encoding="utf-8"))
    with plain_archive.database.read() as session:
        settings = session.scalars(select(schema.Export.settings)).one()
    assert (exported.policy, settings["ruling"]) == (digest, {"policy": digest, "effect": "inform"})
    assert record["export"].get("policy") == (None if disclosure is Disclosure.MINIMAL else digest)


def test_what_the_policy_blocks_stays_and_the_others_leave(plain_archive: Archive, tmp_path: Path) -> None:
    uid, other = _copy_of_a_work(plain_archive, tmp_path / "works"), _record(plain_archive)
    (plain_archive.folder / FILE_NAME).write_text('[rules.look-alike]\nexport = "block"', encoding="utf-8")

    batch = export_each(plain_archive, [uid, other], tmp_path / "out", Form())

    (failed,) = batch.failed
    assert isinstance(failed.error, RefusedError)
    assert "The rule look-alike of the policy on findings blocks export." in failed.sentence
    assert f"`prov audit decide {uid[:12]} " in failed.sentence
    assert [each.artwork for each in batch.exported] == [other]
    assert len(list((tmp_path / "out").iterdir())) == 2
    assert show(plain_archive, uid).exports == []


def test_a_wrong_policy_lets_nothing_leave(plain_archive: Archive, plain_artwork: str, tmp_path: Path) -> None:
    (plain_archive.folder / FILE_NAME).write_text('preset = "none"', encoding="utf-8")

    with pytest.raises(UsageError, match="preset is 'none'"):
        export(plain_archive, [plain_artwork], tmp_path / "out", Form())
    assert not (tmp_path / "out").exists()
