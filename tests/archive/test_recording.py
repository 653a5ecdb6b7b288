"""A run records what it is given."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from pictures import picture
from PIL import Image
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from provenance import schema
from provenance.archive import record, rows
from provenance.archive.archive import Archive
from provenance.archive.detail import show
from provenance.archive.rows import Recorded
from provenance.archive.search import artworks
from provenance.digest import Digest
from provenance.errors import UsageError
from provenance.picture import Picture
from provenance.sign.embed import Signer
from provenance.sign.read import read


def test_a_run_is_written_down_before_its_first_picture(archive: Archive) -> None:
    run = archive.run("my-model", seed=7, prompt="boats")

    with archive.database.read() as session:
        row = session.scalars(select(schema.Run)).one()
        assert (row.seed, row.prompt) == ("7", "boats")
        assert session.scalars(select(schema.RunEnd)).first() is None
    run.close()


def test_pictures_of_pillow_numpy_and_torch_become_artworks(archive: Archive) -> None:
    pixels = picture().pixels
    with archive.run("my-model", seed=1) as run:
        run.add(Image.fromarray(pixels))
        run.add(pixels)
        run.add(torch.from_numpy(pixels.copy()).permute(2, 0, 1).float() / 255)

    digests = {show(archive, uid).pixels_digest for uid in run.artworks}
    assert len(run.artworks) == 3
    assert {Picture(pixels).digest.hex} == digests


def test_what_is_stored_is_signed_and_has_the_same_pixels(archive: Archive) -> None:
    with archive.run("my-model", seed=1) as run:
        run.add(picture(3))

    detail = show(archive, run.artworks[0])
    data = archive.store.read(Digest(detail.file_digest))
    reading = read(data, anchors=archive.anchors)
    assert (reading.intact, reading.trusted_by) == (True, "this archive")
    assert picture(3).digest == Picture.open(data).digest
    assert detail.manifest is not None
    assert reading.label == detail.manifest["label"]


def test_every_picture_has_fingerprints_and_an_audit(archive: Archive) -> None:
    with archive.run("my-model") as run:
        for seed in range(5):
            run.add(picture(seed))

    with archive.database.read() as session:
        assert session.scalar(select(func.count()).select_from(schema.Fingerprint)) == 20
        assert session.scalar(select(func.count()).select_from(schema.Audit)) == 5


def test_the_same_picture_twice_is_found_alike(archive: Archive) -> None:
    with archive.run("my-model") as run:
        run.add(picture(1)).result()
        run.add(np.ascontiguousarray(picture(1).pixels[:, ::-1]))

    finding = show(archive, run.artworks[1]).findings[0]
    assert run.artworks[0] == finding.other
    assert finding.sentence.startswith("Looks like")


def test_runs_that_are_open_together_find_what_looks_alike_in_each_other(plain_archive: Archive) -> None:
    with plain_archive.run("one") as one, plain_archive.run("two") as two:
        for number in range(12):
            one.add(picture(number))
            two.add(picture(number))

    details = [show(plain_archive, uid) for uid in (*one.artworks, *two.artworks)]
    flagged = [detail for detail in details if any(match.flagged for match in detail.matches)]
    assert len(flagged) == 12, "of two alike one came second, and names the first"


def test_a_run_that_raises_is_recorded_as_failed_and_keeps_its_pictures(archive: Archive) -> None:
    with pytest.raises(ZeroDivisionError), archive.run("my-model") as run:
        run.add(picture())
        _ = 1 / 0

    with archive.database.read() as session:
        assert session.scalars(select(schema.RunEnd)).one().outcome == "failed"
    assert len(artworks(archive)) == 1


def test_ctrl_c_ends_a_run_as_cancelled_and_keeps_its_pictures(archive: Archive) -> None:
    with pytest.raises(KeyboardInterrupt), archive.run("my-model") as run:
        run.add(picture())
        raise KeyboardInterrupt

    with archive.database.read() as session:
        assert session.scalars(select(schema.RunEnd)).one().outcome == "cancelled"
    assert len(artworks(archive)) == 1


def test_what_fails_in_the_background_is_raised_to_the_caller(
    plain_archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = plain_archive.run("my-model")
    run.add(picture(1)).result()
    monkeypatch.setattr(Signer, "sign", _broken_sign)

    assert isinstance(run.add(picture(2)).exception(), OSError)
    with pytest.raises(OSError, match="the token was pulled out"):
        run.add(picture(3))
    with pytest.raises(OSError, match="the token was pulled out"):
        run.close()
    assert _outcome(plain_archive) == "failed"


def test_a_closed_run_takes_no_more_pictures(plain_archive: Archive) -> None:
    with plain_archive.run("my-model") as run:
        pass

    with pytest.raises(UsageError, match="has ended"):
        run.add(picture())


@pytest.mark.parametrize(
    "thing",
    [
        "a text",
        np.zeros((2, 2, 2, 2)),
        np.full((4, 4, 3), -1.0),
        np.full((4, 4, 3), np.nan),
        np.zeros((0, 4, 3), np.uint8),
        np.full((4, 4, 3), 300),
    ],
)
def test_what_is_no_picture_is_refused_with_a_sentence(plain_archive: Archive, thing: object) -> None:
    with plain_archive.run("my-model") as run, pytest.raises(UsageError, match=r"is not|is needed"):
        run.add(thing)

    assert not artworks(plain_archive)


def test_a_seed_gives_the_run_a_generator(plain_archive: Archive) -> None:
    with plain_archive.run("my-model", seed=2**64 - 1) as run:
        first = torch.rand(3, generator=run.generator)

    assert torch.equal(first, torch.rand(3, generator=torch.Generator().manual_seed(2**64 - 1)))


@pytest.mark.parametrize("seed", [-1, 2**64])
def test_a_seed_out_of_range_is_refused_before_anything_is_recorded(plain_archive: Archive, seed: int) -> None:
    with pytest.raises(UsageError, match="out of range"):
        plain_archive.run("my-model", seed=seed)

    assert list((plain_archive.folder / "runs").iterdir()) == []


def test_two_openings_of_one_archive_see_each_other(archive: Archive, tmp_path: Path) -> None:
    with archive.run("my-model") as run:
        run.add(picture(1))

    with Archive(archive.folder, passphrase=lambda: None) as other:
        assert run.artworks[0] == artworks(other)[0].uid
        with other.run("my-model") as second:
            second.add(picture(1))
        assert run.artworks[0] == show(other, second.artworks[0]).findings[0].other


def _broken_sign(*_: object, **__: object) -> None:
    raise OSError("the token was pulled out")


def _outcome(archive: Archive) -> str:
    with archive.database.read() as session:
        return session.scalars(select(schema.RunEnd)).one().outcome


@pytest.mark.parametrize(
    "facts",
    [
        {"seed": -5},
        {"seed": 2**70},
        {"seed": 1.5},
        {"seed": True},
        {"title": "x\0"},
        {"title": "bad \udc80"},
        {"parameters": {"rate": float("nan")}},
        {"parameters": {"thing": object()}},
    ],
)
def test_what_cannot_be_recorded_is_refused_at_the_call_and_the_run_goes_on(
    plain_archive: Archive, facts: dict[str, Any]
) -> None:
    with plain_archive.run("my-model") as run:
        for _ in range(plain_archive.settings.queue + 1):
            with pytest.raises(UsageError):
                run.add(picture(1), **facts)
        run.add(picture(1))

    assert len(run.artworks) == 1
    assert _outcome(plain_archive) == "finished"


def test_numbers_of_numpy_are_numbers(plain_archive: Archive) -> None:
    with plain_archive.run("my-model", parameters={"rate": np.float32(0.5)}) as run:
        run.add(picture(1), parameters={"step": np.int64(3)})  # type: ignore[dict-item]

    detail = show(plain_archive, run.artworks[0])
    assert detail.run is not None
    assert (detail.run["parameters"], detail.parameters["step"]) == ({"rate": 0.5}, 3)


def test_the_callers_own_exception_comes_out_whatever_its_text(archive: Archive) -> None:
    with pytest.raises(ValueError, match="bad"), archive.run("my-model") as run:
        run.add(picture(1))
        raise ValueError("bad \udc80 na\0me")

    assert _outcome(archive) == "failed"


def test_an_opaque_alpha_channel_changes_no_digest(plain_archive: Archive) -> None:
    opaque = np.dstack([picture(1).pixels, np.full((48, 64), 255, np.uint8)])
    with plain_archive.run("my-model") as run:
        run.add(opaque)

    assert show(plain_archive, run.artworks[0]).pixels_digest == picture(1).digest.hex


def test_pictures_that_come_quickly_share_a_transaction(
    plain_archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches: list[int] = []
    write_rows = rows.write

    def counted(session: Session, records: Sequence[Recorded]) -> dict[str, int]:
        batches.append(len(records))
        return write_rows(session, records)

    monkeypatch.setattr(record, "write", counted)
    monkeypatch.setattr(record, "_LINGER", 60.0)  # longer than any machine needs for a dozen pictures
    with plain_archive.run("my-model") as run:
        for number in range(12):
            run.add(picture(number))

    assert batches == [12]
