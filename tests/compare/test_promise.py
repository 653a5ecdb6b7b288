"""The quick judge gives up what is not worth measuring, and says so of nothing that is a copy."""

import json
from importlib import resources

import pytest
from PIL import Image, ImageOps
from scenes import drawing, look

from provenance.compare.candidate import known
from provenance.compare.cascade import promising
from provenance.compare.gallery import MemoryGallery
from provenance.compare.promise import NAMES, Promise
from provenance.errors import DamagedArchiveError

WALL = MemoryGallery([look(drawing(seed)) for seed in range(20)])


def text() -> str:
    return resources.files("provenance.compare").joinpath("promise_v5.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("image", [drawing(9), ImageOps.mirror(drawing(9)), drawing(9).crop((40, 40, 200, 200))])
def test_a_copy_is_the_most_promising_and_worth_measuring(image: Image.Image) -> None:
    assert promising(look(image), WALL)[0].place == 9


def test_less_is_measured_than_was_proposed() -> None:
    asked = look(drawing(77))

    everything = promising(asked, WALL, promise=Promise.shipped().of_all())

    assert len(promising(asked, WALL)) < len(everything)


def test_the_most_promising_come_first() -> None:
    shipped = Promise.shipped()
    scores = [shipped.score(known(each)) for each in promising(look(drawing(9)), WALL, promise=shipped.of_all())]

    assert scores == sorted(scores, reverse=True)


def test_every_quick_measurement_has_a_weight() -> None:
    assert set(Promise.shipped().weights) == set(NAMES)


@pytest.mark.parametrize("name", ["offset", "least", "weights"])
def test_a_damaged_file_of_weights_is_a_sentence(name: str) -> None:
    held = json.loads(text())
    del held[name]

    with pytest.raises(DamagedArchiveError, match="Install prov again"):
        Promise.from_text(json.dumps(held))
