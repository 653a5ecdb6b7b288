import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provenance.errors import UsageError
from provenance.export.sheet import HAIRLINE, PAPER, Layout, Tile, contact_sheet, fitted, font
from provenance.picture import Picture

SMALL = Layout(width=600, row_height=90, margin=20, gap=8, text=12)


def tile(width: int, height: int, colour: tuple[int, int, int] = (20, 90, 160), caption: str = "Dune") -> Tile:
    return Tile(picture=Picture(np.full((height, width, 3), colour, np.uint8)), caption=caption, note="cppn · seed 7")


def columns_of(sheet: Picture, colour: tuple[int, int, int]) -> list[int]:
    return [int(x) for x in np.flatnonzero((sheet.pixels == colour).all(axis=2).any(axis=0))]


def test_full_rows_reach_from_margin_to_margin() -> None:
    sheet = contact_sheet([tile(100, 100) for _ in range(6)], layout=SMALL)
    columns = columns_of(sheet, (20, 90, 160))

    assert columns[0] == SMALL.margin
    assert columns[-1] == SMALL.width - SMALL.margin - 1


def test_a_single_small_picture_is_not_blown_up_to_the_whole_width() -> None:
    sheet = contact_sheet([tile(100, 100)], layout=SMALL)

    assert len(columns_of(sheet, (20, 90, 160))) == SMALL.row_height


def test_pictures_of_a_row_are_equally_high() -> None:
    sheet = contact_sheet([tile(150, 100, (200, 0, 0)), tile(100, 100, (0, 200, 0)), tile(300, 120)], layout=SMALL)
    rows = [np.flatnonzero((sheet.pixels == colour).all(axis=2).any(axis=1)) for colour in ((200, 0, 0), (0, 200, 0))]

    assert rows[0].tolist() == rows[1].tolist()


def test_the_same_pictures_give_the_same_sheet() -> None:
    tiles = [tile(80 + 7 * i, 90, (i * 9, 50, 90)) for i in range(9)]

    assert contact_sheet(tiles, title="A", footer="B").digest == contact_sheet(tiles, title="A", footer="B").digest


def test_a_footer_stands_under_a_hairline() -> None:
    with_footer = contact_sheet([tile(100, 100)], footer="One picture", layout=SMALL)
    without = contact_sheet([tile(100, 100)], layout=SMALL)

    assert columns_of(with_footer, HAIRLINE)
    assert not columns_of(without, HAIRLINE)


@settings(max_examples=25, deadline=None)
@given(
    sizes=st.lists(st.tuples(st.integers(1, 2000), st.integers(1, 2000)), min_size=1, max_size=12),
    caption=st.text(max_size=300),
)
def test_any_pictures_and_any_captions_make_a_sheet_within_its_margins(
    sizes: list[tuple[int, int]], caption: str
) -> None:
    sheet = contact_sheet([tile(*size, caption=caption) for size in sizes], title=caption, layout=SMALL)
    edge = np.concatenate([sheet.pixels[:, : SMALL.margin - 4], sheet.pixels[:, 4 - SMALL.margin :]], axis=1)

    assert sheet.width == SMALL.width
    assert (edge == PAPER).all()


@given(st.text(max_size=200), st.integers(0, 300))
def test_a_caption_fits_its_picture(text: str, width: int) -> None:
    typeface = font(14)

    assert typeface.getlength(fitted(text, typeface, width)) <= width


def test_transparent_pictures_stand_on_white() -> None:
    clear = Tile(picture=Picture(np.zeros((50, 50, 4), np.uint8)))

    assert columns_of(contact_sheet([clear], layout=SMALL), (255, 255, 255))


def test_a_sheet_of_nothing_is_refused() -> None:
    with pytest.raises(UsageError, match="at least one picture"):
        contact_sheet([])


def test_a_sheet_too_tall_to_show_is_refused() -> None:
    with pytest.raises(UsageError, match="Show fewer pictures"):
        contact_sheet([tile(4, 4)] * 1000, layout=SMALL)
