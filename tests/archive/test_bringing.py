"""Pictures from elsewhere come in with what they say of themselves, and with their Content Credentials."""

import io
import json
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from pictures import picture
from PIL.PngImagePlugin import PngInfo
from sqlalchemy import func, select

from provenance import schema
from provenance.archive.archive import Archive
from provenance.archive.bring import Terms, bring
from provenance.archive.detail import Detail, show
from provenance.archive.dossier import dossier, making
from provenance.archive.edit import edit
from provenance.archive.lineage import lineage
from provenance.archive.publish import Form, export
from provenance.archive.search import artworks
from provenance.archive.verify import verify
from provenance.digest import Digest
from provenance.errors import NotFoundError, UsageError
from provenance.export.encode import encode
from provenance.export.metadata import Metadata, xmp_packet
from provenance.picture import Picture
from provenance.words import DIGITAL_SOURCE_TYPE, Disclosure, Making, Truth

WEBUI = (
    "boats\nNegative prompt: fog\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 42, Model: dream, Version: v1.9.3"
)


def saved(path: Path, seed: int = 1, **texts: str) -> Path:
    info = PngInfo()
    for name, text in texts.items():
        info.add_itxt(name, text)
    picture(seed, 128, 96).image().save(path, pnginfo=info)
    return path


def brought(archive: Archive, path: Path, terms: Terms | None = None) -> Detail:
    result = bring(archive, [path], terms or Terms())
    assert result.refused == []
    return show(archive, result.artworks[0].uid)


def stored(archive: Archive, detail: Detail) -> Path:
    return archive.store.path(Digest(detail.file_digest))


@pytest.fixture
def other(make_archive: Callable[..., Archive]) -> Archive:
    """Somebody else's archive, with a signed artwork."""
    archive = make_archive("other")
    with archive.run("their-model", seed=3, prompt="a secret") as run:
        run.add(picture(8, 128, 96))
    return archive


def left(archive: Archive, folder: Path, form: Form | None = None) -> Path:
    """Export the one artwork of an archive."""
    return export(archive, [artworks(archive)[0].uid], folder, form or Form())[0].path


def swapped(signed: Path, path: Path) -> Path:
    """Put the manifest of one picture into another one."""
    data, bare = signed.read_bytes(), io.BytesIO()
    picture(9, 128, 96).image().save(bare, "PNG")
    at = data.index(b"caBX") - 4
    chunk = data[at : at + 12 + int.from_bytes(data[at : at + 4], "big")]
    path.write_bytes(bare.getvalue()[:33] + chunk + bare.getvalue()[33:])
    return path


def test_what_a_picture_says_of_itself_is_recorded_as_claimed(archive: Archive, tmp_path: Path) -> None:
    path = saved(tmp_path / "boats.png", parameters=WEBUI)
    before = path.read_bytes()
    detail = brought(archive, path, Terms(by="Ada Lind"))

    assert detail.imported is not None
    assert (detail.imported["name"], detail.imported["program"]) == ("boats.png", "AUTOMATIC1111")
    claims = detail.imported["claims"]
    assert (claims["prompt"], claims["seed"], claims["model"]) == ("boats", "42", "dream")
    assert (detail.making, detail.run, detail.seed, detail.by) == ("imported", None, None, "Ada Lind")
    assert {step.truth for step in lineage(archive, detail.uid).steps} == {"claimed"}
    assert archive.store.read(Digest(detail.imported["received_digest"])) == before == path.read_bytes()


def test_the_manifest_says_opened_and_names_the_file_as_its_parent(plain_archive: Archive, tmp_path: Path) -> None:
    path = saved(tmp_path / "boats.png", parameters=WEBUI)
    detail = brought(plain_archive, path)

    result = verify(plain_archive, stored(plain_archive, detail))
    assert result.exit_code == 0
    assert [action.action for action in result.reading.actions] == ["c2pa.opened", "c2pa.transcoded"]
    parent = result.reading.ingredients[0]
    assert (parent.relationship, parent.digest) == ("parentOf", Digest.of(path.read_bytes()))
    assert result.reading.actions[1].parameters["claimed_prompt"] == "boats"


def test_a_picture_that_says_nothing_is_unknown_and_not_called_generated(
    plain_archive: Archive, tmp_path: Path
) -> None:
    detail = brought(plain_archive, saved(tmp_path / "photo.png"))

    assert making(plain_archive, detail) is Making.UNKNOWN
    actions = verify(plain_archive, stored(plain_archive, detail)).reading.actions
    assert {action.digital_source_type for action in actions} == {None}


def test_a_source_type_in_xmp_is_taken_as_what_it_says(plain_archive: Archive, tmp_path: Path) -> None:
    packet = xmp_packet(Metadata(digital_source_type=DIGITAL_SOURCE_TYPE + "digitalCapture"))
    path = tmp_path / "photo.jpg"
    path.write_bytes(encode(picture(2), "jpeg", xmp=packet))
    detail = brought(plain_archive, path)

    assert detail.source_type == "digitalCapture"
    assert detail.imported is not None
    assert detail.imported["claims"]["said_in"] == "xmp"
    assert making(plain_archive, detail) is Making.CAPTURE


@pytest.mark.parametrize("form", [Form(format="jpeg"), Form(disclosure=Disclosure.MINIMAL), Form(format="webp")])
def test_content_credentials_come_along_whole(
    plain_archive: Archive, other: Archive, tmp_path: Path, form: Form
) -> None:
    path = left(other, tmp_path / "out", form)
    detail = brought(plain_archive, path)

    label = verify(None, path).reading.label
    result = verify(plain_archive, stored(plain_archive, detail))
    parent = result.reading.ingredients[0]
    assert result.exit_code == 0
    assert (parent.relationship, parent.label, parent.present) == ("parentOf", label, True)
    assert detail.imported is not None
    assert (detail.imported["manifest_label"], detail.imported["manifest_state"]) == (label, "Valid")
    assert detail.source_type == "trainedAlgorithmicMedia"


def test_a_manifest_that_does_not_hold_is_refused(plain_archive: Archive, other: Archive, tmp_path: Path) -> None:
    path = swapped(left(other, tmp_path / "out"), tmp_path / "swapped.png")
    result = bring(plain_archive, [path], Terms())

    assert result.artworks == []
    assert "The picture was changed after it was signed." in result.refused[0].sentence
    assert "--allow-changed" in result.refused[0].sentence
    assert artworks(plain_archive) == []


def test_a_manifest_that_does_not_hold_comes_in_only_with_that_on_record(
    plain_archive: Archive, other: Archive, tmp_path: Path
) -> None:
    path = swapped(left(other, tmp_path / "out"), tmp_path / "swapped.png")
    detail = brought(plain_archive, path, Terms(allow_changed=True))

    assert detail.imported is not None
    assert detail.imported["manifest_state"] == "Invalid"
    assert detail.imported["claims"]["manifest_problems"] == ["The picture was changed after it was signed."]
    assert detail.source_type == "unknown"
    result = verify(plain_archive, stored(plain_archive, detail))
    assert result.exit_code == 1
    assert "gap in the history" in result.gaps[0]


def test_a_manifest_that_cannot_be_read_is_refused_and_on_record_when_allowed(
    plain_archive: Archive, other: Archive, tmp_path: Path
) -> None:
    data = left(other, tmp_path / "out").read_bytes()
    path = tmp_path / "broken.png"
    at = data.index(b"caBX")
    chunk = data[at : at + 4 + int.from_bytes(data[at - 4 : at], "big")]
    altered = chunk.replace(b"c2pa.claim.v2", b"x2pa.claim.v2")
    crc = (zlib.crc32(altered)).to_bytes(4, "big")
    path.write_bytes(data[:at] + altered + crc + data[at + len(chunk) + 4 :])
    refused = bring(plain_archive, [path], Terms()).refused
    detail = brought(plain_archive, path, Terms(allow_changed=True))

    assert "do not hold" in refused[0].sentence
    assert detail.imported is not None
    assert detail.imported["claims"]["manifest_problems"]
    record = verify(plain_archive, stored(plain_archive, detail)).reading.record
    assert record is not None
    assert record["received_problems"] == " ".join(detail.imported["claims"]["manifest_problems"])


def test_the_same_bytes_become_no_second_artwork(archive: Archive, tmp_path: Path) -> None:
    path = saved(tmp_path / "a.png")
    detail = brought(archive, path)
    twin = tmp_path / "twin.png"
    twin.write_bytes(path.read_bytes())
    again = bring(archive, [path, twin], Terms())

    assert (again.artworks, again.refused) == ([], [])
    assert [each.uid for each in again.already] == [detail.uid, detail.uid]
    assert "was taken in before" in again.already[0].sentence
    assert "twin.png has the same bytes as a.png" in again.already[1].sentence


def test_our_own_files_and_exports_are_known_again(plain_archive: Archive, other: Archive, tmp_path: Path) -> None:
    uid = artworks(other)[0].uid
    exported = left(other, tmp_path / "out")
    own = tmp_path / "own.png"
    own.write_bytes(stored(other, show(other, uid)).read_bytes())
    result = bring(other, [exported, own], Terms())

    assert (result.artworks, result.refused) == ([], [])
    assert [each.uid for each in result.already] == [uid, uid]
    assert [each.sentence.split(" the artwork")[0] for each in result.already] == [
        f"{exported.name} is an export of",
        "own.png is the file of",
    ]


def test_a_picture_made_elsewhere_from_ours_joins_its_lineage(
    plain_archive: Archive, other: Archive, tmp_path: Path
) -> None:
    uid = artworks(other)[0].uid
    abroad = brought(plain_archive, left(other, tmp_path / "out"))
    back = tmp_path / "back.png"
    back.write_bytes(stored(plain_archive, abroad).read_bytes())
    detail = brought(other, back)

    steps = [(step.role, step.parent, step.truth) for step in lineage(other, detail.uid).steps]
    assert ("parent", uid, "checked") in steps
    assert detail.findings == []


def test_a_model_that_is_named_becomes_a_claimed_run(archive: Archive, tmp_path: Path) -> None:
    for seed in range(3):
        saved(tmp_path / f"{seed}.png", seed)
    result = bring(archive, [tmp_path], Terms(model="sdxl", by="Ada"))

    detail = show(archive, result.artworks[2].uid)
    assert detail.run is not None
    assert (detail.run["uid"], detail.run["model"]["name"], detail.run["environment"]) == (result.run, "sdxl", {})
    assert {step.truth for step in lineage(archive, detail.uid).steps} == {Truth.CLAIMED.value}
    assert detail.source_type == "trainedAlgorithmicMedia"
    with archive.database.read() as session:
        assert session.scalar(select(func.count()).select_from(schema.Run)) == 1
        assert session.scalars(select(schema.RunEnd)).one().message is not None


def test_no_model_named_is_no_run(plain_archive: Archive, tmp_path: Path) -> None:
    result = bring(plain_archive, [saved(tmp_path / "a.png")], Terms())

    assert result.run is None
    with plain_archive.database.read() as session:
        assert session.scalars(select(schema.Run)).first() is None


def test_refusals_keep_nobody_out_but_themselves(plain_archive: Archive, tmp_path: Path) -> None:
    whole = saved(tmp_path / "b.png").read_bytes()
    (tmp_path / "a.png").write_bytes(whole[:2000])
    (tmp_path / "c.png").write_bytes(b"")
    (tmp_path / "d.jpg").write_text("no picture")
    (tmp_path / "notes.txt").write_text("no picture either")
    heard: list[tuple[int, int]] = []
    result = bring(plain_archive, [tmp_path], Terms(), progress=lambda done, total: heard.append((done, total)))

    assert [each.name for each in result.artworks] == ["b.png"]
    assert {each.name: each.reason for each in result.refused} == {
        "a.png": "truncated",
        "c.png": "empty",
        "d.jpg": "format",
    }
    assert heard[-1] == (4, 4)
    assert result.skipped >= 1


def test_a_text_that_is_too_long_for_pillow_keeps_no_picture_out(plain_archive: Archive, tmp_path: Path) -> None:
    info = PngInfo()
    info.add_text("parameters", "x" * 3_000_000 + "\nSteps: 1, Sampler: a, Seed: 2", zip=True)
    picture(1).image().save(tmp_path / "a.png", pnginfo=info)
    detail = brought(plain_archive, tmp_path / "a.png")

    assert detail.pixels_digest == picture(1).digest.hex
    assert detail.imported is not None
    assert any("3,000,000 characters" in note for note in detail.imported["claims"]["notes"])


def test_nul_and_emoji_in_the_prompt_are_recorded(archive: Archive, tmp_path: Path) -> None:
    info = PngInfo()
    info.add_text("parameters", "a\0b 🐈\nSteps: 1, Sampler: a, Seed: 2".encode())
    picture(1).image().save(tmp_path / "a.png", pnginfo=info)
    detail = brought(archive, tmp_path / "a.png")

    assert detail.imported is not None
    assert detail.imported["claims"]["prompt"] == "a\ufffdb 🐈"


def test_the_checks_run_on_what_comes_in(plain_archive: Archive, tmp_path: Path) -> None:
    with plain_archive.run("my-model") as run:
        run.add(picture(5, 128, 96))
    detail = brought(plain_archive, saved(tmp_path / "a.png", 5))

    assert [finding.other for finding in detail.findings] == list(run.artworks)


def test_ctrl_c_leaves_what_was_written_and_the_next_call_goes_on(plain_archive: Archive, tmp_path: Path) -> None:
    for seed in range(20):
        saved(tmp_path / f"{seed:02}.png", seed)

    def stop(_done: int, _total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bring(plain_archive, [tmp_path], Terms(model="m"), progress=stop)
    first = len(artworks(plain_archive, count=100))
    again = bring(plain_archive, [tmp_path], Terms(model="m"))

    assert 0 < first < 20
    assert (len(again.already), len(again.artworks)) == (first, 20 - first)


def test_what_came_in_can_be_edited_and_exported(plain_archive: Archive, other: Archive, tmp_path: Path) -> None:
    detail = brought(plain_archive, left(other, tmp_path / "out"))
    pixels = Picture.open(stored(plain_archive, detail)).pixels.copy()
    pixels[10:40, 10:40] = 255
    Picture(pixels).image().save(tmp_path / "edited.png")
    edited = edit(plain_archive, detail.uid, tmp_path / "edited.png", by="Ada", actions=["drawn"])
    record = dossier(plain_archive, edited.uid)
    exported = export(plain_archive, [edited.uid], tmp_path / "mine", Form())[0]

    assert record["brought_in"]["name"] == detail.imported["name"] if detail.imported else False
    assert record["artwork"]["making"] == Making.MODEL_THEN_PERSON.value
    assert verify(plain_archive, exported.path).exit_code == 0


@pytest.mark.parametrize("title", ["a\0b", "x" * 200_000])
def test_what_cannot_be_recorded_is_refused_before_anything_is(
    plain_archive: Archive, tmp_path: Path, title: str
) -> None:
    path = saved(tmp_path / "a.png")

    with pytest.raises(UsageError):
        bring(plain_archive, [path], Terms(title=title))
    with pytest.raises(NotFoundError, match="no file or folder"):
        bring(plain_archive, [path, tmp_path / "nowhere"], Terms())
    assert artworks(plain_archive) == []


def test_what_was_allowed_in_with_a_gap_can_be_edited_and_exported_and_says_so(
    plain_archive: Archive, other: Archive, tmp_path: Path
) -> None:
    detail = brought(
        plain_archive, swapped(left(other, tmp_path / "out"), tmp_path / "s.png"), Terms(allow_changed=True)
    )
    pixels = Picture.open(stored(plain_archive, detail)).pixels.copy()
    pixels[10:40, 10:40] = 255
    Picture(pixels).image().save(tmp_path / "edited.png")
    edited = edit(plain_archive, detail.uid, tmp_path / "edited.png", by="Ada", actions=["drawn"])

    for exported in export(plain_archive, [detail.uid, edited.uid], tmp_path / "mine", Form()):
        result = verify(plain_archive, exported.path)
        assert result.exit_code == 1
        assert result.gaps


def test_what_leaves_says_that_its_making_is_claimed_and_not_when_it_was_made(
    plain_archive: Archive, other: Archive, tmp_path: Path
) -> None:
    detail = brought(plain_archive, left(other, tmp_path / "out"))

    (exported,) = export(plain_archive, [detail.uid], tmp_path / "mine", Form(disclosure=Disclosure.MINIMAL))
    record = json.loads(exported.record_path.read_text(encoding="utf-8"))

    assert record["text"]["making"] == "Generated by an AI model. (claimed)"
    assert record["artwork"]["making_truth"] == "claimed"
    assert "made_at" not in record["artwork"]
