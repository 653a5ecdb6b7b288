"""Stored codes never change: of a picture that is drawn without any library every method gives what it always gave.

Written anew by `python tests/fingerprint/test_golden.py`, only for a method that no archive has stored yet.
"""

import json
from pathlib import Path

import numpy as np
import pytest

from provenance.fingerprint import METHODS, fingerprint_all, method
from provenance.picture import Picture

GOLDEN = Path(__file__).parents[1] / "golden" / "fingerprints.json"
SIZES = {"small": (48, 64), "wide": (300, 470), "large": (700, 520), "veiled": (90, 70)}
"""(height, width); of the last one a part is transparent."""


def drawn(name: str) -> Picture:
    """Draw by whole numbers alone: discs, stripes and a slope, nothing symmetric."""
    height, width = SIZES[name]
    rows, columns = np.mgrid[0:height, 0:width] * 1000 // max(height, width)
    canvas = np.stack([rows // 5, columns // 6, (rows + 2 * columns) // 13], axis=2)
    for number, (top, left, radius) in enumerate([(180, 260, 150), (520, 640, 190), (350, 820, 90), (600, 130, 110)]):
        canvas[(rows - top) ** 2 + (columns - left) ** 2 < radius**2] = [
            220 - 50 * number,
            40 * number,
            90 + 30 * number,
        ]
    canvas[(rows * 3 + columns) % 310 < 40] = [30, 120, 60]
    if name == "veiled":
        canvas = np.dstack([canvas, 255 - columns // 5])
    return Picture(np.ascontiguousarray(canvas.astype(np.uint8)))


def golden() -> dict[str, dict[str, dict[str, object]]]:
    return {
        name: {
            made.method: {"codes": made.matrix.tobytes().hex(), "quality": round(made.quality, 4)}
            for made in fingerprint_all(drawn(name)).values()
        }
        for name in SIZES
    }


@pytest.mark.parametrize("name", SIZES)
def test_a_picture_has_the_codes_that_it_always_had(name: str) -> None:
    kept = json.loads(GOLDEN.read_text(encoding="utf-8"))[name]

    for made in fingerprint_all(drawn(name)).values():
        assert kept[made.method]["codes"] == made.codes.hex()
        assert kept[made.method]["quality"] == pytest.approx(made.quality, abs=1e-4)


def test_every_method_has_kept_codes() -> None:
    kept = json.loads(GOLDEN.read_text(encoding="utf-8"))

    assert {(name, known) for name, codes in kept.items() for known in codes} == {
        (name, known.name) for name in SIZES for known in METHODS
    }


def test_the_lines_that_are_recorded_with_findings_are_the_shipped_ones() -> None:
    lines = {"phash8_v1": (5, 0.5), "phash16_v1": (51, 0.5), "dhash16_v1": (10, 0.1), "pdq_v1": (31, 0.5)}

    assert {name: (method(name).flagged_at, method(name).reliable_at) for name in lines} == lines


if __name__ == "__main__":
    GOLDEN.write_text(json.dumps(golden(), indent=1) + "\n", encoding="utf-8")
