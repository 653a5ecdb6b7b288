"""What a training sees is exactly what was collected, brought to one size."""

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pictures import picture
from PIL import Image

from provenance.digest import Digest
from provenance.errors import UsageError
from provenance.picture import Picture
from provenance.train.pictures import Preprocessing, Source, prepare


def source(path: Path, *more: Path) -> Source:
    return Source(name=path.name, digest=Digest.of_file(path), paths=(path, *more))


@pytest.fixture
def works(tmp_path: Path) -> list[Source]:
    for number in range(9):
        picture(number, 40 + number, 30).image().save(tmp_path / f"{number}.png")
    return [source(tmp_path / f"{number}.png") for number in range(9)]


def test_works_keep_their_order_whatever_the_number_of_threads(works: list[Source]) -> None:
    one = prepare(works, Preprocessing(size=16), workers=1)
    many = prepare(works, Preprocessing(size=16), workers=5)

    assert one.pixels.shape == (9, 16, 16, 3)
    assert one.pixels.dtype == np.uint8
    assert one.kept == tuple(range(9))
    assert np.array_equal(one.pixels, many.pixels)
    assert one.digest == many.digest
    assert one.distinct == 9


def test_a_file_that_changed_is_left_out_with_a_sentence(works: list[Source]) -> None:
    picture(77).image().save(works[3].paths[0])
    seen = prepare(works, Preprocessing(size=16))

    assert seen.kept == (0, 1, 2, 4, 5, 6, 7, 8)
    assert len(seen.pixels) == 8
    (left,) = seen.left_out
    assert (left.index, left.reason) == (3, "changed")
    assert "3.png has changed since it was added. Put the old file back" in seen.refusals[0]
    rest = prepare([work for index, work in enumerate(works) if index != 3], Preprocessing(size=16))
    assert np.array_equal(seen.pixels, rest.pixels)


def test_a_file_that_is_gone_is_left_out_with_a_sentence(works: list[Source]) -> None:
    works[0].paths[0].unlink()
    works[8].paths[0].unlink()
    works[8].paths[0].mkdir()
    seen = prepare(works, Preprocessing(size=16))

    assert seen.kept == tuple(range(1, 8))
    assert [(left.index, left.reason) for left in seen.left_out] == [(0, "missing"), (8, "missing")]
    assert "It was last seen at" in seen.refusals[0]


def test_a_pipe_in_the_place_of_a_work_does_not_hang(works: list[Source]) -> None:
    works[0].paths[0].unlink()
    os.mkfifo(works[0].paths[0])

    assert prepare(works, Preprocessing(size=16)).left_out[0].reason == "missing"


def test_another_copy_with_the_right_bytes_will_do(works: list[Source], tmp_path: Path) -> None:
    copy = tmp_path / "copy.png"
    copy.write_bytes(works[0].paths[0].read_bytes())
    moved = source(works[0].paths[0], copy)
    expected = prepare([moved], Preprocessing(size=16))
    works[0].paths[0].write_bytes(b"changed")

    assert np.array_equal(prepare([moved], Preprocessing(size=16)).pixels, expected.pixels)


def test_a_broken_file_and_a_huge_one_are_left_out(works: list[Source], tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(works[0].paths[0].read_bytes()[:60])
    text = tmp_path / "text.png"
    text.write_text("no picture")
    wide = tmp_path / "wide.png"
    picture(1, 200, 100).image().save(wide)
    seen = prepare([source(broken), source(text), source(wide), works[1]], Preprocessing(size=16), limit=10_000)

    assert seen.kept == (3,)
    assert [left.reason for left in seen.left_out][1:] == ["format", "huge"]
    assert all(left.sentence.startswith(f"The work {left.name} is left out: ") for left in seen.left_out)


def test_nothing_gives_nothing() -> None:
    seen = prepare([], Preprocessing(size=16))

    assert seen.pixels.shape == (0, 16, 16, 3)
    assert (seen.kept, seen.left_out, seen.distinct) == ((), (), 0)


def test_works_all_alike_are_counted_as_one(works: list[Source]) -> None:
    assert prepare([works[0]] * 5, Preprocessing(size=16)).distinct == 1


def test_progress_counts_to_the_end_and_can_stop(works: list[Source]) -> None:
    heard: list[tuple[int, int]] = []
    prepare(works, Preprocessing(size=16), progress=lambda done, total: heard.append((done, total)))

    def stop(done: int, _total: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    assert heard == [(done, 9) for done in range(1, 10)]
    with pytest.raises(KeyboardInterrupt):
        prepare(works, Preprocessing(size=16), progress=stop)


def test_colours_of_invisible_pixels_do_not_bleed_in() -> None:
    pixels = np.zeros((64, 64, 4), np.uint8)
    pixels[..., 1] = 255  # green, and all of it invisible
    pixels[16:48, 16:48] = (255, 0, 0, 255)
    seen = Preprocessing(size=8, background="#0000ff").apply(Picture(pixels))

    assert seen[..., 1].max() == 0
    assert tuple(seen[0, 0]) == (0, 0, 255)
    assert tuple(seen[4, 4]) == (255, 0, 0)


def test_padding_keeps_the_shape_and_puts_background_beside() -> None:
    seen = Preprocessing(size=16, background="#0000ff").apply(Picture(np.full((10, 40, 3), 200, np.uint8)))

    assert (seen[6:10] == 200).all()
    assert (seen[:6] == (0, 0, 255)).all()
    assert (seen[10:] == (0, 0, 255)).all()


def test_cropping_takes_the_middle_and_stretching_takes_all() -> None:
    pixels = np.zeros((10, 40, 3), np.uint8)
    pixels[:, 15:25] = 255

    assert (Preprocessing(size=8, fit="crop", resampling="box").apply(Picture(pixels)) == 255).all()
    stretched = Preprocessing(size=8, fit="stretch", resampling="box").apply(Picture(pixels))
    assert (stretched[:, 0] == 0).all()
    assert (stretched[:, 3:5] == 255).all()


@settings(max_examples=25, deadline=None)
@given(
    width=st.integers(1, 3000), height=st.integers(1, 3), fit=st.sampled_from(["pad", "crop", "stretch"]),
    size=st.integers(4, 40), turned=st.booleans(),
)  # fmt: skip
def test_any_shape_becomes_a_square(width: int, height: int, fit: str, size: int, turned: bool) -> None:
    shape = (width, height, 3) if turned else (height, width, 3)
    seen = Preprocessing(size=size, fit=fit).apply(Picture(np.full(shape, 99, np.uint8)))  # type: ignore[arg-type]

    assert seen.shape == (size, size, 3)
    assert seen.dtype == np.uint8
    assert (seen == 99).all(axis=2).any()


@pytest.mark.parametrize("mode", ["L", "LA", "P", "1", "CMYK", "I;16", "RGBA"])
def test_every_kind_of_picture_becomes_colour(mode: str, tmp_path: Path) -> None:
    path = tmp_path / "work.tif"
    grey = np.linspace(0, 255, 24 * 24).reshape(24, 24).astype(np.uint8)
    if mode == "I;16":
        image = Image.fromarray(grey.astype(np.uint16) * 257)
    else:
        image = Image.fromarray(grey).convert("RGBA" if mode == "LA" else mode).convert(mode)
    image.save(path)
    seen = prepare([source(path)], Preprocessing(size=24))

    assert seen.refusals == ()
    if mode in {"L", "I;16", "RGBA"}:
        assert np.array_equal(seen.pixels[0, ..., 0], grey)


def test_a_photograph_on_its_side_is_put_upright(tmp_path: Path) -> None:
    path = tmp_path / "side.jpg"
    image = Image.fromarray(np.repeat(np.linspace(0, 255, 32).astype(np.uint8)[:, None], 32, axis=1)).convert("RGB")
    exif = Image.Exif()
    exif[0x0112] = 6
    image.save(path, exif=exif)
    seen = prepare([source(path)], Preprocessing(size=16)).pixels[0, ..., 0].astype(int)

    assert abs(seen[0] - seen[-1]).max() < 20
    assert abs(seen[:, 0] - seen[:, -1]).min() > 150


def test_every_choice_is_recorded_and_read_back() -> None:
    chosen = Preprocessing(size=32, background="#102030", fit="crop", resampling="nearest")
    record = chosen.record()

    assert Preprocessing.from_record(dict(record)) == chosen
    assert record["method"] == "pictures_v1"
    assert str(record["library"]).startswith("Pillow ")
    with pytest.raises(UsageError, match="Upgrade prov"):
        Preprocessing.from_record({**record, "method": "pictures_v9"})


@pytest.mark.parametrize(
    "wrong",
    [{"size": 3}, {"size": 1025}, {"size": True}, {"background": "white"}, {"background": "#ggg000"},
     {"background": "#fff"}, {"fit": "squeeze"}, {"resampling": "hamming"}],
)  # fmt: skip
def test_what_cannot_be_done_is_refused_with_a_sentence(wrong: dict[str, object]) -> None:
    with pytest.raises(UsageError, match=r"\.$"):
        Preprocessing(**wrong)  # type: ignore[arg-type]
