import json
from pathlib import Path

import pytest
from small_corpus import small_corpus

from benchmarks.detection.corpus import SCENES, load, read_corpus, split
from benchmarks.detection.lookalikes import drawing, names
from benchmarks.detection.relations import Relations, confirmed
from benchmarks.detection.scenes import pictures
from provenance.errors import UsageError

WORKS = [
    *(("openclipart", f"clip-{number}", f"Creator {number % 8}", f"series {number}") for number in range(16)),
    ("openmoji", "santa", "Ada", "santa"),
    ("wallpapers", "dunes", "", "dunes"),
    ("wallpapers", "reef", "", "reef"),
]


def test_no_creator_is_in_both_splits(tmp_path: Path) -> None:
    works = read_corpus(small_corpus(tmp_path, WORKS))
    development, report = split(works, "development"), split(works, "report")

    assert len(development) + len(report) == len(works)
    assert {work.creator for work in development}.isdisjoint(work.creator for work in report)
    assert {work.source for work in development} == {"openclipart"}
    assert {work.source for work in report} == {"openclipart", "openmoji", "wallpapers"}


def test_works_without_a_named_creator_have_one_each(tmp_path: Path) -> None:
    works = read_corpus(small_corpus(tmp_path, WORKS), ["wallpapers"])

    assert len({work.creator for work in works}) == len(works) == 2


def test_a_work_is_measured_at_512_pixels(tmp_path: Path) -> None:
    works = read_corpus(small_corpus(tmp_path, WORKS[:1]))

    assert load(works[0]).shape == (384, 512, 3)


def test_a_folder_that_is_no_corpus_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        read_corpus(tmp_path)


def test_a_file_that_is_named_and_missing_is_refused(tmp_path: Path) -> None:
    small_corpus(tmp_path, WORKS)
    (tmp_path / "openmoji" / "images" / "santa.png").unlink()

    with pytest.raises(UsageError, match=r"names images/santa\.png, which is not there"):
        read_corpus(tmp_path)


def test_one_series_and_confirmed_pairs_are_related_and_nothing_else(tmp_path: Path) -> None:
    listed = [("wallpapers", name, name, series) for name, series in (("a", "x"), ("b", "x"), ("c", "y"), ("d", "z"))]
    works = read_corpus(small_corpus(tmp_path, listed))
    relations = Relations(works, [("wallpapers/c", "wallpapers/d"), ("wallpapers/a", "gone/work")])

    assert relations.related("wallpapers/a") == {"wallpapers/b"}
    assert relations.related("wallpapers/d") == {"wallpapers/c"}


def test_one_emoji_for_a_man_and_a_woman_is_one_design(tmp_path: Path) -> None:
    listed = [
        ("openmoji", name, name, name) for name in ("man running: dark skin tone", "woman running", "running", "bell")
    ]
    works = read_corpus(small_corpus(tmp_path, listed))

    related = Relations(works, []).related("openmoji/woman running")
    assert related == {"openmoji/man running: dark skin tone", "openmoji/running"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("four-thirty", "two-thirty"),
        ("heart decoration", "orange square"),
        ("up down black arrow", "right arrow"),
        ("globe showing Americas", "full moon"),
    ],
)
def test_what_is_drawn_from_one_template_is_related(one: str, other: str, tmp_path: Path) -> None:
    listed = [("openmoji", name, name, name) for name in (one, other, "bow and arrow", "broken heart")]
    works = read_corpus(small_corpus(tmp_path, listed))

    assert Relations(works, []).related(f"openmoji/{one}") == {f"openmoji/{other}"}


def test_every_confirmed_pair_names_two_works_by_source_and_name() -> None:
    assert all(one != other and "/" in one and "/" in other for one, other in confirmed())


def test_a_mirrored_template_is_found_and_kept(tmp_path: Path) -> None:
    corpus = small_corpus(tmp_path / "corpus", [("openmoji", name, name, name) for name in ("bell", "bird", "boat")])
    images = corpus / "openmoji" / "images"
    from PIL import Image

    with Image.open(images / "bell.png") as bell:
        bell.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(images / "boat.png")
    found = [Relations.find(read_corpus(corpus), tmp_path / "work").related("openmoji/bell") for _ in range(2)]

    assert found == [{"openmoji/boat"}, {"openmoji/boat"}]


def test_every_confirmed_pair_has_a_reason(tmp_path: Path) -> None:
    table = tmp_path / "relations.csv"
    table.write_text("one,other,reason\na,b,\n", encoding="utf-8")

    assert confirmed()
    with pytest.raises(UsageError, match="one, other and reason"):
        confirmed(table)


def test_lookalikes_are_chosen_the_same_way_each_time_without_what_is_nobodys_own(tmp_path: Path) -> None:
    kept = ["star", "scissors", "waving-hand", "broken-heart"]
    left = ["flag-peru", "ten-oclock", "grinning-face", "waving-hand-dark-skin-tone", "woman-cook", "full-moon"]
    categories = {"Objects": ["scissors", "ten-oclock"], "Flags": ["flag-peru"], "Travel & Places": ["star"]}
    categories |= {"People & Body": ["waving-hand", *left[3:5]], "Smileys & Emotion": ["broken-heart", *left[2:]]}
    (tmp_path / "noto").mkdir()
    (tmp_path / "noto" / "metadata.json").write_text(json.dumps({"categories": categories}))

    assert sorted(names(tmp_path, "noto")) == sorted(kept)
    assert names(tmp_path, "noto") == names(tmp_path, "noto")


def test_a_lookalike_is_drawn_in_the_frame_that_its_set_gives() -> None:
    icons = {"icons": {"star": {"body": "<path d='M0 0h9v9z'/>", "left": 2}}, "width": 36, "height": 30}

    assert 'viewBox="2 0 36 30"' in drawing(icons, "star")
    assert icons["icons"]["star"]["body"] in drawing(icons, "star")  # type: ignore[index]


@pytest.mark.parametrize("source", ["noto", SCENES])
def test_lookalikes_and_scenes_are_learnt_from_and_not_reported_on(tmp_path: Path, source: str) -> None:
    works = read_corpus(small_corpus(tmp_path, [(source, "star", "Somebody", "")]), [source])

    assert split(works, "development") == works
    assert split(works, "report") == []


def test_scenes_are_named_by_their_package_and_theme(tmp_path: Path) -> None:
    places = (
        "desktop-base/usr/share/desktop-base/joy_2-theme/wallpaper/contents/images/1920x1080.svg",
        "desktop-base/usr/share/desktop-base/joy_2-theme/wallpaper/contents/images/1280x720.svg",
        "lxqt-themes/usr/share/lxqt/wallpapers/Fog.jpg",
    )
    for place in places:
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).touch()

    assert [each[:2] for each in pictures(tmp_path)] == [
        ("desktop-base", "desktop-base-joy-2"),
        ("lxqt-themes", "lxqt-themes-fog"),
    ]
