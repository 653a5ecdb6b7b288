"""Which skin tones faces in pictures have, by two published scales.

Nothing is guessed where no face was found by a detector: skin is no colour, and orange wood has the same.
A detector's weights are a file of the user's; without one there is nothing to say here.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol, Self

import numpy as np

from provenance.audit.bias_colour import lab
from provenance.errors import EngineError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from provenance.picture import Picture

MONK: Final = (
    *("#f6ede4", "#f3e7db", "#f7ead0", "#eadaba", "#d7bd96", "#a07e56", "#825c43", "#604134", "#3a312a", "#292420"),
)
"""The ten steps of the Monk Skin Tone scale (Monk 2019), lightest first, as published in sRGB."""

MONK_STEPS: Final = tuple(f"Monk {step}" for step in range(1, 11))

ITA_CLASSES: Final = ("very light", "light", "intermediate", "tanned", "brown", "dark")
"""By the individual typology angle: over 55, 41, 28, 10, -30 degrees, and below (Chardon, Cretois and Hourseau 1991,
"Skin colour typology and suntanning pathways")."""

NO_DETECTOR: Final = "cannot tell, no face detector is installed"

_ITA_ENDS: Final = (55, 41, 28, 10, -30)
_FARTHEST: Final = 25.0  # in CIELAB: what is farther from every step is no colour of skin, as of drawn yellow faces
_WHOLE: Final = 1024  # pixels: larger pictures are reduced before a face is looked for
_SMALLEST: Final = 12  # pixels
_TRIED: Final = 64  # pixels of the square that a network is tried on
_STEPS: Final = (8, 16, 32)
_OUTPUTS: Final = {"cls": 1, "obj": 1, "bbox": 4, "kps": 10}
"""What YuNet gives at each step, and how many numbers a cell."""
_NOTHING: Final = np.zeros(0, np.uint8)


class FaceFinder(Protocol):
    """Finds faces; whatever it is, its name and version stand in the record."""

    @property
    def name(self) -> str:
        """What it is called in records."""
        ...

    def find(self, pixels: "NDArray[np.uint8]") -> Sequence[tuple[int, int, int, int]]:
        """Give the faces in sRGB pixels, uint8 (height, width, 3): left, top, width, height in pixels each."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Tone:
    """The skin tone of one face."""

    ita: float
    """Individual typology angle, -90 to 90 degrees: the higher, the lighter."""
    ita_class: str
    monk: int
    """Step, 1 to 10: the nearest in CIELAB (CIE 1976 difference)."""


class YuNet:
    """OpenCV's face detector with the user's file of weights (Wu, Peng and Yu 2023, "YuNet")."""

    def __init__(self, detector: object, name: str) -> None:
        """Find faces by `detector`, an OpenCV `FaceDetectorYN`."""
        self._detector = detector
        self.name = name

    @classmethod
    def load(cls, path: Path) -> Self:
        """Load the ONNX file at `path`. Raises EngineError where it is missing, no ONNX, or another network."""
        import cv2

        from provenance.digest import Digest

        try:
            data = path.read_bytes()
            with _quiet():
                _check_network(data, path)
                detector = cv2.FaceDetectorYN.create("onnx", np.frombuffer(data, np.uint8), _NOTHING, (_TRIED, _TRIED))
        except OSError as cause:
            raise EngineError(f"The face detector {path} cannot be read: {cause.strerror}. Name its file.") from cause
        except cv2.error as cause:
            raise EngineError(f"{path} is no face detector that OpenCV can use. Name a file of YuNet.") from cause
        return cls(detector, f"yunet {Digest.of(data)}")

    def find(self, pixels: "NDArray[np.uint8]") -> Sequence[tuple[int, int, int, int]]:
        """Give the faces, as `FaceFinder` says. Raises EngineError where the network fails."""
        import cv2

        height, width = pixels.shape[:2]
        try:
            self._detector.setInputSize((width, height))  # type: ignore[attr-defined]
            _, rows = self._detector.detect(np.ascontiguousarray(pixels[..., ::-1]))  # type: ignore[attr-defined]
        except cv2.error as cause:
            message = f"The face detector failed on a picture of {width} x {height} pixels. Name another file."
            raise EngineError(message) from cause
        return [] if rows is None else [_box(row[:4], width, height) for row in rows if np.isfinite(row[:4]).all()]


def tones(picture: "Picture", finder: FaceFinder) -> list[Tone]:
    """Give the skin tones of the faces in `picture`; faces of no colour of skin are left out."""
    image = picture.on_white()
    image.thumbnail((_WHOLE, _WHOLE))
    pixels = np.asarray(image)
    found = [tone(pixels[top : top + high, left : left + wide]) for left, top, wide, high in finder.find(pixels)]
    return [each for each in found if each is not None]


def tone(face: "NDArray[np.uint8]") -> Tone | None:
    """Read the skin tone of a face, sRGB uint8 (height, width, 3): the median colour of its middle.

    None where it is too small, or where that is not the colour of any skin.
    """
    height, width = face.shape[:2]
    if min(height, width) < _SMALLEST:
        return None
    middle = lab(face[height // 5 : -(height // 5), width // 5 : -(width // 5)]).reshape(-1, 3)
    light, a, b = (float(each) for each in np.median(middle, axis=0))
    away = np.linalg.norm(_monk_lab() - np.array([light, a, b]), axis=1)
    if b <= 0 or away.min() > _FARTHEST:
        return None
    angle = ita(light, b)
    return Tone(ita=angle, ita_class=ita_class(angle), monk=int(away.argmin()) + 1)


def ita(lightness: float, b: float) -> float:
    """Give the individual typology angle in degrees: atan((L - 50) / b). `b` is over 0, as of all skin."""
    return float(np.degrees(np.arctan2(lightness - 50, b)))


def ita_class(angle: float) -> str:
    """Name the class of an angle in degrees."""
    return ITA_CLASSES[sum(angle <= end for end in _ITA_ENDS)]


def _check_network(data: bytes, path: Path) -> None:
    """Run a network once: OpenCV takes the sizes of its outputs on trust. Raises EngineError, cv2.error."""
    import cv2

    if not data:
        raise EngineError(f"{path} is empty. Name a file of YuNet.")
    network = cv2.dnn.readNetFromONNX(np.frombuffer(data, np.uint8))
    wanted = {f"{name}_{step}": ((_TRIED // step) ** 2, size) for name, size in _OUTPUTS.items() for step in _STEPS}
    if missing := sorted(wanted.keys() - set(network.getUnconnectedOutLayersNames())):
        raise EngineError(f"{path} is another network than YuNet: it does not give {missing[0]}. Name a file of YuNet.")
    network.setInput(np.zeros((1, 3, _TRIED, _TRIED), np.float32))
    for name, given in zip(wanted, network.forward(list(wanted)), strict=True):
        if given.size != wanted[name][0] * wanted[name][1] or given.dtype != np.float32:
            raise EngineError(
                f"{path} is another network than YuNet: its {name} has the shape {given.shape}. Name a file of YuNet."
            )


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep OpenCV from writing into a person's terminal what the errors say in a sentence."""
    import cv2

    level = cv2.utils.logging.getLogLevel()
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        yield
    finally:
        cv2.utils.logging.setLogLevel(level)


def _monk_lab() -> "NDArray[np.float64]":
    colours = np.array([[int(text[at : at + 2], 16) for at in (1, 3, 5)] for text in MONK], np.uint8)
    return np.asarray(lab(colours[None])[0], np.float64)


def _box(row: "NDArray[np.float32]", width: int, height: int) -> tuple[int, int, int, int]:
    left, top = max(0, int(row[0])), max(0, int(row[1]))
    right, bottom = min(width, int(row[0] + row[2])), min(height, int(row[1] + row[3]))
    return left, top, max(0, right - left), max(0, bottom - top)
