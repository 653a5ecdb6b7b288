"""Colours and skin tones are those that the scales say."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from faces import network
from numpy.typing import NDArray

from provenance.audit.bias_colour import FAMILIES, lab, parts
from provenance.audit.bias_skin import ITA_CLASSES, MONK, YuNet, ita, ita_class, tone, tones
from provenance.digest import Digest
from provenance.errors import EngineError
from provenance.picture import Picture

COLOURS = {
    "black": (0, 0, 0), "grey": (128, 128, 128), "white": (255, 255, 255), "pink": (255, 150, 190),
    "red": (220, 20, 20), "orange": (255, 140, 0), "brown": (120, 70, 20), "yellow": (250, 230, 0),
    "green": (0, 160, 0), "turquoise": (0, 180, 180), "blue": (0, 0, 255), "purple": (140, 0, 160),
}  # fmt: skip


def flat(colour: Sequence[int], side: int = 40) -> NDArray[np.uint8]:
    return np.tile(np.array(colour, np.uint8), (side, side, 1))


def monk(step: int) -> list[int]:
    return [int(MONK[step - 1][at : at + 2], 16) for at in (1, 3, 5)]


class Planted:
    """Finds faces where they were painted."""

    name = "planted"

    def __init__(self, *boxes: tuple[int, int, int, int]) -> None:
        self.boxes = boxes

    def find(self, pixels: NDArray[np.uint8]) -> Sequence[tuple[int, int, int, int]]:
        height, width = pixels.shape[:2]
        return [box for box in self.boxes if box[0] + box[2] <= width and box[1] + box[3] <= height]


@pytest.mark.parametrize("name", FAMILIES)
def test_colours_have_the_names_that_people_give_them(name: str) -> None:
    assert FAMILIES[int(parts(flat(COLOURS[name])).argmax())] == name


def test_parts_are_of_the_surface() -> None:
    halves = np.concatenate([flat((220, 20, 20)), flat((255, 255, 255))])

    assert parts(halves)[FAMILIES.index("red")] == pytest.approx(0.5)
    assert parts(halves).sum() == pytest.approx(1)


def test_every_colour_has_one_family() -> None:
    everything = np.random.default_rng(1).integers(0, 256, (200, 200, 3), dtype=np.uint8)

    assert parts(everything).sum() == pytest.approx(1)


def test_lab_is_that_of_the_standard() -> None:
    """CIE 1976 under D65: the primaries of sRGB as tables give them."""
    found = lab(np.array([[(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)]], np.uint8))[0]

    tables = [(53.24, 80.09, 67.20), (87.73, -86.18, 83.18), (32.30, 79.19, -107.86), (100, 0, 0)]
    assert found == pytest.approx(np.array(tables), abs=0.2)


@pytest.mark.parametrize("step", range(1, 11))
def test_each_step_of_the_scale_is_itself(step: int) -> None:
    read = tone(flat(monk(step)))

    assert read is not None
    assert read.monk == step


@pytest.mark.parametrize(
    ("angle", "name"),
    [(80, 0), (55.1, 0), (55, 1), (41.5, 1), (41, 2), (28.1, 2), (20, 3), (10, 4), (-29, 4), (-30, 5), (-80, 5)],
)
def test_angles_have_the_classes_of_chardon(angle: float, name: int) -> None:
    assert ita_class(angle) == ITA_CLASSES[name]


def test_the_angle_is_that_of_the_formula() -> None:
    assert ita(70, 20) == pytest.approx(45)
    assert ita(50, 15) == 0


def test_lighter_skin_has_a_larger_angle() -> None:
    angles = [read.ita for step in range(1, 11) if (read := tone(flat(monk(step)))) is not None]

    assert angles == sorted(angles, reverse=True)
    assert len(angles) == 10


@pytest.mark.parametrize("colour", [(252, 234, 43), (0, 0, 255), (128, 128, 128), (0, 200, 0), (255, 0, 255)])
def test_what_is_no_colour_of_skin_has_no_tone(colour: tuple[int, int, int]) -> None:
    assert tone(flat(colour)) is None


@pytest.mark.parametrize("shape", [(0, 0), (1, 40), (11, 11)])
def test_a_face_of_few_pixels_has_no_tone(shape: tuple[int, int]) -> None:
    assert tone(np.full((*shape, 3), 160, np.uint8)) is None


def test_only_faces_are_read() -> None:
    pixels = flat(monk(2), 100)
    pixels[60:90, 10:40] = monk(8)

    assert [each.monk for each in tones(Picture(pixels), Planted((10, 60, 30, 30)))] == [8]
    assert tones(Picture(pixels), Planted()) == []


def test_hair_and_eyes_do_not_move_the_tone() -> None:
    face = flat(monk(5), 60)
    face[:16], face[22:30, 13:25], face[22:30, 35:47] = 20, 10, 10

    read = tone(face)
    assert read is not None
    assert read.monk == 5


def test_a_detector_finds_faces_and_is_named_by_the_digest_of_its_file(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "faces.onnx"
    path.write_bytes(network())
    pixels = flat((230, 240, 250), 128)
    pixels[32:96, 32:96] = monk(6)

    finder = YuNet.load(path)
    read = tones(Picture(pixels), finder)
    assert {each.monk for each in read} == {6}
    assert len(read) >= 4
    assert tones(Picture(flat((230, 240, 250), 128)), finder) == []
    assert finder.name == f"yunet {Digest.of_file(path)}"
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (4000, 50)])
def test_a_picture_of_any_size_can_be_searched_for_faces(tmp_path: Path, size: tuple[int, int]) -> None:
    path = tmp_path / "faces.onnx"
    path.write_bytes(network())

    assert tones(Picture(np.full((*size, 3), 255, np.uint8)), YuNet.load(path)) == []


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (None, "cannot be read: No such file"),
        (b"", "is empty"),
        (b"no network", "no face detector that OpenCV can use"),
        (network()[:1000], "no face detector that OpenCV can use"),
        (network(steps=(8, 16)), "another network than YuNet: it does not give bbox_32"),
        (network(outputs={"cls": 1, "obj": 1, "bbox": 4}), "another network than YuNet: it does not give kps_16"),
        (network(outputs={"cls": 1, "obj": 1, "bbox": 4, "kps": 2}), "another network than YuNet: its kps_8 has"),
        (network(outputs={"cls": 2, "obj": 1, "bbox": 4, "kps": 10}), "another network than YuNet: its cls_8 has"),
    ],
)
def test_a_file_that_is_no_detector_gets_a_sentence(
    tmp_path: Path, data: bytes | None, told: str, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "yunet.onnx"
    if data is not None:
        path.write_bytes(data)

    with pytest.raises(EngineError, match=rf"yunet\.onnx.*{told}"):
        YuNet.load(path)
    assert capfd.readouterr() == ("", "")


def test_a_folder_is_no_detector(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="cannot be read: Is a directory"):
        YuNet.load(tmp_path)
