"""Pictures for a page that is one file: made small, encoded as WebP, written into the page itself."""

import base64
import io
from typing import Final
from xml.etree.ElementTree import Element

from PIL import Image

from provenance.errors import ProvenanceError
from provenance.export.audit_report import Shown
from provenance.export.audit_report_html import element
from provenance.picture import Picture

_QUALITY: Final = 82
_THIN: Final = 16  # pixels: a picture that is thinner is stretched, or nobody would see it


class NotShownError(Exception):
    """A picture cannot be shown; the message says why."""


def shown_or_why(
    shown: Shown | None, withheld: str | None, side: int, *, alt: str, class_: str | None = None
) -> Element:
    """Make the element that shows a picture, or that says why it is not shown."""
    try:
        image = opened(shown, withheld, side)
    except NotShownError as why:
        return element("p", str(why), class_="withheld")
    return element("img", src=data_uri(image), width=image.width, height=image.height, alt=alt, class_=class_)


def opened(shown: Shown | None, withheld: str | None, side: int) -> Image.Image:
    """Open a picture and make it small: RGB on white, the longest side at most `side`. Raises NotShownError."""
    if withheld or shown is None:
        raise NotShownError(withheld or "There is no picture to show.")
    try:
        picture = shown if isinstance(shown, Picture) else shown()
        return reduced(picture, side)
    except ProvenanceError as error:
        raise NotShownError(str(error)) from error


def reduced(picture: Picture, side: int) -> Image.Image:
    """Lay a picture on white and make its longest side at most `side`."""
    image = picture.on_white()
    scale = min(1.0, side / max(image.size))
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    return image if size == image.size else image.resize(size, Image.Resampling.LANCZOS, reducing_gap=3)


def data_uri(image: Image.Image) -> str:
    """Encode a picture as WebP, as text for `src`."""
    if min(image.size) < _THIN <= max(image.size):
        image = image.resize((max(_THIN, image.width), max(_THIN, image.height)), Image.Resampling.NEAREST)
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=_QUALITY, method=4)
    return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode()
