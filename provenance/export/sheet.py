"""A contact sheet: pictures in rows of one height that fill the width, with a thin caption of two lines each.

The ground is a warm, near-neutral paper, so that the pictures are the only colour; captions never touch them.
Rows are broken like lines of text: the break that leaves the heights most even is found by dynamic programming
(D. E. Knuth and M. F. Plass, "Breaking Paragraphs into Lines", 1981, with badness = squared excess of height).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final, NamedTuple

from PIL import Image, ImageDraw, ImageFont

from provenance.errors import UsageError
from provenance.export.metadata import clean
from provenance.picture import Picture

PAPER: Final = (246, 244, 240)
INK: Final = (43, 40, 37)
QUIET: Final = (124, 117, 108)
HAIRLINE: Final = (221, 216, 208)

SHEET_LIMIT: Final = 16_000
"""The tallest sheet, in pixels."""

_STRETCH: Final = 1.35  # how far a last row may grow beyond the wanted height before it is left short
_LEAST: Final = 0.4  # rows lower than this part of the wanted height are not looked at
_WIDEST, _TALLEST = 3.0, 0.4  # shapes beyond these are shown whole inside a cell of this shape

_Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """One picture of a sheet, with what stands beneath it."""

    picture: Picture
    caption: str = ""
    """The first line, in ink: a title."""
    note: str = ""
    """The second line, quieter: how it was made, its short id."""

    @property
    def ratio(self) -> float:
        """Width over height of its cell; long thin pictures are shown whole in a cell of a bounded shape."""
        return min(_WIDEST, max(_TALLEST, self.picture.width / self.picture.height))


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The measures of a sheet, in pixels."""

    width: int = 2000
    row_height: int = 360
    """The height that rows come near to."""
    margin: int = 72
    gap: int = 20
    text: int = 17
    """The size of captions."""

    @property
    def inner(self) -> int:
        """The width between the margins."""
        return self.width - 2 * self.margin


def contact_sheet(tiles: Sequence[Tile], *, title: str = "", footer: str = "", layout: Layout | None = None) -> Picture:
    """Draw `tiles` in order, with `title` above and `footer` beneath. The same arguments give the same pixels.

    Raises UsageError if there is no tile, or if the sheet would be taller than SHEET_LIMIT.
    """
    if not tiles:
        message = "A contact sheet needs at least one picture."
        raise UsageError(message)
    layout = layout or Layout()
    rows = [*_rows(tiles, layout)]
    total = _top(title, layout) + sum(row.height + _below(layout) for row in rows) + _bottom(footer, layout)
    if total > SHEET_LIMIT:
        message = f"The sheet would be {total:,} pixels tall; {SHEET_LIMIT:,} is the limit. Show fewer pictures."
        raise UsageError(message)
    sheet = Image.new("RGB", (layout.width, total), PAPER)
    draw = ImageDraw.Draw(sheet)
    y = _title(draw, title, layout)
    for row in rows:
        _draw_row(sheet, draw, row, layout, y)
        y += row.height + _below(layout)
    _footer(draw, footer, layout, total)
    return Picture.from_image(sheet)


class _Row(NamedTuple):
    tiles: Sequence[Tile]
    height: int
    fills: bool
    """Whether it reaches the right margin; only a short last row does not."""


def _rows(tiles: Sequence[Tile], layout: Layout) -> Iterator[_Row]:
    breaks = _breaks(tiles, layout)
    for begin, end in pairwise(breaks):
        height = _full_height(tiles[begin:end], layout)
        fills = end < len(tiles) or height <= _STRETCH * layout.row_height
        yield _Row(tiles[begin:end], round(height) if fills else layout.row_height, fills)


def _breaks(tiles: Sequence[Tile], layout: Layout) -> list[int]:
    """Find where rows begin and end so that the squared distances of their heights from the wanted one are least."""
    count = len(tiles)
    best = [0.0] + [float("inf")] * count
    start = [0] * (count + 1)
    for end in range(1, count + 1):
        for begin in range(end - 1, -1, -1):
            height = _full_height(tiles[begin:end], layout)
            excess = height / layout.row_height - 1
            cost = best[begin] + (min(excess, _STRETCH - 1) if end == count else excess) ** 2
            if cost < best[end]:
                best[end], start[end] = cost, begin
            if height < _LEAST * layout.row_height:
                break  # with more pictures the row only gets lower
    breaks = [count]
    while breaks[-1]:
        breaks.append(start[breaks[-1]])
    return breaks[::-1]


def _full_height(row: Sequence[Tile], layout: Layout) -> float:
    """Give the height at which `row` fills the width."""
    return (layout.inner - layout.gap * (len(row) - 1)) / sum(tile.ratio for tile in row)


def _draw_row(sheet: Image.Image, draw: ImageDraw.ImageDraw, row: _Row, layout: Layout, top: int) -> None:
    x = float(layout.margin)
    for index, tile in enumerate(row.tiles):
        right = x + tile.ratio * row.height
        if row.fills and index == len(row.tiles) - 1:
            right = layout.width - layout.margin  # rounding must not leave a ragged edge
        left, width = round(x), max(1, round(right) - round(x))
        _place(sheet, tile.picture, (left, top, width, row.height))
        _caption(draw, tile, layout, (left, top + row.height, width))
        x = right + layout.gap


def _place(sheet: Image.Image, picture: Picture, cell: tuple[int, int, int, int]) -> None:
    """Show the whole picture in its cell, as large as fits; a sliver of rounding is cut, never letterboxed."""
    left, top, width, height = cell
    image = picture.on_white()
    scale = min(width / image.width, height / image.height)
    covered = max(width / image.width, height / image.height)
    if covered / scale < 1.03:
        scale = covered
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    small = image.resize(size, Image.Resampling.LANCZOS, reducing_gap=3)
    x, y = max(0, (size[0] - width) // 2), max(0, (size[1] - height) // 2)
    small = small.crop((x, y, min(size[0], x + width), min(size[1], y + height)))
    sheet.paste(small, (left + (width - small.width) // 2, top + (height - small.height) // 2))


def _caption(draw: ImageDraw.ImageDraw, tile: Tile, layout: Layout, place: tuple[int, int, int]) -> None:
    left, top, width = place
    first, second = font(layout.text), font(layout.text - 2)
    y = top + round(layout.text * 0.75)
    draw.text((left, y), fitted(tile.caption, first, width), fill=INK, font=first)
    y += round(layout.text * 1.4)
    draw.text((left, y), fitted(tile.note, second, width), fill=QUIET, font=second)


def _title(draw: ImageDraw.ImageDraw, title: str, layout: Layout) -> int:
    if title:
        large = font(round(layout.text * 2.1))
        draw.text((layout.margin, layout.margin * 0.8), fitted(title, large, layout.inner), fill=INK, font=large)
    return _top(title, layout)


def _footer(draw: ImageDraw.ImageDraw, footer: str, layout: Layout, total: int) -> None:
    if not footer:
        return
    small = font(layout.text - 2)
    y = total - _bottom(footer, layout) + round(layout.text * 0.6)
    draw.line([(layout.margin, y), (layout.width - layout.margin, y)], fill=HAIRLINE)
    draw.text((layout.margin, y + layout.text), fitted(footer, small, layout.inner), fill=QUIET, font=small)


def _top(title: str, layout: Layout) -> int:
    return round(layout.margin * 0.8 + layout.text * 4.8) if title else layout.margin


def _below(layout: Layout) -> int:
    """Give the height of a caption and the space to the next row."""
    return round(layout.text * 4.9)


def _bottom(footer: str, layout: Layout) -> int:
    return round(layout.text * 2.8 + layout.margin * 0.6) if footer else round(layout.margin * 0.4)


@lru_cache(maxsize=8)
def font(size: int) -> _Font:
    """Give Pillow's own typeface (Aileron) at `size` pixels: no file of the machine changes a sheet."""
    return ImageFont.load_default(size)


def fitted(text: str, typeface: _Font, width: int) -> str:
    """Give `text` on one line, shortened with an ellipsis until it is at most `width` pixels wide."""
    line = " ".join(clean(text).split())
    if typeface.getlength(line) <= width:
        return line
    low, high = 0, len(line)
    while low < high:
        middle = (low + high + 1) // 2
        if typeface.getlength(line[:middle].rstrip() + "…") <= width:
            low = middle
        else:
            high = middle - 1
    return line[:low].rstrip() + "…" if low else ""
